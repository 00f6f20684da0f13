// SPDX-License-Identifier: Apache-2.0

// Tensors of a few values, made up by tests.
#ifndef TFXM_TESTING_TENSORS_H_
#define TFXM_TESTING_TENSORS_H_

#include <algorithm>
#include <cstdint>
#include <vector>

#include "tfxm/data/tensor.h"

namespace tfxm {

inline Tensor Floats(const Shape& shape, const std::vector<float>& values) {
  Tensor tensor(DataType::kFloat, shape);
  std::copy(values.begin(), values.end(), tensor.values<float>().begin());
  return tensor;
}

inline Tensor Ints(const Shape& shape, const std::vector<int64_t>& values) {
  Tensor tensor(DataType::kInt64, shape);
  std::copy(values.begin(), values.end(), tensor.values<int64_t>().begin());
  return tensor;
}

inline std::vector<float> FloatValues(const Tensor& tensor) {
  return {tensor.values<float>().begin(), tensor.values<float>().end()};
}

}  // namespace tfxm

#endif  // TFXM_TESTING_TENSORS_H_
