// SPDX-License-Identifier: Apache-2.0

#include "tfxm/ops/string_ops.h"

#include "tfxm/ops/array_ops.h"

namespace tfxm::ops {

ParsedExample ParseExample(const Tensor& serialized, const std::map<std::string, FixedLenFeature>& fixed,
                           const std::map<std::string, VarLenFeature>& var, absl::string_view name) {
  ParsedExample parsed;
  if (!serialized.valid()) return parsed;
  Graph& graph = *serialized.graph();
  std::vector<std::string> dense_keys, sparse_keys;
  std::vector<Tensor> defaults;
  std::vector<Shape> shapes;
  std::vector<DataType> sparse_types;
  for (const auto& [key, feature] : fixed) {
    dense_keys.push_back(key);
    shapes.push_back(feature.shape);
    // An empty default says that the feature must be there.
    defaults.push_back(Constant(graph, feature.default_value.value_or(tfxm::Tensor(feature.dtype, {0})), "default"));
  }
  for (const auto& [key, feature] : var) {
    sparse_keys.push_back(key);
    sparse_types.push_back(feature.dtype);
  }
  const Tensor no_names = Constant(graph, std::vector<std::string>{}, "names");
  const Node node =
      Op("ParseExampleV2",
         {serialized, no_names, Constant(graph, sparse_keys, "sparse_keys"), Constant(graph, dense_keys, "dense_keys"),
          Constant(graph, std::vector<std::string>{}, "ragged_keys"), defaults},
         {{"num_sparse", sparse_keys.size()},
          {"sparse_types", sparse_types},
          {"ragged_value_types", std::vector<DataType>{}},
          {"ragged_split_types", std::vector<DataType>{}},
          {"dense_shapes", shapes}},
         name);
  // Outputs: all sparse indices, all sparse values, all sparse shapes, then the dense tensors.
  const int sparse = static_cast<int>(sparse_keys.size());
  for (int i = 0; i < sparse; ++i) {
    parsed.sparse[sparse_keys[i]] = {node[i], node[sparse + i], node[2 * sparse + i]};
  }
  for (int i = 0; i < static_cast<int>(dense_keys.size()); ++i) parsed.dense[dense_keys[i]] = node[3 * sparse + i];
  return parsed;
}

Tensor StringLower(const Tensor& x, absl::string_view name) { return Op("StringLower", {x}, {}, name); }
Tensor RegexReplace(const Tensor& x, absl::string_view pattern, absl::string_view rewrite, absl::string_view name) {
  return Op("StaticRegexReplace", {x}, {{"pattern", pattern}, {"rewrite", rewrite}}, name);
}
Tensor StringJoin(const std::vector<Tensor>& values, absl::string_view separator, absl::string_view name) {
  return Op("StringJoin", {values}, {{"separator", separator}}, name);
}
Tensor AsString(const Tensor& x, absl::string_view name) { return Op("AsString", {x}, {}, name); }
Tensor StringToNumber(const Tensor& x, DataType dtype, absl::string_view name) {
  return Op("StringToNumber", {x}, {{"out_type", dtype}}, name);
}
Tensor StringToHashBucketFast(const Tensor& x, int64_t num_buckets, absl::string_view name) {
  return Op("StringToHashBucketFast", {x}, {{"num_buckets", num_buckets}}, name);
}
SparseTensor StringSplit(const Tensor& x, absl::string_view separator, absl::string_view name) {
  if (!x.valid()) return {x, x, x};
  const Node node = Op("StringSplitV2", {x, Constant(*x.graph(), std::string(separator), "separator")}, {}, name);
  return {node[0], node[1], node[2]};
}
Tensor SparseToDense(const SparseTensor& sparse, const Tensor& default_value, absl::string_view name) {
  return Op("SparseToDense", {sparse.indices, sparse.dense_shape, sparse.values, default_value}, {}, name);
}

SparseTensor RaggedToSparse(const RaggedTensor& ragged, absl::string_view name) {
  const Tensor& values = ragged.values;
  if (!values.valid()) return {values, values, values};
  const Node node = Op("RaggedTensorToSparse", {ragged.row_splits, values}, {}, name);
  return {node[0], node[1], node[2]};
}

Tensor RaggedToDense(const RaggedTensor& ragged, const Shape& shape, const Tensor& default_value,
                     absl::string_view name) {
  if (!ragged.values.valid()) return ragged.values;
  const Tensor dense = Op("RaggedTensorToTensor",
                          {Constant(*ragged.values.graph(), shape), ragged.values, default_value, ragged.row_splits},
                          {{"row_partition_types", std::vector<std::string>(ragged.row_splits.size(), "ROW_SPLITS")}});
  return Op("EnsureShape", {dense}, {{"shape", shape}}, name);
}

Tensor PadToDense(const SparseTensor& sparse, int64_t length, const Tensor& default_value, absl::string_view name) {
  if (!sparse.values.valid()) return sparse.values;
  Graph& graph = *sparse.values.graph();
  // As wide as the longest row and the length, so that there is enough of every row to cut from.
  const Tensor shape = Op("Maximum", {sparse.dense_shape, Constant(graph, std::vector<int64_t>{0, length})});
  const Tensor dense = SparseToDense({sparse.indices, sparse.values, shape}, default_value);
  const Tensor cut = Slice(dense, {0, 0}, {-1, static_cast<int32_t>(length)});
  return Op("Reshape", {cut, Constant(graph, std::vector<int64_t>{-1, length})}, {}, name);
}

}  // namespace tfxm::ops
