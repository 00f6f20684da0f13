// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/sql/value.h"

#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis::sql {
namespace {

// ZetaSQL's text of a number: with `digits`, and if that does not read back as the same, with two or three more.
template <typename T>
std::string ToText(T x, int digits) {
  if (std::isnan(x)) return "nan";
  if (std::isinf(x)) return x > 0 ? "inf" : "-inf";
  std::string text;
  for (int more : {0, 2, 3}) {
    text = absl::StrFormat("%.*g", digits + more, static_cast<double>(x));
    double back;
    if (absl::SimpleAtod(text, &back) && static_cast<T>(back) == x) break;
  }
  return text;
}

}  // namespace

absl::Status ValueError(absl::string_view message) {
  return absl::InvalidArgumentError(absl::StrCat("slice_keys_sql: ", message));
}

bool IsTrue(const Value& value) {
  const bool* x = std::get_if<bool>(&value);
  return x != nullptr && *x;
}

std::optional<double> Number(const Value& value) {
  if (const int64_t* x = std::get_if<int64_t>(&value)) return static_cast<double>(*x);
  if (const float* x = std::get_if<float>(&value)) return *x;
  if (const double* x = std::get_if<double>(&value)) return *x;
  return std::nullopt;
}

absl::StatusOr<Value> Compare(absl::string_view op, const Value& a, const Value& b) {
  if (IsNull(a) || IsNull(b)) return Value();
  int order;
  if (const auto x = Number(a), y = Number(b); x && y) {
    if (std::isnan(*x) || std::isnan(*y)) return Value(op == "!=");
    order = *x < *y ? -1 : *x > *y;
  } else if (std::holds_alternative<std::string>(a) && std::holds_alternative<std::string>(b)) {
    order = std::get<std::string>(a).compare(std::get<std::string>(b));
  } else if (std::holds_alternative<bool>(a) && std::holds_alternative<bool>(b)) {
    order = std::get<bool>(a) - std::get<bool>(b);
  } else {
    return ValueError(absl::StrCat("the two sides of ", op,
                                   " have types that do not compare (a feature is an array: unnest it in FROM)"));
  }
  if (op == "=") return Value(order == 0);
  if (op == "!=") return Value(order != 0);
  if (op == "<") return Value(order < 0);
  if (op == "<=") return Value(order <= 0);
  return Value(op == ">" ? order > 0 : order >= 0);
}

absl::StatusOr<int> Order(const Value& a, const Value& b) {
  if (IsNull(a) || IsNull(b)) return IsNull(b) - IsNull(a);
  ASSIGN_OR_RETURN(const Value less, Compare("<", a, b));
  if (IsTrue(less)) return -1;
  ASSIGN_OR_RETURN(const Value greater, Compare(">", a, b));
  return IsTrue(greater);
}

absl::StatusOr<std::string> Identity(const Value& value) {
  if (const bool* x = std::get_if<bool>(&value)) return absl::StrCat(*x ? "true" : "false");
  if (const float* x = std::get_if<float>(&value)) return absl::StrFormat("n%.17g", *x);
  if (const double* x = std::get_if<double>(&value)) return absl::StrFormat("n%.17g", *x);
  if (const int64_t* x = std::get_if<int64_t>(&value)) return absl::StrCat("n", *x);
  if (const std::string* x = std::get_if<std::string>(&value)) return absl::StrCat(x->size(), ":", *x);
  if (IsNull(value)) return "";
  return ValueError("arrays and structs cannot be grouped or made distinct");
}

