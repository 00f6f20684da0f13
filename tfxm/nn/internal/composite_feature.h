// SPDX-License-Identifier: Apache-2.0

// Sparse and ragged features of an example as a dense tensor.
#ifndef TFXM_NN_INTERNAL_COMPOSITE_FEATURE_H_
#define TFXM_NN_INTERNAL_COMPOSITE_FEATURE_H_

#include "absl/status/statusor.h"
#include "tfxm/data/example_batch.h"
#include "tfxm/data/tensor.h"
#include "tfxm/nn/data/dataset.h"

namespace tfxm::nn {

// Whether the values' places are told by features of their own.
inline bool IsComposite(const FeatureSpec& spec) { return !spec.index_keys.empty() || !spec.row_length_keys.empty(); }

// Example i of the feature, of spec.shape, which is known. INVALID_ARGUMENT names the feature whose values do not go
// with the others, or a place outside of the shape; of rows that are too long the end is cut off.
absl::StatusOr<Tensor> CompositeRow(const FeatureSpec& spec, const data::ExampleBatch& batch, int i);

}  // namespace tfxm::nn

#endif  // TFXM_NN_INTERNAL_COMPOSITE_FEATURE_H_
