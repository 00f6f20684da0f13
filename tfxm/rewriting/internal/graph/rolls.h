// SPDX-License-Identifier: Apache-2.0

// A SavedModel whose tf.roll, as of windows that are shifted (Swin), is made of operators that TFLite has: it has none of
// its own.
//
//   ASSIGN_OR_RETURN(auto rolled, WithRollsInParts(saved_model_dir));
//   if (rolled != nullptr) ConvertSavedModel(rolled->path(), …)
#ifndef TFXM_REWRITING_INTERNAL_GRAPH_ROLLS_H_
#define TFXM_REWRITING_INTERNAL_GRAPH_ROLLS_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/util/files/temporary.h"

namespace tfxm::rewriting {

// Each roll by a constant along constant axes is the concatenation of two slices; null if there is none. Right for shifts
// that are smaller than the size, which is not always known here: the comparison with the SavedModel tells of others.
absl::StatusOr<std::unique_ptr<io::TempDir>> WithRollsInParts(absl::string_view saved_model_dir);

}  // namespace tfxm::rewriting

#endif  // TFXM_REWRITING_INTERNAL_GRAPH_ROLLS_H_
