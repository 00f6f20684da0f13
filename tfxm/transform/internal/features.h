// SPDX-License-Identifier: Apache-2.0

// Raw features between an ExampleBatch and TensorFlow: what is fed. Includes TensorFlow headers: for .cc files.
#ifndef TFXM_TRANSFORM_INTERNAL_FEATURES_H_
#define TFXM_TRANSFORM_INTERNAL_FEATURES_H_

#include <cstdint>
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
  std::string name;
  DataType dtype = DataType::kInvalid;
  bool is_dense = true;
  Shape shape;           // Of one example, if dense.
  int64_t row_size = 1;  // Values of one example, if dense.
  FeatureTensor tensor;  // Its placeholders.

  // The placeholders that are fed: one, or indices, values and dense_shape.
  std::vector<ops::Tensor> placeholders() const;
};

// The features of the spec, sorted by name, with placeholders in the graph.
std::vector<RawFeature> MakeRawFeatures(const FeatureSpec& spec, ops::Graph* graph);

// Checks that the batch has what the feature says: type, and for a dense one as many values in every example. Errors
// name the feature and the record.
absl::Status CheckFeature(const data::ExampleBatch& batch, const RawFeature& feature);

// The values of a checked feature that are there, back to back. `strings` keeps those of a string feature.
Values FeatureValues(const data::ExampleBatch& batch, const RawFeature& feature,
                     std::vector<absl::string_view>* strings);

// Appends what is fed for a checked feature.
void AppendFeeds(const data::ExampleBatch& batch, const RawFeature& feature, std::vector<tensorflow::Tensor>* feeds);

// A tensor that TensorFlow returned, as values; `wide` and `strings` keep what had to be converted.
struct ValuesStorage {
  std::vector<int64_t> ints;
  std::vector<absl::string_view> strings;
};
absl::Status TensorValues(const tensorflow::Tensor& tensor, ValuesStorage* storage, Values* values);

}  // namespace tfxm::transform::internal

#endif  // TFXM_TRANSFORM_INTERNAL_FEATURES_H_
