// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/layers/time_distributed.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tfxm/nn/layers/function_layer.h"
#include "tfxm/ops/ops.h"

namespace tfxm::nn::layers {
namespace {

// The shape of `x`'s dimensions from `begin` on, as far as it is known by numbers.
ops::Tensor Dimensions(const ops::Tensor& x, int begin) {
  const Shape shape = x.shape();
  if (std::count(shape.begin() + begin, shape.end(), -1) > 0) return ops::Slice(ops::ShapeOf(x), {begin}, {-1});
  return ops::Constant(*x.graph(), std::vector<int32_t>(shape.begin() + begin, shape.end()));
}

}  // namespace

absl::Status TimeDistributedLayer::Build(const std::vector<Shape>& input_shapes) {
  Shape shape = input_shapes[0];
  if (input_shapes.size() != 1 || shape.size() < 3) {
    return absl::InvalidArgumentError("it takes one input of at least three dimensions: [batch, steps, …]");
  }
  shape.erase(shape.begin() + 1);
  return layer_->EnsureBuilt({shape});
}

ops::Tensor TimeDistributedLayer::CallInner(CallContext& context, const ops::Tensor& x) {
  ops::Tensor mask;
  const std::vector<ops::Tensor> outputs = context.CallLayer(*layer_, {x}, {ops::Tensor()}, &mask);
  return outputs.size() == 1 ? outputs[0] : Fail(x, "TimeDistributed takes a layer with one output");
}

ops::Tensor TimeDistributedLayer::Call(CallContext& context, const std::vector<ops::Tensor>& inputs) {
  const ops::Tensor& x = inputs[0];
  if (!x.valid()) return x;
  const Shape shape = x.shape();
  if (context.training() && !layer_->per_example()) {
    if (shape[1] < 1) return Fail(x, "the number of steps must be known, since the layer looks at the whole batch");
    std::vector<ops::Tensor> outputs;
    for (const ops::Tensor& step : ops::Unstack(x, static_cast<int>(shape[1]), 1)) {
      outputs.push_back(CallInner(context, step));
      if (!outputs.back().valid()) return outputs.back();
    }
    return ops::Stack(outputs, 1);
  }
  Shape step = shape;
  step.erase(step.begin());
  step[0] = -1;
  const ops::Tensor all =
      std::count(step.begin(), step.end(), -1) == 1
          ? ops::Reshape(x, step)
          : ops::Reshape(x,
                         ops::Concat({ops::Constant(context.graph(), std::vector<int32_t>{-1}), Dimensions(x, 2)}, 0));
  const ops::Tensor y = CallInner(context, all);
  if (!y.valid()) return y;
  Shape out = y.shape();
  out.insert(out.begin() + 1, shape[1]);
  if (std::count(out.begin(), out.end(), -1) == 1) return ops::Reshape(y, out);
  return ops::Reshape(y, ops::Concat({ops::Slice(ops::ShapeOf(x), {0}, {2}), Dimensions(y, 1)}, 0));
}

LayerRef TimeDistributed(const LayerRef& layer, TimeDistributedOptions options) {
  return MakeLayer<TimeDistributedLayer>(layer.get(), std::move(options.name));
}

}  // namespace tfxm::nn::layers
