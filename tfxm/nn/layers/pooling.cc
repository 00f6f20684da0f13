// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/layers/pooling.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "tfxm/nn/layers/function_layer.h"
#include "tfxm/ops/ops.h"

namespace tfxm::nn::layers {
namespace {

using ops::Tensor;

LayerRef Pool2D(bool max, Size2D size, PoolingOptions options) {
  return SimpleLayer(max ? "MaxPooling2D" : "AveragePooling2D", options.name, [=](const Tensor& x) {
    const std::vector<int64_t> strides = options.strides.value_or(size).hw();
    const std::string padding = absl::AsciiStrToUpper(options.padding);
    return max ? ops::MaxPool2D(x, size.hw(), strides, padding) : ops::AvgPool2D(x, size.hw(), strides, padding);
  });
}

LayerRef Pool1D(bool max, int size, Pooling1DOptions options) {
  return SimpleLayer(max ? "MaxPooling1D" : "AveragePooling1D", options.name, [=](const Tensor& x) {
    const std::vector<int64_t> window = {1, size}, strides = {1, options.strides.value_or(size)};
    const std::string padding = absl::AsciiStrToUpper(options.padding);
    const Tensor row = ops::ExpandDims(x, 1);
    return ops::Squeeze(
        max ? ops::MaxPool2D(row, window, strides, padding) : ops::AvgPool2D(row, window, strides, padding), {1});
  });
}

LayerRef GlobalPool(std::string type, bool max, std::vector<int32_t> axes, GlobalPoolingOptions options) {
  return SimpleLayer(std::move(type), options.name, [=](const Tensor& x) {
    return max ? ops::ReduceMax(x, axes, options.keepdims) : ops::ReduceMean(x, axes, options.keepdims);
  });
}

}  // namespace

LayerRef MaxPooling2D(Size2D pool_size, PoolingOptions options) { return Pool2D(true, pool_size, std::move(options)); }
LayerRef AveragePooling2D(Size2D pool_size, PoolingOptions options) {
  return Pool2D(false, pool_size, std::move(options));
}
LayerRef MaxPooling1D(int pool_size, Pooling1DOptions options) { return Pool1D(true, pool_size, std::move(options)); }
LayerRef AveragePooling1D(int pool_size, Pooling1DOptions options) {
  return Pool1D(false, pool_size, std::move(options));
}
LayerRef GlobalAveragePooling2D(GlobalPoolingOptions options) {
  return GlobalPool("GlobalAveragePooling2D", false, {1, 2}, std::move(options));
}
LayerRef GlobalMaxPooling2D(GlobalPoolingOptions options) {
  return GlobalPool("GlobalMaxPooling2D", true, {1, 2}, std::move(options));
}
LayerRef GlobalAveragePooling1D(GlobalPoolingOptions options) {
  return MakeLayer<FunctionLayer>("GlobalAveragePooling1D", options.name,
                                  [=](CallContext& context, const std::vector<Tensor>& inputs) {
                                    const Tensor mask = context.input_mask();
                                    if (!mask.valid()) return ops::ReduceMean(inputs[0], {1}, options.keepdims);
                                    const Tensor counts = ops::ExpandDims(ops::Cast(mask, inputs[0].dtype()), -1);
                                    return ops::ReduceSum(inputs[0] * counts, {1}, options.keepdims) /
                                           ops::ReduceSum(counts, {1}, options.keepdims);
                                  });
}
LayerRef GlobalMaxPooling1D(GlobalPoolingOptions options) {
  return GlobalPool("GlobalMaxPooling1D", true, {1}, std::move(options));
}

}  // namespace tfxm::nn::layers
