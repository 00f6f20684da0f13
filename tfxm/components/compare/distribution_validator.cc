// SPDX-License-Identifier: Apache-2.0

// DistributionValidator: whether the data of some features, and how many there are, have shifted between two statistics.
#include <algorithm>
#include <memory>
#include <set>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/struct.pb.h"
#include "tfx/proto/distribution_validator.pb.h"
#include "tfxm/components/compare/split_pairs.h"
#include "tfxm/components/executor.h"
#include "tfxm/components/splits.h"
#include "tfxm/statistics/infer_schema.h"
#include "tfxm/statistics/schema/feature_path.h"
#include "tfxm/statistics/validate_statistics.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

using statistics::FeaturePath;
using tensorflow::metadata::v0::Anomalies;
using tensorflow::metadata::v0::AnomalyInfo;
using tensorflow::metadata::v0::DatasetFeatureStatisticsList;
using tensorflow::metadata::v0::Schema;
using tfx::components::distribution_validator::DistributionValidatorConfig;

// Values of the custom property "blessed".
constexpr int kNotBlessed = 0, kBlessed = 1, kNoBaseline = 2;

FeaturePath PathOf(const tensorflow::metadata::v0::Path& path) { return {path.step().begin(), path.step().end()}; }

// The schema of the baseline with the config's comparators. What the baseline lacks is told later.
absl::StatusOr<Schema> SchemaOf(const DatasetFeatureStatisticsList& baseline,
                                const DistributionValidatorConfig::DatasetConfig& config) {
  ASSIGN_OR_RETURN(Schema schema, statistics::InferSchema(baseline));
  for (const auto& comparator : config.feature()) {
    auto* const feature = statistics::FindFeature(PathOf(comparator.path()), &schema);
    if (feature != nullptr) *feature->mutable_drift_comparator() = comparator.distribution_comparator();
  }
  if (config.has_num_examples_comparator()) {
    *schema.mutable_dataset_constraints()->mutable_num_examples_drift_comparator() = config.num_examples_comparator();
  }
  return schema;
}

bool IsComparison(const AnomalyInfo::Reason& reason) {
  switch (reason.type()) {
    case AnomalyInfo::COMPARATOR_CONTROL_DATA_MISSING:
    case AnomalyInfo::COMPARATOR_TREATMENT_DATA_MISSING:
    case AnomalyInfo::COMPARATOR_L_INFTY_HIGH:
    case AnomalyInfo::COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH:
    case AnomalyInfo::COMPARATOR_NORMALIZED_ABSOLUTE_DIFFERENCE_HIGH:
    case AnomalyInfo::COMPARATOR_LOW_NUM_EXAMPLES:
    case AnomalyInfo::COMPARATOR_HIGH_NUM_EXAMPLES: return true;
    default: return false;
  }
}

// False if nothing is left.
bool KeepComparisons(AnomalyInfo* info) {
  // They are of all reasons together.
  info->clear_description();
  info->clear_short_description();
  info->clear_diff_regions();
  auto* reasons = info->mutable_reason();
  reasons->erase(std::remove_if(reasons->begin(), reasons->end(), [](const auto& r) { return !IsComparison(r); }),
                 reasons->end());
  return !reasons->empty();
}

void KeepComparisons(Anomalies* anomalies) {
  std::vector<std::string> others;
  for (auto& [key, info] : *anomalies->mutable_anomaly_info()) {
    if (!KeepComparisons(&info)) others.push_back(key);
  }
  for (const std::string& key : others) anomalies->mutable_anomaly_info()->erase(key);
  if (!KeepComparisons(anomalies->mutable_dataset_anomaly_info())) anomalies->clear_dataset_anomaly_info();
  anomalies->clear_data_missing();
}

// A feature of the config that could not be compared is an anomaly: silence would look like a pass.
void AddMissingComparisons(const DistributionValidatorConfig::DatasetConfig& config, Anomalies* anomalies) {
  std::set<FeaturePath> compared;
  for (const auto& info : anomalies->drift_skew_info()) compared.insert(PathOf(info.path()));
  anomalies->set_anomaly_name_format(Anomalies::SERIALIZED_PATH);
  for (const auto& comparator : config.feature()) {
    if (compared.count(PathOf(comparator.path())) > 0) continue;
    AnomalyInfo& info = (*anomalies->mutable_anomaly_info())[absl::StrJoin(comparator.path().step(), ".")];
    auto* reason = info.add_reason();
    reason->set_type(AnomalyInfo::STATS_NOT_AVAILABLE);
    reason->set_short_description("Comparison could not be done.");
    reason->set_description(
        "Validation could not be done, which could be due to missing data, use of a comparator that is not suitable for "
        "the feature type, or some other reason.");
    *info.mutable_path() = comparator.path();
    info.set_severity(AnomalyInfo::ERROR);
  }
}

