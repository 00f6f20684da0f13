// SPDX-License-Identifier: Apache-2.0

// A dense tensor in memory: what goes into and comes out of a model, whichever runtime runs it.
//
//   Tensor t(DataType::kFloat, {2, 784});
//   std::span<float> pixels = t.values<float>();   // 2 * 784 values, row major
//
// Copying copies the values; moving does not. Not synchronized: one thread at a time, or only readers.
#ifndef TFXM_DATA_TENSOR_H_
#define TFXM_DATA_TENSOR_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace tfxm {

// Numbered as tensorflow.DataType (types.proto), so that a value can be cast either way.
enum class DataType {
  kInvalid = 0,
  kFloat = 1,
  kDouble = 2,
  kInt32 = 3,
  kUint8 = 4,
  kInt16 = 5,
  kInt8 = 6,
  kString = 7,
  kInt64 = 9,
  kBool = 10,
  kUint16 = 17,
  kHalf = 19,  // IEEE half; as uint16_t bits.
  kUint32 = 22,
  kUint64 = 23,
};

// "float32", "int64", "string", … (NumPy's names, as TensorFlow prints them).
absl::string_view DataTypeName(DataType dtype);
// Bytes of one value; 0 for strings.
size_t DataTypeSize(DataType dtype);

// Dimensions, outermost first; -1 is one that is not known (a dynamic batch). {} is a scalar.
using Shape = std::vector<int64_t>;
// "[None, 784]"
std::string ShapeString(const Shape& shape);
// The product of the dimensions; all must be known.
int64_t NumElements(const Shape& shape);

class Tensor {
 public:
  Tensor() = default;
  // Zeros, or empty strings. All dimensions must be known.
  Tensor(DataType dtype, Shape shape);

  DataType dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  int64_t num_elements() const { return NumElements(shape_); }

  // The values, row major. T must be the C++ type of dtype().
  template <typename T>
  std::span<T> values() {
    return {reinterpret_cast<T*>(buffer_.data()), buffer_.size() / sizeof(T)};
  }
  template <typename T>
  std::span<const T> values() const {
    return {reinterpret_cast<const T*>(buffer_.data()), buffer_.size() / sizeof(T)};
  }
  std::vector<std::string>& strings() { return strings_; }
  const std::vector<std::string>& strings() const { return strings_; }

  // The numeric values as bytes.
  std::span<char> bytes() { return {buffer_.data(), buffer_.size()}; }
  std::span<const char> bytes() const { return {buffer_.data(), buffer_.size()}; }

  // Value i converted to double (bool is 0 or 1); not for strings.
  double ValueAsDouble(int64_t i) const;

 private:
  DataType dtype_ = DataType::kInvalid;
  Shape shape_;
  std::vector<char> buffer_;  // operator new aligns to 16 bytes.
  std::vector<std::string> strings_;
};

// Name, type and shape of one input or output of a signature.
struct TensorSpec {
  std::string name;
  DataType dtype = DataType::kInvalid;
  Shape shape;
};

}  // namespace tfxm

#endif  // TFXM_DATA_TENSOR_H_
