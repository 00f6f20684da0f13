// SPDX-License-Identifier: Apache-2.0

// A SavedModel whose new axes TensorFlow's converter takes at any shape.
//
// mask[:, tf.newaxis, tf.newaxis, :] and x[..., tf.newaxis] are a tf.StridedSlice that adds dimensions. The converter
// makes a tf.Reshape of it, for which at most one size of the result may be open, and refuses others. Here the added
// dimensions are tf.ExpandDims behind what is left of the slice, if anything is.
//
//   ASSIGN_OR_RETURN(auto expanded, WithNewAxesExpanded(saved_model_dir));
//   if (expanded != nullptr) ConvertSavedModel(expanded->path(), …)
#ifndef TFXM_REWRITING_INTERNAL_GRAPH_NEW_AXES_H_
#define TFXM_REWRITING_INTERNAL_GRAPH_NEW_AXES_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/util/files/temporary.h"

namespace tfxm::rewriting {

// Null if there is no such slice. Slices whose bounds are computed stay as they are.
absl::StatusOr<std::unique_ptr<io::TempDir>> WithNewAxesExpanded(absl::string_view saved_model_dir);

}  // namespace tfxm::rewriting

#endif  // TFXM_REWRITING_INTERNAL_GRAPH_NEW_AXES_H_
