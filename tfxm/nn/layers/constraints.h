// SPDX-License-Identifier: Apache-2.0

// What a weight is brought back to after each update (Keras's constraints).
//
//   layers::Dense(64, {.kernel_constraint = constraints::MaxNorm(3)});
//   layers::Conv2D(32, 3, {.kernel_constraint = constraints::UnitNorm({0, 1, 2})});
//
// Moving averages of weights (use_ema) are taken before it, as in Keras.
#ifndef TFXM_NN_LAYERS_CONSTRAINTS_H_
#define TFXM_NN_LAYERS_CONSTRAINTS_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "tfxm/ops/graph.h"

namespace tfxm::nn {

// From a weight's value to what it may be, of the same shape; none by default. A custom one is any such function.
using Constraint = std::function<ops::Tensor(const ops::Tensor& value)>;

namespace constraints {

// A norm is the square root of the sum of squares over `axes`: {0} is what goes into each unit of a Dense layer,
// {0, 1, 2} what goes into each filter of a Conv2D. The formulas are Keras's, with its epsilon of 1e-7.
Constraint MaxNorm(double max_value = 2, std::vector<int32_t> axes = {0});
// max(value, 0)
Constraint NonNeg();
Constraint UnitNorm(std::vector<int32_t> axes = {0});
// Between min_value and max_value; with a rate below 1 the norm goes only that share of the way there.
Constraint MinMaxNorm(double min_value = 0, double max_value = 1, double rate = 1, std::vector<int32_t> axes = {0});

}  // namespace constraints
}  // namespace tfxm::nn

#endif  // TFXM_NN_LAYERS_CONSTRAINTS_H_
