#include "absl/strings/str_cat.h"
#include "tensorflow/cc/framework/gradients.h"
#include "tensorflow/cc/framework/ops.h"
#include "tfxm/ops/graph.h"
#include "tfxm/ops/internal/graph_access.h"

namespace tfxm::ops {

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
  std::vector<tensorflow::Output> grads;
  absl::Status added =
      grad_ys.empty() ? tensorflow::AddSymbolicGradients(scope, convert(ys), convert(xs), &grads)
                      : tensorflow::AddSymbolicGradients(scope, convert(ys), convert(xs), convert(grad_ys), &grads);
  if (added.ok()) added = status;
  if (!added.ok()) {
    added = absl::Status(added.code(), absl::StrCat("gradient of \"", ys[0].name(), "\": ", added.message()));
    graph.SetError(added);
    return added;
  }
  std::vector<Tensor> result;
  for (const tensorflow::Output& grad : grads) result.push_back(internal::FromTf(graph, grad.node(), grad.index()));
  return result;
}

}  // namespace tfxm::ops
