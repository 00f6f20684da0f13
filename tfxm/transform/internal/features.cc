// SPDX-License-Identifier: Apache-2.0

#include "tfxm/transform/internal/features.h"

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

std::vector<ops::Tensor> RawFeature::placeholders() const {
  if (is_dense) return {tensor};
  return {tensor.sparse().indices, tensor.sparse().values, tensor.sparse().dense_shape};
}

std::vector<RawFeature> MakeRawFeatures(const FeatureSpec& spec, ops::Graph* graph) {
  std::map<std::string, RawFeature> features;
  const ops::NameScope scope(*graph, "inputs");
  for (const auto& [name, fixed] : spec.fixed) {
    RawFeature& feature = features[name];
    feature = {.name = name, .dtype = fixed.dtype, .shape = fixed.shape, .row_size = NumElements(fixed.shape)};
    Shape shape = fixed.shape;
    shape.insert(shape.begin(), -1);
    feature.tensor = ops::Placeholder(*graph, fixed.dtype, shape, NodeName(name));
  }
  for (const auto& [name, var] : spec.var) {
    RawFeature& feature = features[name];
    feature = {.name = name, .dtype = var.dtype, .is_dense = false};
    const std::string node = NodeName(name);
    const ops::Tensor stand_in = ops::Placeholder(*graph, var.dtype, {-1, -1}, absl::StrCat(node, "_is_sparse"));
    const ops::NameScope sparse_scope(*graph, node);
    feature.tensor = FeatureTensor({ops::Placeholder(*graph, DataType::kInt64, {-1, 2}, "indices"),
                                    ops::Placeholder(*graph, var.dtype, {-1}, "values"),
                                    ops::Placeholder(*graph, DataType::kInt64, {2}, "dense_shape")},
                                   stand_in);
  }
  std::vector<RawFeature> sorted;
  for (auto& [name, feature] : features) sorted.push_back(std::move(feature));
  return sorted;
}

absl::Status CheckFeature(const data::ExampleBatch& batch, const RawFeature& feature) {
  const data::Column* column = batch.Find(feature.name);
  if (column != nullptr && column->type() != data::ValueType::kUnknown && column->type() != ColumnType(feature.dtype)) {
    return absl::InvalidArgumentError(
        absl::StrCat("feature \"", feature.name, "\" is ", data::ValueTypeName(column->type()), " in the data, but ",
                     data::ValueTypeName(ColumnType(feature.dtype)),
                     " in the schema; validate the data against the schema (ExampleValidator)"));
  }
  if (!feature.is_dense) return absl::OkStatus();
  for (int i = 0; i < batch.num_examples(); ++i) {
    const int n = column == nullptr ? 0 : column->num_values(i);
    if (n == feature.row_size) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("record ", batch.first_record() + i, ": feature \"", feature.name, "\" has ",
                     column == nullptr || !column->present(i) ? std::string("no value") : absl::StrCat(n, " values"),
                     "; its shape in the schema is ", ShapeString(feature.shape), " (", feature.row_size,
                     feature.row_size == 1 ? " value)" : " values)"));
  }
  return absl::OkStatus();
}

Values FeatureValues(const data::ExampleBatch& batch, const RawFeature& feature,
                     std::vector<absl::string_view>* strings) {
  const data::Column* column = batch.Find(feature.name);
  switch (feature.dtype) {
    case DataType::kInt64: return column == nullptr ? std::span<const int64_t>() : column->all_ints();
    case DataType::kFloat: return column == nullptr ? std::span<const float>() : column->all_floats();
    default: break;
  }
  strings->clear();
  if (column != nullptr) {
    for (size_t k = 0; k < column->num_all_bytes(); ++k) strings->push_back(column->bytes_at(k));
  }
  return std::span<const absl::string_view>(*strings);
}

void AppendFeeds(const data::ExampleBatch& batch, const RawFeature& feature, std::vector<tf::Tensor>* feeds) {
  const data::Column* column = batch.Find(feature.name);
  const int n = batch.num_examples();
  std::vector<absl::string_view> strings;
  const Values values = FeatureValues(batch, feature, &strings);
  const int64_t num_values = std::visit([](const auto& span) { return static_cast<int64_t>(span.size()); }, values);
  tf::TensorShape shape({feature.is_dense ? n : num_values});
  if (feature.is_dense) {
    for (const int64_t size : feature.shape) shape.AddDim(size);
  }
  tf::Tensor tensor(static_cast<tf::DataType>(feature.dtype), shape);
  if (feature.dtype == DataType::kString) {
    auto flat = tensor.flat<tf::tstring>();
    for (int64_t k = 0; k < num_values; ++k) flat(k).assign(strings[k].data(), strings[k].size());
  } else {
    std::visit(
        [&](const auto& span) {
          if (!span.empty()) std::memcpy(tensor.data(), span.data(), span.size_bytes());
        },
        values);
  }
  if (feature.is_dense) {
    feeds->push_back(std::move(tensor));
    return;
  }
  tf::Tensor indices(tf::DT_INT64, tf::TensorShape({num_values, 2})), dense_shape(tf::DT_INT64, tf::TensorShape({2}));
  auto index = indices.matrix<int64_t>();
  int64_t k = 0, most = 0;
  for (int i = 0; i < n && column != nullptr; ++i) {
    const int count = column->num_values(i);
    most = std::max<int64_t>(most, count);
    for (int j = 0; j < count; ++j, ++k) {
      index(k, 0) = i;
      index(k, 1) = j;
    }
  }
  dense_shape.vec<int64_t>()(0) = n;
  dense_shape.vec<int64_t>()(1) = most;
  feeds->push_back(std::move(indices));
  feeds->push_back(std::move(tensor));
  feeds->push_back(std::move(dense_shape));
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
