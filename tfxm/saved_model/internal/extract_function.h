// SPDX-License-Identifier: Apache-2.0

// A part of an ops::Graph as a function of its own. Includes TensorFlow headers: for .cc files.
#ifndef TFXM_SAVED_MODEL_INTERNAL_EXTRACT_FUNCTION_H_
#define TFXM_SAVED_MODEL_INTERNAL_EXTRACT_FUNCTION_H_

#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tensorflow/core/framework/function.pb.h"
#include "tensorflow/core/graph/graph.h"
#include "tfxm/ops/graph.h"

namespace tfxm::internal {

struct ExtractedFunction {
  tensorflow::FunctionDef function;
  // The nodes outside that the function uses, in the graph's order; each is an argument after the inputs.
  std::vector<const tensorflow::Node*> captures;
  // The functions that it calls, and those that these call.
  tensorflow::FunctionDefLibrary library;
};

struct FunctionBoundary {
  std::vector<ops::Tensor> inputs, outputs;
  std::vector<std::string> output_names;
  // Run for its effect, if not null.
  const tensorflow::Node* effect = nullptr;
  // Captured besides the handles of variables and tables.
  std::set<const tensorflow::Node*> captures;
};

// Whether the node is the handle of a variable or of a lookup table: state that outlives a call, so never inside a
// function.
bool IsVariableHandle(const tensorflow::Node& node);
bool IsTableHandle(const tensorflow::Node& node);

// INVALID_ARGUMENT names a placeholder that is needed but not among the inputs.
absl::StatusOr<ExtractedFunction> ExtractFunction(const std::string& name, const tensorflow::Graph& graph,
                                                  const FunctionBoundary& boundary);

}  // namespace tfxm::internal

#endif  // TFXM_SAVED_MODEL_INTERNAL_EXTRACT_FUNCTION_H_
