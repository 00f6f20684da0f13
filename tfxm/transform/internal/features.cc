// SPDX-License-Identifier: Apache-2.0

#include "tfxm/transform/internal/features.h"

#include <algorithm>
#include <cstring>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "tfxm/ops/array_ops.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::transform::internal {
namespace {

namespace tf = ::tensorflow;

// As part of a node's name.
std::string NodeName(absl::string_view name) {
  std::string result(name);
  for (char& c : result) {
    if (!absl::ascii_isalnum(c) && c != '_' && c != '.' && c != '-') c = '_';
  }
  return result;
}

data::ValueType ColumnType(DataType dtype) {
  return dtype == DataType::kInt64   ? data::ValueType::kInt
         : dtype == DataType::kFloat ? data::ValueType::kFloat
                                     : data::ValueType::kBytes;
}

}  // namespace

std::vector<ops::Tensor> Components(const FeatureTensor& tensor) {
  if (tensor.is_sparse()) return {tensor.sparse().indices, tensor.sparse().values, tensor.sparse().dense_shape};
  if (!tensor.is_ragged()) return {tensor};
  std::vector<ops::Tensor> components = {tensor.ragged().values};
  components.insert(components.end(), tensor.ragged().row_splits.begin(), tensor.ragged().row_splits.end());
  return components;
}

std::vector<ops::Tensor> RawFeature::placeholders() const { return Components(tensor); }

std::vector<std::string> RawFeature::columns() const {
  std::vector<std::string> columns = {column};
  columns.insert(columns.end(), index_columns.begin(), index_columns.end());
  for (const RaggedFeature::Partition& partition : partitions) {
    if (!partition.row_length.empty()) columns.push_back(partition.row_length);
  }
  return columns;
}

std::vector<RawFeature> MakeRawFeatures(const FeatureSpec& spec, ops::Graph* graph) {
  std::map<std::string, RawFeature> features;
  const ops::NameScope scope(*graph, "inputs");
  const auto add = [&](const std::string& name, RawFeature::Kind kind, DataType dtype) -> RawFeature& {
    const auto column = spec.columns.find(name);
    return features[name] = {.name = name,
                             .column = column == spec.columns.end() ? name : column->second,
                             .dtype = dtype,
                             .kind = kind};
  };
  // In the place of a tensor that is not dense.
  const auto stand_in = [&](const RawFeature& feature, absl::string_view kind) {
    return ops::Placeholder(*graph, feature.dtype, {-1, -1}, absl::StrCat(NodeName(feature.name), kind));
  };
  const auto make_sparse = [&](RawFeature& feature) {
    const int64_t rank = static_cast<int64_t>(feature.shape.size()) + 1;
    const ops::Tensor in_place = stand_in(feature, "_is_sparse");
    const ops::NameScope sparse_scope(*graph, NodeName(feature.name));
    feature.tensor = FeatureTensor(ops::SparseTensor{ops::Placeholder(*graph, DataType::kInt64, {-1, rank}, "indices"),
                                                     ops::Placeholder(*graph, feature.dtype, {-1}, "values"),
                                                     ops::Placeholder(*graph, DataType::kInt64, {rank}, "dense_shape")},
                                   in_place);
  };
  for (const auto& [name, fixed] : spec.fixed) {
    RawFeature& feature = add(name, RawFeature::Kind::kDense, fixed.dtype);
    feature.shape = fixed.shape;
    feature.row_size = NumElements(fixed.shape);
    feature.default_value = fixed.default_value;
    Shape shape = fixed.shape;
    shape.insert(shape.begin(), -1);
    feature.tensor = ops::Placeholder(*graph, fixed.dtype, shape, NodeName(name));
  }
  for (const auto& [name, var] : spec.var) {
    RawFeature& feature = add(name, RawFeature::Kind::kVarLen, var.dtype);
    feature.shape = {-1};
    make_sparse(feature);
  }
  for (const auto& [name, sparse] : spec.sparse) {
    RawFeature& feature = add(name, RawFeature::Kind::kSparse, sparse.dtype);
    feature.column = sparse.value_key;
    feature.index_columns = sparse.index_keys;
    feature.shape = sparse.size;
    make_sparse(feature);
  }
  for (const auto& [name, ragged] : spec.ragged) {
    RawFeature& feature = add(name, RawFeature::Kind::kRagged, ragged.dtype);
    feature.column = ragged.value_key;
    feature.shape = ragged.inner_shape();
    feature.row_size = NumElements(feature.shape);
    feature.partitions = ragged.partitions;
    feature.partitions.resize(ragged.partitions.size() - feature.shape.size());
    feature.row_splits_dtype = ragged.row_splits_dtype;
    const ops::Tensor in_place = stand_in(feature, "_is_ragged");
    const ops::NameScope ragged_scope(*graph, NodeName(name));
    Shape shape = feature.shape;
    shape.insert(shape.begin(), -1);
    ops::RaggedTensor tensor{.values = ops::Placeholder(*graph, feature.dtype, shape, "values"), .row_splits = {}};
    for (int i = 0; i < ragged.ragged_rank(); ++i) {
      tensor.row_splits.push_back(
          ops::Placeholder(*graph, feature.row_splits_dtype, {-1}, absl::StrCat("row_splits_", i)));
    }
    feature.tensor = FeatureTensor(tensor, in_place);
  }
  std::vector<RawFeature> sorted;
  for (auto& [name, feature] : features) sorted.push_back(std::move(feature));
  return sorted;
}

