// SPDX-License-Identifier: Apache-2.0

// Strings, serialized tf.Examples and lookup tables.
#ifndef TFXM_OPS_STRING_OPS_H_
#define TFXM_OPS_STRING_OPS_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tfxm/ops/graph.h"

namespace tfxm::ops {

// How one feature of a tf.Example is read: kInt64, kFloat or kString, and the shape of one example's values (no batch).
struct FixedLenFeature {
  Shape shape;
  DataType dtype = DataType::kFloat;
  // Takes the place of a missing feature; without it that is an error when the graph runs.
  std::optional<tfxm::Tensor> default_value;
};
struct VarLenFeature {
  DataType dtype = DataType::kFloat;
};
// A sparse tensor: indices [n, rank] int64, values [n], dense_shape [rank] int64.
struct SparseTensor {
  Tensor indices;
  Tensor values;
  Tensor dense_shape;
};

// Rows of different lengths, of rows of different lengths, and so on: values [n, …], and for each dimension from the
// outermost inwards where its rows begin, and the last one ends: row_splits [rows + 1], int64 or int32.
struct RaggedTensor {
  Tensor values;
  std::vector<Tensor> row_splits;
};

struct ParsedExample {
  std::map<std::string, Tensor> dense;         // [batch, shape…]
  std::map<std::string, SparseTensor> sparse;  // [batch, most values]
};
// tf.io.parse_example: `serialized` is a string vector.
ParsedExample ParseExample(const Tensor& serialized, const std::map<std::string, FixedLenFeature>& fixed,
                           const std::map<std::string, VarLenFeature>& var = {}, absl::string_view name = "");

Tensor StringLower(const Tensor& x, absl::string_view name = "");
// Every match of the RE2 pattern replaced.
Tensor RegexReplace(const Tensor& x, absl::string_view pattern, absl::string_view rewrite, absl::string_view name = "");
Tensor StringJoin(const std::vector<Tensor>& values, absl::string_view separator = "", absl::string_view name = "");
Tensor AsString(const Tensor& x, absl::string_view name = "");
Tensor StringToNumber(const Tensor& x, DataType dtype, absl::string_view name = "");
// A bucket in [0, num_buckets) by FarmHash fingerprint: int64.
Tensor StringToHashBucketFast(const Tensor& x, int64_t num_buckets, absl::string_view name = "");
// Tokens as a sparse tensor [rows, most tokens]; `x` is a vector.
SparseTensor StringSplit(const Tensor& x, absl::string_view separator = "", absl::string_view name = "");
// default_value where a row has no value.
Tensor SparseToDense(const SparseTensor& sparse, const Tensor& default_value, absl::string_view name = "");
// Rows of different lengths as a dense [rows, length]: shorter ones are filled up with default_value, longer ones cut
// off at the end. How a feature of varying length becomes a model's input.
Tensor PadToDense(const SparseTensor& sparse, int64_t length, const Tensor& default_value, absl::string_view name = "");

// The same values at the same places; of values [n, …] each dimension is one of the sparse tensor.
SparseTensor RaggedToSparse(const RaggedTensor& ragged, absl::string_view name = "");
// Dense, with default_value where a row has no value. `shape`: of the result, longer rows are cut off; -1: as long as the
// longest row.
Tensor RaggedToDense(const RaggedTensor& ragged, const Shape& shape, const Tensor& default_value,
                     absl::string_view name = "");

}  // namespace tfxm::ops

#endif  // TFXM_OPS_STRING_OPS_H_
