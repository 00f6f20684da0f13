// SPDX-License-Identifier: Apache-2.0

// For the files of functions (functions.h): arguments counted, and taken as C++ types.
//
//   Result StartsWith(const Arguments& a) {
//     return Apply<std::string, std::string>(
//         a, [](const std::string& x, const std::string& y) -> Result { return Value(x.starts_with(y)); });
//   }
#ifndef TFXM_MODEL_ANALYSIS_SQL_FUNCTIONS_FUNCTION_ARGUMENTS_H_
#define TFXM_MODEL_ANALYSIS_SQL_FUNCTIONS_FUNCTION_ARGUMENTS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "tfxm/model_analysis/sql/functions/functions.h"
#include "tfxm/model_analysis/sql/value.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis::sql {

using Result = absl::StatusOr<Value>;

// An error that names the function if there are fewer than `low` or more than `high` arguments.
inline absl::Status CheckCount(const Arguments& arguments, size_t low, size_t high, absl::string_view name) {
  if (arguments.size() >= low && arguments.size() <= high) return absl::OkStatus();
  return ValueError(
      absl::StrCat(name, " takes ", low, high == low ? "" : " or more", " arguments, not ", arguments.size()));
}

inline bool AnyNull(const Arguments& a) {
  for (const Value& value : a) {
    if (IsNull(value)) return true;
  }
  return false;
}

template <typename T>
absl::StatusOr<T> As(const Value& value) {
  if (const T* x = std::get_if<T>(&value)) return *x;
  return ValueError("a function was given a value of the wrong type");
}
template <>
inline absl::StatusOr<double> As<double>(const Value& value) {
  if (const auto x = Number(value)) return *x;
  return ValueError("a function of numbers was given something else");
}

template <typename... T, typename Fn, size_t... kIndex>
absl::StatusOr<Value> ApplyTo(const Arguments& a, const Fn& fn, std::index_sequence<kIndex...>) {
  const std::tuple<absl::StatusOr<T>...> values(As<T>(a[kIndex])...);
  absl::Status status;
  (status.Update(std::get<kIndex>(values).status()), ...);
  RETURN_IF_ERROR(status);
  return fn(*std::get<kIndex>(values)...);
}

// Calls fn with the arguments as T; NULL if any is NULL.
template <typename... T, typename Fn>
absl::StatusOr<Value> Apply(const Arguments& a, const Fn& fn) {
  if (a.size() != sizeof...(T)) {
    return ValueError(absl::StrCat("a function takes ", sizeof...(T), " arguments, not ", a.size()));
  }
  if (AnyNull(a)) return Value();
  return ApplyTo<T...>(a, fn, std::index_sequence_for<T...>());
}

// An error if a text may become too long by replacing: each character, and the end, may become `to` bytes.
inline absl::Status CheckReplacing(const std::string& x, size_t to) {
  return x.size() <= kMaxText / (to + 1) ? absl::OkStatus() : ValueError("replacing may make too long a text");
}

}  // namespace tfxm::model_analysis::sql

#endif  // TFXM_MODEL_ANALYSIS_SQL_FUNCTIONS_FUNCTION_ARGUMENTS_H_
