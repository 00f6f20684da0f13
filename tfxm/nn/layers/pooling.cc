// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/layers/pooling.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "tfxm/nn/layers/function_layer.h"
#include "tfxm/ops/internal/graph_access.h"
#include "tfxm/ops/internal/max_pool.h"
#include "tfxm/ops/ops.h"

namespace tfxm::nn::layers {
namespace {

using ops::Tensor;

struct Pooling {
  std::vector<int64_t> size, strides;  // Height and width.
  std::string padding;
};

Tensor InputOf(const Tensor& x, int i) {
  const tensorflow::Edge* edge = nullptr;
  if (!ops::internal::TfNode(x)->input_edge(i, &edge).ok()) return Tensor();
  return ops::internal::FromTf(*x.graph(), edge->src(), edge->src_output());
}

template <typename T>
T AttrOf(const Tensor& x, const char* name) {
  T value{};
  tensorflow::GetNodeAttr(ops::internal::TfNode(x)->attrs(), name, &value).IgnoreError();
  return value;
}

bool IsConv2DWithoutPadding(const Tensor& x) {
  return ops::internal::TfNode(x)->type_string() == "Conv2D" && AttrOf<std::string>(x, "padding") == "VALID" &&
         AttrOf<std::vector<int64_t>>(x, "dilations") == Shape{1, 1, 1, 1};
}

// Whether x is computed from something that training changes.
bool HasVariables(const Tensor& x) {
  std::vector<const tensorflow::Node*> todo = {ops::internal::TfNode(x)};
  std::set<const tensorflow::Node*> seen(todo.begin(), todo.end());
  while (!todo.empty()) {
    const tensorflow::Node* const node = todo.back();
    todo.pop_back();
    if (node->type_string() == "VarHandleOp") return true;
    for (const tensorflow::Edge* edge : node->in_edges()) {
      if (seen.insert(edge->src()).second) todo.push_back(edge->src());
    }
  }
  return false;
}

// How many inputs `outputs` windows without padding need.
int64_t Needed(int64_t outputs, int64_t size, int64_t stride) { return (outputs - 1) * stride + size; }

// x[:, :rows, :columns, :] for an x that nothing else takes, without computing the rest first.
Tensor Cropped(const CallContext& context, const Tensor& x, int64_t rows, int64_t columns) {
  const Shape shape = x.shape();
  if (rows == shape[1] && columns == shape[2]) return x;
  const std::string type = ops::internal::TfNode(x)->type_string();
  const std::string padding = AttrOf<std::string>(x, "padding");
  const auto strides = AttrOf<std::vector<int64_t>>(x, "strides");
  if (IsConv2DWithoutPadding(x)) {
    const Tensor in = InputOf(x, 0), kernel = InputOf(x, 1);
    const int64_t in_rows = Needed(rows, kernel.shape()[0], strides[1]);
    const int64_t in_columns = Needed(columns, kernel.shape()[1], strides[2]);
    const Tensor cropped =
        context.HasOneUse(in)
            ? Cropped(context, in, in_rows, in_columns)
            : ops::Slice(in, {0, 0, 0, 0}, {-1, static_cast<int32_t>(in_rows), static_cast<int32_t>(in_columns), -1});
    return ops::Conv2D(cropped, kernel, {strides[1], strides[2]}, padding);
  }
  if (type == ops::internal::kConvMaxPoolBias) {
    const auto size = AttrOf<std::vector<int64_t>>(x, "size");
    const Tensor in = InputOf(x, 0), kernel = InputOf(x, 1);
    const Tensor cropped =
        ops::Slice(in, {0, 0, 0, 0},
                   {-1, static_cast<int32_t>(Needed(rows, size[0], strides[0]) + kernel.shape()[0] - 1),
                    static_cast<int32_t>(Needed(columns, size[1], strides[1]) + kernel.shape()[1] - 1), -1});
    return ops::internal::ConvMaxPoolBias(cropped, kernel, InputOf(x, 2), size, strides,
                                          AttrOf<std::string>(x, "activation"));
  }
  if (type == ops::internal::kMaxPoolBias && padding == "VALID") {
    const auto size = AttrOf<std::vector<int64_t>>(x, "size");
    const Tensor in =
        Cropped(context, InputOf(x, 0), Needed(rows, size[0], strides[0]), Needed(columns, size[1], strides[1]));
    return ops::internal::MaxPoolBias(in, InputOf(x, 1), size, strides, padding, AttrOf<std::string>(x, "activation"));
  }
  return ops::Slice(x, {0, 0, 0, 0}, {-1, static_cast<int32_t>(rows), static_cast<int32_t>(columns), -1});
}

// x without the last rows and columns where they are in no window, if they are a twentieth of it or more: 11 pixels
// pooled by twos are 10.
Tensor WithoutRest(const CallContext& context, const Tensor& x, const Pooling& p) {
  const Shape shape = x.shape();
  if (p.padding != "VALID" || shape[1] < p.size[0] || shape[2] < p.size.back()) return x;
  const auto used = [](int64_t in, int64_t size, int64_t stride) {
    return std::min(in, Needed((in - size) / stride + 1, size, stride));
  };
  const int64_t rows = used(shape[1], p.size[0], p.strides[0]);
  const int64_t columns = used(shape[2], p.size.back(), p.strides.back());
  return rows * columns * 20 > shape[1] * shape[2] * 19 ? x : Cropped(context, x, rows, columns);
}

// In a training step. max_pool(relu(x + bias)) is relu(max_pool(x) + bias), since rounding and ReLU keep the order, and
// so are the gradients: both go to the largest x if the ReLU lets it through. But bias, ReLU and their gradients then
// have a quarter of the numbers, or less. That saves more than it costs that the convolution comes without bias and
// ReLU. And what the windows leave over of a convolution is not computed.
Tensor MaxPool(const CallContext& context, const Tensor& x, const Pooling& p) {
  const auto pool = [&](const Tensor& from) { return ops::MaxPool2D(from, p.size, p.strides, p.padding); };
  const bool shrinks = p.strides[0] * p.strides.back() > 1;
  if (!context.training() || !context.HasOneUse(x) || !shrinks) return pool(x);
  const std::string activation = ops::internal::TfNode(x)->type_string();
  if (activation != "Relu" && activation != "Relu6") return pool(x);
  const Tensor sum = InputOf(x, 0);
  const tensorflow::Node* const add = ops::internal::TfNode(sum);
  const bool has_bias = add != nullptr && add->type_string() == "BiasAdd" && add->out_edges().size() == 1;
  if (!has_bias || !ops::internal::CanMaxPoolBias(x, p.size)) return ops::Op(activation, {pool(sum)});
  const Tensor before = InputOf(sum, 0), bias = InputOf(sum, 1);
  if (IsConv2DWithoutPadding(before) && AttrOf<std::vector<int64_t>>(before, "strides") == Shape{1, 1, 1, 1} &&
      p.padding == "VALID" && !HasVariables(InputOf(before, 0)) &&
      ops::internal::CanConvMaxPoolBias(InputOf(before, 0), InputOf(before, 1).shape(), p.size, p.strides)) {
    return ops::internal::ConvMaxPoolBias(InputOf(before, 0), InputOf(before, 1), bias, p.size, p.strides, activation);
  }
  const bool is_own = ops::internal::TfNode(before)->out_edges().size() == 1;
  return ops::internal::MaxPoolBias(is_own ? WithoutRest(context, before, p) : before, bias, p.size, p.strides,
                                    p.padding, activation);
}

LayerRef Pool2D(bool max, Size2D size, PoolingOptions options) {
  const Pooling p = {size.hw(), options.strides.value_or(size).hw(), absl::AsciiStrToUpper(options.padding)};
  return MakeLayer<FunctionLayer>(max ? "MaxPooling2D" : "AveragePooling2D", options.name,
                                  [=](CallContext& context, const std::vector<Tensor>& inputs) {
                                    const Tensor& x = inputs[0];
                                    if (!x.valid()) return x;
                                    return max ? MaxPool(context, x, p)
                                               : ops::AvgPool2D(x, p.size, p.strides, p.padding);
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
