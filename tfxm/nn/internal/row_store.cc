// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/internal/row_store.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "absl/strings/str_cat.h"
#include "tfxm/nn/internal/composite_feature.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::nn {
namespace {

int64_t MemoryOf(std::span<const std::string> strings) {
  int64_t bytes = static_cast<int64_t>(strings.size_bytes());
  for (const std::string& s : strings) bytes += static_cast<int64_t>(s.size());
  return bytes;
}

bool Varies(const FeatureSpec& spec) { return spec.shape == Shape{-1}; }

Tensor RowsOf(const FeatureSpec& spec, int64_t n) {
  Shape shape = spec.shape;
  shape.insert(shape.begin(), n);
  return Tensor(spec.dtype, std::move(shape));
}

// spec.default_value, one value or "".
Tensor PaddingOf(const FeatureSpec& spec) {
  Tensor padding(spec.dtype, {1});
  if (spec.dtype == DataType::kFloat) padding.values<float>()[0] = static_cast<float>(spec.default_value.value_or(0));
  if (spec.dtype == DataType::kInt64)
    padding.values<int64_t>()[0] = static_cast<int64_t>(spec.default_value.value_or(0));
  return padding;
}

}  // namespace

RowStore::RowStore(const std::vector<FeatureSpec>& specs) : RowStore(specs, std::vector<bool>(specs.size(), true)) {}

RowStore::RowStore(const std::vector<FeatureSpec>& specs, const std::vector<bool>& wanted)
    : specs_(specs), features_(specs.size()) {
  for (size_t f = 0; f < specs_.size(); ++f) {
    const FeatureSpec& spec = specs_[f];
    Feature& feature = features_[f];
    feature.wanted = wanted[f];
    feature.input = {spec.value_key.empty() ? spec.name : spec.value_key, spec.dtype, spec.shape};
    feature.options.missing = spec.pad             ? data::MissingPolicy::kPad
                              : spec.default_value ? data::MissingPolicy::kFill
                                                   : data::MissingPolicy::kError;
    feature.options.integers = data::IntegerPolicy::kSameType;
    feature.options.fill = spec.default_value.value_or(0);
    feature.options.name_example = false;
    feature.row_values = Varies(spec) ? -1 : NumElements(spec.shape);
    feature.row_bytes = Varies(spec) ? 0 : static_cast<size_t>(feature.row_values) * DataTypeSize(spec.dtype);
  }
}

// Writes example i to `memory`, chars or strings.
template <typename T>
absl::Status RowStore::Fill(const FeatureSpec& spec, const Feature& feature, const data::ExampleBatch& batch, int i,
                            std::span<T> memory) {
  if (IsComposite(spec)) {
    ASSIGN_OR_RETURN(const Tensor values, CompositeRow(spec, batch, i));
    if constexpr (std::is_same_v<T, std::string>) {
      std::ranges::copy(values.strings(), memory.begin());
    } else {
      std::ranges::copy(values.bytes(), memory.begin());
    }
    return absl::OkStatus();
  }
  const data::Column* const column = batch.Find(feature.input.name);
  const absl::Status status = data::FillInput(column, i, 1, feature.input, feature.options, memory);
  if (status.ok() || (column != nullptr && column->num_values(i) > 0)) return status;
  return absl::Status(status.code(), absl::StrCat(status.message(),
                                                  "; what takes its place where it is missing can be "
                                                  "given in DatasetOptions::padding_values"));
}

absl::Status RowStore::Set(int64_t row, const data::ExampleBatch& batch, int i) {
  for (size_t f = 0; f < specs_.size(); ++f) {
    Feature& feature = features_[f];
    if (!feature.wanted || !feature.error.status.ok()) continue;
    absl::Status status = SetFeature(f, row, batch, i);
    if (status.ok()) continue;
    if (!keeps_errors_) return status;
    feature.error = {std::move(status), row};
  }
  if (row == num_rows_) ++num_rows_;
  return absl::OkStatus();
}

absl::Status RowStore::SetFeature(size_t f, int64_t row, const data::ExampleBatch& batch, int i) {
  const bool is_new = row == num_rows_;
  Feature& feature = features_[f];
  if (feature.row_values < 0) return SetVaryingRow(feature, row, batch.Find(feature.input.name), i);
  if (feature.input.dtype == DataType::kString) {
    if (is_new) feature.strings.resize(feature.strings.size() + feature.row_values);
    const std::span<std::string> strings =
        std::span(feature.strings).subspan(row * feature.row_values, feature.row_values);
    if (!is_new) bytes_ -= MemoryOf(strings);
    RETURN_IF_ERROR(Fill(specs_[f], feature, batch, i, strings));
    bytes_ += MemoryOf(strings);
    return absl::OkStatus();
  }
  if (is_new) {
    feature.data.resize(feature.data.size() + feature.row_bytes);
    bytes_ += static_cast<int64_t>(feature.row_bytes);
  }
  return Fill(specs_[f], feature, batch, i,
              std::span(feature.data).subspan(row * feature.row_bytes, feature.row_bytes));
}

