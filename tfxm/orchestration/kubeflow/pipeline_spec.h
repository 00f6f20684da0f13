// SPDX-License-Identifier: Apache-2.0

// A pipeline as Kubeflow Pipelines v2 takes it: a PipelineSpec (ml_pipelines.PipelineSpec of the package
// kfp-pipeline-spec, schema 2.1.0), as JSON, which is YAML as well.
//
//   ASSIGN_OR_RETURN(std::string spec, KubeflowPipelineSpec(pipeline, {.image = "registry.example.com/tfxm:1"}));
//
// A component becomes a task that runs `tfxm kfp-executor` (kubeflow_executor.h) in a container of that image; module
// files and data must be there under the paths that the pipeline names. An Importer and a Resolver become what TFX's
// KubeflowV2DagRunner makes of them; the open-source Kubeflow runs no resolvers, Vertex AI does. Ids of nodes become names
// of Kubeflow's: Trainer.lite is trainer-lite.
//
// A component's result is cached by Kubeflow, as the pipeline's enable_cache says, if it depends on what Kubeflow sees: not
// that of an ExampleGen, which looks for new data. The code of a module file is among the container's arguments as a hash.
#ifndef TFXM_ORCHESTRATION_KUBEFLOW_PIPELINE_SPEC_H_
#define TFXM_ORCHESTRATION_KUBEFLOW_PIPELINE_SPEC_H_

#include <string>

#include "absl/status/statusor.h"
#include "tfxm/dsl/pipeline.h"

namespace tfxm {

struct KubeflowOptions {
  std::string image;  // With tfxm in it, on PATH.
};

// UNIMPLEMENTED names the node that Kubeflow has no way to run: one that takes several channels as one input, or artifacts
// of former runs; a time limit; a Resolver's strategy other than LatestArtifactStrategy and LatestBlessedModelStrategy.
absl::StatusOr<std::string> KubeflowPipelineSpec(const Pipeline& pipeline, const KubeflowOptions& options);

}  // namespace tfxm

#endif  // TFXM_ORCHESTRATION_KUBEFLOW_PIPELINE_SPEC_H_
