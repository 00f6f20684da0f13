// SPDX-License-Identifier: Apache-2.0

#include "tfxm/components/splits.h"

#include <algorithm>

#include "tfxm/components/executor.h"
#include "tfxm/data/examples.h"
#include "tfxm/metadata/artifact_layout.h"
#include "tfxm/statistics/infer_schema.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {

absl::StatusOr<std::vector<std::string>> SplitNames(const Artifact& artifact) {
  const std::string json = StringPropertyOr(artifact.properties, "split_names", "");
  if (json.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("artifact ", artifact.uri, " has no property split_names"));
  }
  return data::DecodeSplitNames(json);
}

absl::StatusOr<std::vector<std::string>> IncludedSplits(const Artifact& artifact, const Properties& exec_properties) {
  ASSIGN_OR_RETURN(std::vector<std::string> splits, SplitNames(artifact));
  ASSIGN_OR_RETURN(const std::vector<std::string> excluded,
                   data::DecodeSplitNames(StringPropertyOr(exec_properties, "exclude_splits", "[]")));
  std::erase_if(splits, [&](const std::string& split) {
    return std::find(excluded.begin(), excluded.end(), split) != excluded.end();
  });
  return splits;
}

absl::StatusOr<std::vector<std::string>> FilesOfSplits(const Artifact& examples, const std::vector<std::string>& splits,
                                                       absl::string_view hint, bool takes_sequence_examples) {
  if (!takes_sequence_examples &&
      StringPropertyOr(examples.custom_properties, "payload_format", "") == "FORMAT_TF_SEQUENCE_EXAMPLE") {
    return absl::InvalidArgumentError(absl::StrCat(
        "the examples in ", examples.uri,
        " are tf.SequenceExamples, which StatisticsGen, SchemaGen, ExampleValidator and Transform take; for a model make "
        "tf.Examples of them, with a Transform that pads the steps of their feature lists to one length"));
  }
  std::vector<std::string> files;
  for (const std::string& split : splits) {
    const absl::StatusOr<std::vector<std::string>> more = data::SplitFiles(examples.uri, split);
    if (!more.ok()) return absl::Status(more.status().code(), absl::StrCat(more.status().message(), "; ", hint));
    files.insert(files.end(), more->begin(), more->end());
  }
  return files;
}

absl::StatusOr<std::vector<std::string>> FilesOfSplits(const std::vector<Artifact>& examples,
                                                       const std::vector<std::string>& splits, absl::string_view hint,
                                                       bool takes_sequence_examples) {
  std::vector<std::string> files;
  for (const Artifact& artifact : examples) {
    ASSIGN_OR_RETURN(const std::vector<std::string> more,
                     FilesOfSplits(artifact, splits, hint, takes_sequence_examples));
    files.insert(files.end(), more.begin(), more.end());
  }
  return files;
}

absl::StatusOr<std::vector<Artifact>> InputArtifacts(const ArtifactDict& inputs, const std::string& key) {
  const auto artifacts = inputs.find(key);
  if (artifacts == inputs.end() || artifacts->second.empty()) return SingleArtifact(inputs, key).status();
  return artifacts->second;
}

void CopySplitsAndSpan(const Artifact& from, const std::vector<std::string>& splits, Artifact* to) {
  to->properties["split_names"] = data::EncodeSplitNames(splits);
  to->properties["span"] = IntPropertyOr(from.properties, "span", IntPropertyOr(from.custom_properties, "span", 0));
}

absl::StatusOr<tensorflow::metadata::v0::DatasetFeatureStatisticsList> ReadSplitStatistics(const Artifact& statistics,
                                                                                           const std::string& split) {
  tensorflow::metadata::v0::DatasetFeatureStatisticsList list;
  RETURN_IF_ERROR(io::ReadBinaryProto(io::JoinPath(data::SplitDir(statistics.uri, split), kFeatureStatsFile), &list));
  return list;
}

absl::StatusOr<tensorflow::metadata::v0::Schema> ReadSchemaArtifact(const ArtifactDict& inputs) {
  ASSIGN_OR_RETURN(const Artifact* artifact, SingleArtifact(inputs, "schema"));
  return statistics::ReadSchema(io::JoinPath(artifact->uri, kSchemaFile));
}

}  // namespace tfxm
