// SPDX-License-Identifier: Apache-2.0

// A SavedModel that asks for the sign of numbers without tf.bitwise, for which TFLite has no operators.
//
// Keras's ops.signbit, and ops.argmax and ops.argmin for the sake of -0.0, compute bitcast(x, int32) & int32.min < 0. The
// sign of the bits alone decides that: bitcast(x, int32) < 0.
//
//   ASSIGN_OR_RETURN(auto edited, WithSignsOfBits(saved_model_dir));
//   if (edited != nullptr) ConvertSavedModel(edited->path(), …)
#ifndef TFXM_REWRITING_INTERNAL_GRAPH_SIGN_BITS_H_
#define TFXM_REWRITING_INTERNAL_GRAPH_SIGN_BITS_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/util/files/temporary.h"

namespace tfxm::rewriting {

// Null if there is no such expression. The same for every number.
absl::StatusOr<std::unique_ptr<io::TempDir>> WithSignsOfBits(absl::string_view saved_model_dir);

}  // namespace tfxm::rewriting

#endif  // TFXM_REWRITING_INTERNAL_GRAPH_SIGN_BITS_H_