absl::StatusOr<Value> Arithmetic(char op, const Value& a, const Value& b) {
  if (IsNull(a) || IsNull(b)) return Value();
  const int64_t *i = std::get_if<int64_t>(&a), *j = std::get_if<int64_t>(&b);
  if (i != nullptr && j != nullptr && op != '/') {
    int64_t result;
    const bool overflow = op == '+'   ? __builtin_add_overflow(*i, *j, &result)
                          : op == '-' ? __builtin_sub_overflow(*i, *j, &result)
                                      : __builtin_mul_overflow(*i, *j, &result);
    if (overflow) return ValueError(absl::StrCat("integer overflow in ", *i, " ", std::string(1, op), " ", *j));
    return Value(result);
  }
  const auto x = Number(a), y = Number(b);
  if (!x || !y) return ValueError(absl::StrCat("the two sides of ", std::string(1, op), " must be numbers"));
  if (op == '/' && *y == 0) return ValueError("division by zero");
  return Value(op == '+' ? *x + *y : op == '-' ? *x - *y : op == '*' ? *x * *y : *x / *y);
}

absl::StatusOr<Value> Bits(absl::string_view op, const Value& a, const Value& b) {
  if (IsNull(a) || IsNull(b)) return Value();
  const int64_t *x = std::get_if<int64_t>(&a), *y = std::get_if<int64_t>(&b);
  if (x == nullptr || y == nullptr || (*y < 0 && (op[0] == '<' || op[0] == '>'))) {
    return ValueError(absl::StrCat(op, " needs two integers"));
  }
  const uint64_t u = static_cast<uint64_t>(*x), v = static_cast<uint64_t>(*y);
  const uint64_t result = op[0] == '|'   ? u | v
                          : op[0] == '^' ? u ^ v
                          : op[0] == '&' ? u & v
                          : v >= 64      ? 0
                          : op[0] == '<' ? u << v
                                         : u >> v;
  return Value(static_cast<int64_t>(result));
}

absl::StatusOr<Value> Cast(absl::string_view type, const Value& value) {
  if (IsNull(value)) return Value();
  const std::string* text = std::get_if<std::string>(&value);
  if (type == "STRING" || type == "BYTES") {
    if (const bool* x = std::get_if<bool>(&value)) return Value(std::string(*x ? "true" : "false"));
    ASSIGN_OR_RETURN(std::string result, ToSliceText(value));
    return Value(std::move(result));
  }
  if (type == "INT64") {
    int64_t integer;
    if (text != nullptr && absl::SimpleAtoi(*text, &integer)) return Value(integer);
    if (const bool* x = std::get_if<bool>(&value)) return Value(int64_t{*x});
    if (const auto x = Number(value); x && std::abs(*x) < 0x1p63) return Value(static_cast<int64_t>(std::round(*x)));
  } else if (type == "FLOAT64" || type == "DOUBLE" || type == "FLOAT" || type == "FLOAT32") {
    double number;
    if (text != nullptr && absl::SimpleAtod(*text, &number)) return Value(number);
    if (const auto x = Number(value)) return Value(*x);
  } else if (type == "BOOL") {
    if (const int64_t* x = std::get_if<int64_t>(&value)) return Value(*x != 0);
    if (std::holds_alternative<bool>(value)) return value;
    if (text != nullptr && (*text == "true" || *text == "false")) return Value(*text == "true");
  } else {
    return ValueError(
        absl::StrCat("CAST to ", type, " is not known; there are STRING, BYTES, INT64, FLOAT64 and BOOL"));
  }
  return ValueError(absl::StrCat("a value cannot be cast to ", type, "; SAFE_CAST makes it NULL"));
}

absl::StatusOr<std::string> ToSliceText(const Value& value) {
  if (IsNull(value)) return "NULL";
  if (const int64_t* x = std::get_if<int64_t>(&value)) return absl::StrCat(*x);
  if (const float* x = std::get_if<float>(&value)) return ToText(*x, 6);
  if (const double* x = std::get_if<double>(&value)) return ToText(*x, 15);
  if (const std::string* x = std::get_if<std::string>(&value)) return *x;
  return ValueError("a slice value must be a number or a string (use IF(condition, 'yes', 'no') for a condition)");
}

}  // namespace tfxm::model_analysis::sql
