// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/validate/anomalous_examples.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tfxm/data/example_batch.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/statistics/statistics_accumulator.h"
#include "tfxm/statistics/validate_statistics.h"
#include "tfxm/util/files/fingerprint.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/json_writer.h"

namespace tfxm::statistics {
namespace {

using tensorflow::metadata::v0::Anomalies;
using tensorflow::metadata::v0::AnomalyInfo;
using tensorflow::metadata::v0::Feature;
using tensorflow::metadata::v0::Schema;

// What one example can be measured by.
void ForOneExample(Feature* feature) {
  const bool everywhere = feature->presence().min_fraction() >= 1;
  feature->clear_presence();
  if (everywhere) feature->mutable_presence()->set_min_fraction(1);
  feature->clear_unique_constraints();
  feature->clear_distribution_constraints();
  feature->clear_drift_comparator();
  feature->clear_skew_comparator();
  if (!feature->has_struct_domain()) return;
  for (Feature& child : *feature->mutable_struct_domain()->mutable_feature()) ForOneExample(&child);
}

template <typename List>
void KeepNamed(const std::set<std::string>& names, List* list) {
  list->erase(
      std::remove_if(list->begin(), list->end(), [&](const auto& named) { return names.count(named.name()) == 0; }),
      list->end());
}

std::string FileName(const AnomalousExamples::Reason& reason) {
  constexpr size_t kLongest = 200;  // Many file systems allow 255.
  std::string name;
  for (const char c : absl::StrCat(reason.first, "_", reason.second)) {
    const bool plain = absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == '.';
    absl::StrAppend(&name, plain ? std::string(1, c) : absl::StrFormat("%%%02X", static_cast<unsigned char>(c)));
  }
  if (name.size() > kLongest) {
    const Sha256Digest digest = Sha256::Hash(name);
    name.resize(kLongest);
    for (int i = 0; i < 8; ++i) absl::StrAppend(&name, absl::StrFormat("%02x", static_cast<unsigned char>(digest[i])));
  }
  if (name[0] == '.') name = "%2E" + name.substr(1);
  return name + ".tfrecord.gz";
}

}  // namespace

AnomalousExamples::AnomalousExamples(const Schema& schema, const Anomalies& anomalies, const Options& options)
    : schema_(schema), options_(options) {
  std::set<std::string> names;
  for (const auto& [key, info] : anomalies.anomaly_info()) {
    if (info.path().step_size() > 0) names.insert(info.path().step(0));
  }
  KeepNamed(names, schema_.mutable_feature());
  KeepNamed(names, schema_.mutable_sparse_feature());
  KeepNamed(names, schema_.mutable_weighted_feature());
  schema_.clear_dataset_constraints();
  for (Feature& feature : *schema_.mutable_feature()) ForOneExample(&feature);
  stats_options_.feature_allowlist.assign(names.begin(), names.end());
  stats_options_.schema = schema_;
}

absl::Status AnomalousExamples::Add(absl::string_view record, absl::string_view origin) {
  if (stats_options_.feature_allowlist.empty()) return absl::OkStatus();
  data::ExampleBatch batch(/*keep_records=*/false, /*sequence_examples=*/true);
  RETURN_IF_ERROR(Annotate(batch.Append(record), origin));
  StatisticsAccumulator accumulator(stats_options_);
  RETURN_IF_ERROR(Annotate(accumulator.Add(batch), origin));
  ASSIGN_OR_RETURN(const Anomalies anomalies,
                   ValidateStatistics(accumulator.Finish(), schema_, {.environment = options_.environment}));
  for (const auto& [feature, info] : anomalies.anomaly_info()) {
    std::set<AnomalyInfo::Type> types;  // Of which one has several: the largest and smallest difference of lengths.
    for (const auto& reason : info.reason()) {
      if (!types.insert(reason.type()).second) continue;
      Group& group = groups_[{feature, AnomalyInfo::Type_Name(reason.type())}];
      ++group.num_examples;
      if (static_cast<int>(group.kept.size()) >= options_.max_examples) continue;
      group.kept.push_back({std::string(record), std::string(origin), reason.description()});
    }
  }
  return absl::OkStatus();
}

absl::Status AnomalousExamples::Write(const std::string& folder) const {
  RETURN_IF_ERROR(io::MakeDirs(folder));
  std::string lines;
  for (const auto& [reason, group] : groups_) {
    const std::string file = FileName(reason);
    ASSIGN_OR_RETURN(const auto writer, data::TFRecordWriter::Create(io::JoinPath(folder, file)));
    for (size_t i = 0; i < group.kept.size(); ++i) {
      RETURN_IF_ERROR(writer->Write(group.kept[i].record));
      JsonWriter json;
      json.BeginObject().Key("feature").String(reason.first).Key("type").String(reason.second);
      json.Key("description").String(group.kept[i].description).Key("origin").String(group.kept[i].origin);
      json.Key("file").String(file).Key("record").Integer(static_cast<int64_t>(i)).End();
      absl::StrAppend(&lines, std::move(json).Take(), "\n");
    }
    RETURN_IF_ERROR(writer->Close());
  }
  return io::WriteFile(io::JoinPath(folder, "anomalous_examples.jsonl"), lines);
}

}  // namespace tfxm::statistics