namespace {

absl::Status CheckType(const data::ExampleBatch& batch, const std::string& name, DataType dtype) {
  const data::Column* column = batch.Find(name);
  if (column == nullptr || column->type() == data::ValueType::kUnknown || column->type() == ColumnType(dtype)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("feature \"", name, "\" is ", data::ValueTypeName(column->type()), " in the data, but ",
                   data::ValueTypeName(ColumnType(dtype)),
                   " in the schema; validate the data against the schema (ExampleValidator)"));
}

int NumValues(const data::Column* column, int i) { return column == nullptr ? 0 : column->num_values(i); }
bool IsMissing(const data::Column* column, int i) { return column == nullptr || !column->present(i); }

absl::Status RecordError(const data::ExampleBatch& batch, int i, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("record ", batch.first_record() + i, ": ", what));
}

absl::Status CheckDense(const data::ExampleBatch& batch, const RawFeature& feature) {
  const data::Column* column = batch.Find(feature.column);
  for (int i = 0; i < batch.num_examples(); ++i) {
    const int n = NumValues(column, i);
    if (n == feature.row_size || (feature.default_value.has_value() && IsMissing(column, i))) continue;
    return RecordError(batch, i,
                       absl::StrCat("feature \"", feature.column, "\" has ",
                                    IsMissing(column, i) ? std::string("no value") : absl::StrCat(n, " values"),
                                    "; its shape in the schema is ", ShapeString(feature.shape), " (", feature.row_size,
                                    feature.row_size == 1 ? " value)" : " values)"));
  }
  return absl::OkStatus();
}

absl::Status CheckSparse(const data::ExampleBatch& batch, const RawFeature& feature) {
  const data::Column* values = batch.Find(feature.column);
  for (size_t d = 0; d < feature.index_columns.size(); ++d) {
    const std::string& name = feature.index_columns[d];
    const data::Column* indices = batch.Find(name);
    for (int i = 0; i < batch.num_examples(); ++i) {
      if (NumValues(indices, i) != NumValues(values, i)) {
        return RecordError(batch, i,
                           absl::StrCat("the sparse feature \"", feature.name, "\" has ", NumValues(values, i),
                                        " values in \"", feature.column, "\" and ", NumValues(indices, i),
                                        " places in \"", name, "\"; there must be as many"));
      }
      for (int k = 0; k < NumValues(indices, i); ++k) {
        const int64_t index = indices->ints(i)[k];
        if (index >= 0 && (feature.shape[d] < 0 || index < feature.shape[d])) continue;
        return RecordError(
            batch, i,
            absl::StrCat("the sparse feature \"", feature.name, "\" has a value at place ", index, " of \"", name, "\"",
                         feature.shape[d] < 0 ? std::string("; places begin with 0")
                                              : absl::StrCat("; its size in the schema is ", feature.shape[d])));
      }
    }
  }
  return absl::OkStatus();
}

