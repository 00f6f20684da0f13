// SPDX-License-Identifier: Apache-2.0

// Lookups in tables, HASHTABLE_FIND.
#ifndef TFXM_REWRITING_INTERNAL_CONVERT_LOOKUPS_H_
#define TFXM_REWRITING_INTERNAL_CONVERT_LOOKUPS_H_

#include <string>

#include "absl/status/status.h"
#include "tflite_generated.h"

namespace tfxm::rewriting {

// FAILED_PRECONDITION if a table that is looked up in is never filled: the converter takes along only what constants fill
// a table with. Such a model cannot run.
absl::Status CheckTables(const schema::Model& model);

// What a captured table gives has no rank in TensorFlow's graphs, and so none after the converter. A lookup gives one
// value for each key, so the shape is the keys'; from there on through elementwise operators to GATHER, as in
// StringLookup and Embedding of Keras. Without it TFLite's runtime fails at batch 1, where it takes the tensors for
// single values (a RESHAPE of computed shape: "num_input_elements != num_output_elements"). Takes a valid flatbuffer;
// one without lookups comes back as it is.
std::string ShapeLookups(std::string model);

}  // namespace tfxm::rewriting

#endif  // TFXM_REWRITING_INTERNAL_CONVERT_LOOKUPS_H_
