// SPDX-License-Identifier: Apache-2.0

// Statistics of a tensor over the whole dataset, as tensors: TensorFlow Transform's analyzers. Called in a
// preprocessing_fn; the values are computed by full passes over the data and are constants of the transform graph.
//
//   ops::Tensor centered = inputs["fare"] - tft::mean(inputs["fare"]);
//
// Results do not depend on how the data are sharded: sums are exact and rounded once. An analyzer may be given what
// follows from other analyzers: then there is one more pass. `reduce_instance_dims`: over all dimensions, to a scalar;
// otherwise over the batch only, to one value per element of the feature (dense tensors of known shape). Of a sparse
// tensor, the values that are there count. `x` is of any integer or floating-point type (float32, float64, ints up to
// 64 bits).
#ifndef TFXM_TRANSFORM_ANALYZERS_H_
#define TFXM_TRANSFORM_ANALYZERS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "tfxm/transform/tensor_map.h"

namespace tfxm::transform {

// Of x's type. NaN if a value is NaN. Without any value: of floats +infinity and -infinity, of integers the largest
// value and its negative.
ops::Tensor min(const FeatureTensor& x, bool reduce_instance_dims = true, absl::string_view name = "");
ops::Tensor max(const FeatureTensor& x, bool reduce_instance_dims = true, absl::string_view name = "");
// Of floats in their type, of integers int64.
ops::Tensor sum(const FeatureTensor& x, bool reduce_instance_dims = true, absl::string_view name = "");
// The number of values, int64.
ops::Tensor size(const FeatureTensor& x, bool reduce_instance_dims = true, absl::string_view name = "");
// float32; float64 of float64. NaN and infinities are left out; 0 without any value. The variance is the biased one.
ops::Tensor mean(const FeatureTensor& x, bool reduce_instance_dims = true, absl::string_view name = "");
ops::Tensor var(const FeatureTensor& x, bool reduce_instance_dims = true, absl::string_view name = "");
// The num_buckets - 1 boundaries, float32 [1, num_buckets - 1], that divide the values into parts of equal size. NaN is
// left out; without any value all are 0. Exact as long as there are at most 65,536 different values; else within 0.1 %
// of the ranks.
ops::Tensor quantiles(const FeatureTensor& x, int num_buckets, absl::string_view name = "");

// Two results of one analyzer.
struct MinAndMax {
  ops::Tensor min, max;
};
MinAndMax min_and_max(const FeatureTensor& x, bool reduce_instance_dims = true, absl::string_view name = "");
struct MeanAndVar {
  ops::Tensor mean, var;
};
MeanAndVar mean_and_var(const FeatureTensor& x, bool reduce_instance_dims = true, absl::string_view name = "");

struct VocabularyOptions {
  // The most frequent ones only.
  std::optional<int64_t> top_k;
  // Those that occur at least as often.
  int64_t frequency_threshold = 0;
  // The file's name below the transform graph's assets; "" makes one up. Unique within a preprocessing_fn.
  std::string vocab_filename;
};
// The different values of strings or int64, the most frequent first (at equal frequency, the greater value first): a
// file, one value a line. Empty strings and strings with a line break are left out. Returns the file's name, a scalar
// string.
ops::Tensor vocabulary(const FeatureTensor& x, const VocabularyOptions& options = {}, absl::string_view name = "");

}  // namespace tfxm::transform

#endif  // TFXM_TRANSFORM_ANALYZERS_H_