// The row_splits of a ragged feature, the outermost first. Built from the inside: how many elements each example has in
// a dimension, and of the values of how many elements its rows are.
absl::StatusOr<std::vector<std::vector<int64_t>>> RowSplits(const data::ExampleBatch& batch,
                                                            const RawFeature& feature) {
  const data::Column* column = batch.Find(feature.column);
  const int n = batch.num_examples();
  const bool is_sequence = column != nullptr && column->is_sequence();
  // A row for each example, or for each step of its.
  std::vector<int64_t> counts, of_example;
  std::vector<std::vector<int64_t>> splits;
  for (int i = 0; i < n; ++i) {
    if (is_sequence) {
      of_example.push_back(column->num_steps(i));
      for (int s = 0; s < column->num_steps(i); ++s) counts.push_back(column->step_size(column->first_step(i) + s));
    } else {
      counts.push_back(NumValues(column, i));
    }
  }
  const auto example_of = [&](size_t row) {
    if (!is_sequence) return static_cast<int>(row);
    int i = 0;
    while (column->first_step(i) + column->num_steps(i) <= row) ++i;
    return i;
  };
  const auto divide = [&](int64_t by) -> absl::Status {
    for (size_t row = 0; row < counts.size(); ++row) {
      if (counts[row] % by != 0) {
        return RecordError(batch, example_of(row),
                           absl::StrCat("the ragged feature \"", feature.name, "\" has ", counts[row], " values in \"",
                                        feature.column, "\", which cannot be rows of ", by));
      }
      counts[row] /= by;
    }
    return absl::OkStatus();
  };
  if (feature.row_size > 1) RETURN_IF_ERROR(divide(feature.row_size));
  const auto ends = [](const auto& lengths) {
    std::vector<int64_t> ends = {0};
    for (const int64_t length : lengths) ends.push_back(ends.back() + length);
    return ends;
  };
  for (auto it = feature.partitions.rbegin(); it != feature.partitions.rend(); ++it) {
    if (it->row_length.empty()) {
      RETURN_IF_ERROR(divide(it->uniform_row_length));
      int64_t rows = 0;
      for (const int64_t count : counts) rows += count;
      splits.push_back(ends(std::vector<int64_t>(rows, it->uniform_row_length)));
      continue;
    }
    const data::Column* lengths = batch.Find(it->row_length);
    for (int i = 0; i < n; ++i) {
      int64_t sum = 0;
      for (int k = 0; k < NumValues(lengths, i); ++k) {
        const int64_t length = lengths->ints(i)[k];
        if (length < 0) {
          return RecordError(batch, i, absl::StrCat("\"", it->row_length, "\" has the row length ", length));
        }
        sum += std::min(length, counts[i] + 1);  // Enough to see that it is too much.
      }
      if (sum != counts[i]) {
        return RecordError(batch, i,
                           absl::StrCat("the ragged feature \"", feature.name, "\" has ", counts[i],
                                        " elements for rows whose lengths in \"", it->row_length, "\" add up to ",
                                        sum > counts[i] ? "more" : absl::StrCat(sum)));
      }
      counts[i] = NumValues(lengths, i);
    }
    splits.push_back(ends(lengths == nullptr ? std::span<const int64_t>() : lengths->all_ints()));
  }
  splits.push_back(ends(counts));
  // Of data without the feature list all examples are without steps.
  if (is_sequence) splits.push_back(ends(of_example));
  std::reverse(splits.begin(), splits.end());
  while (splits.size() < feature.tensor.ragged().row_splits.size()) splits.push_back({0});
  return splits;
}

tf::Tensor VectorOf(const std::vector<int64_t>& values, DataType dtype) {
  tf::Tensor tensor(static_cast<tf::DataType>(dtype), tf::TensorShape({static_cast<int64_t>(values.size())}));
  if (dtype == DataType::kInt32) {
    std::copy(values.begin(), values.end(), tensor.flat<int32_t>().data());
  } else {
    std::copy(values.begin(), values.end(), tensor.flat<int64_t>().data());
  }
  return tensor;
}

