// SPDX-License-Identifier: Apache-2.0

// ExampleValidator: every split's statistics against the schema, and against those of other data.
#include <algorithm>
#include <optional>

#include "absl/strings/str_join.h"
#include "google/protobuf/struct.pb.h"
#include "tfxm/components/executor.h"
#include "tfxm/components/splits.h"
#include "tfxm/data/examples.h"
#include "tfxm/metadata/artifact_layout.h"
#include "tfxm/metadata/properties.h"
#include "tfxm/statistics/options/validation_options_json.h"
#include "tfxm/statistics/validate_statistics.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

using tensorflow::metadata::v0::DatasetFeatureStatisticsList;

// Statistics of other data that a split is compared with, if the node has them: those of the split of the same name, or
// of the only one there is.
absl::StatusOr<std::optional<DatasetFeatureStatisticsList>> OtherStatistics(const ArtifactDict& inputs,
                                                                            const std::string& key,
                                                                            const std::string& split) {
  if (OptionalArtifact(inputs, key) == nullptr) return std::nullopt;
  ASSIGN_OR_RETURN(const Artifact* artifact, SingleArtifact(inputs, key));
  ASSIGN_OR_RETURN(const std::vector<std::string> splits, SplitNames(*artifact));
  const bool has_split = std::find(splits.begin(), splits.end(), split) != splits.end();
  if (!has_split && splits.size() != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat(key, " has no split \"", split, "\" to compare with, only [", absl::StrJoin(splits, ", "),
                     "]; leave the split out (exclude_splits) or give statistics with this split or a single one"));
  }
  ASSIGN_OR_RETURN(auto statistics, ReadSplitStatistics(*artifact, has_split ? split : splits[0]));
  return statistics;
}

class ExampleValidatorExecutor : public Executor {
 public:
  absl::Status Do(const ArtifactDict& inputs, const Properties& exec_properties, const ExecutorContext& context,
                  ArtifactDict* outputs) override {
    ASSIGN_OR_RETURN(const Artifact* statistics, SingleArtifact(inputs, "statistics"));
    ASSIGN_OR_RETURN(const auto schema, ReadSchemaArtifact(inputs));
    ASSIGN_OR_RETURN(Artifact* const output, SingleArtifact(outputs, "anomalies"));
    ASSIGN_OR_RETURN(const std::vector<std::string> splits, IncludedSplits(*statistics, exec_properties));
    const std::string json = StringPropertyOr(exec_properties, "validation_options_json", "");
    absl::StatusOr<statistics::ValidationOptions> parsed =
        statistics::ParseValidationOptions(json.empty() ? "{}" : json);
    if (!parsed.ok()) return Annotate(parsed.status(), "validation_options");
    statistics::ValidationOptions options = *std::move(parsed);
    google::protobuf::Struct blessed;  // By split, 1 or 0.
    std::vector<std::string> found;
    for (const std::string& split : splits) {
      ASSIGN_OR_RETURN(const auto split_statistics, ReadSplitStatistics(*statistics, split));
      ASSIGN_OR_RETURN(const auto previous_span, OtherStatistics(inputs, "previous_span_statistics", split));
      ASSIGN_OR_RETURN(const auto previous_version, OtherStatistics(inputs, "previous_version_statistics", split));
      ASSIGN_OR_RETURN(const auto serving, OtherStatistics(inputs, "serving_statistics", split));
      options.previous_span = previous_span.has_value() ? &*previous_span : nullptr;
      options.previous_version = previous_version.has_value() ? &*previous_version : nullptr;
      options.serving = serving.has_value() ? &*serving : nullptr;
      ASSIGN_OR_RETURN(const auto anomalies, statistics::ValidateStatistics(split_statistics, schema, options));
      const std::string dir = data::SplitDir(output->uri, split);
      RETURN_IF_ERROR(io::MakeDirs(dir));
      RETURN_IF_ERROR(io::WriteBinaryProto(io::JoinPath(dir, kSchemaDiffFile), anomalies));
      (*blessed.mutable_fields())[split].set_number_value(statistics::HasErrors(anomalies) ? 0 : 1);
      for (const auto& [path, info] : anomalies.anomaly_info()) {
        found.push_back(absl::StrCat(split, ": ", path, ": ", info.short_description()));
      }
    }
    CopySplitsAndSpan(*statistics, splits, output);
    output->custom_properties["blessed"] = StructProperty(blessed);
    context.progress(found.empty() ? std::string("no anomalies")
                                   : absl::StrCat(found.size(), " anomalies: ", absl::StrJoin(found, "; ")),
                     1);
    return absl::OkStatus();
  }
};

TFXM_REGISTER(ExecutorRegistry, "tfx.components.example_validator.executor.Executor",
              [] { return std::make_unique<ExampleValidatorExecutor>(); });

}  // namespace
}  // namespace tfxm
