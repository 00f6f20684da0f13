// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/inference/tflite_tensors.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <iterator>
#include <limits>
#include <type_traits>

#include "absl/strings/str_cat.h"

namespace tfxm::model_analysis {
namespace {

bool IsFloat(DataType dtype) {
  return dtype == DataType::kFloat || dtype == DataType::kHalf || dtype == DataType::kDouble;
}

template <typename From, typename To>
void Convert(const From* from, int64_t n, const litert::Quantization& quantization, To* to) {
  for (int64_t k = 0; k < n; ++k) {
    double value = static_cast<double>(from[k]);
    // TFMA's _quantize: the division in float32, the rest in float64, then a cast, which truncates.
    if (quantization.scale != 0)
      value = static_cast<double>(static_cast<float>(value) / quantization.scale) + quantization.zero_point;
    if constexpr (std::is_same_v<To, bool>) {
      to[k] = value != 0;
    } else if constexpr (std::is_integral_v<To>) {
      constexpr double kLow = static_cast<double>(std::numeric_limits<To>::min());
      constexpr double kHigh = static_cast<double>(std::numeric_limits<To>::max());
      // 2^63 is a double, and one too large for an int64.
      if (std::is_same_v<To, int64_t> && value >= kHigh) {
        to[k] = std::numeric_limits<To>::max();
      } else {
        to[k] = std::isnan(value) ? To{0} : static_cast<To>(std::min(std::max(value, kLow), kHigh));
      }
    } else {
      to[k] = static_cast<To>(value);
    }
  }
}

template <typename To>
void Store(const data::Column& column, int row, int64_t n, const litert::Quantization& quantization, char* out) {
  To* to = reinterpret_cast<To*>(out);
  if (column.type() == data::ValueType::kFloat) {
    Convert(column.floats(row).data(), n, quantization, to);
  } else if (std::is_same_v<To, int64_t> && quantization.scale == 0) {
    std::memcpy(to, column.ints(row).data(), n * sizeof(int64_t));  // Not all int64 are doubles.
  } else {
    Convert(column.ints(row).data(), n, quantization, to);
  }
}

using StoreFunction = void (*)(const data::Column&, int, int64_t, const litert::Quantization&, char*);

StoreFunction StoreFunctionFor(DataType dtype) {
  switch (dtype) {
    case DataType::kFloat: return Store<float>;
    case DataType::kDouble: return Store<double>;
    case DataType::kInt8: return Store<int8_t>;
    case DataType::kUint8: return Store<uint8_t>;
    case DataType::kInt16: return Store<int16_t>;
    case DataType::kInt32: return Store<int32_t>;
    case DataType::kInt64: return Store<int64_t>;
    case DataType::kBool: return Store<bool>;
    default: return nullptr;
  }
}

absl::Status WrongSize(const data::Column& column, int row, const TensorSpec& spec, int64_t per_example) {
  return absl::InvalidArgumentError(absl::StrCat("example ", row, " of the batch has ", column.num_values(row),
                                                 " values of feature \"", column.name(), "\" but the input \"",
                                                 spec.name, "\" of the model has shape ", ShapeString(spec.shape), ", ",
                                                 per_example, " values"));
}

// Checks an output's shape and notes where the values of each example, which have been appended, end.
absl::Status AppendEnds(const Shape& shape, const TensorSpec& spec, int count, Values* values) {
  if (shape.empty() || shape[0] != count) {
    return absl::InvalidArgumentError(absl::StrCat("output \"", spec.name, "\" has shape ", ShapeString(shape), " for ",
                                                   count, " examples; its first dimension must be the batch"));
  }
  if (shape.size() > 2) values->last_dimension = static_cast<int>(shape.back());
  const int width = static_cast<int>(NumElements(shape) / count);
  const int before = values->ends.empty() ? 0 : values->ends.back();
  for (int r = 1; r <= count; ++r) values->ends.push_back(before + r * width);
  return absl::OkStatus();
}

absl::Status StoreDefault(const TensorSpec& spec, int row, int64_t n, char* out) {
  if (spec.dtype == DataType::kFloat) {
    std::fill_n(reinterpret_cast<float*>(out), n, -1.0f);
  } else if (spec.dtype == DataType::kInt64) {
    std::fill_n(reinterpret_cast<int64_t*>(out), n, int64_t{-1});
  } else {
    return absl::InvalidArgumentError(
        absl::StrCat("example ", row, " of the batch lacks feature \"", spec.name, "\", an input of the model"));
  }
  return absl::OkStatus();
}

template <typename T>
void Append(std::span<const char> memory, const litert::Quantization& quantization, Values* values) {
  const T* data = reinterpret_cast<const T*>(memory.data());
  const size_t n = memory.size() / sizeof(T);
  const size_t before = values->numbers.size();
  values->numbers.resize(before + n);
  double* out = values->numbers.data() + before;
  if (quantization.scale == 0) {
    for (size_t k = 0; k < n; ++k) out[k] = static_cast<double>(data[k]);
  } else {
    for (size_t k = 0; k < n; ++k)
      out[k] = (static_cast<double>(data[k]) - quantization.zero_point) * quantization.scale;
  }
}

}  // namespace

absl::Status FillInput(const data::Column& column, int first, int count, const TensorSpec& spec,
                       const litert::Quantization& quantization, std::span<char> memory) {
  if (column.type() == data::ValueType::kBytes) {
    return absl::InvalidArgumentError(absl::StrCat("the model's input \"", spec.name, "\" is ",
                                                   DataTypeName(spec.dtype), " but the feature holds bytes"));
  }
  if (!IsFloat(spec.dtype) && quantization.scale == 0 && column.type() == data::ValueType::kFloat) {
    return absl::InvalidArgumentError(
        absl::StrCat("the model's input \"", spec.name, "\" is ", DataTypeName(spec.dtype),
                     " without a scale, but the feature holds floats: there is no way to quantize them"));
  }
  const StoreFunction store = StoreFunctionFor(spec.dtype);
  if (store == nullptr) {
    return absl::UnimplementedError(absl::StrCat("input \"", spec.name, "\" of type ", DataTypeName(spec.dtype)));
  }
  const int64_t bytes_per_example = static_cast<int64_t>(memory.size()) / count;
  const int64_t per_example = bytes_per_example / static_cast<int64_t>(DataTypeSize(spec.dtype));
  const bool as_it_is =
      spec.dtype == DataType::kFloat && column.type() == data::ValueType::kFloat && quantization.scale == 0;
  for (int r = 0; r < count;) {
    // Examples in a row that have what the input takes are one piece of memory.
    int n = 0;
    while (r + n < count && column.num_values(first + r + n) == per_example) ++n;
    char* out = memory.data() + r * bytes_per_example;
    if (n > 0 && per_example > 0) {
      if (as_it_is) {
        std::memcpy(out, column.floats(first + r).data(), n * bytes_per_example);
      } else {
        store(column, first + r, n * per_example, quantization, out);
      }
    }
    r += n;
    if (r == count) break;
    const int row = first + r;
    if (column.num_values(row) != 0) return WrongSize(column, row, spec, per_example);
    const absl::Status status = StoreDefault(spec, row, per_example, memory.data() + r * bytes_per_example);
    if (!status.ok()) return status;
    ++r;
  }
  return absl::OkStatus();
}

absl::Status AppendOutput(std::span<const char> memory, const Shape& shape, const TensorSpec& spec,
                          const litert::Quantization& quantization, int count, Values* values) {
  if (absl::Status status = AppendEnds(shape, spec, count, values); !status.ok()) return status;
  switch (spec.dtype) {
    case DataType::kFloat: Append<float>(memory, quantization, values); break;
    case DataType::kDouble: Append<double>(memory, quantization, values); break;
    case DataType::kInt8: Append<int8_t>(memory, quantization, values); break;
    case DataType::kUint8: Append<uint8_t>(memory, quantization, values); break;
    case DataType::kInt16: Append<int16_t>(memory, quantization, values); break;
    case DataType::kInt32: Append<int32_t>(memory, quantization, values); break;
    case DataType::kInt64: Append<int64_t>(memory, quantization, values); break;
    case DataType::kBool: Append<bool>(memory, quantization, values); break;
    default:
      return absl::UnimplementedError(absl::StrCat("output \"", spec.name, "\" of type ", DataTypeName(spec.dtype)));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> StringInput(const data::Column& column, int first, int count,
                                                     const TensorSpec& spec, int64_t per_example) {
  if (column.type() == data::ValueType::kInt || column.type() == data::ValueType::kFloat) {
    return absl::InvalidArgumentError(absl::StrCat("the model's input \"", spec.name,
                                                   "\" is strings but the feature holds ",
                                                   column.type() == data::ValueType::kInt ? "integers" : "floats"));
  }
  std::vector<std::string> strings;
  for (int row = first; row < first + count; ++row) {
    const int values = column.num_values(row);
    if (values != 0 && values != per_example) return WrongSize(column, row, spec, per_example);
    for (int k = 0; k < per_example; ++k) strings.emplace_back(values == 0 ? "" : column.bytes(row, k));
  }
  return strings;
}

absl::Status AppendStringOutput(std::vector<std::string> strings, const Shape& shape, const TensorSpec& spec, int count,
                                Values* values) {
  if (absl::Status status = AppendEnds(shape, spec, count, values); !status.ok()) return status;
  values->is_string = true;
  strings.resize(NumElements(shape));
  values->strings.insert(values->strings.end(), std::make_move_iterator(strings.begin()),
                         std::make_move_iterator(strings.end()));
  return absl::OkStatus();
}

}  // namespace tfxm::model_analysis
