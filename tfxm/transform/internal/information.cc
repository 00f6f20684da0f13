// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "tfxm/transform/internal/vocabulary_accumulator.h"

namespace tfxm::transform::internal {
namespace {

double LogFactorial(double n) {
  int sign = 0;  // lgamma writes a global variable, which threads share.
  return ::lgamma_r(n + 1, &sign);
}

}  // namespace

double PartialMutualInformation(double n_ij, double x_i, double y_j, double n) {
  if (n_ij == 0 || x_i == 0 || y_j == 0) return 0;
  return n_ij * ((std::log2(n_ij) + std::log2(n)) - (std::log2(x_i) + std::log2(y_j)));
}

double PartialExpectedMutualInformation(double n, double x_i, double y_j) {
  if (x_i == 0 || y_j == 0) return 0;
  const double coefficient = -std::log2(x_i) - std::log2(y_j) + std::log2(n);
  // n_ij is hypergeometric; the denominator of its probability goes from one value to the next.
  const auto start = static_cast<int64_t>(std::nearbyint(std::max(0.0, x_i + y_j - n)));
  const auto end = static_cast<int64_t>(std::nearbyint(std::min(x_i, y_j)));
  const double numerator = LogFactorial(x_i) + LogFactorial(y_j) + LogFactorial(n - x_i) + LogFactorial(n - y_j);
  const auto s = static_cast<double>(start);
  double denominator = LogFactorial(n) + LogFactorial(s) + LogFactorial(x_i - s) + LogFactorial(y_j - s) +
                       LogFactorial(n - x_i - y_j + s);
  double sum = 0, result = 0;
  for (int64_t k = start; k <= end; ++k) {
    const auto n_j = static_cast<double>(k);
    const double p = std::exp(numerator - denominator);
    if (k != 0) result += n_j * (coefficient + std::log2(n_j)) * p;
    sum += p;
    if (k == end) break;
    denominator += std::log(n_j + 1) - std::log(x_i - n_j) - std::log(y_j - n_j) + std::log(n - x_i - y_j + n_j + 1);
  }
  return result / sum;
}

std::string PythonRepr(double x) {
  if (std::isnan(x)) return "nan";
  if (std::isinf(x)) return x > 0 ? "inf" : "-inf";
  char buffer[64];
  const char* end = std::to_chars(buffer, buffer + sizeof(buffer), std::fabs(x), std::chars_format::scientific).ptr;
  const std::string text(static_cast<const char*>(buffer), end);  // Always with an exponent.
  const size_t e = text.find('e');
  std::string digits = text.substr(0, e);
  digits.erase(std::remove(digits.begin(), digits.end(), '.'), digits.end());
  const int exponent = std::atoi(text.c_str() + e + 1);
  const char* const sign = std::signbit(x) ? "-" : "";
  const auto n = static_cast<int>(digits.size());
  if (exponent < -4 || exponent >= 16) {
    const std::string fraction = n > 1 ? absl::StrCat(".", digits.substr(1)) : "";
    return absl::StrCat(sign, digits.substr(0, 1), fraction, text.substr(e));
  }
  if (exponent < 0) return absl::StrCat(sign, "0.", std::string(-exponent - 1, '0'), digits);
  if (n <= exponent + 1) return absl::StrCat(sign, digits, std::string(exponent + 1 - n, '0'), ".0");
  return absl::StrCat(sign, digits.substr(0, exponent + 1), ".", digits.substr(exponent + 1));
}

}  // namespace tfxm::transform::internal
