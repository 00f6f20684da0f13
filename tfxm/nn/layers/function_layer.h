// SPDX-License-Identifier: Apache-2.0

// A layer that is a function of its inputs, without weights: behind many of the layers here.
#ifndef TFXM_NN_LAYERS_FUNCTION_LAYER_H_
#define TFXM_NN_LAYERS_FUNCTION_LAYER_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tfxm/nn/layer.h"

namespace tfxm::nn::layers {

class FunctionLayer : public Layer {
 public:
  using Function = std::function<ops::Tensor(CallContext&, const std::vector<ops::Tensor>&)>;
  FunctionLayer(std::string type, std::string name, Function function, bool supports_masking = false,
                bool per_example = true)
      : Layer(std::move(type), std::move(name)),
        function_(std::move(function)),
        supports_masking_(supports_masking),
        per_example_(per_example) {}
  ops::Tensor Call(CallContext& context, const std::vector<ops::Tensor>& inputs) override {
    return function_(context, inputs);
  }
  bool supports_masking() const override { return supports_masking_; }
  bool per_example() const override { return per_example_; }

 private:
  const Function function_;
  const bool supports_masking_;
  const bool per_example_;
};

// Of one input.
inline LayerRef SimpleLayer(std::string type, std::string name, std::function<ops::Tensor(const ops::Tensor&)> function,
                            bool supports_masking = false) {
  return MakeLayer<FunctionLayer>(
      std::move(type), std::move(name),
      [function = std::move(function)](CallContext&, const std::vector<ops::Tensor>& inputs) {
        return inputs[0].valid() ? function(inputs[0]) : inputs[0];
      },
      supports_masking);
}

// Keeps `message` as the graph's error; an invalid tensor.
inline ops::Tensor Fail(const ops::Tensor& x, std::string message) {
  x.graph()->SetError(absl::InvalidArgumentError(message));
  return ops::Tensor(x.graph(), -1, 0);
}

}  // namespace tfxm::nn::layers

#endif  // TFXM_NN_LAYERS_FUNCTION_LAYER_H_
