// SPDX-License-Identifier: Apache-2.0

// What mappers share.
#ifndef TFXM_TRANSFORM_INTERNAL_MAPPING_H_
#define TFXM_TRANSFORM_INTERNAL_MAPPING_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "tfxm/ops/array_ops.h"
#include "tfxm/ops/graph.h"
#include "tfxm/ops/math_ops.h"
#include "tfxm/transform/internal/trace.h"
#include "tfxm/transform/tensor_map.h"

namespace tfxm::transform::internal {

inline absl::string_view NameOr(absl::string_view name, absl::string_view otherwise) {
  return name.empty() ? otherwise : name;
}

inline FeatureTensor Invalid(const FeatureTensor& x, absl::Status status) {
  if (ops::Graph* graph = x.values().graph()) graph->SetError(std::move(status));
  return ops::Tensor(x.values().graph(), -1, 0);
}

// What the schema says of an output that is `values`.
inline void SetDomain(const ops::Tensor& values, const ops::Tensor& min, const ops::Tensor& max) {
  Trace* const trace = Trace::Current();
  if (trace != nullptr && trace->graph == values.graph()) trace->domains.push_back({values, min, max});
}

// Of each value of a sparse or ragged feature the example that it is of.
inline ops::Tensor ExampleOfValues(const FeatureTensor& x) {
  if (x.is_sparse()) return ops::Squeeze(ops::Slice(x.sparse().indices, {0, 0}, {-1, 1}), {1});
  ops::Tensor rows;
  for (const ops::Tensor& row_splits : x.ragged().row_splits) {
    ops::Graph& graph = *row_splits.graph();
    const ops::Tensor splits = ops::Cast(row_splits, DataType::kInt64);
    const ops::Tensor last =
        ops::Op("StridedSlice",
                {splits, ops::Constant(graph, std::vector<int32_t>{-1}), ops::Constant(graph, std::vector<int32_t>{0}),
                 ops::Constant(graph, std::vector<int32_t>{1})},
                {{"shrink_axis_mask", int64_t{1}}});
    const ops::Tensor places =
        ops::Op("Range", {ops::Constant(graph, int64_t{0}), last, ops::Constant(graph, int64_t{1})});
    const ops::Tensor found = ops::Op("UpperBound", {ops::ExpandDims(splits, 0), ops::ExpandDims(places, 0)},
                                      {{"out_type", DataType::kInt64}});
    const ops::Tensor row = ops::Squeeze(found, {0}) - 1.0;
    rows = rows.valid() ? ops::Gather(rows, row) : row;
  }
  return rows;
}

// condition, made of x's shape by broadcasting along the batch.
inline ops::Tensor LikeNumerator(const ops::Tensor& condition, const ops::Tensor& numerator) {
  return ops::Cast(ops::ZerosLike(numerator) + ops::Cast(condition, numerator.dtype()), DataType::kBool);
}

// (x - min) / (max - min) * (output_max - output_min) + output_min.
inline FeatureTensor ScaledByMinMax(const FeatureTensor& x, const ops::Tensor& min, const ops::Tensor& max,
                                    double output_min, double output_max) {
  const ops::Tensor values = x.values(), numerator = values - min;
  // Where there is no range, a function that is increasing and between 0 and 1 takes its place.
  const ops::Tensor scaled = ops::Where(LikeNumerator(ops::Less(min, max), numerator), ops::Div(numerator, max - min),
                                        ops::Op("Sigmoid", {values}));
  return x.WithValues(scaled * (output_max - output_min) + output_min);
}

// (x - mean) / sqrt(var), x - mean where that is 0.
inline FeatureTensor ScaledToZScore(const FeatureTensor& x, const ops::Tensor& mean, const ops::Tensor& var) {
  const ops::Tensor numerator = ops::Cast(x.values(), mean.dtype()) - mean;
  const ops::Tensor denominator = ops::Sqrt(var);
  const ops::Tensor has_variance = LikeNumerator(ops::NotEqual(denominator, 0.0), numerator);
  return x.WithValues(ops::Where(has_variance, ops::Div(numerator, denominator), numerator));
}

// A table from strings to int64.
inline ops::Tensor NewTable(ops::Graph& graph, absl::string_view name) {
  return ops::Op(graph, "HashTableV2", {}, {{"key_dtype", DataType::kString}, {"value_dtype", DataType::kInt64}}, name);
}

// From each of `keys` to its place.
inline ops::Tensor TableOfPlaces(const ops::Tensor& keys, absl::string_view name) {
  ops::Graph& graph = *keys.graph();
  const ops::Tensor table = NewTable(graph, name);
  const ops::Tensor size = ops::Op("Size", {keys}, {{"out_type", DataType::kInt64}});
  const ops::Tensor places =
      ops::Op("Range", {ops::Constant(graph, int64_t{0}), size, ops::Constant(graph, int64_t{1})});
  ops::Op("LookupTableImportV2", {table, keys, places}, {}, "fill_table");
  return table;
}

}  // namespace tfxm::transform::internal

#endif  // TFXM_TRANSFORM_INTERNAL_MAPPING_H_
