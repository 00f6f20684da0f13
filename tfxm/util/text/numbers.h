// SPDX-License-Identifier: Apache-2.0

// Numbers for people.
//
//   std::cout << WithCommas(1234567);   // 1,234,567
#ifndef TFXM_UTIL_TEXT_NUMBERS_H_
#define TFXM_UTIL_TEXT_NUMBERS_H_

#include <cstdint>
#include <string>

namespace tfxm {

std::string WithCommas(int64_t number);
// Rounded to a whole number. REQUIRES: it is finite.
std::string RoundedWithCommas(double number);

}  // namespace tfxm

#endif  // TFXM_UTIL_TEXT_NUMBERS_H_
