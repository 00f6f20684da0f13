// SPDX-License-Identifier: Apache-2.0

// Variables: state that outlives a run of the graph, by name.
//
//   ops::Tensor kernel = ops::VarHandle(graph, "dense/kernel", DataType::kFloat, {784, 64});
//   ops::Tensor y = ops::MatMul(x, ops::ReadVariable(kernel));
#ifndef TFXM_OPS_STATE_OPS_H_
#define TFXM_OPS_STATE_OPS_H_

#include <string>

#include "tfxm/ops/graph.h"

namespace tfxm::ops {

// The variable `shared_name` of the session; its node is called the same. Asking twice for one name in a graph gives
// the same handle.
Tensor VarHandle(Graph& graph, absl::string_view shared_name, DataType dtype, const Shape& shape);
Tensor ReadVariable(const Tensor& handle, absl::string_view name = "");
Node AssignVariable(const Tensor& handle, const Tensor& value, absl::string_view name = "");
Node AssignAddVariable(const Tensor& handle, const Tensor& delta, absl::string_view name = "");

}  // namespace tfxm::ops

#endif  // TFXM_OPS_STATE_OPS_H_
