// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/internal/quantize_wrapper.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tfxm/nn/layers/normalization.h"
#include "tfxm/ops/ops.h"

namespace tfxm::nn {
namespace {

using ops::Tensor;

// What TFLite computes from a lookup or a fixed scale: its input is quantized, its output follows.
bool HasFixedOutput(const std::string& activation) {
  return activation == "softmax" || activation == "sigmoid" || activation == "tanh" || activation == "log_softmax";
}
// What is fused into the operation before it.
bool IsFused(const Activation& activation) {
  return activation.is_linear() || activation.name() == "relu" || activation.name() == "relu6";
}

// To -127 … 127 times a scale that the largest value has: per channel, over all but the last axis, or for all.
Tensor QuantizeWeight(const Tensor& value, QuantizeConfig::Weights how, bool depthwise) {
  // Where all weights are 0 the scale must not be.
  constexpr double kSmallestRange = 1e-5;
  const Tensor size = ops::Abs(ops::StopGradient(value));
  if (how == QuantizeConfig::Weights::kPerTensor) {
    const Tensor range = ops::Maximum(ops::ReduceMax(size), kSmallestRange);
    return ops::Op("FakeQuantWithMinMaxVars", {value, -range, range}, {{"narrow_range", true}});
  }
  // The operation takes ranks 1, 2 and 4, and the last axis.
  const Shape shape = value.shape();
  Shape flat = shape;
  if (depthwise) {
    flat.back() *= flat[flat.size() - 2];
    flat[flat.size() - 2] = 1;
  }
  if (flat.size() == 3) flat.insert(flat.begin(), 1);
  const bool reshape = flat != shape;
  const auto flattened = [&](const Tensor& x) { return reshape ? ops::Reshape(x, flat) : x; };
  std::vector<int32_t> axes;
  for (size_t i = 0; i + 1 < flat.size(); ++i) axes.push_back(static_cast<int32_t>(i));
  const Tensor range = ops::Maximum(ops::ReduceMax(flattened(size), axes), kSmallestRange);
  const Tensor quantized =
      ops::Op("FakeQuantWithMinMaxVarsPerChannel", {flattened(value), -range, range}, {{"narrow_range", true}});
  return reshape ? ops::Reshape(quantized, shape) : quantized;
}

}  // namespace

ops::Tensor QuantizingLayer::Quantize(CallContext& context, const std::string& name, const Tensor& x, bool all_values) {
  if (!x.valid()) return x;
  Range& range = ranges_[name];
  if (range.min == nullptr) {
    const WeightOptions ranges = {.trainable = false};
    WeightOptions low = ranges, high = ranges;
    const double initial = all_values ? 0 : options_.initial_range;
    low.initializer = initializers::Constant(-initial);
    high.initializer = initializers::Constant(initial);
    range.min = AddWeight(absl::StrCat(name, "_min"), {}, low);
    range.max = AddWeight(absl::StrCat(name, "_max"), {}, high);
  }
  Tensor min = context.Updated(range.min), max = context.Updated(range.max);
  if (context.training()) {
    const Tensor seen = ops::StopGradient(x);
    Tensor next_min = ops::Minimum(ops::ReduceMin(seen), 0), next_max = ops::Maximum(ops::ReduceMax(seen), 0);
    if (all_values) {
      next_min = ops::Minimum(next_min, min);
      next_max = ops::Maximum(next_max, max);
    } else {
      const Tensor is_new = ops::Equal(min, max);
      const auto follow = [&](const Tensor& value, const Tensor& batch) {
        return ops::Where(is_new, batch, value - (value - batch) * (1 - options_.ema_decay));
      };
      next_min = follow(min, next_min);
      next_max = follow(max, next_max);
    }
    context.Update(range.min, next_min);
    context.Update(range.max, next_max);
    min = next_min;
    max = next_max;
  }
  return ops::Op("FakeQuantWithMinMaxVars", {x, min, max}, {});
}

absl::Status QuantizingLayer::CheckRanges(const std::map<std::string, tfxm::Tensor>& values) const {
  for (const auto& [name, range] : ranges_) {
    const auto min = values.find(range.min->full_name()), max = values.find(range.max->full_name());
    if (min == values.end() || max == values.end()) continue;
    if (min->second.values<float>()[0] < max->second.values<float>()[0]) continue;
    return absl::FailedPreconditionError(
        absl::StrCat("\"", this->name(), "\" has seen no values yet (or only 0), so that its range \"", name,
                     "\" is empty; a quantization-aware model is saved after it was trained"));
  }
  return absl::OkStatus();
}

ops::Tensor QuantizeWrapper::Call(CallContext& context, const std::vector<Tensor>& inputs) {
  activated_ = false;
  CallHooks* const outer = context.SetHooks(this);
  const auto* const fixed =
      is_folded_ && !context.training() ? dynamic_cast<layers::FixedNormalization*>(layer_.get()) : nullptr;
  // Of one that is folded, the factor is in the weights already.
  const Tensor y = fixed != nullptr ? inputs[0] + fixed->FixedTerms(context).offset : layer_->Call(context, inputs);
  context.SetHooks(outer);
  return config_.output && !activated_ ? Quantize(context, "output", y) : y;
}

ops::Tensor QuantizeWrapper::OnRead(CallContext& context, const Weight& weight, const Tensor& value) {
  if (weight.layer != layer_.get()) return value;
  const auto* const normalization = dynamic_cast<layers::FixedNormalization*>(folded_in_.get());
  const auto found = config_.weights.find(weight.name);
  if (normalization != nullptr) {
    const Tensor factor = ops::StopGradient(normalization->FixedTerms(context).factor);
    if (!context.training()) {
      const Tensor folded = value * factor;
      return found == config_.weights.end() ? folded : QuantizeWeight(folded, found->second, false);
    }
    if (found == config_.weights.end()) return value;
    // The normalization of the batch is still to come: what the scale of the folded weights does to the plain ones.
    const Tensor divisor = ops::StopGradient(ops::Where(ops::Equal(factor, 0), ops::OnesLike(factor), factor));
    return QuantizeWeight(value * factor, found->second, false) / divisor;
  }
  if (found == config_.weights.end()) return value;
  return QuantizeWeight(value, found->second, weight.name == "depthwise_kernel");
}

ops::Tensor QuantizeWrapper::OnActivation(CallContext& context, const Activation& activation, const Tensor& x) {
  if (!config_.output) return activation(x);
  activated_ = true;
  if (IsFused(activation)) return Quantize(context, "output", activation(x));
  // An Activation layer's input has been quantized by what comes before it.
  const Tensor y = activation(layer_->type() == "Activation" ? x : Quantize(context, "pre_activation", x));
  return HasFixedOutput(activation.name()) ? y : Quantize(context, "output", y);
}

ops::Tensor QuantizeWrapper::OnIntermediate(CallContext& context, absl::string_view name, const Tensor& x) {
  return Quantize(context, std::string(name), x);
}

}  // namespace tfxm::nn
