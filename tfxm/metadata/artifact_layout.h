// SPDX-License-Identifier: Apache-2.0

// What TFX calls the files in an artifact.
//
//   const std::string saved_model = io::JoinPath(model.uri, kServingModelDir);
#ifndef TFXM_METADATA_ARTIFACT_LAYOUT_H_
#define TFXM_METADATA_ARTIFACT_LAYOUT_H_

namespace tfxm {

// In a Model: the SavedModel, or the TFLite file's folder.
inline constexpr char kServingModelDir[] = "Format-Serving";
inline constexpr char kEvalModelDir[] = "Format-TFMA";
// In a Schema.
inline constexpr char kSchemaFile[] = "schema.pbtxt";
// In ExampleStatistics, in the folder of each split.
inline constexpr char kFeatureStatsFile[] = "FeatureStats.pb";
// In ExampleAnomalies, in the folder of each split.
inline constexpr char kSchemaDiffFile[] = "SchemaDiff.pb";
// In a ModelBlessing, one of them.
inline constexpr char kBlessedFile[] = "BLESSED";
inline constexpr char kNotBlessedFile[] = "NOT_BLESSED";

}  // namespace tfxm

#endif  // TFXM_METADATA_ARTIFACT_LAYOUT_H_
