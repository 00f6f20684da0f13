// SPDX-License-Identifier: Apache-2.0

// int4 weights, two to a byte, for what LiteRT multiplies them with: FULLY_CONNECTED and CONV_2D that take float
// activations (the hybrid kernels of dynamic_range). Half the size of int8 weights again.
#ifndef TFXM_REWRITING_INTERNAL_QUANTIZE_QUANTIZE_INT4_H_
#define TFXM_REWRITING_INTERNAL_QUANTIZE_QUANTIZE_INT4_H_

#include <string>

#include "absl/strings/string_view.h"

namespace tfxm::rewriting {

// Of a model with dynamic range quantization: makes the int8 weights of those operators int4 in [-7, 7], symmetric, one
// scale for each output channel, the one of least squared error. What other operators read too stays int8, as do
// the weights of other operators (DEPTHWISE_CONV_2D, TRANSPOSE_CONV, GATHER … have no such kernels).
std::string QuantizeInt4(absl::string_view model);

}  // namespace tfxm::rewriting

#endif  // TFXM_REWRITING_INTERNAL_QUANTIZE_QUANTIZE_INT4_H_
