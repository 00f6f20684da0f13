// SPDX-License-Identifier: Apache-2.0

// Runs a pipeline that is given as TFX's intermediate representation.
//
// ```text
//   $ tfxm run --ir=pipeline_ir.pbtxt --output=runs/mnist --pipeline-root=/data/mnist
// ```
//
// An IR names files that are run as code: docs/security.md.
#ifndef TFXM_ORCHESTRATION_RUN_IR_H_
#define TFXM_ORCHESTRATION_RUN_IR_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace tfxm {

// The exit status, as of RunPipelineMain, whose flags `flags` may hold beside those of the pipeline's runtime
// parameters; the default of --output is runs/PIPELINE. An error if there is no IR at `path`, or none that is one. What
// this program cannot run is named, with its node, before anything starts.
absl::StatusOr<int> RunPipelineIr(const std::string& path, const std::vector<std::string>& flags);

}  // namespace tfxm

#endif  // TFXM_ORCHESTRATION_RUN_IR_H_
