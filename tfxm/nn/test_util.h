// SPDX-License-Identifier: Apache-2.0

// Small data for the tests of nn.
#ifndef TFXM_NN_TEST_UTIL_H_
#define TFXM_NN_TEST_UTIL_H_

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "tfxm/nn/nn.h"
#include "tfxm/testing/tensors.h"

namespace tfxm::nn {

// Ends a training after an update, as if the program had been killed.
class KillAt : public Callback {
 public:
  explicit KillAt(int64_t iteration) : iteration_(iteration) {}
  absl::Status OnTrainBatchEnd(FitState& state) override {
    return state.iteration == iteration_ ? absl::AbortedError("killed") : absl::OkStatus();
  }

 private:
  const int64_t iteration_;
};

// The numbers that the goldens' scripts (testdata/make_goldens.py, make_quantization_goldens.py) feed.
inline Tensor Wave(const Shape& shape, double phase, double scale = 1) {
  Tensor tensor(DataType::kFloat, shape);
  double i = 0;
  for (float& value : tensor.values<float>()) {
    value = static_cast<float>(scale * std::sin(1.7 * i * i + 0.9 * i + phase));
    ++i;
  }
  return tensor;
}

// Ten kinds of noisy pictures of `size` pixels in [-0.5, 0.5], told apart by a model like MNIST's.
struct Pictures {
  Tensor images;
  Tensor labels;
};
inline Pictures MakePictures(int64_t n, int64_t size, uint64_t seed) {
  Random prototypes(7), random(seed);
  std::vector<float> pattern(10 * size);
  for (float& value : pattern) value = static_cast<float>(prototypes.Uniform() - 0.5);
  Pictures pictures{Tensor(DataType::kFloat, {n, size}), Tensor(DataType::kInt64, {n, 1})};
  for (int64_t i = 0; i < n; ++i) {
    const int64_t label = static_cast<int64_t>(random.Below(10));
    pictures.labels.values<int64_t>()[i] = label;
    for (int64_t k = 0; k < size; ++k) {
      pictures.images.values<float>()[i * size + k] =
          std::clamp(pattern[label * size + k] + static_cast<float>(random.Uniform() - 0.5), -0.5f, 0.5f);
    }
  }
  return pictures;
}

}  // namespace tfxm::nn

#endif  // TFXM_NN_TEST_UTIL_H_
