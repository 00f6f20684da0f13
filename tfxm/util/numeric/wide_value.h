// SPDX-License-Identifier: Apache-2.0

// An exact sum in twice the precision of a double: a variance is the small difference of two large numbers.
//
//   const __float128 s = WideValue(sum), q = WideValue(sum_of_squares);
//   const double variance = static_cast<double>((q - s * s / n) / n);
#ifndef TFXM_UTIL_NUMERIC_WIDE_VALUE_H_
#define TFXM_UTIL_NUMERIC_WIDE_VALUE_H_

#include "tfxm/util/numeric/exact_sum.h"

namespace tfxm {

inline __float128 WideValue(const ExactSum& sum) {
  const double high = sum.Value();
  ExactSum rest = sum;
  rest.Add(-high);
  return static_cast<__float128>(high) + static_cast<__float128>(rest.Value());
}

}  // namespace tfxm

#endif  // TFXM_UTIL_NUMERIC_WIDE_VALUE_H_
