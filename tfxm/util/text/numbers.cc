// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/text/numbers.h"

#include <cmath>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace tfxm {
namespace {

std::string Grouped(bool negative, std::string digits) {
  for (ptrdiff_t at = static_cast<ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<size_t>(at), 1, ',');
  }
  return absl::StrCat(negative ? "-" : "", digits);
}

}  // namespace

std::string WithCommas(int64_t number) {
  const std::string digits = absl::StrCat(number);
  return Grouped(number < 0, digits.substr(number < 0 ? 1 : 0));
}

std::string RoundedWithCommas(double number) { return Grouped(number < 0, absl::StrFormat("%.0f", std::abs(number))); }

}  // namespace tfxm
