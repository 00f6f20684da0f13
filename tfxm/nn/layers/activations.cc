// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/layers/activations.h"

#include <cmath>
#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tfxm/ops/ops.h"
#include "tfxm/util/registry.h"

namespace tfxm::nn {
namespace {

using Function = std::function<ops::Tensor(const ops::Tensor&)>;

ops::Tensor HardSigmoid(const ops::Tensor& x) { return ops::Relu6(x + 3.0) * (1.0 / 6); }
ops::Tensor Swish(const ops::Tensor& x) { return x * ops::Sigmoid(x); }
ops::Tensor HardSwish(const ops::Tensor& x) { return x * HardSigmoid(x); }

const std::map<std::string, Function, std::less<>>& Activations() {
  static const auto* const by_name = new std::map<std::string, Function, std::less<>>{
      {"linear", [](const ops::Tensor& x) { return x; }},
      {"relu", [](const ops::Tensor& x) { return ops::Relu(x); }},
      {"relu6", [](const ops::Tensor& x) { return ops::Relu6(x); }},
      {"leaky_relu", [](const ops::Tensor& x) { return ops::LeakyRelu(x, 0.2); }},
      {"elu", [](const ops::Tensor& x) { return ops::Elu(x); }},
      {"selu", [](const ops::Tensor& x) { return ops::Selu(x); }},
      {"gelu", [](const ops::Tensor& x) { return 0.5 * x * (1.0 + ops::Erf(x * (1 / std::sqrt(2.0)))); }},
      {"sigmoid", [](const ops::Tensor& x) { return ops::Sigmoid(x); }},
      {"hard_sigmoid", HardSigmoid},
      {"tanh", [](const ops::Tensor& x) { return ops::Tanh(x); }},
      {"softmax", [](const ops::Tensor& x) { return ops::Softmax(x); }},
      {"log_softmax", [](const ops::Tensor& x) { return ops::LogSoftmax(x); }},
      {"softplus", [](const ops::Tensor& x) { return ops::Softplus(x); }},
      {"softsign", [](const ops::Tensor& x) { return ops::Softsign(x); }},
      {"swish", Swish},
      {"silu", Swish},
      {"hard_swish", HardSwish},
      {"hard_silu", HardSwish},
      {"exponential", [](const ops::Tensor& x) { return ops::Exp(x); }},
      {"mish", [](const ops::Tensor& x) { return x * ops::Tanh(ops::Softplus(x)); }},
      {"log_sigmoid", [](const ops::Tensor& x) { return -ops::Softplus(-x); }},
      {"hard_tanh", [](const ops::Tensor& x) { return ops::ClipByValue(x, -1.0, 1.0); }},
      {"tanh_shrink", [](const ops::Tensor& x) { return x - ops::Tanh(x); }},
      {"squareplus", [](const ops::Tensor& x) { return (x + ops::Sqrt(ops::Square(x) + 4.0)) * 0.5; }},
  };
  return *by_name;
}

}  // namespace

ops::Tensor Activation::operator()(const ops::Tensor& x) const {
  if (function_ != nullptr) return function_(x);
  if (is_linear() || x.graph() == nullptr) return x;
  const auto found = Activations().find(name_);
  if (found != Activations().end()) return found->second(x);
  std::vector<std::string> names;
  for (const auto& [name, function] : Activations()) names.push_back(name);
  const std::string near = NearestNames(name_, names);
  x.graph()->SetError(absl::InvalidArgumentError(
      absl::StrCat("no activation is called \"", name_, "\"", near.empty() ? "" : "; did you mean ", near)));
  return ops::Tensor(x.graph(), -1, 0);
}

}  // namespace tfxm::nn
