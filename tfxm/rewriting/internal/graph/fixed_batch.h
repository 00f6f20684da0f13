// SPDX-License-Identifier: Apache-2.0

// A SavedModel of a fixed batch, made of one whose batch is open: because it was asked for (an LSTM becomes one operator
// only then, fused_lstm.h), or because recurrent layers keep their steps in lists that become TFLite tensors in no other
// way, which is left where WithListsOfTheBatch (list_batch.h) does not help.
//
//   ASSIGN_OR_RETURN(auto fixed, WithBatch(saved_model_dir, 1));
//   ConvertSavedModel(fixed->path(), …)
#ifndef TFXM_REWRITING_INTERNAL_GRAPH_FIXED_BATCH_H_
#define TFXM_REWRITING_INTERNAL_GRAPH_FIXED_BATCH_H_

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/util/files/temporary.h"

namespace tfxm::rewriting {

// Every signature's open first dimensions become `batch`, and the first dimension of the elements of tensor lists.
absl::StatusOr<std::unique_ptr<io::TempDir>> WithBatch(absl::string_view saved_model_dir, int32_t batch);

}  // namespace tfxm::rewriting

#endif  // TFXM_REWRITING_INTERNAL_GRAPH_FIXED_BATCH_H_
