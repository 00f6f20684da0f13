// SPDX-License-Identifier: Apache-2.0

// A changed copy of a SavedModel on disk, for what takes a folder: the graph is another, variables and assets are the
// original's.
//
//   ASSIGN_OR_RETURN(auto copy, CopySavedModel(saved_model_dir, changed));
//   LoadSavedModel(…, copy->path(), …)
#ifndef TFXM_SAVED_MODEL_INTERNAL_SAVED_MODEL_COPY_H_
#define TFXM_SAVED_MODEL_INTERNAL_SAVED_MODEL_COPY_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tensorflow/core/protobuf/saved_model.pb.h"
#include "tfxm/util/files/temporary.h"

namespace tfxm::internal {

// There as long as the result and the original are.
absl::StatusOr<std::unique_ptr<io::TempDir>> CopySavedModel(absl::string_view original,
                                                            const tensorflow::SavedModel& changed);

}  // namespace tfxm::internal

#endif  // TFXM_SAVED_MODEL_INTERNAL_SAVED_MODEL_COPY_H_
