// SPDX-License-Identifier: Apache-2.0

// A SavedModel whose recurrent layers TensorFlow's converter takes at any batch.
//
// Keras's recurrent layers, and any tf.while_loop with a tf.TensorArray, collect what their steps make in a list. The
// converter makes a tensor [steps, batch, units] of it, and refuses a batch that is open when the list is made, since
// its size is a constant there, -1. Here it is computed from what the loop is given: the state that the steps begin
// with, of the same shape, or else the tensor of all steps' inputs, [steps, batch, features].
//
//   ASSIGN_OR_RETURN(auto open, WithListsOfTheBatch(saved_model_dir));
//   if (open != nullptr) ConvertSavedModel(open->path(), …)
#ifndef TFXM_REWRITING_INTERNAL_GRAPH_LIST_BATCH_H_
#define TFXM_REWRITING_INTERNAL_GRAPH_LIST_BATCH_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/util/files/temporary.h"

namespace tfxm::rewriting {

// Null if there is no such list.
absl::StatusOr<std::unique_ptr<io::TempDir>> WithListsOfTheBatch(absl::string_view saved_model_dir);

}  // namespace tfxm::rewriting

#endif  // TFXM_REWRITING_INTERNAL_GRAPH_LIST_BATCH_H_
