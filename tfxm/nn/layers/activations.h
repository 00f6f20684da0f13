// SPDX-License-Identifier: Apache-2.0

// Activation functions, by Keras's names or as a custom function.
//
//   layers::Dense(64, {.activation = "relu"});
//   layers::Dense(64, {.activation = {"square", [](const ops::Tensor& x) { return ops::Square(x); }}});
#ifndef TFXM_NN_LAYERS_ACTIVATIONS_H_
#define TFXM_NN_LAYERS_ACTIVATIONS_H_

#include <functional>
#include <string>
#include <utility>

#include "tfxm/ops/graph.h"

namespace tfxm::nn {

class Activation {
 public:
  // No activation ("linear").
  Activation() = default;
  // "linear", "relu", "relu6", "leaky_relu", "elu", "selu", "gelu", "sigmoid", "hard_sigmoid", "tanh", "softmax",
  // "softplus", "softsign", "swish" or "silu", "hard_swish" or "hard_silu", "exponential", "log_softmax", "mish",
  // "log_sigmoid", "hard_tanh", "tanh_shrink", "squareplus".
  Activation(const char* name) : name_(name) {}
  Activation(std::string name) : name_(std::move(name)) {}
  Activation(std::string name, std::function<ops::Tensor(const ops::Tensor&)> function)
      : name_(std::move(name)), function_(std::move(function)) {}

  const std::string& name() const { return name_; }
  // A custom function.
  bool is_custom() const { return function_ != nullptr; }
  bool is_linear() const { return function_ == nullptr && (name_.empty() || name_ == "linear"); }
  // An unknown name becomes the graph's error, naming the near ones.
  ops::Tensor operator()(const ops::Tensor& x) const;

 private:
  std::string name_;
  std::function<ops::Tensor(const ops::Tensor&)> function_;
};

}  // namespace tfxm::nn

#endif  // TFXM_NN_LAYERS_ACTIVATIONS_H_
