// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/internal/row_store.h"

#include <algorithm>
#include <cstring>
#include <span>

#include "absl/strings/str_cat.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::nn {
namespace {

int64_t MemoryOf(std::span<const std::string> strings) {
  int64_t bytes = static_cast<int64_t>(strings.size_bytes());
  for (const std::string& s : strings) bytes += static_cast<int64_t>(s.size());
  return bytes;
}

}  // namespace

RowStore::RowStore(const std::vector<FeatureSpec>& specs) : specs_(specs), features_(specs.size()) {
  for (size_t f = 0; f < specs_.size(); ++f) {
    const FeatureSpec& spec = specs_[f];
    Feature& feature = features_[f];
    feature.input = {spec.name, spec.dtype, spec.shape};
    feature.options.missing = spec.pad             ? data::MissingPolicy::kPad
                              : spec.default_value ? data::MissingPolicy::kFill
                                                   : data::MissingPolicy::kError;
    feature.options.integers = data::IntegerPolicy::kSameType;
    feature.options.fill = spec.default_value.value_or(0);
    feature.options.name_example = false;
    feature.row_values = NumElements(spec.shape);
    feature.row_bytes = static_cast<size_t>(feature.row_values) * DataTypeSize(spec.dtype);
  }
}

absl::Status RowStore::Set(int64_t row, const data::ExampleBatch& batch, int i) {
  const bool is_new = row == num_rows_;
  for (Feature& feature : features_) {
    const data::Column* column = batch.Find(feature.input.name);
    if (feature.input.dtype == DataType::kString) {
      if (is_new) feature.strings.resize(feature.strings.size() + feature.row_values);
      const std::span<std::string> strings =
          std::span(feature.strings).subspan(row * feature.row_values, feature.row_values);
      if (!is_new) bytes_ -= MemoryOf(strings);
      RETURN_IF_ERROR(data::FillInput(column, i, 1, feature.input, feature.options, strings));
      bytes_ += MemoryOf(strings);
      continue;
    }
    if (is_new) {
      feature.data.resize(feature.data.size() + feature.row_bytes);
      bytes_ += static_cast<int64_t>(feature.row_bytes);
    }
    const std::span<char> memory = std::span(feature.data).subspan(row * feature.row_bytes, feature.row_bytes);
    RETURN_IF_ERROR(data::FillInput(column, i, 1, feature.input, feature.options, memory));
  }
  if (is_new) ++num_rows_;
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

std::vector<Tensor> RowStore::MakeTensors(int64_t n) const {
  std::vector<Tensor> tensors;
  for (const FeatureSpec& spec : specs_) {
    Shape shape = spec.shape;
    shape.insert(shape.begin(), n);
    tensors.emplace_back(spec.dtype, std::move(shape));
  }
  return tensors;
}

void RowStore::Copy(int64_t from, std::vector<Tensor>& tensors, int64_t to) const {
  for (size_t f = 0; f < specs_.size(); ++f) {
    const Feature& feature = features_[f];
    if (specs_[f].dtype == DataType::kString) {
      std::copy_n(feature.strings.begin() + from * feature.row_values, feature.row_values,
                  tensors[f].strings().begin() + to * feature.row_values);
    } else {
      std::memcpy(tensors[f].bytes().data() + to * feature.row_bytes, feature.data.data() + from * feature.row_bytes,
                  feature.row_bytes);
    }
  }
}

}  // namespace tfxm::nn
