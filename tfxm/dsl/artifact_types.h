// SPDX-License-Identifier: Apache-2.0

// The types of what nodes exchange: TFX's standard artifacts, or one of a pipeline author's own.
//
//   Channel model(standard_artifacts::Model());
//   const ArtifactType kTokenizer = {.name = "Tokenizer", .properties = {{"vocabulary_size", PropertyType::kInt}}};
#ifndef TFXM_DSL_ARTIFACT_TYPES_H_
#define TFXM_DSL_ARTIFACT_TYPES_H_

#include <map>
#include <string>

namespace tfxm {

enum class PropertyType { kInt, kDouble, kString };

struct ArtifactType {
  std::string name;
  // ML Metadata's kind of artifact: "DATASET", "MODEL", "METRICS", "STATISTICS", or nothing.
  std::string base_type;
  // The properties that artifacts of this type may have; all others are custom properties.
  std::map<std::string, PropertyType> properties;
};

namespace standard_artifacts {

ArtifactType Examples();
ArtifactType ExampleStatistics();
ArtifactType ExampleAnomalies();
ArtifactType ExamplesDiff();
ArtifactType Schema();
ArtifactType TransformGraph();
ArtifactType TransformCache();
ArtifactType Model();
ArtifactType ModelRun();
ArtifactType ModelEvaluation();
ArtifactType ModelBlessing();
ArtifactType InfraBlessing();  // No component here makes one: there is no InfraValidator.
ArtifactType PushedModel();
ArtifactType InferenceResult();
ArtifactType HyperParameters();
ArtifactType TunerResults();

}  // namespace standard_artifacts
}  // namespace tfxm

#endif  // TFXM_DSL_ARTIFACT_TYPES_H_
