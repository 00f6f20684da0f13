// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/layers/normalization.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tfxm/nn/layers/function_layer.h"
#include "tfxm/ops/ops.h"

namespace tfxm::nn::layers {
namespace {

using ops::Tensor;

Tensor Vector(CallContext& context, const Weight* weight, int64_t size, float value) {
  return weight != nullptr ? context.Read(weight)
                           : ops::Constant(context.graph(), std::vector<float>(static_cast<size_t>(size), value));
}

class BatchNormalizationLayer : public Layer, public FixedNormalization {
 public:
  explicit BatchNormalizationLayer(BatchNormalizationOptions options)
      : Layer("BatchNormalization", options.name), options_(std::move(options)) {}

  absl::Status Build(const std::vector<Shape>& input_shapes) override {
    const Shape& shape = input_shapes[0];
    if (shape.size() < 2 || shape.back() < 1) {
      return absl::InvalidArgumentError("the input must have at least two dimensions, the last one known");
    }
    channels_ = shape.back();
    if (options_.scale) {
      gamma_ = AddWeight("gamma", {channels_},
                         {.initializer = options_.gamma_initializer,
                          .regularizer = options_.gamma_regularizer,
                          .constraint = options_.gamma_constraint});
    }
    if (options_.center) {
      beta_ = AddWeight("beta", {channels_},
                        {.initializer = options_.beta_initializer,
                         .regularizer = options_.beta_regularizer,
                         .constraint = options_.beta_constraint});
    }
    moving_mean_ =
        AddWeight("moving_mean", {channels_}, {.initializer = options_.moving_mean_initializer, .trainable = false});
    moving_variance_ = AddWeight("moving_variance", {channels_},
                                 {.initializer = options_.moving_variance_initializer, .trainable = false});
    return absl::OkStatus();
  }

  Tensor Call(CallContext& context, const std::vector<Tensor>& inputs) override {
    const Tensor& x = inputs[0];
    if (!x.valid()) return x;
    const bool is_image = x.rank() == 4;
    if (!(context.training() && trainable())) {
      if (is_image) return Fused(context, x, context.Read(moving_mean_), context.Read(moving_variance_), false);
      const Terms terms = FixedTerms(context);
      return x * terms.factor + terms.offset;
    }
    const Tensor image = is_image ? x : ops::Reshape(x, Shape{-1, 1, 1, channels_});
    const Tensor none = ops::Constant(context.graph(), std::vector<float>{});
    const ops::Node normalized = Fused(context, image, none, none, true);
    // The operation's variance is that of a sample, n / (n - 1) times the batch's, which Keras keeps.
    const Tensor n = ops::Cast(ops::SizeOf(x), DataType::kFloat) / static_cast<double>(channels_);
    const Tensor batch_variance = normalized.output(2) * (ops::Maximum(n - 1, 1) / ops::Maximum(n, 1));
    const auto follow = [&](const Weight* weight, const Tensor& batch) {
      context.Update(weight, context.Updated(weight) * options_.momentum + batch * (1 - options_.momentum));
    };
    follow(moving_mean_, normalized.output(1));
    follow(moving_variance_, batch_variance);
    if (is_image) return normalized.output(0);
    return ops::Reshape(normalized.output(0), ops::ShapeOf(x));
  }

  bool supports_masking() const override { return true; }
  // Frozen, it uses the moving averages.
  bool per_example() const override { return !trainable(); }

  Terms FixedTerms(CallContext& context) const override {
    Tensor factor = ops::Rsqrt(context.Read(moving_variance_) + options_.epsilon);
    if (gamma_ != nullptr) factor = factor * context.Read(gamma_);
    Tensor offset = -(context.Read(moving_mean_) * factor);
    if (beta_ != nullptr) offset = offset + context.Read(beta_);
    return {factor, offset};
  }

 private:
  ops::Node Fused(CallContext& context, const Tensor& x, const Tensor& mean, const Tensor& variance,
                  bool training) const {
    return ops::Op("FusedBatchNormV3",
                   {x, Vector(context, gamma_, channels_, 1), Vector(context, beta_, channels_, 0), mean, variance},
                   {{"epsilon", options_.epsilon}, {"is_training", training}});
  }

