// SPDX-License-Identifier: Apache-2.0

// Operators that are better not quantized: those that integers cannot compute with the ranges that were measured
// (TFLite's kernels end the process over them), those that read or make what is no number or stands for an infinity,
// and those that decide from the inputs alone which values come out.
#ifndef TFXM_REWRITING_INTERNAL_QUANTIZE_UNQUANTIZABLE_H_
#define TFXM_REWRITING_INTERNAL_QUANTIZE_UNQUANTIZABLE_H_

#include <string>
#include <utility>
#include <vector>

#include "tfxm/rewriting/internal/convert/model_edit.h"

namespace tfxm::schema {
struct Model;
}

namespace tfxm::rewriting {

// The first result of each such operator, and why it has to stay in float. `ranges` may be infinite, or NaN at both ends
// (calibration.h): of a gather that stands for "out of range" by NaN, as JAX's, say, or of masked logits.
std::vector<std::pair<std::string, std::string>> FindUnquantizable(const schema::Model& model, const Ranges& ranges,
                                                                   bool int16);

// A tensor less itself that is compared, maybe in another shape, and nothing else, is 0 in integers of any scale: it
// gets the range of what it is computed from, since nothing that large less itself fits the one it has. Keras's
// logsumexp and others ask in that way whether a number is finite.
void WidenSelfDifferences(const schema::Model& model, Ranges* ranges);

}  // namespace tfxm::rewriting

#endif  // TFXM_REWRITING_INTERNAL_QUANTIZE_UNQUANTIZABLE_H_
