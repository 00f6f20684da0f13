// More functions of the slicing SQL, after ZetaSQL's: the less usual ones of numbers, strings and arrays.
#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "re2/re2.h"
#include "tfxm/model_analysis/sql/expression.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

using Arguments = std::vector<SqlValue>;

absl::Status Error(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("slice_keys_sql: ", what));
}

bool AnyNull(const Arguments& a) {
  for (const SqlValue& value : a) {
    if (IsNull(value)) return true;
  }
  return false;
}

std::optional<double> Number(const SqlValue& value) {
  if (const int64_t* x = std::get_if<int64_t>(&value)) return static_cast<double>(*x);
  if (const float* x = std::get_if<float>(&value)) return *x;
  if (const double* x = std::get_if<double>(&value)) return *x;
  return std::nullopt;
}

template <typename T>
absl::StatusOr<T> As(const SqlValue& value) {
  if (const T* x = std::get_if<T>(&value)) return *x;
  return Error("a function was given a value of the wrong type");
}
template <>
absl::StatusOr<double> As<double>(const SqlValue& value) {
  if (const auto x = Number(value)) return *x;
  return Error("a function of numbers was given something else");
}

template <typename... T, typename Fn, size_t... kIndex>
absl::StatusOr<SqlValue> ApplyTo(const Arguments& a, const Fn& fn, std::index_sequence<kIndex...>) {
  const std::tuple<absl::StatusOr<T>...> values(As<T>(a[kIndex])...);
  absl::Status status;
  (status.Update(std::get<kIndex>(values).status()), ...);
  RETURN_IF_ERROR(status);
  return fn(*std::get<kIndex>(values)...);
}

// Calls fn with the arguments as T; NULL if any is NULL.
template <typename... T, typename Fn>
absl::StatusOr<SqlValue> Apply(const Arguments& a, const Fn& fn) {
  if (a.size() != sizeof...(T)) {
    return Error(absl::StrCat("a function takes ", sizeof...(T), " arguments, not ", a.size()));
  }
  if (AnyNull(a)) return SqlValue();
  return ApplyTo<T...>(a, fn, std::index_sequence_for<T...>());
}

using S = std::string;
using I = int64_t;
using R = absl::StatusOr<SqlValue>;

R Div(const Arguments& a) {
  return Apply<I, I>(a, [](I x, I y) -> R {
    if (y == 0 || (y == -1 && x == INT64_MIN)) return Error("DIV by 0, or overflow");
    return SqlValue(x / y);
  });
}
R Pow(const Arguments& a) {
  return Apply<double, double>(a, [](double x, double y) -> R { return SqlValue(std::pow(x, y)); });
}
R Sign(const Arguments& a) {
  if (a.size() == 1 && std::holds_alternative<I>(a[0])) {
    const I x = std::get<I>(a[0]);
    return SqlValue(static_cast<I>(x > 0) - static_cast<I>(x < 0));
  }
  return Apply<double>(a, [](double x) -> R { return SqlValue(static_cast<double>((x > 0) - (x < 0))); });
}
R Divide(const Arguments& a, bool safe) {
  return Apply<double, double>(a, [safe](double x, double y) -> R {
    if (safe && y == 0) return SqlValue();
    return SqlValue(x / y);
  });
}
R SafeDivide(const Arguments& a) { return Divide(a, true); }
R IeeeDivide(const Arguments& a) { return Divide(a, false); }

// ROUND and TRUNC, with a number of digits after the point.
template <double (*kFunction)(double)>
R Digits(const Arguments& a) {
  if (a.empty() || a.size() > 2) return Error("ROUND and TRUNC take one or two arguments");
  if (AnyNull(a)) return SqlValue();
  ASSIGN_OR_RETURN(const double x, As<double>(a[0]));
  if (a.size() == 1) return SqlValue(kFunction(x));
  ASSIGN_OR_RETURN(const I digits, As<I>(a[1]));
  if (digits > 300 || digits < -300 || !std::isfinite(x)) return SqlValue(x);
  // A power that is exact, so that 0.33 is the nearest number to 0.33.
  const double power = std::pow(10.0, static_cast<double>(std::abs(digits)));
  return SqlValue(digits >= 0 ? kFunction(x * power) / power : kFunction(x / power) * power);
}

