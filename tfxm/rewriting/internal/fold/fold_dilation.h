// SPDX-License-Identifier: Apache-2.0

// Dilated convolutions as one operator.
//
// TensorFlow computes a dilated convolution as SpaceToBatchND, a plain convolution and BatchToSpaceND, and its
// converter leaves them so where it does not recognize the three (in all that Keras 3 exports, and in every Conv1D).
// The runtime's convolutions have dilations of their own.
#ifndef TFXM_REWRITING_INTERNAL_FOLD_FOLD_DILATION_H_
#define TFXM_REWRITING_INTERNAL_FOLD_FOLD_DILATION_H_

#include <string>

namespace tfxm::rewriting {

// A TFLite model with every SPACE_TO_BATCH_ND, (EXPAND_DIMS,) CONV_2D or DEPTHWISE_CONV_2D, (RESHAPE,)
// BATCH_TO_SPACE_ND of constant blocks, paddings and crops as one dilated convolution, as far as its padding is then
// SAME or VALID. Factors, summands and ReLUs behind it go into the convolution, too, if its weights are constant
// floats. Those of dynamic-range quantization stay as they are: folded, their results would be others.
// Takes a valid flatbuffer; one without such convolutions comes back as it is.
std::string FoldDilations(std::string model);

}  // namespace tfxm::rewriting

#endif  // TFXM_REWRITING_INTERNAL_FOLD_FOLD_DILATION_H_