  const BatchNormalizationOptions options_;
  int64_t channels_ = 0;
  const Weight *gamma_ = nullptr, *beta_ = nullptr, *moving_mean_ = nullptr, *moving_variance_ = nullptr;
};

class LayerNormalizationLayer : public Layer {
 public:
  explicit LayerNormalizationLayer(LayerNormalizationOptions options)
      : Layer("LayerNormalization", options.name), options_(std::move(options)) {}

  absl::Status Build(const std::vector<Shape>& input_shapes) override {
    if (input_shapes[0].empty() || input_shapes[0].back() < 1) {
      return absl::InvalidArgumentError("the last dimension of the input must be known");
    }
    if (options_.scale)
      gamma_ = AddWeight("gamma", {input_shapes[0].back()}, {.initializer = options_.gamma_initializer});
    if (options_.center)
      beta_ = AddWeight("beta", {input_shapes[0].back()}, {.initializer = options_.beta_initializer});
    return absl::OkStatus();
  }

  Tensor Call(CallContext& context, const std::vector<Tensor>& inputs) override {
    const Tensor& x = inputs[0];
    const Tensor mean = ops::ReduceMean(x, {-1}, true);
    const Tensor variance = ops::ReduceMean(ops::SquaredDifference(x, ops::StopGradient(mean)), {-1}, true);
    Tensor y = (x - mean) * ops::Rsqrt(variance + options_.epsilon);
    if (gamma_ != nullptr) y = y * context.Read(gamma_);
    return beta_ != nullptr ? y + context.Read(beta_) : y;
  }
  bool supports_masking() const override { return true; }
  bool per_example() const override { return true; }

 private:
  const LayerNormalizationOptions options_;
  const Weight *gamma_ = nullptr, *beta_ = nullptr;
};

class GroupNormalizationLayer : public Layer {
 public:
  GroupNormalizationLayer(int groups, LayerNormalizationOptions options)
      : Layer("GroupNormalization", options.name), groups_(groups), options_(std::move(options)) {}

  absl::Status Build(const std::vector<Shape>& input_shapes) override {
    const Shape& shape = input_shapes[0];
    if (shape.size() < 2 || std::any_of(shape.begin() + 1, shape.end(), [](int64_t dim) { return dim < 1; })) {
      return absl::InvalidArgumentError("all dimensions of the input but the batch must be known");
    }
    if (groups_ == -1) groups_ = shape.back();
    if (groups_ < 1 || shape.back() % groups_ != 0) {
      return absl::InvalidArgumentError(absl::StrCat(shape.back(), " channels do not make ", groups_, " equal groups"));
    }
    if (options_.scale) gamma_ = AddWeight("gamma", {shape.back()}, {.initializer = options_.gamma_initializer});
    if (options_.center) beta_ = AddWeight("beta", {shape.back()}, {.initializer = options_.beta_initializer});
    return absl::OkStatus();
  }

  Tensor Call(CallContext& context, const std::vector<Tensor>& inputs) override {
    Shape shape = inputs[0].shape();
    shape[0] = -1;
    // [batch, between, groups, channels of a group]
    const Tensor x = ops::Reshape(
        inputs[0], Shape{-1, NumElements(Shape(shape.begin() + 1, shape.end() - 1)), groups_, shape.back() / groups_});
    const Tensor mean = ops::ReduceMean(x, {1, 3}, true);
    const Tensor variance = ops::ReduceMean(ops::SquaredDifference(x, ops::StopGradient(mean)), {1, 3}, true);
    Tensor y = ops::Reshape((x - mean) * ops::Rsqrt(variance + options_.epsilon), shape);
    if (gamma_ != nullptr) y = y * context.Read(gamma_);
    return beta_ != nullptr ? y + context.Read(beta_) : y;
  }
  bool supports_masking() const override { return true; }
  bool per_example() const override { return true; }

 private:
  int64_t groups_;
  const LayerNormalizationOptions options_;
  const Weight *gamma_ = nullptr, *beta_ = nullptr;
};

}  // namespace

LayerRef BatchNormalization(BatchNormalizationOptions options) {
  return MakeLayer<BatchNormalizationLayer>(std::move(options));
}
LayerRef LayerNormalization(LayerNormalizationOptions options) {
  return MakeLayer<LayerNormalizationLayer>(std::move(options));
}
LayerRef GroupNormalization(int groups, LayerNormalizationOptions options) {
  return MakeLayer<GroupNormalizationLayer>(groups, std::move(options));
}

}  // namespace tfxm::nn::layers
