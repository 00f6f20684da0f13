// SPDX-License-Identifier: Apache-2.0

#include "tfxm/ops/nn_ops.h"

#include "tfxm/ops/array_ops.h"
#include "tfxm/ops/math_ops.h"

namespace tfxm::ops {
namespace {

// Height and width as NHWC.
std::vector<int64_t> Nhwc(const std::vector<int64_t>& hw) { return {1, hw[0], hw.back(), 1}; }

}  // namespace

Tensor Relu(const Tensor& x, absl::string_view name) { return Op("Relu", {x}, {}, name); }
Tensor Relu6(const Tensor& x, absl::string_view name) { return Op("Relu6", {x}, {}, name); }
Tensor LeakyRelu(const Tensor& x, double alpha, absl::string_view name) {
  return Op("LeakyRelu", {x}, {{"alpha", alpha}}, name);
}
Tensor Elu(const Tensor& x, absl::string_view name) { return Op("Elu", {x}, {}, name); }
Tensor Selu(const Tensor& x, absl::string_view name) { return Op("Selu", {x}, {}, name); }
Tensor Sigmoid(const Tensor& x, absl::string_view name) { return Op("Sigmoid", {x}, {}, name); }
Tensor Tanh(const Tensor& x, absl::string_view name) { return Op("Tanh", {x}, {}, name); }
Tensor Softplus(const Tensor& x, absl::string_view name) { return Op("Softplus", {x}, {}, name); }
Tensor Softsign(const Tensor& x, absl::string_view name) { return Op("Softsign", {x}, {}, name); }
Tensor Softmax(const Tensor& x, absl::string_view name) { return Op("Softmax", {x}, {}, name); }
Tensor LogSoftmax(const Tensor& x, absl::string_view name) {
  // TensorFlow's C++ gradient sums over the second dimension, which is the last one of matrices only.
  if (!x.valid() || x.rank() < 3 || x.shape().back() < 0) return Op("LogSoftmax", {x}, {}, name);
  return Reshape(Op("LogSoftmax", {Reshape(x, Shape{-1, x.shape().back()})}), ShapeOf(x), name);
}

Tensor BiasAdd(const Tensor& x, const Tensor& bias, absl::string_view name) {
  return Op("BiasAdd", {x, bias}, {}, name);
}

Tensor Conv2D(const Tensor& x, const Tensor& filter, const std::vector<int64_t>& strides, absl::string_view padding,
              const std::vector<int64_t>& dilations, absl::string_view name) {
  return Op("Conv2D", {x, filter}, {{"strides", Nhwc(strides)}, {"padding", padding}, {"dilations", Nhwc(dilations)}},
            name);
}
Tensor DepthwiseConv2D(const Tensor& x, const Tensor& filter, const std::vector<int64_t>& strides,
                       absl::string_view padding, const std::vector<int64_t>& dilations, absl::string_view name) {
  return Op("DepthwiseConv2dNative", {x, filter},
            {{"strides", Nhwc(strides)}, {"padding", padding}, {"dilations", Nhwc(dilations)}}, name);
}
Tensor MaxPool2D(const Tensor& x, const std::vector<int64_t>& pool_size, const std::vector<int64_t>& strides,
                 absl::string_view padding, absl::string_view name) {
  return Op("MaxPool", {x}, {{"ksize", Nhwc(pool_size)}, {"strides", Nhwc(strides)}, {"padding", padding}}, name);
}
Tensor AvgPool2D(const Tensor& x, const std::vector<int64_t>& pool_size, const std::vector<int64_t>& strides,
                 absl::string_view padding, absl::string_view name) {
  return Op("AvgPool", {x}, {{"ksize", Nhwc(pool_size)}, {"strides", Nhwc(strides)}, {"padding", padding}}, name);
}

Tensor SparseSoftmaxCrossEntropyWithLogits(const Tensor& logits, const Tensor& labels, absl::string_view name) {
  return Op("SparseSoftmaxCrossEntropyWithLogits", {logits, labels}, {}, name);
}
Tensor SoftmaxCrossEntropyWithLogits(const Tensor& logits, const Tensor& labels, absl::string_view name) {
  return Op("SoftmaxCrossEntropyWithLogits", {logits, labels}, {}, name);
}
Tensor SigmoidCrossEntropyWithLogits(const Tensor& logits, const Tensor& labels) {
  // max(x, 0) - x*z + log(1 + exp(-|x|)), with selects rather than Maximum and Abs so that the gradient at 0 is right
  // too (as tf.nn.sigmoid_cross_entropy_with_logits).
  const Tensor zeros = ZerosLike(logits);
  const Tensor positive = GreaterEqual(logits, zeros);
  const Tensor relu = Where(positive, logits, zeros);
  const Tensor minus_abs = Where(positive, -logits, logits);
  return relu - logits * labels + Log1p(Exp(minus_abs));
}

}  // namespace tfxm::ops
