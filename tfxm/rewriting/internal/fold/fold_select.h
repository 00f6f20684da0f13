// SPDX-License-Identifier: Apache-2.0

// Choices between two tensors that are known when the model is rewritten.
//
// Transform's scale_by_min_max and its relatives choose by a statistic (whether min < max, whether the variance is 0),
// which is a constant of the graph, broadcast to the shape of the values by way of ZEROS_LIKE: TensorFlow's converter
// leaves all of that, and both alternatives, in the file.
#ifndef TFXM_REWRITING_INTERNAL_FOLD_FOLD_SELECT_H_
#define TFXM_REWRITING_INTERNAL_FOLD_FOLD_SELECT_H_

#include <string>

namespace tfxm::rewriting {

// A TFLite model without the SELECT and SELECT_V2 whose condition has one value everywhere (a constant, or what CAST,
// ADD, NOT_EQUAL, … make of ZEROS_LIKE and constants): what is chosen takes the place of the result, and operators that
// only the rest needed go. Takes a valid flatbuffer; one without such choices comes back as it is.
std::string FoldSelects(std::string model);

}  // namespace tfxm::rewriting

#endif  // TFXM_REWRITING_INTERNAL_FOLD_FOLD_SELECT_H_
