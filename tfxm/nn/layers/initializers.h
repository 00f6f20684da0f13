// SPDX-License-Identifier: Apache-2.0

// Initial values of weights, with Keras's names and defaults.
//
//   layers::Dense(64, {.kernel_initializer = "he_normal"});
//   layers::Dense(64, {.kernel_initializer = initializers::RandomUniform(-0.1, 0.1)});
#ifndef TFXM_NN_LAYERS_INITIALIZERS_H_
#define TFXM_NN_LAYERS_INITIALIZERS_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/data/tensor.h"
#include "tfxm/nn/random.h"

namespace tfxm::nn {

// By name ("glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "lecun_uniform", "lecun_normal", "zeros",
// "ones", "random_uniform", "random_normal", "truncated_normal", "identity", "orthogonal"), or a function.
class Initializer {
 public:
  using Function = std::function<absl::StatusOr<tfxm::Tensor>(const Shape& shape, DataType dtype, Random& random)>;
  Initializer(const char* name) : name_(name) {}
  Initializer(std::string name) : name_(std::move(name)) {}
  Initializer(std::string name, Function function) : name_(std::move(name)), function_(std::move(function)) {}

  const std::string& name() const { return name_; }
  // INVALID_ARGUMENT for an unknown name, naming the near ones.
  absl::StatusOr<tfxm::Tensor> Make(const Shape& shape, DataType dtype, Random& random) const;

 private:
  std::string name_;
  Function function_;
};

namespace initializers {

Initializer Zeros();
Initializer Ones();
Initializer Constant(double value);
Initializer RandomUniform(double minval = -0.05, double maxval = 0.05);
Initializer RandomNormal(double mean = 0, double stddev = 0.05);
// Values beyond two standard deviations are drawn again.
Initializer TruncatedNormal(double mean = 0, double stddev = 0.05);
Initializer Identity(double gain = 1);
// Rows or columns, whichever are fewer, that are orthogonal to each other and of length `gain`.
Initializer Orthogonal(double gain = 1);
// `mode`: "fan_in", "fan_out", "fan_avg"; `distribution`: "truncated_normal", "untruncated_normal", "uniform". The fans
// of a convolution's kernel count its receptive field, as in Keras.
Initializer VarianceScaling(double scale = 1, absl::string_view mode = "fan_in",
                            absl::string_view distribution = "truncated_normal");
Initializer GlorotUniform();
Initializer GlorotNormal();
Initializer HeUniform();
Initializer HeNormal();
Initializer LecunUniform();
Initializer LecunNormal();
// These values; the weight must have as many.
Initializer Value(tfxm::Tensor value);

}  // namespace initializers
}  // namespace tfxm::nn

#endif  // TFXM_NN_LAYERS_INITIALIZERS_H_
