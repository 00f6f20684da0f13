// SPDX-License-Identifier: Apache-2.0

// The inverse of compiler.h: a pipeline of its intermediate representation, be it made here (--print_ir), by the Python
// package or by TFX's own compiler.
//
//   ASSIGN_OR_RETURN(const tfx::orchestration::Pipeline ir, ReadPipelineIr("pipeline_ir.pbtxt"));
//   ASSIGN_OR_RETURN(const Pipeline pipeline, LoadPipeline(ir, [](const std::string& name, const std::string& otherwise) {
//     return otherwise;  // The defaults of all runtime parameters.
//   }));
//
// What the messages mean is said in TFX's pipeline.proto.
#ifndef TFXM_DSL_IR_LOADER_H_
#define TFXM_DSL_IR_LOADER_H_

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfx/proto/orchestration/pipeline.pb.h"
#include "tfxm/dsl/pipeline.h"

namespace tfxm {

// From a file that is binary, text or JSON; its content says which. INVALID_ARGUMENT names the file, and the line if
// there are lines.
absl::StatusOr<tfx::orchestration::Pipeline> ReadPipelineIr(absl::string_view path);

// The value of a runtime parameter: what a user has given for this run, else `otherwise`, its default in the IR (empty
// if it has none).
using RuntimeParameterValue = absl::FunctionRef<std::string(const std::string& name, const std::string& otherwise)>;

// The nodes' executors are those of the IR; whether they are there, the caller asks the ExecutorRegistry. Errors name
// the node: UNIMPLEMENTED what is not run here (sub-pipelines, ForEach, inputs that are several channels of
// one key, dynamic exec properties, containers, strategies that Resolver does not have), INVALID_ARGUMENT what does not
// fit together (a channel of a node that is not there, a runtime parameter without a value).
absl::StatusOr<Pipeline> LoadPipeline(const tfx::orchestration::Pipeline& ir, RuntimeParameterValue value);

}  // namespace tfxm

#endif  // TFXM_DSL_IR_LOADER_H_
