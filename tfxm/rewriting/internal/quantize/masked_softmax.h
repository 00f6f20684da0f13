// SPDX-License-Identifier: Apache-2.0

// Attention masks and quantization: a softmax must not see some places, so -1e9 or so is added there, or 1e9 subtracted,
// or -1e9 selected instead of the logits. The range of what goes into the softmax is then one of -1e9, in which the
// logits all become the same integer. A softmax does not tell -1e9 from what is far below the smallest logit: the range
// is cut there, and the mask saturates. How far: 32 below in int16, whose steps are small all the same; in int8 as
// little as leaves all places together a quarter of a step of the softmax's result (9 for 16 places, 13 for 512), since
// each step counts.
#ifndef TFXM_REWRITING_INTERNAL_QUANTIZE_MASKED_SOFTMAX_H_
#define TFXM_REWRITING_INTERNAL_QUANTIZE_MASKED_SOFTMAX_H_

#include <string>
#include <vector>

#include "tfxm/litert/flatbuffer.h"
#include "tfxm/rewriting/internal/convert/model_edit.h"

namespace tfxm::rewriting {

// Takes a float model. Where a softmax alone reads a choice between logits and the same logits less 1e9 or more (Keras's
// Attention and AdditiveAttention), the second becomes the constant: beside it float has no place for logits below 32 either,
// while a subtraction of integers of such ranges has no right result. A constant to choose that is below -1e9,
// or -inf, becomes -1e9; a tensor that is filled with a constant becomes the constant.
std::string ConstantMasks(std::string model);

// Cuts the ranges of masked logits that only a softmax reads. The result: names of the additions (and subtractions) of masks, also
// of those behind a choice, which have to stay float, since their own inputs have such ranges.
std::vector<std::string> CutMaskedSoftmax(const schema::Model& model, Ranges* ranges, bool int16);

}  // namespace tfxm::rewriting

#endif  // TFXM_REWRITING_INTERNAL_QUANTIZE_MASKED_SOFTMAX_H_
