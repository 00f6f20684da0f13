// SPDX-License-Identifier: Apache-2.0

#include "tensorflow/cc/framework/gradients.h"

#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tensorflow/cc/framework/ops.h"
#include "tfxm/ops/graph.h"
#include "tfxm/ops/internal/graph_access.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::ops {
namespace {

// The nodes that `tensors` are computed from, themselves included.
std::set<int> Ancestors(const std::vector<Tensor>& tensors) {
  std::set<int> seen;
  std::vector<const tensorflow::Node*> todo;
  const auto visit = [&](const tensorflow::Node* node) {
    if (node != nullptr && seen.insert(node->id()).second) todo.push_back(node);
  };
  for (const Tensor& tensor : tensors) visit(internal::TfNode(tensor));
  while (!todo.empty()) {
    const tensorflow::Node* node = todo.back();
    todo.pop_back();
    for (const tensorflow::Edge* edge : node->in_edges()) {
      if (!edge->IsControlEdge()) visit(edge->src());
    }
  }
  return seen;
}

// Lets the gradients of Relu and Relu6 with a number from `first` on ask for what these return instead of what they are
// given, as in Python; it tells the same. Nothing but the activation then reads its input, so that TensorFlow computes
// convolution, bias and activation as one operation.
absl::Status AskActivationsForOutputs(tensorflow::Graph& graph, int first) {
  for (int id = first; id < graph.num_node_ids(); ++id) {
    tensorflow::Node* gradient = graph.FindNodeId(id);
    if (gradient == nullptr || !(gradient->type_string() == "ReluGrad" || gradient->type_string() == "Relu6Grad")) {
      continue;
    }
    const std::string activation = gradient->type_string().substr(0, gradient->type_string().find("Grad"));
    const tensorflow::Edge* features;
    RETURN_IF_ERROR(gradient->input_edge(1, &features));
    for (const tensorflow::Edge* edge : features->src()->out_edges()) {
      if (edge->src_output() != features->src_output() || edge->dst()->type_string() != activation) continue;
      RETURN_IF_ERROR(graph.UpdateEdge(edge->dst(), 0, gradient, 1));
      break;
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<Tensor>> Gradients(const std::vector<Tensor>& ys, const std::vector<Tensor>& xs,
                                              const std::vector<Tensor>& grad_ys) {
  if (ys.empty() || ys[0].graph() == nullptr) return absl::InvalidArgumentError("gradients of no tensor");
  Graph& graph = *ys[0].graph();
  if (!graph.status().ok()) return graph.status();
  const auto convert = [](const std::vector<Tensor>& tensors) {
    std::vector<tensorflow::Output> outputs;
    for (const Tensor& t : tensors) outputs.emplace_back(internal::TfNode(t), t.index());
    return outputs;
  };
  absl::Status status;
  const tensorflow::Scope scope = internal::TfScope(graph, "gradients", &status);
  // AddSymbolicGradients takes only what the ys depend on.
  const std::set<int> ancestors = Ancestors(ys);
  std::vector<Tensor> reached;
  for (const Tensor& x : xs) {
    if (ancestors.count(x.node()) > 0) reached.push_back(x);
  }
  std::vector<tensorflow::Output> grads;
  absl::Status added;
  if (!reached.empty()) {
    const int first = internal::TfGraph(graph).num_node_ids();
    added = grad_ys.empty()
                ? tensorflow::AddSymbolicGradients(scope, convert(ys), convert(reached), &grads)
                : tensorflow::AddSymbolicGradients(scope, convert(ys), convert(reached), convert(grad_ys), &grads);
    if (added.ok()) added = AskActivationsForOutputs(internal::TfGraph(graph), first);
  }
  if (added.ok()) added = status;
  if (!added.ok()) {
    added = absl::Status(added.code(), absl::StrCat("gradient of \"", ys[0].name(), "\": ", added.message()));
    graph.SetError(added);
    return added;
  }
  std::vector<Tensor> result;
  size_t next = 0;
  for (const Tensor& x : xs) {
    const tensorflow::Output grad = ancestors.count(x.node()) > 0 ? grads[next++] : tensorflow::Output();
    result.push_back(internal::FromTf(graph, grad.node(), grad.index()));
  }
  return result;
}

}  // namespace tfxm::ops
