// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/layers/attention.h"

#include <cmath>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tfxm/nn/layers/function_layer.h"
#include "tfxm/ops/ops.h"

namespace tfxm::nn::layers {
namespace {

using ops::Tensor;

class MultiHeadAttentionLayer : public Layer {
 public:
  MultiHeadAttentionLayer(int num_heads, int key_dim, MultiHeadAttentionOptions options)
      : Layer("MultiHeadAttention", options.name), heads_(num_heads), key_dim_(key_dim), options_(std::move(options)) {}

  absl::Status Build(const std::vector<Shape>& input_shapes) override {
    const size_t without_mask = input_shapes.size() - (options_.attention_mask ? 1 : 0);
    if (without_mask != 2 && without_mask != 3) {
      return absl::InvalidArgumentError(absl::StrCat("it takes {query, value} or {query, value, key}",
                                                     options_.attention_mask ? ", then the mask" : "", "; got ",
                                                     input_shapes.size(), " inputs"));
    }
    has_key_ = without_mask == 3;
    for (size_t i = 0; i < without_mask; ++i) {
      const Shape& shape = input_shapes[i];
      if (shape.size() != 3 || shape[1] < 1 || shape[2] < 1) {
        return absl::InvalidArgumentError("inputs must be [batch, steps, features], steps and features known");
      }
    }
    if (heads_ < 1 || key_dim_ < 1) return absl::InvalidArgumentError("num_heads and key_dim must be positive");
    if (options_.dropout < 0 || options_.dropout >= 1) {
      return absl::InvalidArgumentError(absl::StrCat("dropout must be in [0, 1), got ", options_.dropout));
    }
    value_dim_ = options_.value_dim > 0 ? options_.value_dim : key_dim_;
    const int64_t query_size = input_shapes[0].back(), value_size = input_shapes[1].back();
    output_dim_ = options_.output_dim > 0 ? options_.output_dim : query_size;
    query_ = AddProjection("query", query_size, key_dim_);
    key_ = AddProjection("key", has_key_ ? input_shapes[2].back() : value_size, key_dim_);
    value_ = AddProjection("value", value_size, value_dim_);
    output_.kernel = AddWeight("attention_output/kernel", {heads_, value_dim_, output_dim_}, KernelOptions());
    if (options_.use_bias) output_.bias = AddWeight("attention_output/bias", {output_dim_}, BiasOptions());
    return absl::OkStatus();
  }

  Tensor Call(CallContext& context, const std::vector<Tensor>& inputs) override {
    const Tensor &query = inputs[0], &value = inputs[1], &key = has_key_ ? inputs[2] : inputs[1];
    const int64_t steps = query.shape()[1];
    // [batch, heads, steps, size]
    const Tensor q = Project(context, query_, query, key_dim_) * (1 / std::sqrt(static_cast<double>(key_dim_)));
    const Tensor k = Project(context, key_, key, key_dim_), v = Project(context, value_, value, value_dim_);
    Tensor scores = ops::MatMul(q, k, false, /*transpose_y=*/true);
    const Tensor mask = Mask(context, inputs, steps, value.shape()[1]);
    // As Keras: so far down that its exponential is 0.
    if (mask.valid()) scores = scores + (1 - mask) * -1e9;
    scores = ops::Softmax(scores);
    if (context.training() && options_.dropout > 0) {
      const Tensor keep = ops::GreaterEqual(context.RandomUniform(ops::ShapeOf(scores)), options_.dropout);
      scores = scores * ops::StopGradient(ops::Cast(keep, DataType::kFloat) * (1 / (1 - options_.dropout)));
    }
    const Tensor seen = ops::Transpose(ops::MatMul(scores, v), {0, 2, 1, 3});
    const int64_t width = heads_ * value_dim_;
    Tensor y = ops::MatMul(ops::Reshape(seen, Shape{-1, width}), context.Read(output_.kernel, {width, output_dim_}));
    if (output_.bias != nullptr) y = ops::BiasAdd(y, context.Read(output_.bias));
    context.SetOutputMask(context.input_mask(0));
    return ops::Reshape(y, Shape{-1, steps, output_dim_});
  }
  bool per_example() const override { return true; }

 private:
  struct Projection {
    const Weight *kernel = nullptr, *bias = nullptr;
  };
  WeightOptions KernelOptions() const {
    return {.initializer = options_.kernel_initializer,
            .regularizer = options_.kernel_regularizer,
            .constraint = options_.kernel_constraint};
  }
  WeightOptions BiasOptions() const {
    return {.initializer = options_.bias_initializer,
            .regularizer = options_.bias_regularizer,
            .constraint = options_.bias_constraint};
  }
  Projection AddProjection(const std::string& name, int64_t in, int64_t size) {
    Projection projection;
    projection.kernel = AddWeight(name + "/kernel", {in, heads_, size}, KernelOptions());
    if (options_.use_bias) projection.bias = AddWeight(name + "/bias", {heads_, size}, BiasOptions());
    return projection;
  }

  // [batch, steps, in] -> [batch, heads, steps, size]
  Tensor Project(CallContext& context, const Projection& projection, const Tensor& x, int64_t size) const {
    const Shape shape = x.shape();
    const int64_t width = heads_ * size;
    Tensor y = ops::MatMul(ops::Reshape(x, Shape{-1, shape[2]}), context.Read(projection.kernel, {shape[2], width}));
    if (projection.bias != nullptr) y = ops::BiasAdd(y, context.Read(projection.bias, {width}));
    return ops::Transpose(ops::Reshape(y, Shape{-1, shape[1], heads_, size}), {0, 2, 1, 3});
  }

  // 1 where a query's step sees a value's, to be broadcast to [batch, heads, steps, value steps]; invalid: all do.
  Tensor Mask(CallContext& context, const std::vector<Tensor>& inputs, int64_t steps, int64_t value_steps) const {
    Tensor mask;
    const auto both = [&](const Tensor& another) {
      const Tensor floats = ops::Cast(another, DataType::kFloat);
      mask = mask.valid() ? mask * floats : floats;
    };
    const auto at = [](const Tensor& x, int axis) { return ops::ExpandDims(ops::ExpandDims(x, axis), 1); };
    if (context.input_mask(0).valid()) both(at(context.input_mask(0), 2));
    if (context.input_mask(1).valid()) both(at(context.input_mask(1), 1));
    if (has_key_ && context.input_mask(2).valid()) both(at(context.input_mask(2), 1));
    if (options_.attention_mask) {
      const Tensor& given = inputs.back();
      both(ops::ExpandDims(given.dtype() == DataType::kBool ? given : Tensor(ops::NotEqual(given, 0)), 1));
    }
    if (options_.use_causal_mask) {
      tfxm::Tensor causal(DataType::kFloat, {1, 1, steps, value_steps});
      auto values = causal.values<float>();
      for (int64_t t = 0; t < steps; ++t) {
        for (int64_t s = 0; s < value_steps; ++s) values[t * value_steps + s] = s <= t ? 1 : 0;
      }
      both(ops::Constant(context.graph(), std::move(causal)));
    }
    return mask;
  }

  const int64_t heads_, key_dim_;
  const MultiHeadAttentionOptions options_;
  int64_t value_dim_ = 0, output_dim_ = 0;
  bool has_key_ = false;
  Projection query_, key_, value_, output_;
};

}  // namespace

LayerRef MultiHeadAttention(int num_heads, int key_dim, MultiHeadAttentionOptions options) {
  return MakeLayer<MultiHeadAttentionLayer>(num_heads, key_dim, std::move(options));
}

}  // namespace tfxm::nn::layers
