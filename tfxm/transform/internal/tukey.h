// SPDX-License-Identifier: Apache-2.0

// Tukey's HH distribution: u * exp(hl * u^2) of a standard normal u < 0, u * exp(hr * u^2) of one >= 0. Its parameters
// from L-moments, after T. C. Headrick and M. D. Pant, "Characterizing Tukey h and hh-distributions through L-moments
// and the L-correlation" (2012), by the search of tensorflow_transform/gaussianization.py. T: float or double.
#ifndef TFXM_TRANSFORM_INTERNAL_TUKEY_H_
#define TFXM_TRANSFORM_INTERNAL_TUKEY_H_

namespace tfxm::transform::internal {

template <typename T>
struct TukeyParameters {
  T location, scale, left, right;
};

// From the first L-moment, the second, and the third and fourth divided by the second. Without heavy tails hl and hr
// are 0; a second L-moment that is not positive gives the scale 1.
template <typename T>
TukeyParameters<T> TukeyFromLMoments(T l1, T l2, T skewness, T kurtosis);

}  // namespace tfxm::transform::internal

#endif  // TFXM_TRANSFORM_INTERNAL_TUKEY_H_
