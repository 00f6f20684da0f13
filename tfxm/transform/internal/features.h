// SPDX-License-Identifier: Apache-2.0

// Raw features between an ExampleBatch and TensorFlow: what is fed. Includes TensorFlow headers: for .cc files.
#ifndef TFXM_TRANSFORM_INTERNAL_FEATURES_H_
#define TFXM_TRANSFORM_INTERNAL_FEATURES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tensorflow/core/framework/tensor.h"
#include "tfxm/data/example_batch.h"
#include "tfxm/transform/feature_spec.h"
#include "tfxm/transform/internal/accumulators.h"
#include "tfxm/transform/tensor_map.h"

namespace tfxm::transform::internal {

struct RawFeature {
  enum class Kind {
    kDense,
    kVarLen,  // Sparse, [batch, most values].
    kSparse,  // Its places are other features.
    kRagged
  };

  std::string name;    // Of the tensor.
  std::string column;  // What its values are read from.
  DataType dtype = DataType::kInvalid;
  Kind kind = Kind::kDense;
  // Dense and sparse: of one example. Ragged: that of the values without the first dimension.
  Shape shape;
  int64_t row_size = 1;                       // The number of elements of `shape`, if it is not sparse.
  std::optional<tfxm::Tensor> default_value;  // Of a dense one.
  std::vector<std::string> index_columns;     // Of a sparse one.
  // Of a ragged one, those that are not in `shape`.
  std::vector<RaggedFeature::Partition> partitions;
  DataType row_splits_dtype = DataType::kInt64;
  FeatureTensor tensor;  // Its placeholders.

  bool is_dense() const { return kind == Kind::kDense; }
  // The placeholders that are fed, in the order of Components.
  std::vector<ops::Tensor> placeholders() const;
  // All features that it is read from.
  std::vector<std::string> columns() const;
};

// The tensors of a feature: one; indices, values and dense_shape; or values and row_splits.
std::vector<ops::Tensor> Components(const FeatureTensor& tensor);

// The features of the spec, sorted by name, with placeholders in the graph.
std::vector<RawFeature> MakeRawFeatures(const FeatureSpec& spec, ops::Graph* graph);

// Checks that the batch has what the feature says: types, for a dense one as many values in every example, for a sparse
// one as many places as values, for a ragged one row lengths that add up to the values. Errors name the feature and the
// record.
absl::Status CheckFeature(const data::ExampleBatch& batch, const RawFeature& feature);

// A tensor's values; `storage` keeps what had to be converted or put in.
struct ValuesStorage {
  std::vector<int64_t> ints;
  std::vector<float> floats;
  std::vector<absl::string_view> strings;
};
// The values of a checked feature that are there, back to back; of a dense one also those that its default_value puts
// in.
Values FeatureValues(const data::ExampleBatch& batch, const RawFeature& feature, ValuesStorage* storage);

// Appends what is fed for a checked feature.
void AppendFeeds(const data::ExampleBatch& batch, const RawFeature& feature, std::vector<tensorflow::Tensor>* feeds);

// A tensor that TensorFlow returned, as values.
absl::Status TensorValues(const tensorflow::Tensor& tensor, ValuesStorage* storage, Values* values);

}  // namespace tfxm::transform::internal

#endif  // TFXM_TRANSFORM_INTERNAL_FEATURES_H_
