// SPDX-License-Identifier: Apache-2.0

// What the components that work split by split, and those that read a schema, have in common.
#ifndef TFXM_COMPONENTS_SPLITS_H_
#define TFXM_COMPONENTS_SPLITS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tensorflow_metadata/proto/v0/schema.pb.h"
#include "tensorflow_metadata/proto/v0/statistics.pb.h"
#include "tfxm/metadata/artifact.h"

namespace tfxm {

// The names in the artifact's split_names property.
absl::StatusOr<std::vector<std::string>> SplitNames(const Artifact& artifact);
// The same without those that the exec property exclude_splits (a JSON list) names.
absl::StatusOr<std::vector<std::string>> IncludedSplits(const Artifact& artifact, const Properties& exec_properties);
// The files of these splits, in that order. INVALID_ARGUMENT if they are of tf.SequenceExamples and these are not taken.
// NOT_FOUND names the splits that there are, and then `hint`: which parameter of the component says which it takes.
absl::StatusOr<std::vector<std::string>> FilesOfSplits(const Artifact& examples, const std::vector<std::string>& splits,
                                                       absl::string_view hint, bool takes_sequence_examples = false);
// The same of all artifacts, one after the other.
absl::StatusOr<std::vector<std::string>> FilesOfSplits(const std::vector<Artifact>& examples,
                                                       const std::vector<std::string>& splits, absl::string_view hint,
                                                       bool takes_sequence_examples = false);
// The artifacts under an input key, of which there must be one at least: a Resolver of a range of spans gives several.
absl::StatusOr<std::vector<Artifact>> InputArtifacts(const ArtifactDict& inputs, const std::string& key);
// Sets split_names of `to`, and its span to that of `from`.
void CopySplitsAndSpan(const Artifact& from, const std::vector<std::string>& splits, Artifact* to);

// Split-NAME/FeatureStats.pb of an ExampleStatistics artifact.
absl::StatusOr<tensorflow::metadata::v0::DatasetFeatureStatisticsList> ReadSplitStatistics(const Artifact& statistics,
                                                                                           const std::string& split);
// schema.pbtxt of the artifact under the input key "schema".
absl::StatusOr<tensorflow::metadata::v0::Schema> ReadSchemaArtifact(const ArtifactDict& inputs);

}  // namespace tfxm

#endif  // TFXM_COMPONENTS_SPLITS_H_
