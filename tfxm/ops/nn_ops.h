// SPDX-License-Identifier: Apache-2.0

// Operations of neural networks. Images are NHWC; `padding` is "SAME" or "VALID".
#ifndef TFXM_OPS_NN_OPS_H_
#define TFXM_OPS_NN_OPS_H_

#include <string>
#include <vector>

#include "tfxm/ops/graph.h"

namespace tfxm::ops {

Tensor Relu(const Tensor& x, absl::string_view name = "");
Tensor Relu6(const Tensor& x, absl::string_view name = "");
Tensor LeakyRelu(const Tensor& x, double alpha = 0.2, absl::string_view name = "");
Tensor Elu(const Tensor& x, absl::string_view name = "");
Tensor Selu(const Tensor& x, absl::string_view name = "");
Tensor Sigmoid(const Tensor& x, absl::string_view name = "");
Tensor Tanh(const Tensor& x, absl::string_view name = "");
Tensor Softplus(const Tensor& x, absl::string_view name = "");
Tensor Softsign(const Tensor& x, absl::string_view name = "");
// Over the last dimension.
Tensor Softmax(const Tensor& x, absl::string_view name = "");
Tensor LogSoftmax(const Tensor& x, absl::string_view name = "");

// Adds a vector to the last dimension.
Tensor BiasAdd(const Tensor& x, const Tensor& bias, absl::string_view name = "");

// x: [batch, height, width, in]; filter: [height, width, in, out]. Gradients are wrong shapes, refused when run, for
// dilations other than 1 (TensorFlow's C++ gradients leave them out); so are those of DepthwiseConv2D.
Tensor Conv2D(const Tensor& x, const Tensor& filter, const std::vector<int64_t>& strides, absl::string_view padding,
              const std::vector<int64_t>& dilations = {1, 1}, absl::string_view name = "");
// filter: [height, width, in, multiplier]. The strides must be equal (TensorFlow's kernel).
Tensor DepthwiseConv2D(const Tensor& x, const Tensor& filter, const std::vector<int64_t>& strides,
                       absl::string_view padding, const std::vector<int64_t>& dilations = {1, 1},
                       absl::string_view name = "");
Tensor MaxPool2D(const Tensor& x, const std::vector<int64_t>& pool_size, const std::vector<int64_t>& strides,
                 absl::string_view padding, absl::string_view name = "");
Tensor AvgPool2D(const Tensor& x, const std::vector<int64_t>& pool_size, const std::vector<int64_t>& strides,
                 absl::string_view padding, absl::string_view name = "");

// Cross-entropy per example, [batch], of logits [batch, classes] and integer labels [batch].
Tensor SparseSoftmaxCrossEntropyWithLogits(const Tensor& logits, const Tensor& labels, absl::string_view name = "");
// The same with probabilities [batch, classes] as labels.
Tensor SoftmaxCrossEntropyWithLogits(const Tensor& logits, const Tensor& labels, absl::string_view name = "");
// -z*log(sigmoid(x)) - (1-z)*log(1-sigmoid(x)) element by element, computed so that it neither over- nor underflows.
Tensor SigmoidCrossEntropyWithLogits(const Tensor& logits, const Tensor& labels);

}  // namespace tfxm::ops

#endif  // TFXM_OPS_NN_OPS_H_
