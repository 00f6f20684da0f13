// SPDX-License-Identifier: Apache-2.0

// Walks the vectors of a TFLite flatbuffer, which are null where they are empty.
//
//   for (int t : Each(op.inputs())) …
#ifndef TFXM_LITERT_INTERNAL_SCHEMA_UTIL_H_
#define TFXM_LITERT_INTERNAL_SCHEMA_UTIL_H_

#include <algorithm>
#include <cstdint>
#include <string>

#include "tflite_generated.h"

namespace tfxm::litert {

template <typename T>
struct EachOf {
  using Vector = flatbuffers::Vector<T>;
  const Vector* vector;
  typename Vector::const_iterator begin() const {
    return vector ? vector->begin() : typename Vector::const_iterator(nullptr, 0);
  }
  typename Vector::const_iterator end() const {
    return vector ? vector->end() : typename Vector::const_iterator(nullptr, 0);
  }
};

template <typename T>
EachOf<T> Each(const flatbuffers::Vector<T>* vector) {
  return {vector};
}

template <typename T>
int Size(const flatbuffers::Vector<T>* vector) {
  return vector == nullptr ? 0 : static_cast<int>(vector->size());
}

// The name of a tensor, "" if it has none.
inline std::string NameOf(const schema::Tensor& tensor) {
  return tensor.name() == nullptr ? std::string() : tensor.name()->str();
}

// Whether the file holds the tensor's values: a constant, wherever its bytes lie.
inline bool HasData(const schema::Model& model, const schema::Tensor& tensor) {
  if (tensor.buffer() >= static_cast<uint32_t>(Size(model.buffers()))) return false;
  const schema::Buffer& buffer = *model.buffers()->Get(tensor.buffer());
  return Size(buffer.data()) > 0 || buffer.offset() > 1;
}

// The kind of an operator: old files have it in a field of 8 bits only.
inline schema::BuiltinOperator KindOf(const schema::OperatorCode& code) {
  return static_cast<schema::BuiltinOperator>(
      std::max<int>(code.builtin_code(), static_cast<uint8_t>(code.deprecated_builtin_code())));
}
inline schema::BuiltinOperator KindOf(const schema::OperatorCodeT& code) {
  return static_cast<schema::BuiltinOperator>(
      std::max<int>(code.builtin_code, static_cast<uint8_t>(code.deprecated_builtin_code)));
}

}  // namespace tfxm::litert

#endif  // TFXM_LITERT_INTERNAL_SCHEMA_UTIL_H_
