// SPDX-License-Identifier: Apache-2.0

#include "tfxm/report/html/page_data.h"

#include <utility>

#include "tfxm/report/html/page_index.h"
#include "tfxm/report/html/page_sections.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/json_writer.h"

namespace tfxm::report {

namespace {

// Whether examples have weights: what counts them are sums of weights then.
bool IsWeighted(const ReportInput& input) {
  for (const ReportEvaluation& evaluation : input.evaluations) {
    for (const auto& spec : evaluation.evaluation.config.model_specs()) {
      if (!spec.example_weight_key().empty() || spec.example_weight_keys_size() > 0) return true;
    }
  }
  return false;
}

}  // namespace

absl::StatusOr<std::string> PageData(const ReportInput& input) {
  const PageIndex index(input);
  ASSIGN_OR_RETURN(const int reference, index.Reference());
  JsonWriter json(/*indent=*/false, /*printable=*/true);
  json.BeginObject();
  json.Key("title").String(input.title);
  json.Key("reference").Number(reference);
  if (IsWeighted(input)) json.Key("weighted").Bool(true);
  WriteModels(index, json);
  WriteCosts(json);
  WriteSlices(index, json);
  WriteMetrics(index, json);
  WriteValues(index, json);
  WriteComparisons(index, json);
  WriteEvaluations(index, json);
  WritePlots(index, json);
  WriteDisagreements(index, json);
  WritePipeline(index, json);
  json.End();
  return std::move(json).Take();
}

}  // namespace tfxm::report
