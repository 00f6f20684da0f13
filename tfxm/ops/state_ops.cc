// SPDX-License-Identifier: Apache-2.0

#include "tfxm/ops/state_ops.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tensorflow/core/framework/node_def_util.h"
#include "tfxm/ops/internal/graph_access.h"

namespace tfxm::ops {
namespace {

// The type and shape that the handle was made with; empty for a handle of another kind (a function's argument).
bool VariableType(const Tensor& handle, DataType* dtype) {
  const tensorflow::Node* node = internal::TfNode(handle);
  tensorflow::DataType type;
  if (node == nullptr || !tensorflow::GetNodeAttr(node->attrs(), "dtype", &type).ok()) return false;
  *dtype = static_cast<DataType>(type);
  return true;
}

}  // namespace

Tensor VarHandle(Graph& graph, absl::string_view shared_name, DataType dtype, const Shape& shape) {
  Graph::Rep& rep = *graph.rep();
  auto& known = rep.variables[std::string(shared_name)];
  if (known.valid()) return known;
  // Named outside of the open scopes: a variable's name is its identity.
  const std::string prefix = std::exchange(rep.prefix, "");
  known = graph.Add("VarHandleOp", {}, {{"dtype", dtype}, {"shape", shape}, {"shared_name", shared_name}}, shared_name);
  rep.prefix = prefix;
  return known;
}

Tensor ReadVariable(const Tensor& handle, absl::string_view name) {
  DataType dtype = DataType::kInvalid;
  if (!VariableType(handle, &dtype)) {
    if (handle.graph() != nullptr) {
      handle.graph()->SetError(
          absl::InvalidArgumentError(absl::StrCat("\"", handle.name(), "\" is not a variable's handle")));
    }
    return Tensor(handle.graph(), -1, 0);
  }
  return Op("ReadVariableOp", {handle}, {{"dtype", dtype}}, name);
}

Node AssignVariable(const Tensor& handle, const Tensor& value, absl::string_view name) {
  return Op("AssignVariableOp", {handle, value}, {}, name);
}
Node AssignAddVariable(const Tensor& handle, const Tensor& delta, absl::string_view name) {
  return Op("AssignAddVariableOp", {handle, delta}, {}, name);
}

}  // namespace tfxm::ops
