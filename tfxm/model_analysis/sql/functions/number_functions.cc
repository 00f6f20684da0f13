// SPDX-License-Identifier: Apache-2.0

#include <cmath>
#include <cstdlib>
#include <limits>

#include "tfxm/model_analysis/sql/functions/function_arguments.h"

namespace tfxm::model_analysis::sql {
namespace {

template <double (*kFunction)(double)>
Result OfNumber(const Arguments& a) {
  RETURN_IF_ERROR(CheckCount(a, 1, 1, "the function"));
  if (IsNull(a[0])) return Value();
  const auto x = Number(a[0]);
  if (!x) return ValueError("a function of numbers was given something else");
  return Value(kFunction(*x));
}
Result Abs(const Arguments& a) {
  RETURN_IF_ERROR(CheckCount(a, 1, 1, "ABS"));
  if (const int64_t* x = std::get_if<int64_t>(&a[0])) {
    if (*x == std::numeric_limits<int64_t>::min()) return ValueError(absl::StrCat("integer overflow in ABS(", *x, ")"));
    return Value(std::abs(*x));
  }
  return OfNumber<std::fabs>(a);
}
Result Mod(const Arguments& a) {
  RETURN_IF_ERROR(CheckCount(a, 2, 2, "MOD"));
  if (IsNull(a[0]) || IsNull(a[1])) return Value();
  const int64_t *x = std::get_if<int64_t>(&a[0]), *y = std::get_if<int64_t>(&a[1]);
  if (x == nullptr || y == nullptr || *y == 0) return ValueError("MOD needs two integers, the second not 0");
  return Value(*y == -1 ? int64_t{0} : *x % *y);
}

Result Div(const Arguments& a) {
  return Apply<int64_t, int64_t>(a, [](int64_t x, int64_t y) -> Result {
    if (y == 0 || (y == -1 && x == INT64_MIN)) return ValueError("DIV by 0, or overflow");
    return Value(x / y);
  });
}
Result Pow(const Arguments& a) {
  return Apply<double, double>(a, [](double x, double y) -> Result { return Value(std::pow(x, y)); });
}
Result Sign(const Arguments& a) {
  if (a.size() == 1 && std::holds_alternative<int64_t>(a[0])) {
    const int64_t x = std::get<int64_t>(a[0]);
    return Value(static_cast<int64_t>(x > 0) - static_cast<int64_t>(x < 0));
  }
  return Apply<double>(a, [](double x) -> Result { return Value(static_cast<double>((x > 0) - (x < 0))); });
}
Result Divide(const Arguments& a, bool safe) {
  return Apply<double, double>(a, [safe](double x, double y) -> Result {
    if (safe && y == 0) return Value();
    return Value(x / y);
  });
}
Result SafeDivide(const Arguments& a) { return Divide(a, true); }
Result IeeeDivide(const Arguments& a) { return Divide(a, false); }

// ROUND and TRUNC, with a number of digits after the point.
template <double (*kFunction)(double)>
Result Digits(const Arguments& a) {
  if (a.empty() || a.size() > 2) return ValueError("ROUND and TRUNC take one or two arguments");
  if (AnyNull(a)) return Value();
  ASSIGN_OR_RETURN(const double x, As<double>(a[0]));
  if (a.size() == 1) return Value(kFunction(x));
  ASSIGN_OR_RETURN(const int64_t digits, As<int64_t>(a[1]));
  if (digits > 300 || digits < -300 || !std::isfinite(x)) return Value(x);
  // A power that is exact, so that 0.33 is the nearest number to 0.33.
  const double power = std::pow(10.0, static_cast<double>(std::abs(digits)));
  return Value(digits >= 0 ? kFunction(x * power) / power : kFunction(x / power) * power);
}

Result IsNan(const Arguments& a) {
  return Apply<double>(a, [](double x) -> Result { return Value(std::isnan(x)); });
}
Result IsInf(const Arguments& a) {
  return Apply<double>(a, [](double x) -> Result { return Value(std::isinf(x)); });
}

}  // namespace

const FunctionTable& NumberFunctions() {
  static const FunctionTable kFunctions = {{"ABS", Abs},
                                           {"MOD", Mod},
                                           {"FLOOR", OfNumber<std::floor>},
                                           {"CEIL", OfNumber<std::ceil>},
                                           {"CEILING", OfNumber<std::ceil>},
                                           {"SQRT", OfNumber<std::sqrt>},
                                           {"EXP", OfNumber<std::exp>},
                                           {"LN", OfNumber<std::log>},
                                           {"LOG", OfNumber<std::log>},
                                           {"LOG10", OfNumber<std::log10>},
                                           {"DIV", Div},
                                           {"POW", Pow},
                                           {"POWER", Pow},
                                           {"SIGN", Sign},
                                           {"SAFE_DIVIDE", SafeDivide},
                                           {"IEEE_DIVIDE", IeeeDivide},
                                           {"ROUND", Digits<std::round>},
                                           {"TRUNC", Digits<std::trunc>},
                                           {"IS_NAN", IsNan},
                                           {"IS_INF", IsInf}};
  return kFunctions;
}

}  // namespace tfxm::model_analysis::sql
