// SPDX-License-Identifier: Apache-2.0

// What a container of a pipeline on Kubeflow runs (pipeline_spec.h): one executor, in this process, from an ExecutorInput
// (ml_pipelines.ExecutorInput, as JSON) to an ExecutorOutput, which is written where the input says.
//
//   RETURN_IF_ERROR(RunKubeflowExecutor({.node_id = "StatisticsGen",
//                                        .executor = "tfx.components.statistics_gen.executor.Executor"},
//                                       executor_input_json));
//
// Artifacts are read and written where Kubeflow's launcher has them in the container: gs://bucket/x is /gcs/bucket/x,
// likewise /minio/ and /s3/; a uri without a scheme is a path. A driver (components/driver.h) is asked first, as at home.
#ifndef TFXM_ORCHESTRATION_KUBEFLOW_KUBEFLOW_EXECUTOR_H_
#define TFXM_ORCHESTRATION_KUBEFLOW_KUBEFLOW_EXECUTOR_H_

#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tfxm {

// Before the type's name: tfx.Examples.
inline constexpr char kArtifactTitlePrefix[] = "tfx.";

struct KubeflowExecution {
  std::string node_id;
  std::string executor;  // The name in the ExecutorRegistry; its plugin is loaded.
  // What JSON does not tell: the parameters that are numbers with a fraction even if they are whole, and the names of
  // artifacts' properties; all others are custom properties.
  std::set<std::string> double_parameters = {};
  std::set<std::string> declared_properties = {};
};

// INVALID_ARGUMENT says what the ExecutorInput lacks; NOT_FOUND that there is no such executor; else the executor's error.
absl::Status RunKubeflowExecutor(const KubeflowExecution& execution, absl::string_view executor_input);

// Where an artifact's files are in a container. UNIMPLEMENTED for a scheme that is not there as a folder.
absl::StatusOr<std::string> KubeflowLocalPath(absl::string_view uri);

}  // namespace tfxm

#endif  // TFXM_ORCHESTRATION_KUBEFLOW_KUBEFLOW_EXECUTOR_H_
