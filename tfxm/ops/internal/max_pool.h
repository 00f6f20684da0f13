// SPDX-License-Identifier: Apache-2.0

// relu(max_pool(x) + bias) as one operation with a gradient, also with a convolution of few inputs before it, for graphs
// of training steps: not for graphs that leave the process, as no other TensorFlow has it. For the .cc files of nn.
//
// It does in one pass over the pixels what TensorFlow does in one for each of pooling, bias and ReLU, and in another for
// the gradient of each. A convolution of pictures of one or three channels, the first of a model, makes most of its
// memory traffic and little of its arithmetic, and TensorFlow's is far from what the processor can do.
#ifndef TFXM_OPS_INTERNAL_MAX_POOL_H_
#define TFXM_OPS_INTERNAL_MAX_POOL_H_

#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "tfxm/ops/graph.h"

namespace tfxm::ops::internal {

// The operations' types.
inline constexpr char kMaxPoolBias[] = "TfxmMaxPoolBias", kConvMaxPoolBias[] = "TfxmConvMaxPoolBias";

// Whether MaxPoolBias can take it: float [batch, height, width, channels], windows of at most 64 pixels.
bool CanMaxPoolBias(const Tensor& x, const std::vector<int64_t>& size);

// `bias`: [channels]; `size` and `strides`: {height, width}; `padding`: "VALID" or "SAME"; `activation`: "Relu" or "Relu6".
// Where several pixels of a window are the largest, the gradient goes to the first, as TensorFlow's.
Tensor MaxPoolBias(const Tensor& x, const Tensor& bias, const std::vector<int64_t>& size,
                   const std::vector<int64_t>& strides, absl::string_view padding, absl::string_view activation);

// Whether ConvMaxPoolBias can take it: float [batch, height, width, channels]; a kernel of at most 32 numbers for each
// output, and 16 outputs or more; windows of at most 9 pixels that do not overlap.
bool CanConvMaxPoolBias(const Tensor& x, const Shape& kernel, const std::vector<int64_t>& size,
                        const std::vector<int64_t>& strides);

// MaxPoolBias of the convolution of x with `kernel`, both without padding, at a stride of 1. There is no gradient of x:
// it must not depend on what is trained.
Tensor ConvMaxPoolBias(const Tensor& x, const Tensor& kernel, const Tensor& bias, const std::vector<int64_t>& size,
                       const std::vector<int64_t>& strides, absl::string_view activation);

}  // namespace tfxm::ops::internal

#endif  // TFXM_OPS_INTERNAL_MAX_POOL_H_