R Extreme(const Arguments& a, const char* op) {
  if (a.empty()) return Error("GREATEST and LEAST need arguments");
  if (AnyNull(a)) return SqlValue();
  SqlValue best = a[0];
  for (const SqlValue& value : a) {
    ASSIGN_OR_RETURN(const SqlValue better, CompareSql(op, value, best));
    if (IsTrue(better)) best = value;
  }
  return best;
}
R Greatest(const Arguments& a) { return Extreme(a, ">"); }
R Least(const Arguments& a) { return Extreme(a, "<"); }
R NullIf(const Arguments& a) {
  if (a.size() != 2) return Error("NULLIF takes 2 arguments");
  ASSIGN_OR_RETURN(const SqlValue equal, CompareSql("=", a[0], a[1]));
  return IsTrue(equal) ? SqlValue() : a[0];
}
R IsNan(const Arguments& a) {
  return Apply<double>(a, [](double x) -> R { return SqlValue(std::isnan(x)); });
}
R IsInf(const Arguments& a) {
  return Apply<double>(a, [](double x) -> R { return SqlValue(std::isinf(x)); });
}

R StartsWith(const Arguments& a) {
  return Apply<S, S>(a, [](const S& x, const S& y) -> R { return SqlValue(x.starts_with(y)); });
}
R EndsWith(const Arguments& a) {
  return Apply<S, S>(a, [](const S& x, const S& y) -> R { return SqlValue(x.ends_with(y)); });
}
R StrPos(const Arguments& a) {
  return Apply<S, S>(a, [](const S& x, const S& y) -> R {
    const size_t at = x.find(y);
    return SqlValue(at == S::npos ? I{0} : static_cast<I>(at) + 1);
  });
}
// Each character, and the end, may become `to` bytes.
absl::Status CheckReplacing(const S& x, size_t to) {
  return x.size() <= kMaxSqlText / (to + 1) ? absl::OkStatus() : Error("replacing may make too long a text");
}
R Replace(const Arguments& a) {
  return Apply<S, S, S>(a, [](const S& x, const S& from, const S& to) -> R {
    if (from.empty()) return SqlValue(x);
    RETURN_IF_ERROR(CheckReplacing(x, to.size()));
    return SqlValue(absl::StrReplaceAll(x, {{from, to}}));
  });
}
R Trim(const Arguments& a) {
  return Apply<S>(a, [](const S& x) -> R { return SqlValue(S(absl::StripAsciiWhitespace(x))); });
}
R LTrim(const Arguments& a) {
  return Apply<S>(a, [](const S& x) -> R { return SqlValue(S(absl::StripLeadingAsciiWhitespace(x))); });
}
R RTrim(const Arguments& a) {
  return Apply<S>(a, [](const S& x) -> R { return SqlValue(S(absl::StripTrailingAsciiWhitespace(x))); });
}
R Reverse(const Arguments& a) {
  return Apply<S>(a, [](const S& x) -> R { return SqlValue(S(x.rbegin(), x.rend())); });
}
R Left(const Arguments& a) {
  return Apply<S, I>(a, [](const S& x, I n) -> R {
    return n < 0 ? R(Error("LEFT of a negative length")) : R(SqlValue(x.substr(0, n)));
  });
}
R Right(const Arguments& a) {
  return Apply<S, I>(a, [](const S& x, I n) -> R {
    if (n < 0) return Error("RIGHT of a negative length");
    return SqlValue(x.substr(x.size() - std::min<size_t>(n, x.size())));
  });
}
R Split(const Arguments& a) {
  return Apply<S, S>(a, [](const S& x, const S& by) -> R {
    auto array = std::make_shared<SqlArray>();
    if (by.empty()) {
      for (char c : x) array->values.emplace_back(S(1, c));
    } else {
      for (absl::string_view part : absl::StrSplit(x, by)) array->values.emplace_back(S(part));
    }
    return SqlValue(std::move(array));
  });
}
R ArrayToString(const Arguments& a) {
  return Apply<std::shared_ptr<SqlArray>, S>(a, [](const std::shared_ptr<SqlArray>& array, const S& by) -> R {
    S text;
    bool first = true;
    for (const SqlValue& value : array->values) {
      if (IsNull(value)) continue;
      ASSIGN_OR_RETURN(const S part, As<S>(value));
      if (text.size() + by.size() + part.size() > kMaxSqlText) return Error("ARRAY_TO_STRING makes too long a text");
      absl::StrAppend(&text, first ? "" : by, part);
      first = false;
    }
    return SqlValue(std::move(text));
  });
}
R GenerateArray(const Arguments& a) {
  if (AnyNull(a)) return SqlValue();
  if (a.size() != 2 && a.size() != 3) return Error("GENERATE_ARRAY takes a first and a last integer, and a step");
  ASSIGN_OR_RETURN(const I first, As<I>(a[0]));
  ASSIGN_OR_RETURN(const I last, As<I>(a[1]));
  ASSIGN_OR_RETURN(const I step, a.size() == 3 ? As<I>(a[2]) : absl::StatusOr<I>(1));
  if (step == 0) return Error("GENERATE_ARRAY with step 0");
  auto array = std::make_shared<SqlArray>();
  I x = first;
  while (step > 0 ? x <= last : x >= last) {
    if (array->values.size() >= 100000) return Error("GENERATE_ARRAY of more than 100000 values");
    array->values.emplace_back(x);
    if (__builtin_add_overflow(x, step, &x)) break;
  }
  return SqlValue(std::move(array));
}

