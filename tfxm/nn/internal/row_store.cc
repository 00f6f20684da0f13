// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/internal/row_store.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace tfxm::nn {

RowStore::RowStore(const std::vector<FeatureSpec>& specs) : specs_(specs), features_(specs.size()) {
  for (size_t f = 0; f < specs_.size(); ++f) {
    features_[f].row_values = NumElements(specs_[f].shape);
    features_[f].row_bytes = static_cast<size_t>(features_[f].row_values) * DataTypeSize(specs_[f].dtype);
  }
}

absl::Status RowStore::Set(int64_t row, const data::ExampleBatch& batch, int i) {
  const bool is_new = row == num_rows_;
  for (size_t f = 0; f < specs_.size(); ++f) {
    const FeatureSpec& spec = specs_[f];
    Feature& feature = features_[f];
    const data::Column* column = batch.Find(spec.name);
    const int found = column == nullptr || !column->present(i) ? 0 : column->num_values(i);
    const bool is_missing = found == 0 && feature.row_values != 0;
    const auto complain = [&](auto... what) {
      return absl::InvalidArgumentError(absl::StrCat("feature \"", spec.name, "\" ", what..., "; expected ",
                                                     feature.row_values, " of type ", DataTypeName(spec.dtype),
                                                     " (shape ", ShapeString(spec.shape), ")"));
    };
    if (is_missing && !spec.default_value && !spec.pad) return complain("is missing");
    if (!is_missing && found != feature.row_values && !spec.pad) return complain("has ", found, " values");
    // How many come from the example; the rest are filled in.
    const int64_t taken = std::min<int64_t>(found, feature.row_values);
    if (spec.dtype == DataType::kString) {
      if (!is_missing && column->type() != data::ValueType::kBytes)
        return complain("is ", data::ValueTypeName(column->type()));
      if (is_new) feature.strings.resize(feature.strings.size() + feature.row_values);
      for (int64_t k = 0; k < feature.row_values; ++k) {
        std::string& value = feature.strings[row * feature.row_values + k];
        bytes_ -= is_new ? 0 : static_cast<int64_t>(value.size());
        value = k >= taken ? "" : std::string(column->bytes(i, static_cast<int>(k)));
        bytes_ += static_cast<int64_t>(value.size()) + (is_new ? static_cast<int64_t>(sizeof(std::string)) : 0);
      }
      continue;
    }
    if (is_new) {
      feature.data.resize(feature.data.size() + feature.row_bytes);
      bytes_ += static_cast<int64_t>(feature.row_bytes);
    }
    char* const to = feature.data.data() + row * feature.row_bytes;
    for (int64_t k = taken; k < feature.row_values; ++k) {
      const double filler = spec.default_value.value_or(0);
      if (spec.dtype == DataType::kFloat) {
        reinterpret_cast<float*>(to)[k] = static_cast<float>(filler);
      } else {
        reinterpret_cast<int64_t*>(to)[k] = static_cast<int64_t>(filler);
      }
    }
    const size_t bytes = static_cast<size_t>(taken) * DataTypeSize(spec.dtype);
    if (taken == 0) continue;
    if (spec.dtype == DataType::kFloat && column->type() == data::ValueType::kFloat) {
      std::memcpy(to, column->floats(i).data(), bytes);
    } else if (spec.dtype == DataType::kInt64 && column->type() == data::ValueType::kInt) {
      std::memcpy(to, column->ints(i).data(), bytes);
    } else {
      return complain("is ", data::ValueTypeName(column->type()));
    }
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
