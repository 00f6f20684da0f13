// SPDX-License-Identifier: Apache-2.0

// Runs an executor in this process.
#ifndef TFXM_ORCHESTRATION_EXECUTOR_RUN_EXECUTOR_H_
#define TFXM_ORCHESTRATION_EXECUTOR_RUN_EXECUTOR_H_

#include <functional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "tfxm/orchestration/executor/execution_files.h"

namespace tfxm {

// Loads the plugin, makes the folders of the outputs and the temporary one, and lets the executor do its work on
// `outputs`. An exception that leaves it is an INTERNAL error.
absl::Status RunExecutor(const ExecutionRequest& request,
                         const std::function<void(absl::string_view message, double fraction)>& progress,
                         ArtifactDict* outputs);

}  // namespace tfxm

#endif  // TFXM_ORCHESTRATION_EXECUTOR_RUN_EXECUTOR_H_
