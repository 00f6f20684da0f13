// SPDX-License-Identifier: Apache-2.0

// Whether a pipeline's paths are such that it can run here.
//
//   RETURN_IF_ERROR(CheckNoKeys(pipeline));
//   RETURN_IF_ERROR(CheckLocalPaths(pipeline));
#ifndef TFXM_ORCHESTRATION_RUN_PIPELINE_PATHS_H_
#define TFXM_ORCHESTRATION_RUN_PIPELINE_PATHS_H_

#include "absl/status/status.h"
#include "tfxm/dsl/pipeline.h"

namespace tfxm {

// INVALID_ARGUMENT names a node and an exec property with a path that has a key in it (s3://KEY:SECRET@bucket/a), without
// repeating it: exec properties are recorded, logged and printed.
absl::Status CheckNoKeys(const Pipeline& pipeline);

// INVALID_ARGUMENT if the pipeline_root or the store of metadata is not of this machine: artifacts are renamed into place,
// and locked while they are made, which object stores do not do.
absl::Status CheckLocalPaths(const Pipeline& pipeline);

}  // namespace tfxm

#endif  // TFXM_ORCHESTRATION_RUN_PIPELINE_PATHS_H_
