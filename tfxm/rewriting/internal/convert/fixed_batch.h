// SPDX-License-Identifier: Apache-2.0

// A SavedModel whose batch is 1, made of one whose batch is open: recurrent layers keep their steps in lists, and only
// with a batch that is known do these become TFLite tensors.
//
//   ASSIGN_OR_RETURN(auto fixed, FixedBatchModel::Create(saved_model_dir));
//   ConvertSavedModel(fixed->dir(), …)
#ifndef TFXM_REWRITING_INTERNAL_CONVERT_FIXED_BATCH_H_
#define TFXM_REWRITING_INTERNAL_CONVERT_FIXED_BATCH_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/util/files/temporary.h"

namespace tfxm::rewriting {

// Exists on disk, beside its original's variables, as long as the object does.
class FixedBatchModel {
 public:
  // Every signature's open first dimensions become 1, and the first dimension of the elements of tensor lists.
  static absl::StatusOr<std::unique_ptr<FixedBatchModel>> Create(absl::string_view saved_model_dir);

  const std::string& dir() const { return dir_->path(); }

 private:
  FixedBatchModel() = default;
  std::unique_ptr<io::TempDir> dir_;
};

}  // namespace tfxm::rewriting

#endif  // TFXM_REWRITING_INTERNAL_CONVERT_FIXED_BATCH_H_
