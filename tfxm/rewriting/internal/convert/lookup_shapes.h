// SPDX-License-Identifier: Apache-2.0

// The shapes behind a lookup in a table, HASHTABLE_FIND, which the converter does not know: what a captured table gives
// has no rank in TensorFlow's graphs.
#ifndef TFXM_REWRITING_INTERNAL_CONVERT_LOOKUP_SHAPES_H_
#define TFXM_REWRITING_INTERNAL_CONVERT_LOOKUP_SHAPES_H_

#include <string>

namespace tfxm::rewriting {

// A lookup gives one value for each key, so the shape is the keys'; from there on through elementwise operators to
// GATHER, as in StringLookup and Embedding of Keras. Without it TFLite's runtime fails at batch 1, where it takes the
// tensors for single values (a RESHAPE of computed shape: "num_input_elements != num_output_elements"). Takes a valid
// flatbuffer; one without lookups comes back as it is.
std::string ShapeLookups(std::string model);

}  // namespace tfxm::rewriting

#endif  // TFXM_REWRITING_INTERNAL_CONVERT_LOOKUP_SHAPES_H_
