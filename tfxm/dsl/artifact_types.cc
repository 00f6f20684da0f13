// SPDX-License-Identifier: Apache-2.0

#include "tfxm/dsl/artifact_types.h"

namespace tfxm::standard_artifacts {
namespace {

constexpr auto kInt = PropertyType::kInt;
constexpr auto kString = PropertyType::kString;

}  // namespace

ArtifactType Examples() {
  return {.name = "Examples",
          .base_type = "DATASET",
          .properties = {{"span", kInt}, {"split_names", kString}, {"version", kInt}}};
}
ArtifactType ExampleStatistics() {
  return {
      .name = "ExampleStatistics", .base_type = "STATISTICS", .properties = {{"span", kInt}, {"split_names", kString}}};
}
ArtifactType ExampleAnomalies() {
  return {.name = "ExampleAnomalies", .properties = {{"span", kInt}, {"split_names", kString}}};
}
ArtifactType ExamplesDiff() { return {.name = "ExamplesDiff"}; }
ArtifactType Schema() { return {.name = "Schema"}; }
ArtifactType TransformGraph() { return {.name = "TransformGraph"}; }
ArtifactType TransformCache() { return {.name = "TransformCache"}; }
ArtifactType Model() { return {.name = "Model", .base_type = "MODEL"}; }
ArtifactType ModelRun() { return {.name = "ModelRun"}; }
ArtifactType ModelEvaluation() { return {.name = "ModelEvaluation"}; }
ArtifactType ModelBlessing() { return {.name = "ModelBlessing"}; }
ArtifactType InfraBlessing() { return {.name = "InfraBlessing"}; }
ArtifactType PushedModel() { return {.name = "PushedModel", .base_type = "MODEL"}; }
ArtifactType InferenceResult() { return {.name = "InferenceResult"}; }
ArtifactType HyperParameters() { return {.name = "HyperParameters"}; }
ArtifactType TunerResults() { return {.name = "TunerResults"}; }

}  // namespace tfxm::standard_artifacts