class DistributionValidatorExecutor : public Executor {
 public:
  absl::Status Do(const ArtifactDict& inputs, const Properties& exec_properties, const ExecutorContext& context,
                  ArtifactDict* outputs) override {
    ASSIGN_OR_RETURN(const Artifact* test, SingleArtifact(inputs, "statistics"));
    ASSIGN_OR_RETURN(Artifact* const output, SingleArtifact(outputs, "anomalies"));
    if (!StringPropertyOr(exec_properties, "custom_validation_config", "").empty()) {
      return absl::UnimplementedError(
          "custom_validation_config: there are no validations by SQL here; leave it out and use the config's comparators");
    }
    DistributionValidatorConfig config;
    ASSIGN_OR_RETURN(const std::string json, StringProperty(exec_properties, "distribution_validator_config"));
    RETURN_IF_ERROR(Annotate(io::ParseJson(json, &config), "distribution_validator_config"));
    google::protobuf::Struct blessed;  // By pair.
    const auto baselines = inputs.find("baseline_statistics");
    if (baselines == inputs.end() || baselines->second.empty()) {
      // A Resolver finds none in the first run.
      ASSIGN_OR_RETURN(const std::vector<std::string> splits, SplitNames(*test));
      for (const std::string& split : splits) (*blessed.mutable_fields())[split].set_number_value(kNoBaseline);
      CopySplitsAndSpan(*test, {}, output);
      SetBlessed(blessed, output);
      context.progress("there are no baseline_statistics to compare with: nothing is validated", 1);
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(const Artifact* base, SingleArtifact(inputs, "baseline_statistics"));
    ASSIGN_OR_RETURN(const auto pairs, SplitPairs(*test, *base, exec_properties, /*only_same_names=*/true));
    std::vector<std::string> names, found;
    for (const auto& [test_split, base_split] : pairs) {
      const std::string name = absl::StrCat(test_split, "_", base_split);
      ASSIGN_OR_RETURN(const auto of_test, ReadSplitStatistics(*test, test_split));
      ASSIGN_OR_RETURN(const auto of_base, ReadSplitStatistics(*base, base_split));
      absl::StatusOr<Anomalies> anomalies = Validate(of_test, of_base, config.default_slice_config());
      if (!anomalies.ok()) return Annotate(anomalies.status(), name);
      const std::string dir = io::JoinPath(output->uri, absl::StrCat("SplitPair-", name));
      RETURN_IF_ERROR(io::MakeDirs(dir));
      RETURN_IF_ERROR(io::WriteBinaryProto(io::JoinPath(dir, "SchemaDiff.pb"), *anomalies));
      const bool shifted = !anomalies->anomaly_info().empty() || anomalies->has_dataset_anomaly_info();
      (*blessed.mutable_fields())[name].set_number_value(shifted ? kNotBlessed : kBlessed);
      names.push_back(name);
      const auto add = [&, of = name](absl::string_view what, const AnomalyInfo& info) {
        for (const auto& reason : info.reason()) {
          found.push_back(absl::StrCat(of, ": ", what, ": ", reason.short_description()));
        }
      };
      if (anomalies->has_dataset_anomaly_info()) add("all examples", anomalies->dataset_anomaly_info());
      for (const auto& [path, info] : anomalies->anomaly_info()) add(path, info);
    }
    CopySplitsAndSpan(*test, names, output);
    SetBlessed(blessed, output);
    std::sort(found.begin(), found.end());
    context.progress(found.empty() ? std::string("no anomalies")
                                   : absl::StrCat(found.size(), " anomalies: ", absl::StrJoin(found, "; ")),
                     1);
    return absl::OkStatus();
  }

 private:
  static absl::StatusOr<Anomalies> Validate(const DatasetFeatureStatisticsList& test,
                                            const DatasetFeatureStatisticsList& base,
                                            const DistributionValidatorConfig::DatasetConfig& config) {
    ASSIGN_OR_RETURN(const Schema schema, SchemaOf(base, config));
    statistics::ValidationOptions options;
    options.previous_span = &base;
    ASSIGN_OR_RETURN(Anomalies anomalies, statistics::ValidateStatistics(test, schema, options));
    KeepComparisons(&anomalies);
    AddMissingComparisons(config, &anomalies);
    return anomalies;
  }

  // A dictionary in a property, as ML Metadata encodes it.
  static void SetBlessed(const google::protobuf::Struct& blessed, Artifact* output) {
    output->custom_properties["blessed"] =
        absl::StrCat("mlmd-struct::", absl::Base64Escape(io::SerializeDeterministically(blessed)));
  }
};

TFXM_REGISTER(ExecutorRegistry, "tfx.components.distribution_validator.executor.Executor",
              [] { return std::make_unique<DistributionValidatorExecutor>(); });

}  // namespace
}  // namespace tfxm
