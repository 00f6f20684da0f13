// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/layers/constraints.h"

#include <utility>

#include "tfxm/ops/ops.h"

namespace tfxm::nn::constraints {
namespace {

constexpr double kEpsilon = 1e-7;

ops::Tensor Norms(const ops::Tensor& value, const std::vector<int32_t>& axes) {
  return ops::Sqrt(ops::ReduceSum(ops::Square(value), axes, /*keep_dims=*/true));
}

}  // namespace

Constraint MaxNorm(double max_value, std::vector<int32_t> axes) { return MinMaxNorm(0, max_value, 1, std::move(axes)); }

Constraint NonNeg() {
  return [](const ops::Tensor& value) { return ops::Relu(value); };
}

Constraint UnitNorm(std::vector<int32_t> axes) {
  return [axes = std::move(axes)](const ops::Tensor& value) { return value / (Norms(value, axes) + kEpsilon); };
}

Constraint MinMaxNorm(double min_value, double max_value, double rate, std::vector<int32_t> axes) {
  return [=, axes = std::move(axes)](const ops::Tensor& value) {
    const ops::Tensor norms = Norms(value, axes);
    ops::Tensor desired = ops::ClipByValue(norms, min_value, max_value);
    if (rate != 1) desired = desired * rate + norms * (1 - rate);
    return value * (desired / (norms + kEpsilon));
  };
}

}  // namespace tfxm::nn::constraints