// All values that the example has.
absl::Status RowStore::SetVaryingRow(Feature& feature, int64_t row, const data::Column* column, int i) {
  TensorSpec input = feature.input;
  const int64_t n = column == nullptr ? 0 : column->num_values(i);
  input.shape = {n};
  if (input.dtype == DataType::kString) {
    if (row == static_cast<int64_t>(feature.string_rows.size())) {
      feature.string_rows.emplace_back();
      bytes_ += static_cast<int64_t>(sizeof(std::vector<std::string>));
    }
    std::vector<std::string>& strings = feature.string_rows[row];
    bytes_ -= MemoryOf(strings);
    strings.assign(n, "");
    if (n > 0) RETURN_IF_ERROR(data::FillInput(column, i, 1, input, feature.options, std::span(strings)));
    bytes_ += MemoryOf(strings);
    return absl::OkStatus();
  }
  if (row == static_cast<int64_t>(feature.data_rows.size())) {
    feature.data_rows.emplace_back();
    bytes_ += static_cast<int64_t>(sizeof(std::vector<char>));
  }
  std::vector<char>& data = feature.data_rows[row];
  bytes_ -= static_cast<int64_t>(data.size());
  data.assign(static_cast<size_t>(n) * DataTypeSize(input.dtype), 0);
  if (n > 0) RETURN_IF_ERROR(data::FillInput(column, i, 1, input, feature.options, std::span(data)));
  bytes_ += static_cast<int64_t>(data.size());
  return absl::OkStatus();
}

absl::Status RowStore::AppendTensors(const std::map<std::string, Tensor>& tensors) {
  int64_t rows = -1;
  for (size_t f = 0; f < specs_.size(); ++f) {
    const auto found = tensors.find(specs_[f].name);
    if (found == tensors.end() || found->second.shape().empty()) {
      return absl::InvalidArgumentError(absl::StrCat("no tensor of examples for \"", specs_[f].name, "\""));
    }
    const Tensor& tensor = found->second;
    if (rows >= 0 && tensor.shape()[0] != rows) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", specs_[f].name, "\" has ", tensor.shape()[0], " examples, other tensors have ", rows));
    }
    rows = tensor.shape()[0];
    Feature& feature = features_[f];
    feature.data.insert(feature.data.end(), tensor.bytes().begin(), tensor.bytes().end());
    feature.strings.insert(feature.strings.end(), tensor.strings().begin(), tensor.strings().end());
    bytes_ += static_cast<int64_t>(tensor.bytes().size());
  }
  num_rows_ += std::max<int64_t>(rows, 0);
  return absl::OkStatus();
}

BatchBuilder::BatchBuilder(const std::vector<FeatureSpec>& specs, int64_t batch_size, const std::vector<bool>& wanted)
    : specs_(specs), wanted_(wanted), data_rows_(specs.size()), string_rows_(specs.size()) {
  for (size_t f = 0; f < specs.size(); ++f)
    tensors_.push_back(!wanted[f] || Varies(specs[f]) ? Tensor() : RowsOf(specs[f], batch_size));
}

void BatchBuilder::Add(const RowStore& store, int64_t row) {
  for (size_t f = 0; f < specs_.size(); ++f) {
    if (!wanted_[f]) continue;
    const RowStore::Feature& feature = store.features_[f];
    const bool strings = specs_[f].dtype == DataType::kString;
    if (Varies(specs_[f])) {
      if (strings) {
        string_rows_[f].push_back(feature.string_rows[row]);
      } else {
        data_rows_[f].push_back(feature.data_rows[row]);
      }
    } else if (strings) {
      std::copy_n(feature.strings.begin() + row * feature.row_values, feature.row_values,
                  tensors_[f].strings().begin() + num_rows_ * feature.row_values);
    } else {
      std::memcpy(tensors_[f].bytes().data() + num_rows_ * feature.row_bytes,
                  feature.data.data() + row * feature.row_bytes, feature.row_bytes);
    }
  }
  ++num_rows_;
}

std::vector<Tensor> BatchBuilder::Finish() {
  for (size_t f = 0; f < specs_.size(); ++f) {
    if (!wanted_[f]) continue;
    Tensor& tensor = tensors_[f];
    if (!Varies(specs_[f])) {
      if (tensor.shape()[0] == num_rows_) continue;
      Tensor fewer = RowsOf(specs_[f], num_rows_);
      std::copy_n(tensor.bytes().begin(), fewer.bytes().size(), fewer.bytes().begin());
      std::copy_n(tensor.strings().begin(), fewer.strings().size(), fewer.strings().begin());
      tensor = std::move(fewer);
      continue;
    }
    const size_t value = DataTypeSize(specs_[f].dtype);
    size_t longest = 1;
    for (const auto& row : data_rows_[f]) longest = std::max(longest, row.size() / value);
    for (const auto& row : string_rows_[f]) longest = std::max(longest, row.size());
    tensor = Tensor(specs_[f].dtype, {num_rows_, static_cast<int64_t>(longest)});
    for (size_t i = 0; i < string_rows_[f].size(); ++i)
      std::ranges::copy(string_rows_[f][i], tensor.strings().begin() + static_cast<int64_t>(i * longest));
    if (specs_[f].dtype == DataType::kString) continue;
    const Tensor padding = PaddingOf(specs_[f]);
    char* to = tensor.bytes().data();
    for (const auto& row : data_rows_[f]) {
      std::ranges::copy(row, to);
      for (size_t k = row.size(); k < longest * value; k += value) std::ranges::copy(padding.bytes(), to + k);
      to += longest * value;
    }
  }
  return std::move(tensors_);
}

}  // namespace tfxm::nn
