// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/inference/tflite_tensors.h"

#include <cstdint>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "tfxm/util/numeric/half.h"

namespace tfxm::model_analysis {
namespace {

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

struct Half {
  uint16_t bits;
  explicit operator double() const { return HalfToFloat(bits); }
};

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
    case DataType::kHalf: Append<Half>(memory, quantization, values); break;
    case DataType::kUint16: Append<uint16_t>(memory, quantization, values); break;
    case DataType::kUint32: Append<uint32_t>(memory, quantization, values); break;
    case DataType::kUint64: Append<uint64_t>(memory, quantization, values); break;
    default:
      return absl::UnimplementedError(absl::StrCat("output \"", spec.name, "\" of type ", DataTypeName(spec.dtype)));
  }
  return absl::OkStatus();
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