// RE2, as in ZetaSQL: its time grows with the text, whatever the expression.
template <typename Fn>
R WithRegex(const S& pattern, Fn fn) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  const re2::RE2 regex(pattern, options);
  if (!regex.ok()) return Error(absl::StrCat("\"", pattern, "\" is no regular expression: ", regex.error()));
  return fn(regex);
}
R RegexpContains(const Arguments& a) {
  return Apply<S, S>(a, [](const S& x, const S& pattern) {
    return WithRegex(pattern, [&](const re2::RE2& regex) -> R { return SqlValue(re2::RE2::PartialMatch(x, regex)); });
  });
}
R RegexpExtract(const Arguments& a) {
  return Apply<S, S>(a, [](const S& x, const S& pattern) {
    return WithRegex(pattern, [&](const re2::RE2& regex) -> R {
      absl::string_view match[2];
      const int group = regex.NumberOfCapturingGroups() > 0 ? 1 : 0;
      if (!regex.Match(x, 0, x.size(), re2::RE2::UNANCHORED, match, group + 1)) return SqlValue();
      return match[group].data() == nullptr ? SqlValue() : SqlValue(S(match[group]));
    });
  });
}
R RegexpReplace(const Arguments& a) {
  return Apply<S, S, S>(a, [](const S& x, const S& pattern, const S& to) {
    return WithRegex(pattern, [&](const re2::RE2& regex) -> R {
      S error, text = x;
      if (!regex.CheckRewriteString(to, &error)) return Error(absl::StrCat("\"", to, "\": ", error));
      // Each reference is at most the text.
      RETURN_IF_ERROR(CheckReplacing(x, to.size() + std::count(to.begin(), to.end(), '\\') * x.size()));
      re2::RE2::GlobalReplace(&text, regex, to);
      return SqlValue(std::move(text));
    });
  });
}

}  // namespace

SqlFunction FindMoreSqlFunction(const std::string& name) {
  static const std::map<std::string, SqlFunction> kFunctions = {{"DIV", Div},
                                                                {"POW", Pow},
                                                                {"POWER", Pow},
                                                                {"SIGN", Sign},
                                                                {"SAFE_DIVIDE", SafeDivide},
                                                                {"IEEE_DIVIDE", IeeeDivide},
                                                                {"ROUND", Digits<std::round>},
                                                                {"TRUNC", Digits<std::trunc>},
                                                                {"GREATEST", Greatest},
                                                                {"LEAST", Least},
                                                                {"NULLIF", NullIf},
                                                                {"IS_NAN", IsNan},
                                                                {"IS_INF", IsInf},
                                                                {"STARTS_WITH", StartsWith},
                                                                {"ENDS_WITH", EndsWith},
                                                                {"STRPOS", StrPos},
                                                                {"INSTR", StrPos},
                                                                {"REPLACE", Replace},
                                                                {"TRIM", Trim},
                                                                {"LTRIM", LTrim},
                                                                {"RTRIM", RTrim},
                                                                {"REVERSE", Reverse},
                                                                {"LEFT", Left},
                                                                {"RIGHT", Right},
                                                                {"SPLIT", Split},
                                                                {"ARRAY_TO_STRING", ArrayToString},
                                                                {"GENERATE_ARRAY", GenerateArray},
                                                                {"REGEXP_CONTAINS", RegexpContains},
                                                                {"REGEXP_EXTRACT", RegexpExtract},
                                                                {"REGEXP_REPLACE", RegexpReplace}};
  const auto it = kFunctions.find(name);
  return it == kFunctions.end() ? nullptr : it->second;
}

}  // namespace tfxm::model_analysis
