// SPDX-License-Identifier: Apache-2.0

// When a difference between two numbers is none to a reader.
#ifndef TFXM_REPORT_EVALUATION_ROUNDING_H_
#define TFXM_REPORT_EVALUATION_ROUNDING_H_

#include <cmath>

namespace tfxm::report {

// Whether a difference of numbers of the size `value` is what is left of the rounding of float32 numbers, however
// significant: up to a millionth of the value or, unless the value itself is that small, up to a millionth. The page
// draws the line at the same place (web/model.js).
inline bool IsRounding(double difference, double value) {
  difference = std::abs(difference), value = std::abs(value);
  return difference <= 1e-6 * value || (difference <= 1e-6 && difference <= 1e-4 * value);
}

}  // namespace tfxm::report

#endif  // TFXM_REPORT_EVALUATION_ROUNDING_H_
