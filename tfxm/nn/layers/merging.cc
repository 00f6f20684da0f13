// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/layers/merging.h"

#include <functional>
#include <utility>

#include "tfxm/nn/layers/function_layer.h"
#include "tfxm/ops/ops.h"

namespace tfxm::nn::layers {
namespace {

using ops::Tensor;

// Folds the inputs from the left.
LayerRef Fold(std::string type, MergeOptions options, std::function<Tensor(const Tensor&, const Tensor&)> merge,
              bool mean = false) {
  return MakeLayer<FunctionLayer>(
      std::move(type), std::move(options.name),
      [merge = std::move(merge), mean](CallContext&, const std::vector<Tensor>& inputs) {
        Tensor x = inputs[0];
        for (size_t i = 1; i < inputs.size(); ++i) x = merge(x, inputs[i]);
        return mean ? x / static_cast<double>(inputs.size()) : x;
      },
      /*supports_masking=*/true);
}

Tensor AddTensors(const Tensor& x, const Tensor& y) { return x + y; }

}  // namespace

LayerRef Add(MergeOptions options) { return Fold("Add", std::move(options), AddTensors); }
LayerRef Subtract(MergeOptions options) {
  return Fold("Subtract", std::move(options), [](const Tensor& x, const Tensor& y) { return x - y; });
}
LayerRef Multiply(MergeOptions options) {
  return Fold("Multiply", std::move(options), [](const Tensor& x, const Tensor& y) { return x * y; });
}
LayerRef Average(MergeOptions options) { return Fold("Average", std::move(options), AddTensors, /*mean=*/true); }
LayerRef Maximum(MergeOptions options) {
  return Fold("Maximum", std::move(options), [](const Tensor& x, const Tensor& y) { return ops::Maximum(x, y); });
}
LayerRef Minimum(MergeOptions options) {
  return Fold("Minimum", std::move(options), [](const Tensor& x, const Tensor& y) { return ops::Minimum(x, y); });
}
LayerRef Concatenate(int axis, MergeOptions options) {
  return MakeLayer<FunctionLayer>(
      "Concatenate", std::move(options.name),
      [axis](CallContext&, const std::vector<Tensor>& inputs) { return ops::Concat(inputs, axis); },
      /*supports_masking=*/false, /*per_example=*/axis > 0 || axis == -1);
}

}  // namespace tfxm::nn::layers
