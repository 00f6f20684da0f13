// SPDX-License-Identifier: Apache-2.0

// A SavedModel whose batch is 1, made of one whose batch is open: recurrent layers keep their steps in lists, and only
// with a batch that is known do these become TFLite tensors.
//
//   ASSIGN_OR_RETURN(auto fixed, WithBatchOfOne(saved_model_dir));
//   ConvertSavedModel(fixed->path(), …)
//
// For what is left where WithListsOfTheBatch (list_batch.h) does not help.
#ifndef TFXM_REWRITING_INTERNAL_CONVERT_FIXED_BATCH_H_
#define TFXM_REWRITING_INTERNAL_CONVERT_FIXED_BATCH_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/util/files/temporary.h"

namespace tfxm::rewriting {

// Every signature's open first dimensions become 1, and the first dimension of the elements of tensor lists.
absl::StatusOr<std::unique_ptr<io::TempDir>> WithBatchOfOne(absl::string_view saved_model_dir);

}  // namespace tfxm::rewriting

#endif  // TFXM_REWRITING_INTERNAL_CONVERT_FIXED_BATCH_H_
