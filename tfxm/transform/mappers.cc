// SPDX-License-Identifier: Apache-2.0

#include "tfxm/transform/mappers.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tfxm/ops/ops.h"
#include "tfxm/transform/internal/mapping.h"

namespace tfxm::transform {
namespace {

using internal::Invalid;
using internal::NameOr;
using internal::SetDomain;

// The key is the whole line, or what follows the frequency; the value is the line's number.
ops::Tensor InitializedTable(const ops::Tensor& file, bool has_frequency = false) {
  const ops::Tensor table = internal::NewTable(*file.graph(), "vocabulary_table");
  ops::Op("InitializeTableFromTextFileV2", {table, file},
          {{"key_index", has_frequency ? 1 : -2},
           {"value_index", -1},
           {"vocab_size", -1},
           {"delimiter", has_frequency ? " " : "\t"}},
          "fill_table");
  return table;
}

// The numbers that a table of strings has for x.
FeatureTensor ApplyTable(const FeatureTensor& x, const ops::Tensor& table, int64_t default_value, int num_oov_buckets) {
  ops::Graph& graph = *x.values().graph();
  const ops::Tensor keys = x.values().dtype() == DataType::kString ? x.values() : ops::AsString(x.values());
  ops::Tensor ids = ops::Op("LookupTableFindV2",
                            {table, keys, ops::Constant(graph, num_oov_buckets > 0 ? int64_t{-1} : default_value)},
                            {{"Tout", DataType::kInt64}});
  if (num_oov_buckets > 0) {
    const ops::Tensor bucket =
        ops::Op("LookupTableSizeV2", {table}) + ops::StringToHashBucketFast(keys, num_oov_buckets);
    ids = ops::Where(ops::Less(ids, 0.0), bucket, ids);
  }
  if (keys.has_rank()) ids = ops::Op("EnsureShape", {ids}, {{"shape", keys.shape()}});
  const int64_t default_id = num_oov_buckets > 0 ? 0 : default_value;
  const ops::Tensor size = ops::Op("LookupTableSizeV2", {table});
  SetDomain(ids, ops::Constant(graph, std::min(int64_t{0}, default_id)),
            ops::Maximum(size + (num_oov_buckets - 1.0), ops::Constant(graph, default_id)));
  return x.WithValues(ids);
}

}  // namespace

FeatureTensor scale_by_min_max(const FeatureTensor& x, double output_min, double output_max, bool elementwise,
                               absl::string_view name) {
  if (!x.values().valid()) return x;
  if (!(output_min < output_max)) {
    return Invalid(x, absl::InvalidArgumentError(absl::StrCat("tft::scale_by_min_max: output_min (", output_min,
                                                              ") must be less than output_max (", output_max, ")")));
  }
  const ops::NameScope scope(*x.values().graph(), NameOr(name, "scale_by_min_max"));
  const FeatureTensor as_float = x.WithValues(ops::Cast(x.values(), DataType::kFloat));
  const auto [min, max] = min_and_max(as_float, !elementwise);
  return internal::ScaledByMinMax(as_float, min, max, output_min, output_max);
}

FeatureTensor scale_to_0_1(const FeatureTensor& x, bool elementwise, absl::string_view name) {
  return scale_by_min_max(x, 0, 1, elementwise, NameOr(name, "scale_to_0_1"));
}

FeatureTensor scale_to_z_score(const FeatureTensor& x, bool elementwise, absl::string_view name) {
  if (!x.values().valid()) return x;
  const ops::NameScope scope(*x.values().graph(), NameOr(name, "scale_to_z_score"));
  const auto [mean, var] = mean_and_var(x, !elementwise);
  return internal::ScaledToZScore(x, mean, var);
}

FeatureTensor apply_buckets(const FeatureTensor& x, const ops::Tensor& boundaries, absl::string_view name) {
  if (!x.values().valid()) return x;
  ops::Graph& graph = *x.values().graph();
  const ops::NameScope scope(graph, NameOr(name, "apply_buckets"));
  const ops::Tensor values = ops::Cast(x.values(), boundaries.dtype());
  const ops::Tensor flat = ops::Reshape(values, {1, -1});
  // UpperBound is a search in sorted rows; it puts NaN first, where TFT has it last.
  const ops::Tensor found = ops::Op("UpperBound", {boundaries, flat}, {{"out_type", DataType::kInt64}});
  const ops::Tensor last = ops::Cast(ops::SizeOf(boundaries), DataType::kInt64);
  const ops::Tensor is_nan = ops::NotEqual(flat, flat);
  const ops::Tensor bucket = ops::Where(is_nan, last, found);
  ops::Tensor shaped = ops::Reshape(bucket, ops::ShapeOf(values));
  // What is not known of the shape when the graph is built is the batch only.
  if (values.has_rank()) shaped = ops::Op("EnsureShape", {shaped}, {{"shape", values.shape()}});
  SetDomain(shaped, ops::Constant(graph, int64_t{0}), last);
  return x.WithValues(shaped);
}

FeatureTensor apply_buckets_with_interpolation(const FeatureTensor& x, const ops::Tensor& boundaries,
                                               absl::string_view name) {
  if (!x.values().valid() || !boundaries.valid()) return Invalid(x, absl::InternalError("invalid tensor"));
  ops::Graph& graph = *x.values().graph();
  const ops::NameScope scope(graph, NameOr(name, "buckets_with_interpolation"));
  const ops::Tensor row = ops::Cast(ops::Reshape(boundaries, {-1}), DataType::kFloat), count = ops::SizeOf(row);
  const ops::Tensor values = ops::Cast(x.values(), DataType::kFloat), flat = ops::Reshape(values, {-1});
  const ops::Tensor one = ops::Constant(graph, int32_t{1}), last = count - 1.0;
  // The interval that x falls into, among those between two boundaries.
  const ops::Tensor found = ops::Op("UpperBound", {ops::ExpandDims(row, 0), ops::ExpandDims(flat, 0)});
  const ops::Tensor bucket = ops::Minimum(ops::Maximum(ops::Reshape(found, {-1}), one), ops::Maximum(last, one));
  const ops::Tensor low = ops::Gather(row, bucket - 1.0), high = ops::Gather(row, ops::Minimum(bucket, last));
  ops::Tensor position = ops::Div(ops::Cast(bucket - 1.0, DataType::kFloat) + ops::DivNoNan(flat - low, high - low),
                                  ops::Cast(ops::Maximum(last, one), DataType::kFloat));
  const ops::Tensor first_boundary = ops::Gather(row, ops::Constant(graph, int32_t{0}));
  position = ops::Where(ops::GreaterEqual(flat, ops::Gather(row, last)), ops::OnesLike(flat), position);
  position = ops::Where(ops::Less(flat, first_boundary), ops::ZerosLike(flat), position);
  position = ops::Where(ops::IsNan(flat), ops::OnesLike(flat) * 0.5, position);
  ops::Tensor shaped = ops::Reshape(position, ops::ShapeOf(values));
  if (values.has_rank()) shaped = ops::Op("EnsureShape", {shaped}, {{"shape", values.shape()}});
  return x.WithValues(shaped);
}

FeatureTensor bucketize(const FeatureTensor& x, int num_buckets, absl::string_view name) {
  return bucketize(x, num_buckets, BucketizeOptions(), name);
}

FeatureTensor bucketize(const FeatureTensor& x, int num_buckets, const BucketizeOptions& options,
                        absl::string_view name) {
  if (!x.values().valid()) return x;
  const ops::NameScope scope(*x.values().graph(), NameOr(name, "bucketize"));
  const ops::Tensor boundaries = quantiles(x, num_buckets, options.weights, !options.elementwise);
  if (!boundaries.valid()) return Invalid(x, absl::InternalError("invalid tensor"));
  if (!options.elementwise) return apply_buckets(x, boundaries);
  Shape shape = x.values().shape();
  shape[0] = -1;
  int64_t elements = 1;
  for (size_t i = 1; i < shape.size(); ++i) elements *= shape[i];
  const ops::Tensor columns = ops::Reshape(x.values(), {-1, elements});
  const ops::Tensor rows = ops::Reshape(boundaries, {elements, num_buckets - 1});
  std::vector<ops::Tensor> buckets;
  for (int32_t i = 0; i < elements; ++i) {
    const FeatureTensor column = ops::Squeeze(ops::Slice(columns, {0, i}, {-1, 1}), {1});
    buckets.push_back(apply_buckets(column, ops::Slice(rows, {i, 0}, {1, -1})));
  }
  return ops::Reshape(ops::Stack(buckets, 1), shape);
}

FeatureTensor apply_vocabulary(const FeatureTensor& x, const ops::Tensor& vocabulary_file, int64_t default_value,
                               int num_oov_buckets, absl::string_view name) {
  if (!x.values().valid() || !vocabulary_file.valid()) return Invalid(x, absl::InternalError("invalid tensor"));
  ops::Graph& graph = *x.values().graph();
  const ops::NameScope scope(graph, NameOr(name, "apply_vocab"));
  return ApplyTable(x, InitializedTable(vocabulary_file), default_value, num_oov_buckets);
}

FeatureTensor compute_and_apply_vocabulary(const FeatureTensor& x, const ComputeAndApplyVocabularyOptions& options,
                                           absl::string_view name) {
  if (!x.values().valid()) return x;
  const ops::NameScope scope(*x.values().graph(), NameOr(name, "compute_and_apply_vocabulary"));
  const bool in_text = options.vocabulary.file_format != kTFRecordGzip;
  FeatureTensor words = x;
  if (in_text && options.vocabulary.store_frequency && x.values().dtype() == DataType::kString) {
    // A line ends its word at the next space.
    words = x.WithValues(ops::RegexReplace(x.values(), " ", "__SPACE__"));
  }
  const VocabularyFile file = vocabulary_file(words, options.vocabulary);
  if (!file.path.valid()) return Invalid(x, absl::InternalError("invalid tensor"));
  const ops::NameScope apply(*x.values().graph(), "apply_vocab");
  return ApplyTable(words,
                    in_text ? InitializedTable(file.path, options.vocabulary.store_frequency)
                            : internal::TableOfPlaces(file.values, "vocabulary_table"),
                    options.default_value, options.num_oov_buckets);
}

FeatureTensor hash_strings(const FeatureTensor& strings, int64_t hash_buckets, absl::string_view name) {
  return strings.WithValues(ops::StringToHashBucketFast(strings.values(), hash_buckets, NameOr(name, "hash_strings")));
}

FeatureTensor hash_strings(const FeatureTensor& strings, int64_t hash_buckets, std::pair<int64_t, int64_t> key,
                           absl::string_view name) {
  if (!strings.values().valid()) return strings;
  return strings.WithValues(
      ops::Op("StringToHashBucketStrong", {strings.values()},
              {{"num_buckets", hash_buckets}, {"key", std::vector<int64_t>{key.first, key.second}}},
              NameOr(name, "hash_strings")));
}

namespace {

FeatureTensor FillInMissing(const FeatureTensor& x, const ops::Tensor& default_value) {
  if (x.is_dense()) return x;
  ops::Graph& graph = *x.values().graph();
  const ops::SparseTensor sparse = x.is_ragged() ? ops::RaggedToSparse(x.ragged()) : x.sparse();
  // Only each row's first value, in a row of length 1 also where there are none.
  const ops::Tensor rows = ops::Slice(sparse.dense_shape, {0}, {1});
  const ops::Tensor size = ops::Concat({rows, ops::Constant(graph, std::vector<int64_t>{1})}, 0);
  const ops::Node first = ops::Op("SparseSlice", {sparse.indices, sparse.values, sparse.dense_shape,
                                                  ops::Constant(graph, std::vector<int64_t>{0, 0}), size});
  const ops::Tensor dense = ops::Op("SparseToDense", {first[0], size, first[1], default_value});
  return ops::Tensor(ops::Op("EnsureShape", {dense}, {{"shape", Shape{-1, 1}}}));
}

}  // namespace

FeatureTensor fill_in_missing(const FeatureTensor& x, double default_value, absl::string_view name) {
  if (!x.values().valid()) return x;
  const ops::NameScope scope(*x.values().graph(), NameOr(name, "fill_in_missing"));
  return FillInMissing(x, ops::ScalarLike(x.values(), default_value));
}
FeatureTensor fill_in_missing(const FeatureTensor& x, const char* default_value, absl::string_view name) {
  if (!x.values().valid()) return x;
  const ops::NameScope scope(*x.values().graph(), NameOr(name, "fill_in_missing"));
  return FillInMissing(x, ops::Constant(*x.values().graph(), default_value));
}

}  // namespace tfxm::transform
