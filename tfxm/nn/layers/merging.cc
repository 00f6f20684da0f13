// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/layers/merging.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tfxm/nn/layers/function_layer.h"
#include "tfxm/ops/ops.h"

namespace tfxm::nn::layers {
namespace {

using ops::Tensor;

// Folds the inputs from the left.
LayerRef Fold(std::string type, MergeOptions options, std::function<Tensor(const Tensor&, const Tensor&)> merge,
              bool mean = false) {
  return MakeLayer<FunctionLayer>(
      std::move(type), std::move(options.name),
      [merge = std::move(merge), mean](CallContext&, const std::vector<Tensor>& inputs) {
        Tensor x = inputs[0];
        for (size_t i = 1; i < inputs.size(); ++i) x = merge(x, inputs[i]);
        return mean ? x / static_cast<double>(inputs.size()) : x;
      },
      /*supports_masking=*/true);
}

// x / |x|, as Keras's normalize: a vector of zeros stays one.
Tensor Normalized(const Tensor& x, int axis) {
  return x * ops::Rsqrt(ops::Maximum(ops::ReduceSum(ops::Square(x), {axis}, /*keep_dims=*/true), 1e-14));
}

// `axis` moved to position `to`.
Tensor MoveAxis(const Tensor& x, int axis, int to) {
  std::vector<int32_t> order;
  for (int i = 0; i < x.rank(); ++i) {
    if (i != axis) order.push_back(i);
  }
  order.insert(order.begin() + to, axis);
  return std::is_sorted(order.begin(), order.end()) ? x : ops::Transpose(x, order);
}

// [batch, a..., n] and [batch, n, b...]: [batch, a..., b...].
Tensor BatchDot(const Tensor& x, const Tensor& y) {
  Shape a = x.shape(), b = y.shape(), out(a.begin(), a.end() - 1);
  out.insert(out.end(), b.begin() + 2, b.end());
  const auto product = [](auto begin, auto end) { return NumElements(Shape(begin, end)); };
  const int64_t n = a.back(), rows = product(a.begin() + 1, a.end() - 1), columns = product(b.begin() + 2, b.end());
  if (out.size() == 1) return ops::ReduceSum(x * y, {1}, /*keep_dims=*/true);
  const Tensor product_of =
      ops::Op("BatchMatMulV2", {ops::Reshape(x, Shape{-1, rows, n}), ops::Reshape(y, Shape{-1, n, columns})});
  out[0] = -1;
  return ops::Reshape(product_of, out);
}

Tensor AddTensors(const Tensor& x, const Tensor& y) { return x + y; }

}  // namespace

LayerRef Add(MergeOptions options) { return Fold("Add", std::move(options), AddTensors); }
LayerRef Subtract(MergeOptions options) {
  return Fold("Subtract", std::move(options), [](const Tensor& x, const Tensor& y) { return x - y; });
}
LayerRef Multiply(MergeOptions options) {
  return Fold("Multiply", std::move(options), [](const Tensor& x, const Tensor& y) { return x * y; });
}
LayerRef Average(MergeOptions options) { return Fold("Average", std::move(options), AddTensors, /*mean=*/true); }
LayerRef Maximum(MergeOptions options) {
  return Fold("Maximum", std::move(options), [](const Tensor& x, const Tensor& y) { return ops::Maximum(x, y); });
}
LayerRef Minimum(MergeOptions options) {
  return Fold("Minimum", std::move(options), [](const Tensor& x, const Tensor& y) { return ops::Minimum(x, y); });
}
LayerRef Concatenate(int axis, MergeOptions options) {
  return MakeLayer<FunctionLayer>(
      "Concatenate", std::move(options.name),
      [axis](CallContext&, const std::vector<Tensor>& inputs) { return ops::Concat(inputs, axis); },
      /*supports_masking=*/false, /*per_example=*/axis > 0 || axis == -1);
}

LayerRef Dot(int axes, DotOptions options) { return Dot(std::array<int, 2>{axes, axes}, std::move(options)); }
LayerRef Dot(std::array<int, 2> axes, DotOptions options) {
  return MakeLayer<FunctionLayer>(
      "Dot", std::move(options.name),
      [axes, normalize = options.normalize](CallContext&, const std::vector<Tensor>& inputs) {
        if (inputs.size() != 2) return Fail(inputs[0], absl::StrCat("it takes two inputs, got ", inputs.size()));
        Tensor parts[2] = {inputs[0], inputs[1]};
        int64_t sizes[2];
        for (int i = 0; i < 2; ++i) {
          const Shape shape = parts[i].shape();
          const int rank = static_cast<int>(shape.size()), axis = axes[i] < 0 ? axes[i] + rank : axes[i];
          if (axis < 1 || axis >= rank || std::count(shape.begin() + 1, shape.end(), -1) > 0) {
            return Fail(parts[i], absl::StrCat("axis ", axes[i], " of an input of ", ShapeString(shape),
                                               "; wanted one after the batch, all sizes but the batch known"));
          }
          sizes[i] = shape[axis];
          if (normalize) parts[i] = Normalized(parts[i], axis);
          parts[i] = MoveAxis(parts[i], axis, i == 0 ? rank - 1 : 1);
        }
        if (sizes[0] != sizes[1]) {
          return Fail(inputs[0], absl::StrCat("the axes that are summed over have ", sizes[0], " and ", sizes[1],
                                              " values: inputs of ", ShapeString(inputs[0].shape()), " and ",
                                              ShapeString(inputs[1].shape())));
        }
        return BatchDot(parts[0], parts[1]);
      });
}

}  // namespace tfxm::nn::layers
