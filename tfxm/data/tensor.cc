// SPDX-License-Identifier: Apache-2.0

#include "tfxm/data/tensor.h"

#include <bit>
#include <cmath>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tfxm/util/numeric/half.h"

namespace tfxm {
absl::string_view DataTypeName(DataType dtype) {
  switch (dtype) {
    case DataType::kInvalid: return "invalid";
    case DataType::kFloat: return "float32";
    case DataType::kDouble: return "float64";
    case DataType::kInt32: return "int32";
    case DataType::kUint8: return "uint8";
    case DataType::kInt16: return "int16";
    case DataType::kInt8: return "int8";
    case DataType::kString: return "string";
    case DataType::kInt64: return "int64";
    case DataType::kBool: return "bool";
    case DataType::kUint16: return "uint16";
    case DataType::kHalf: return "float16";
    case DataType::kUint32: return "uint32";
    case DataType::kUint64: return "uint64";
  }
  return "unknown";
}

size_t DataTypeSize(DataType dtype) {
  switch (dtype) {
    case DataType::kInvalid:
    case DataType::kString: return 0;
    case DataType::kUint8:
    case DataType::kInt8:
    case DataType::kBool: return 1;
    case DataType::kInt16:
    case DataType::kUint16:
    case DataType::kHalf: return 2;
    case DataType::kFloat:
    case DataType::kInt32:
    case DataType::kUint32: return 4;
    case DataType::kDouble:
    case DataType::kInt64:
    case DataType::kUint64: return 8;
  }
  return 0;
}

std::string ShapeString(const Shape& shape) {
  return absl::StrCat("[",
                      absl::StrJoin(shape, ", ",
                                    [](std::string* out, int64_t d) {
                                      d < 0 ? absl::StrAppend(out, "None") : absl::StrAppend(out, d);
                                    }),
                      "]");
}

int64_t NumElements(const Shape& shape) {
  int64_t n = 1;
  for (const int64_t d : shape) n *= d;
  return n;
}

Tensor::Tensor(DataType dtype, Shape shape) : dtype_(dtype), shape_(std::move(shape)) {
  const size_t n = static_cast<size_t>(NumElements(shape_));
  dtype_ == DataType::kString ? strings_.resize(n) : buffer_.resize(n * DataTypeSize(dtype_));
}

double Tensor::ValueAsDouble(int64_t i) const {
  switch (dtype_) {
    case DataType::kFloat: return values<float>()[i];
    case DataType::kDouble: return values<double>()[i];
    case DataType::kInt32: return values<int32_t>()[i];
    case DataType::kUint8: return values<uint8_t>()[i];
    case DataType::kInt16: return values<int16_t>()[i];
    case DataType::kInt8: return values<int8_t>()[i];
    case DataType::kInt64: return static_cast<double>(values<int64_t>()[i]);
    case DataType::kBool: return values<uint8_t>()[i] != 0;
    case DataType::kUint16: return values<uint16_t>()[i];
    case DataType::kHalf: return HalfToFloat(values<uint16_t>()[i]);
    case DataType::kUint32: return values<uint32_t>()[i];
    case DataType::kUint64: return static_cast<double>(values<uint64_t>()[i]);
    case DataType::kString:
    case DataType::kInvalid: break;
  }
  return NAN;
}

}  // namespace tfxm
