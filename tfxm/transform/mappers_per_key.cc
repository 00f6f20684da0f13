// SPDX-License-Identifier: Apache-2.0

// Mappers by the statistics of each key, and scale_to_gaussian.
#include <cmath>

#include "absl/strings/str_cat.h"
#include "tfxm/ops/ops.h"
#include "tfxm/transform/internal/mapping.h"
#include "tfxm/transform/mappers.h"

namespace tfxm::transform {
namespace {

using internal::Invalid;
using internal::NameOr;

// A key for each value of x, or of a dense x one for each example.
FeatureTensor KeysOf(const FeatureTensor& x, const FeatureTensor& key) {
  if (x.is_dense() || !key.is_dense()) return key.values();
  return ops::Gather(key, internal::ExampleOfValues(x));
}

// The place of each value's key, the number of keys for one that was not seen.
ops::Tensor KeyIndex(const ops::Tensor& key, const ops::Tensor& keys) {
  ops::Graph& graph = *keys.graph();
  const ops::Tensor table = internal::TableOfPlaces(keys, "key_table");
  ops::Tensor index =
      ops::Op("LookupTableFindV2", {table, key, ops::Constant(graph, int64_t{-1})}, {{"Tout", DataType::kInt64}});
  if (key.has_rank()) index = ops::Op("EnsureShape", {index}, {{"shape", key.shape()}});
  const ops::Tensor count = ops::Op("Size", {keys}, {{"out_type", DataType::kInt64}});
  return ops::Where(ops::Less(index, 0.0), count, index);
}

// Of each value its key's statistic, 0 for a key that was not seen.
ops::Tensor OfKey(const FeatureTensor& x, const ops::Tensor& index, const ops::Tensor& statistic,
                  bool reduce_instance_dims) {
  ops::Graph& graph = *statistic.graph();
  const ops::Tensor rows =
      ops::Concat({ops::Constant(graph, std::vector<int32_t>{1}), ops::Slice(ops::ShapeOf(statistic), {1}, {-1})}, 0);
  const ops::Tensor zero = ops::Fill(rows, ops::ScalarLike(statistic, 0));
  ops::Tensor value = ops::Gather(ops::Concat({statistic, zero}, 0), index);
  if (!reduce_instance_dims || !x.is_dense()) return value;
  for (int i = index.rank(); i < x.values().rank(); ++i) value = ops::ExpandDims(value, -1);
  return value;
}

// u >= 0 of x = u * exp(h * u^2).
ops::Tensor InverseTukey(const ops::Tensor& x, const ops::Tensor& h) {
  const ops::Tensor h_x_square = h * ops::Square(x);
  const ops::Tensor small = ops::Less(h_x_square, 1e-7);
  const ops::Tensor one = ops::OnesLike(h_x_square);
  // Lambert's W: w of z = w * exp(w), by eight steps of Newton's method.
  const ops::Tensor z = ops::Where(small, one, h_x_square);
  const double e = std::exp(1.0), slope = (e - 1) / (e * e - 1);
  const ops::Tensor log_z = ops::Log(z);
  const ops::Tensor of_large = log_z + (ops::Div(1.0, log_z) - 1.0) * ops::Log(log_z);
  ops::Tensor w =
      ops::Where(ops::Less(z, 1 / e), z, ops::Where(ops::Less(z, e), z * slope + (1 - slope) / e, of_large));
  for (int step = 0; step < 8; ++step) {
    const ops::Tensor exp_w = ops::Exp(w);
    w = w - ops::Div(w * exp_w - z, exp_w + w * exp_w);
  }
  const ops::Tensor divisor = ops::Where(ops::Greater(h, 0.0), h, ops::OnesLike(h));
  return ops::Where(small, x, ops::Sqrt(ops::Div(w, divisor)));
}

bool Valid(const FeatureTensor& x, const FeatureTensor& key) { return x.values().valid() && key.values().valid(); }

}  // namespace

FeatureTensor scale_by_min_max_per_key(const FeatureTensor& x, const FeatureTensor& key, double output_min,
                                       double output_max, bool elementwise, absl::string_view name) {
  if (!Valid(x, key)) return x;
  if (!(output_min < output_max)) {
    return Invalid(x, absl::InvalidArgumentError(absl::StrCat("tft::scale_by_min_max_per_key: output_min (", output_min,
                                                              ") must be less than output_max (", output_max, ")")));
  }
  const ops::NameScope scope(*x.values().graph(), NameOr(name, "scale_by_min_max_per_key"));
  const FeatureTensor as_float = x.WithValues(ops::Cast(x.values(), DataType::kFloat));
  const FeatureTensor keys = KeysOf(x, key);
  const PerKey limits = min_and_max_per_key(as_float, keys, !elementwise);
  const ops::Tensor index = KeyIndex(keys, limits.keys);
  return internal::ScaledByMinMax(as_float, OfKey(x, index, limits.results[0], !elementwise),
                                  OfKey(x, index, limits.results[1], !elementwise), output_min, output_max);
}

FeatureTensor scale_to_0_1_per_key(const FeatureTensor& x, const FeatureTensor& key, bool elementwise,
                                   absl::string_view name) {
  return scale_by_min_max_per_key(x, key, 0, 1, elementwise, NameOr(name, "scale_to_0_1_per_key"));
}

FeatureTensor scale_to_z_score_per_key(const FeatureTensor& x, const FeatureTensor& key, bool elementwise,
                                       absl::string_view name) {
  if (!Valid(x, key)) return x;
  const ops::NameScope scope(*x.values().graph(), NameOr(name, "scale_to_z_score_per_key"));
  const FeatureTensor keys = KeysOf(x, key);
  const PerKey moments = mean_and_var_per_key(x, keys, !elementwise);
  const ops::Tensor index = KeyIndex(keys, moments.keys);
  return internal::ScaledToZScore(x, OfKey(x, index, moments.results[0], !elementwise),
                                  OfKey(x, index, moments.results[1], !elementwise));
}

FeatureTensor bucketize_per_key(const FeatureTensor& x, const FeatureTensor& key, int num_buckets,
                                const FeatureTensor& weights, absl::string_view name) {
  if (!Valid(x, key)) return x;
  ops::Graph& graph = *x.values().graph();
  const ops::NameScope scope(graph, NameOr(name, "bucketize_per_key"));
  const FeatureTensor keys = KeysOf(x, key);
  const PerKey quantiles = quantiles_per_key(x, keys, num_buckets, weights);
  if (!quantiles.keys.valid() || !quantiles.results[0].valid()) return ops::Tensor(&graph, -1, 0);
  const ops::Tensor index = KeyIndex(keys, quantiles.keys), actual = quantiles.results[3];
  const ops::Tensor values = ops::Cast(x.values(), DataType::kFloat);
  const ops::Tensor shifted =
      values * ops::Gather(quantiles.results[1], index) + ops::Gather(quantiles.results[2], index);
  const ops::Tensor searched =
      ops::Op("UpperBound", {ops::Reshape(quantiles.results[0], {1, -1}), ops::Reshape(shifted, {1, -1})},
              {{"out_type", DataType::kInt64}});
  // Keys next to each other share a boundary.
  const ops::Tensor found = ops::Reshape(searched, ops::ShapeOf(shifted)) - (actual - 2.0) * index;
  const ops::Tensor zero = ops::Constant(graph, int64_t{0}), last = actual - 1.0;
  const ops::Tensor known = ops::Less(index, ops::Op("Size", {quantiles.keys}, {{"out_type", DataType::kInt64}}));
  ops::Tensor bucket =
      ops::Where(known, ops::Maximum(ops::Minimum(found, last), zero), ops::Constant(graph, int64_t{-1}));
  if (values.has_rank()) bucket = ops::Op("EnsureShape", {bucket}, {{"shape", values.shape()}});
  internal::SetDomain(bucket, zero, last);
  return x.WithValues(bucket);
}

FeatureTensor scale_to_gaussian(const FeatureTensor& x, bool elementwise, absl::string_view name) {
  if (!x.values().valid()) return x;
  const ops::NameScope scope(*x.values().graph(), NameOr(name, "scale_to_gaussian"));
  const auto [location, scale, left, right] = tukey_parameters(x, !elementwise);
  const ops::Tensor numerator = ops::Cast(x.values(), location.dtype()) - location;
  // Without heavy tails it is a z-score.
  const ops::Tensor heavy = ops::LogicalOr(ops::Greater(left, 0.0), ops::Greater(right, 0.0));
  const ops::Tensor denominator = ops::Where(heavy, scale, ops::Sqrt(var(x, !elementwise)));
  const ops::Tensor scaled = ops::Where(internal::LikeNumerator(ops::NotEqual(denominator, 0.0), numerator),
                                        ops::Div(numerator, denominator), numerator);
  return x.WithValues(
      ops::Where(ops::Less(scaled, 0.0), ops::Neg(InverseTukey(ops::Neg(scaled), left)), InverseTukey(scaled, right)));
}

}  // namespace tfxm::transform
