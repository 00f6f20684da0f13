// SPDX-License-Identifier: Apache-2.0

// The request a node's process gets and the result it leaves, as files in the folder of the execution.
#ifndef TFXM_ORCHESTRATION_EXECUTOR_EXECUTION_FILES_H_
#define TFXM_ORCHESTRATION_EXECUTOR_EXECUTION_FILES_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/distribution/launcher.h"
#include "tfxm/metadata/artifact.h"

namespace tfxm {

struct ExecutionRequest {
  std::string node_id;
  std::string executor;  // The name in the ExecutorRegistry.
  std::string plugin;    // The library that registers it; may be empty.
  std::string tmp_dir;
  std::string checkpoint_dir;
  ArtifactDict inputs;
  ArtifactDict outputs;  // Their uris are folders to be filled.
  Properties exec_properties;
  distribution::LauncherOptions launcher;
};

absl::Status WriteExecutionRequest(absl::string_view dir, const ExecutionRequest& request);
absl::StatusOr<ExecutionRequest> ReadExecutionRequest(absl::string_view dir);

// The result appears as a whole or not at all.
absl::Status WriteExecutionResult(absl::string_view dir, const absl::Status& status, const ArtifactDict& outputs);
bool HasExecutionResult(absl::string_view dir);
// The outputs, or the status with which the executor failed.
absl::StatusOr<ArtifactDict> ReadExecutionResult(absl::string_view dir);

absl::Status RemoveExecutionFiles(absl::string_view dir);

}  // namespace tfxm

#endif  // TFXM_ORCHESTRATION_EXECUTOR_EXECUTION_FILES_H_
