// SPDX-License-Identifier: Apache-2.0

// Transformations of a feature that use statistics of all of it: TensorFlow Transform's mappers, with its formulas.
// They take dense and sparse tensors and return the same kind.
#ifndef TFXM_TRANSFORM_MAPPERS_H_
#define TFXM_TRANSFORM_MAPPERS_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "tfxm/transform/analyzers.h"
#include "tfxm/transform/tensor_map.h"

namespace tfxm::transform {

// (x - min) / (max - min) * (output_max - output_min) + output_min, float32. If the data are empty or of one value
// only, sigmoid(x) takes the place of the fraction. `elementwise`: each element of the feature by its own statistics.
FeatureTensor scale_by_min_max(const FeatureTensor& x, double output_min = 0, double output_max = 1,
                               bool elementwise = false, absl::string_view name = "");
FeatureTensor scale_to_0_1(const FeatureTensor& x, bool elementwise = false, absl::string_view name = "");
// (x - mean) / sqrt(var), float32; x - mean where the variance is 0.
FeatureTensor scale_to_z_score(const FeatureTensor& x, bool elementwise = false, absl::string_view name = "");
// The same by the statistics of each key. `key`: strings, one for each example or, of a sparse x, one for each value. A
// key that was not seen has 0 for its statistics.
FeatureTensor scale_by_min_max_per_key(const FeatureTensor& x, const FeatureTensor& key, double output_min = 0,
                                       double output_max = 1, bool elementwise = false, absl::string_view name = "");
FeatureTensor scale_to_0_1_per_key(const FeatureTensor& x, const FeatureTensor& key, bool elementwise = false,
                                   absl::string_view name = "");
FeatureTensor scale_to_z_score_per_key(const FeatureTensor& x, const FeatureTensor& key, bool elementwise = false,
                                       absl::string_view name = "");
// To a normal distribution, by the parameters of Tukey's HH distribution (tukey_parameters), which may have heavy tails;
// a z-score where there are none.
FeatureTensor scale_to_gaussian(const FeatureTensor& x, bool elementwise = false, absl::string_view name = "");

// The number of the bucket that a value falls into, int64: i if boundaries[i-1] <= x < boundaries[i]; NaN is in the
// last. `boundaries`: [1, n], ascending.
FeatureTensor apply_buckets(const FeatureTensor& x, const ops::Tensor& boundaries, absl::string_view name = "");
// Where a value lies between the first and the last boundary, float32: from 0 to 1, piecewise linear, i / (n - 1) at
// boundary i, the last of several equal ones; 0 below the first, 1 from the last on, 0.5 for NaN.
FeatureTensor apply_buckets_with_interpolation(const FeatureTensor& x, const ops::Tensor& boundaries,
                                               absl::string_view name = "");
// With boundaries from quantiles(x, num_buckets).
FeatureTensor bucketize(const FeatureTensor& x, int num_buckets, absl::string_view name = "");
struct BucketizeOptions {
  FeatureTensor weights;     // Of x's shape.
  bool elementwise = false;  // Each element of a dense feature with boundaries of its own.
};
FeatureTensor bucketize(const FeatureTensor& x, int num_buckets, const BucketizeOptions& options,
                        absl::string_view name = "");
// With those of each key (at least 2 buckets); -1 for a key that was not seen.
FeatureTensor bucketize_per_key(const FeatureTensor& x, const FeatureTensor& key, int num_buckets,
                                const FeatureTensor& weights = {}, absl::string_view name = "");

struct ComputeAndApplyVocabularyOptions {
  // What a value that is not in the vocabulary becomes, if num_oov_buckets is 0.
  int64_t default_value = -1;
  // Else one of so many numbers after the vocabulary's, by the value's hash.
  int num_oov_buckets = 0;
  VocabularyOptions vocabulary;
};
// Strings or int64 to their place in the vocabulary of all of x, int64.
FeatureTensor compute_and_apply_vocabulary(const FeatureTensor& x, const ComputeAndApplyVocabularyOptions& options = {},
                                           absl::string_view name = "");
// The same with a vocabulary that vocabulary() returned. `key_dtype`: of x.
FeatureTensor apply_vocabulary(const FeatureTensor& x, const ops::Tensor& vocabulary_file, int64_t default_value = -1,
                               int num_oov_buckets = 0, absl::string_view name = "");
// A bucket in [0, hash_buckets) by the strings' fingerprint, int64.
FeatureTensor hash_strings(const FeatureTensor& strings, int64_t hash_buckets, absl::string_view name = "");
// With a key that only who knows it can find collisions for; slower.
FeatureTensor hash_strings(const FeatureTensor& strings, int64_t hash_buckets, std::pair<int64_t, int64_t> key,
                           absl::string_view name = "");

// Words of each example, sparse as ops::StringSplit makes them or as a feature of variable length has them.
//
//   const tft::FeatureTensor tokens = ops::StringSplit(ops::StringLower(inputs["text"]));
//   outputs["terms"] = tft::compute_and_apply_vocabulary(tft::ngrams(tokens, {1, 2}, " "));
//
// All n-grams of the sizes of `ngram_range`, first and last included, joined by `separator`: at each place those of
// every size, then the next place.
FeatureTensor ngrams(const FeatureTensor& tokens, std::pair<int, int> ngram_range, absl::string_view separator,
                     absl::string_view name = "");
// The different ones of them, in the order of their first appearance.
FeatureTensor bag_of_words(const FeatureTensor& tokens, std::pair<int, int> ngram_range, absl::string_view separator,
                           absl::string_view name = "");
// The different values of each example, in the order of their first appearance.
FeatureTensor deduplicate_tensor_per_row(const FeatureTensor& x, absl::string_view name = "");
// How many there are, int64 [batch].
ops::Tensor word_count(const FeatureTensor& tokens, absl::string_view name = "");
// The different words of each example, and how often each is in it, as a share of the example's words, times
// 1 + log((examples + 1) / (examples that have the word + 1)); without `smooth`, without the ones in the fraction. `x`:
// numbers of words in [0, vocab_size), sparse; others count modulo vocab_size.
struct Tfidf {
  FeatureTensor words, weights;  // int64; float32.
};
Tfidf tfidf(const FeatureTensor& x, int64_t vocab_size, bool smooth = true, absl::string_view name = "");

// The first value of each example, or `default_value` for none; [batch, 1]. `x`: sparse. What a dense model can take.
FeatureTensor fill_in_missing(const FeatureTensor& x, double default_value, absl::string_view name = "");
FeatureTensor fill_in_missing(const FeatureTensor& x, const char* default_value, absl::string_view name = "");
// For a plain 0, which could be either.
inline FeatureTensor fill_in_missing(const FeatureTensor& x, int default_value, absl::string_view name = "") {
  return fill_in_missing(x, static_cast<double>(default_value), name);
}

}  // namespace tfxm::transform

#endif  // TFXM_TRANSFORM_MAPPERS_H_
