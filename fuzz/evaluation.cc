// SPDX-License-Identifier: Apache-2.0

// A folder that an Evaluator wrote, with what may be beside it (report/evaluation/evaluation_reader.h, proto/sidecars.proto), and all
// that is shown of it. Parts: 0 metrics, 1 plots, 2 validations, each of them a record; 3 eval_config.json, 4
// model_facts.json, 5 comparisons.json, 6 disagreements.json.
#include "fuzz/input.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/report/evaluation/comparison.h"
#include "tfxm/report/html/page_data.h"
#include "tfxm/report/show/show.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using tfxm::report::ShowFormat;
  static const tfxm::fuzz::Scratch scratch;
  static const char* const files[] = {
      "metrics",           "plots", "validations.tfrecord", "eval_config.json", "model_facts.json", "comparisons.json",
      "disagreements.json"};
  constexpr int kRecords = 3;
  std::vector<absl::string_view> records[kRecords];
  for (const auto& [kind, content] : tfxm::fuzz::Parts(tfxm::fuzz::Text(data, size))) {
    if (kind < kRecords) {
      records[kind].push_back(content);
    } else if (kind < std::size(files)) {
      scratch.Write(files[kind], content);
    }
  }
  for (int kind = 0; kind < kRecords; ++kind) {
    if (records[kind].empty()) continue;
    auto writer = tfxm::data::TFRecordWriter::Create(scratch.path() + "/" + files[kind]);
    if (!writer.ok()) abort();
    for (const absl::string_view record : records[kind]) {
      if (!(*writer)->Write(record).ok()) abort();
    }
    if (!(*writer)->Close().ok()) abort();
  }
  const tfxm::report::EvaluationSource source{.display_name = "a", .directory = scratch.path()};
  const auto input = tfxm::report::ReadReportInput({.evaluations = {source}});
  if (input.ok()) {
    tfxm::report::PageData(*input).IgnoreError();
    for (const auto& [name, evaluation, sidecars] : input->evaluations) {
      for (const ShowFormat format : {ShowFormat::kTable, ShowFormat::kJson, ShowFormat::kCsv}) {
        tfxm::report::Show(evaluation, sidecars, format, {.max_slices = 3, .width = 60});
      }
    }
  }
  const auto comparison = tfxm::report::CompareEvaluations({source, source});
  if (comparison.ok()) {
    tfxm::report::ComparisonText(*comparison);
    tfxm::report::ComparisonJson(*comparison);
  }
  for (const char* const file : files) scratch.Remove(file);
  return 0;
}
