// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/internal/towers.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "tfxm/nn/data/labels.h"
#include "tfxm/nn/layers/model_layer.h"
#include "tfxm/ops/internal/graph_access.h"
#include "tfxm/ops/ops.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::nn {
namespace {

using ops::Tensor;

// How many places of an example a layer's weights are used at: pixels or steps.
int64_t Positions(const Shape& shape) {
  int64_t positions = 1;
  for (size_t i = 1; i + 1 < shape.size(); ++i) positions *= std::max<int64_t>(shape[i], 1);
  return positions;
}

// Multiplications with a weight for one example, about.
double Multiplications(const Network& network) {
  double sum = 0;
  for (const auto& node : network.nodes()) {
    if (const auto* const model = dynamic_cast<const ModelLayer*>(node->layer.get())) {
      sum += Multiplications(model->network());
      continue;
    }
    if (node->layer->type() == "Embedding") continue;
    // A recurrent layer may return its last step only.
    int64_t positions = Positions(node->shape);
    for (const KerasTensor& input : node->inputs) positions = std::max(positions, Positions(input.shape()));
    for (const Weight* weight : node->layer->AllWeights()) {
      if (weight->shape.size() > 1) sum += static_cast<double>(positions * NumElements(weight->shape));
    }
  }
  return sum;
}

// The number of weights of the smallest recurrent layer.
std::optional<int64_t> SmallestRecurrent(const std::vector<std::shared_ptr<Layer>>& layers) {
  std::optional<int64_t> smallest;
  const auto take = [&](int64_t size) { smallest = std::min(smallest.value_or(size), size); };
  for (const auto& layer : layers) {
    int64_t size = 0;
    for (const Weight* weight : layer->AllWeights()) size += NumElements(weight->shape);
    if (layer->is_recurrent()) take(size);
    if (const auto inner = SmallestRecurrent(layer->sublayers())) take(*inner);
  }
  return smallest;
}

// Slice i of n of the batch.
std::vector<Tensor> Slices(const Tensor& x, int n) {
  const Tensor batch = ops::Reshape(ops::Slice(ops::ShapeOf(x), {0}, {1}), Shape{});
  std::vector<int32_t> begins, ends;
  for (int i = 0; i < n; ++i) {
    begins.push_back(i);
    ends.push_back(i + 1);
  }
  const auto bounds = [&](const std::vector<int32_t>& numerators) {
    return ops::FloorDiv(batch * ops::Constant(*x.graph(), numerators), n);
  };
  const ops::Node slices = ops::Op("SplitV", {x, bounds(ends) - bounds(begins), ops::Constant(*x.graph(), int32_t{0})},
                                   {{"num_split", int64_t{n}}});
  std::vector<Tensor> outputs;
  for (int i = 0; i < n; ++i) outputs.push_back(slices.output(i));
  return outputs;
}

// The batch of the slices. A sigmoid or softmax that they end with is put behind that, where a crossentropy looks for
// its logits.
Tensor Join(const std::vector<Tensor>& slices) {
  std::vector<Tensor> logits;
  for (const Tensor& slice : slices) logits.push_back(LogitsOf(slice));
  if (!logits[0].valid()) return ops::Concat(slices, 0);
  return ops::Op(ops::internal::TfNode(slices[0])->type_string(), {ops::Concat(logits, 0)});
}

}  // namespace

absl::Status CheckTowers(const Network& network) {
  for (const auto& node : network.nodes()) {
    // Of a vector with a number per example, softmax and the like take the batch for the features.
    if (node->layer->per_example() && node->shape.size() > 1) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "num_towers: the output of layer \"", node->layer->name(), "\" (", node->layer->type(),
        ") for an example may depend on the other examples of the batch, so that the model cannot work on slices; "
        "leave num_towers at 0 or, if it is a layer of your own that works example by example, override per_example"));
  }
  return absl::OkStatus();
}

int DefaultNumTowers(const Network& network) {
  if (!CheckTowers(network).ok()) return 1;
  double weights = 0;
  for (const Weight* weight : network.weights()) weights += static_cast<double>(NumElements(weight->shape));
  const double work = Multiplications(network);
  if (work < 150e3 || work < 8 * weights) return 1;
  if (const auto recurrent = SmallestRecurrent(network.layers())) return *recurrent < 10000 ? 1 : 2;
  return work < 3e6 ? 2 : 4;
}

absl::StatusOr<std::vector<Tensor>> CallInTowers(const Network& network, int num_towers, CallContext& context,
                                                 const std::map<std::string, Tensor>& inputs,
                                                 std::vector<Tensor>* output_masks) {
  std::map<std::string, std::vector<Tensor>> slices;
  for (const auto& [name, input] : inputs) slices[name] = Slices(input, num_towers);
  const size_t num_outputs = network.outputs().size();
  std::vector<std::vector<Tensor>> outputs(num_outputs), masks(num_outputs);
  for (int i = 0; i < num_towers; ++i) {
    const ops::NameScope scope(context.graph(), absl::StrCat("tower_", i));
    std::map<std::string, Tensor> slice;
    for (const auto& [name, all] : slices) slice[name] = all[i];
    std::vector<Tensor> tower_masks;
    ASSIGN_OR_RETURN(const std::vector<Tensor> tower, network.Call(context, slice, &tower_masks));
    for (size_t k = 0; k < num_outputs; ++k) {
      outputs[k].push_back(tower[k]);
      masks[k].push_back(tower_masks[k]);
    }
  }
  std::vector<Tensor> joined;
  for (size_t k = 0; k < num_outputs; ++k) {
    joined.push_back(Join(outputs[k]));
    output_masks->push_back(masks[k][0].valid() ? ops::Concat(masks[k], 0) : Tensor());
  }
  return joined;
}

}  // namespace tfxm::nn