// Where the values of a sparse feature are: their examples, and of a VarLen one their places in these.
tf::Tensor Indices(const data::ExampleBatch& batch, const RawFeature& feature, int64_t num_values, int64_t* most) {
  const data::Column* column = batch.Find(feature.column);
  const int64_t rank = static_cast<int64_t>(feature.shape.size()) + 1;
  tf::Tensor indices(tf::DT_INT64, tf::TensorShape({num_values, rank}));
  auto index = indices.matrix<int64_t>();
  int64_t k = 0;
  for (int i = 0; i < batch.num_examples() && column != nullptr; ++i) {
    const int count = column->num_values(i);
    *most = std::max<int64_t>(*most, count);
    for (int j = 0; j < count; ++j, ++k) {
      index(k, 0) = i;
      if (feature.index_columns.empty()) index(k, 1) = j;
    }
  }
  for (size_t d = 0; d < feature.index_columns.size(); ++d) {
    const data::Column* places = batch.Find(feature.index_columns[d]);
    for (int64_t v = 0; v < num_values; ++v) index(v, static_cast<int64_t>(d) + 1) = places->all_ints()[v];
  }
  return indices;
}

// One more than the largest place of the batch: the size of a dimension that the schema says nothing about, where TFX has
// -1, which few operations take.
int64_t Size(const data::ExampleBatch& batch, const std::string& index_column) {
  const data::Column* places = batch.Find(index_column);
  int64_t size = 0;
  if (places != nullptr) {
    for (const int64_t place : places->all_ints()) size = std::max(size, place + 1);
  }
  return size;
}

}  // namespace

absl::Status CheckFeature(const data::ExampleBatch& batch, const RawFeature& feature) {
  RETURN_IF_ERROR(CheckType(batch, feature.column, feature.dtype));
  for (const std::string& other : feature.columns()) {
    if (other != feature.column) RETURN_IF_ERROR(CheckType(batch, other, DataType::kInt64));
  }
  switch (feature.kind) {
    case RawFeature::Kind::kDense: return CheckDense(batch, feature);
    case RawFeature::Kind::kVarLen: return absl::OkStatus();
    case RawFeature::Kind::kSparse: return CheckSparse(batch, feature);
    case RawFeature::Kind::kRagged: return RowSplits(batch, feature).status();
  }
  return absl::OkStatus();
}

namespace {

// The values of a dense feature with its default where it is missing.
template <typename T, typename ValuesOfExample>
void Fill(const data::ExampleBatch& batch, const data::Column* column, std::span<const T> defaults,
          const ValuesOfExample& values_of, std::vector<T>* filled) {
  filled->clear();
  for (int i = 0; i < batch.num_examples(); ++i) {
    if (IsMissing(column, i)) {
      filled->insert(filled->end(), defaults.begin(), defaults.end());
    } else {
      for (const auto& value : values_of(i)) filled->push_back(value);
    }
  }
}

bool AnyMissing(const data::ExampleBatch& batch, const data::Column* column) {
  for (int i = 0; i < batch.num_examples(); ++i) {
    if (IsMissing(column, i)) return true;
  }
  return false;
}

}  // namespace

Values FeatureValues(const data::ExampleBatch& batch, const RawFeature& feature, ValuesStorage* storage) {
  const data::Column* column = batch.Find(feature.column);
  const bool fill = feature.default_value.has_value() && AnyMissing(batch, column);
  switch (feature.dtype) {
    case DataType::kInt64:
      if (fill) {
        Fill(
            batch, column, feature.default_value->values<int64_t>(), [&](int i) { return column->ints(i); },
            &storage->ints);
        return std::span<const int64_t>(storage->ints);
      }
      return column == nullptr ? std::span<const int64_t>() : column->all_ints();
    case DataType::kFloat:
      if (fill) {
        Fill(
            batch, column, feature.default_value->values<float>(), [&](int i) { return column->floats(i); },
            &storage->floats);
        return std::span<const float>(storage->floats);
      }
      return column == nullptr ? std::span<const float>() : column->all_floats();
    default: break;
  }
  std::vector<absl::string_view>& strings = storage->strings;
  strings.clear();
  if (fill) {
    const std::vector<std::string>& defaults = feature.default_value->strings();
    for (int i = 0; i < batch.num_examples(); ++i) {
      if (IsMissing(column, i)) strings.insert(strings.end(), defaults.begin(), defaults.end());
      for (int k = 0; k < NumValues(column, i); ++k) strings.push_back(column->bytes(i, k));
    }
  } else if (column != nullptr) {
    for (size_t k = 0; k < column->num_all_bytes(); ++k) strings.push_back(column->bytes_at(k));
  }
  return std::span<const absl::string_view>(strings);
}

