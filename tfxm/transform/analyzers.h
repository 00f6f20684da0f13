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
#include <functional>
#include <optional>
#include <string>
#include <vector>

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
// The num_buckets - 1 boundaries, float32 [1, num_buckets - 1], that divide the values into parts of equal size (with
// `weights`, of x's shape: of equal weight; what has a weight that is not positive is left out). NaN is left out; without
// any value all are 0. Exact as long as there are at most 65,536 different values; else within 0.1 % of the ranks.
// reduce_instance_dims = false: for each element of the feature, [..., num_buckets - 1].
ops::Tensor quantiles(const FeatureTensor& x, int num_buckets, absl::string_view name = "");
ops::Tensor quantiles(const FeatureTensor& x, int num_buckets, const FeatureTensor& weights,
                      bool reduce_instance_dims = true, absl::string_view name = "");

// The biased covariance matrix of the elements of x [batch, n], float32 or float64 [n, n]. Its cost is n^2 for each
// example.
ops::Tensor covariance(const FeatureTensor& x, DataType dtype = DataType::kFloat, absl::string_view name = "");
// Its eigenvectors of the output_dim largest eigenvalues as columns, [n, output_dim]: the element of largest magnitude of
// each is positive.
ops::Tensor pca(const FeatureTensor& x, int output_dim, DataType dtype = DataType::kFloat, absl::string_view name = "");

// The parameters of Tukey's HH distribution, of mean's type, from the L-moments of the finite values: of all of them,
// where TensorFlow Transform takes the mean of those of its batches. Exact up to 65,536 different values.
struct TukeyLocationAndScale {
  ops::Tensor location, scale, left, right;
};
TukeyLocationAndScale tukey_parameters(const FeatureTensor& x, bool reduce_instance_dims = true,
                                       absl::string_view name = "");

// Statistics for each key. `keys`, sorted; the others have the keys as their first dimension. `key`: strings, one for
// each example of a dense x, or one for each value (of a sparse x: its values and the key's).
struct PerKey {
  ops::Tensor keys;
  std::vector<ops::Tensor> results;
};
PerKey count_per_key(const FeatureTensor& key, absl::string_view name = "");
// min and max; mean and variance.
PerKey min_and_max_per_key(const FeatureTensor& x, const FeatureTensor& key, bool reduce_instance_dims = true,
                           absl::string_view name = "");
PerKey mean_and_var_per_key(const FeatureTensor& x, const FeatureTensor& key, bool reduce_instance_dims = true,
                            absl::string_view name = "");
// For a search in the boundaries of all keys at once: the boundaries, ascending; scale and shift for each key and one 0
// more, such that x * scale + shift of key i is between i and i + 1; num_buckets.
PerKey quantiles_per_key(const FeatureTensor& x, const FeatureTensor& key, int num_buckets,
                         const FeatureTensor& weights = {}, absl::string_view name = "");

// Two results of one analyzer.
struct MinAndMax {
  ops::Tensor min, max;
};
MinAndMax min_and_max(const FeatureTensor& x, bool reduce_instance_dims = true, absl::string_view name = "");
struct MeanAndVar {
  ops::Tensor mean, var;
};
MeanAndVar mean_and_var(const FeatureTensor& x, bool reduce_instance_dims = true, absl::string_view name = "");

inline constexpr char kTFRecordGzip[] = "tfrecord_gzip";

struct VocabularyOptions {
  // The first ones only.
  std::optional<int64_t> top_k;
  // Those that occur at least as often; with weights or labels, whose weight or mutual information is not below it.
  std::optional<double> frequency_threshold;
  // The file's name below the transform graph's assets; "" makes one up. Unique within a preprocessing_fn.
  std::string vocab_filename;
  // Lines are "frequency value".
  bool store_frequency = false;
  // The first lines, in this order, whether or not they occur.
  std::vector<std::string> reserved_tokens;
  // By the SHA-1 of the values in place of their frequency; what is in it stays the same.
  bool fingerprint_shuffle = false;
  // "text", or kTFRecordGzip: a record for each value, which may be any string; the file's name gets ".tfrecord.gz".
  std::string file_format = "text";
  // With labels: mutual information less what chance would give; and 0 for a label whose weight differs from what is
  // expected by less than this (TensorFlow Transform's default is between 2 and 25, by the number of examples).
  bool use_adjusted_mutual_info = false;
  std::optional<double> min_diff_from_avg;
  // Beside those of top_k and frequency_threshold, for each key_fn(value) the first coverage_top_k above
  // coverage_frequency_threshold.
  std::function<std::string(absl::string_view value)> key_fn;
  std::optional<int64_t> coverage_top_k;
  std::optional<double> coverage_frequency_threshold;
  // In the place of key_fn, of a function that was called in another language: AnalyzeOptions::traced_keys knows the keys
  // of what this analyzer of the trace has found. -1: none.
  int traced_key_fn = -1;
};

// What a vocabulary is ordered by in place of how often a value occurs. Tensors with one element for each value of x.
struct VocabularyWeights {
  ops::Tensor weights;
  // int64; values then are ordered by their mutual information with the label. Also all examples' labels and, with
  // weights, weights: [batch].
  ops::Tensor labels, example_labels, example_weights;
};

struct VocabularyFile {
  ops::Tensor path;  // A scalar string.
  ops::Tensor size;  // The number of lines, int64.
  // The values themselves, strings [size]: of kTFRecordGzip only, whose file no table of TensorFlow can be filled from.
  ops::Tensor values;
};
// The different values of strings or int64, the most frequent first (at equal frequency, the greater value first): a
// file, one value a line. Empty strings and strings with a line break are left out, with a warning.
VocabularyFile vocabulary_file(const FeatureTensor& x, const VocabularyOptions& options = {},
                               const VocabularyWeights& weights = {}, absl::string_view name = "");
// Its path.
ops::Tensor vocabulary(const FeatureTensor& x, const VocabularyOptions& options = {}, absl::string_view name = "");

}  // namespace tfxm::transform

#endif  // TFXM_TRANSFORM_ANALYZERS_H_
