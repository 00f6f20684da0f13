// SPDX-License-Identifier: Apache-2.0

// A pipeline as TFX's intermediate representation, the published tfx.orchestration.Pipeline: what TFX's own compiler
// makes of the same pipeline.
#ifndef TFXM_DSL_COMPILER_H_
#define TFXM_DSL_COMPILER_H_

#include "absl/status/statusor.h"
#include "tfx/proto/orchestration/pipeline.pb.h"
#include "tfxm/dsl/pipeline.h"

namespace tfxm {

// INVALID_ARGUMENT as OrderNodes. The run id and the pipeline root are left as runtime parameters.
absl::StatusOr<tfx::orchestration::Pipeline> CompilePipeline(const Pipeline& pipeline);

}  // namespace tfxm

#endif  // TFXM_DSL_COMPILER_H_