void AppendFeeds(const data::ExampleBatch& batch, const RawFeature& feature, std::vector<tf::Tensor>* feeds) {
  const int n = batch.num_examples();
  ValuesStorage storage;
  const Values values = FeatureValues(batch, feature, &storage);
  const int64_t num_values = std::visit([](const auto& span) { return static_cast<int64_t>(span.size()); }, values);
  tf::TensorShape shape({feature.is_dense() ? n : num_values});
  if (feature.is_dense() || feature.kind == RawFeature::Kind::kRagged) {
    if (!feature.is_dense()) shape.set_dim(0, num_values / feature.row_size);
    for (const int64_t size : feature.shape) shape.AddDim(size);
  }
  tf::Tensor tensor(static_cast<tf::DataType>(feature.dtype), shape);
  if (feature.dtype == DataType::kString) {
    auto flat = tensor.flat<tf::tstring>();
    for (int64_t k = 0; k < num_values; ++k) flat(k).assign(storage.strings[k].data(), storage.strings[k].size());
  } else {
    std::visit(
        [&](const auto& span) {
          if (!span.empty()) std::memcpy(tensor.data(), span.data(), span.size_bytes());
        },
        values);
  }
  switch (feature.kind) {
    case RawFeature::Kind::kDense: feeds->push_back(std::move(tensor)); return;
    case RawFeature::Kind::kVarLen:
    case RawFeature::Kind::kSparse: {
      int64_t most = 0;
      feeds->push_back(Indices(batch, feature, num_values, &most));
      feeds->push_back(std::move(tensor));
      std::vector<int64_t> dense_shape = {n};
      for (size_t d = 0; d < feature.shape.size(); ++d) {
        dense_shape.push_back(feature.kind == RawFeature::Kind::kVarLen ? most
                              : feature.shape[d] < 0                    ? Size(batch, feature.index_columns[d])
                                                                        : feature.shape[d]);
      }
      feeds->push_back(VectorOf(dense_shape, DataType::kInt64));
      return;
    }
    case RawFeature::Kind::kRagged: {
      feeds->push_back(std::move(tensor));
      const auto row_splits = RowSplits(batch, feature);  // Checked.
      for (const std::vector<int64_t>& splits : *row_splits)
        feeds->push_back(VectorOf(splits, feature.row_splits_dtype));
    }
  }
}

absl::Status TensorValues(const tf::Tensor& tensor, ValuesStorage* storage, Values* values) {
  const auto widen = [&](const auto& flat) {
    storage->ints.assign(flat.data(), flat.data() + flat.size());
    *values = std::span<const int64_t>(storage->ints);
    return absl::OkStatus();
  };
  switch (tensor.dtype()) {
    case tf::DT_FLOAT: *values = std::span<const float>(tensor.flat<float>().data(), tensor.NumElements()); break;
    case tf::DT_DOUBLE: *values = std::span<const double>(tensor.flat<double>().data(), tensor.NumElements()); break;
    case tf::DT_INT64: {
      const auto flat = tensor.flat<int64_t>();
      *values = std::span<const int64_t>(reinterpret_cast<const int64_t*>(flat.data()), flat.size());
      break;
    }
    case tf::DT_INT32: return widen(tensor.flat<int32_t>());
    case tf::DT_INT16: return widen(tensor.flat<int16_t>());
    case tf::DT_INT8: return widen(tensor.flat<int8_t>());
    case tf::DT_UINT8: return widen(tensor.flat<uint8_t>());
    case tf::DT_UINT16: return widen(tensor.flat<uint16_t>());
    case tf::DT_BOOL: return widen(tensor.flat<bool>());
    case tf::DT_STRING: {
      const auto flat = tensor.flat<tf::tstring>();
      storage->strings.clear();
      for (int64_t k = 0; k < flat.size(); ++k) storage->strings.emplace_back(flat(k).data(), flat(k).size());
      *values = std::span<const absl::string_view>(storage->strings);
      break;
    }
    default: return absl::UnimplementedError(absl::StrCat("values of type ", tf::DataTypeString(tensor.dtype())));
  }
  return absl::OkStatus();
}

}  // namespace tfxm::transform::internal
