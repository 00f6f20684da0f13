// SPDX-License-Identifier: Apache-2.0

#include "tfxm/saved_model/internal/extract_function.h"

#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tensorflow/core/framework/graph_to_functiondef.h"
#include "tensorflow/core/framework/op.h"
#include "tfxm/ops/internal/graph_access.h"
#include "tfxm/saved_model/internal/object_graph.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::internal {

namespace tf = ::tensorflow;

bool IsVariableHandle(const tf::Node& node) { return node.type_string() == "VarHandleOp"; }

bool IsTableHandle(const tf::Node& node) {
  return node.type_string() == "HashTableV2" || absl::StartsWith(node.type_string(), "MutableHashTable") ||
         absl::StartsWith(node.type_string(), "MutableDenseHashTable");
}

absl::StatusOr<ExtractedFunction> ExtractFunction(const std::string& name, const tf::Graph& graph,
                                                  const FunctionBoundary& boundary) {
  std::map<int, const tf::Node*> body, captures;  // By id: the order in which they were added.
  std::set<const tf::Node*> fed, seen;
  for (const ops::Tensor& input : boundary.inputs) fed.insert(ops::internal::TfNode(input));
  std::vector<const tf::Node*> open;
  if (boundary.effect != nullptr) open.push_back(boundary.effect);
  for (const ops::Tensor& output : boundary.outputs) open.push_back(ops::internal::TfNode(output));
  while (!open.empty()) {
    const tf::Node* node = open.back();
    open.pop_back();
    if (!node->IsOp() || fed.count(node) > 0 || !seen.insert(node).second) continue;
    if (IsVariableHandle(*node) || IsTableHandle(*node) || boundary.captures.count(node) > 0) {
      captures[node->id()] = node;
      continue;
    }
    if (node->type_string() == "Placeholder" || node->type_string() == "PlaceholderV2") {
      return absl::InvalidArgumentError(
          absl::StrCat("an output needs the placeholder \"", node->name(), "\", which is not among the inputs"));
    }
    body[node->id()] = node;
    for (const tf::Edge* edge : node->in_edges()) open.push_back(edge->src());
  }

  ExtractedFunction result;
  std::vector<const tf::Node*> body_nodes;
  for (const auto& [id, node] : body) body_nodes.push_back(node);
  std::vector<tf::OutputTensor> inputs, outputs;
  for (const ops::Tensor& input : boundary.inputs) inputs.push_back({ops::internal::TfNode(input), input.index()});
  for (const auto& [id, node] : captures) {
    inputs.push_back({const_cast<tf::Node*>(node), 0});
    result.captures.push_back(node);
  }
  for (const ops::Tensor& output : boundary.outputs) outputs.push_back({ops::internal::TfNode(output), output.index()});
  std::vector<const tf::Node*> control_outputs;
  std::vector<std::string> control_names;
  if (boundary.effect != nullptr) {
    control_outputs.push_back(boundary.effect);
    control_names.push_back("effect");
  }
  RETURN_IF_ERROR(tf::GraphToFunctionDef(graph, name, /*append_hash_to_fn_name=*/false,
                                         /*set_stateful_from_nodes=*/true,
                                         /*copy_placeholder_attrs_from_nodes=*/false, body_nodes, inputs, outputs,
                                         boundary.output_names, control_outputs, control_names,
                                         /*description=*/nullptr, &result.function));
  tf::FunctionDef& function = result.function;
  // A function that reads state is one that must not be folded away or shared, whatever its nodes say.
  if (!captures.empty()) function.mutable_signature()->set_is_stateful(true);
  auto* shapes = (*function.mutable_attr())["_input_shapes"].mutable_list();
  for (const ops::Tensor& input : boundary.inputs) SetShape(input, shapes->add_shape());
  for (size_t i = 0; i < captures.size(); ++i) shapes->add_shape();
  (*function.mutable_attr())["_construction_context"].set_s("kEagerRuntime");
  result.library = graph.flib_def().ReachableDefinitions(function).ToProto();
  return result;
}

}  // namespace tfxm::internal
