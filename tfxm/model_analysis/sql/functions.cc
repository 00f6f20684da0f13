// Values and functions of the slicing SQL: ZetaSQL's, as far as sql_slicer.h names them.
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tfxm/model_analysis/sql/expression.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

std::optional<double> Number(const SqlValue& value) {
  if (const int64_t* x = std::get_if<int64_t>(&value)) return static_cast<double>(*x);
  if (const float* x = std::get_if<float>(&value)) return *x;
  if (const double* x = std::get_if<double>(&value)) return *x;
  return std::nullopt;
}

absl::Status TypeError(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("slice_keys_sql: ", what));
}

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

using Arguments = std::vector<SqlValue>;

absl::Status CheckCount(const Arguments& arguments, size_t low, size_t high, absl::string_view name) {
  if (arguments.size() >= low && arguments.size() <= high) return absl::OkStatus();
  return TypeError(
      absl::StrCat(name, " takes ", low, high == low ? "" : " or more", " arguments, not ", arguments.size()));
}

absl::StatusOr<SqlValue> ArrayLength(const Arguments& a) {
  RETURN_IF_ERROR(CheckCount(a, 1, 1, "ARRAY_LENGTH"));
  if (IsNull(a[0])) return SqlValue();
  const auto* array = std::get_if<std::shared_ptr<SqlArray>>(&a[0]);
  if (array == nullptr) return TypeError("ARRAY_LENGTH of something that is no array");
  return SqlValue(static_cast<int64_t>((*array)->values.size()));
}

template <typename Fn>
absl::StatusOr<SqlValue> OfText(const Arguments& a, absl::string_view name, Fn fn) {
  RETURN_IF_ERROR(CheckCount(a, 1, 1, name));
  if (IsNull(a[0])) return SqlValue();
  const std::string* text = std::get_if<std::string>(&a[0]);
  if (text == nullptr) return TypeError(absl::StrCat(name, " of something that is no string"));
  return SqlValue(fn(*text));
}
absl::StatusOr<SqlValue> Length(const Arguments& a) {
  return OfText(a, "LENGTH", [](const std::string& s) { return static_cast<int64_t>(s.size()); });
}
absl::StatusOr<SqlValue> Lower(const Arguments& a) {
  return OfText(a, "LOWER", [](const std::string& s) { return absl::AsciiStrToLower(s); });
}
absl::StatusOr<SqlValue> Upper(const Arguments& a) {
  return OfText(a, "UPPER", [](const std::string& s) { return absl::AsciiStrToUpper(s); });
}

template <double (*kFunction)(double)>
absl::StatusOr<SqlValue> OfNumber(const Arguments& a) {
  RETURN_IF_ERROR(CheckCount(a, 1, 1, "the function"));
  if (IsNull(a[0])) return SqlValue();
  const auto x = Number(a[0]);
  if (!x) return TypeError("a function of numbers was given something else");
  return SqlValue(kFunction(*x));
}
absl::StatusOr<SqlValue> Abs(const Arguments& a) {
  RETURN_IF_ERROR(CheckCount(a, 1, 1, "ABS"));
  if (const int64_t* x = std::get_if<int64_t>(&a[0])) {
    if (*x == std::numeric_limits<int64_t>::min()) return TypeError(absl::StrCat("integer overflow in ABS(", *x, ")"));
    return SqlValue(std::abs(*x));
  }
  return OfNumber<std::fabs>(a);
}
absl::StatusOr<SqlValue> Mod(const Arguments& a) {
  RETURN_IF_ERROR(CheckCount(a, 2, 2, "MOD"));
  if (IsNull(a[0]) || IsNull(a[1])) return SqlValue();
  const int64_t *x = std::get_if<int64_t>(&a[0]), *y = std::get_if<int64_t>(&a[1]);
  if (x == nullptr || y == nullptr || *y == 0) return TypeError("MOD needs two integers, the second not 0");
  return SqlValue(*y == -1 ? int64_t{0} : *x % *y);
}
absl::StatusOr<SqlValue> Concat(const Arguments& a) {
  std::string text;
  for (const SqlValue& value : a) {
    if (IsNull(value)) return SqlValue();
    const std::string* part = std::get_if<std::string>(&value);
    if (part == nullptr) return TypeError("CONCAT of something that is no string");
    if (text.size() + part->size() > kMaxSqlText) return TypeError("CONCAT makes too long a text");
    text += *part;
  }
  return SqlValue(std::move(text));
}
absl::StatusOr<SqlValue> Substr(const Arguments& a) {
  RETURN_IF_ERROR(CheckCount(a, 2, 3, "SUBSTR"));
  for (const SqlValue& value : a) {
    if (IsNull(value)) return SqlValue();
  }
  const std::string* text = std::get_if<std::string>(&a[0]);
  const int64_t* from = std::get_if<int64_t>(&a[1]);
  const int64_t* count = a.size() > 2 ? std::get_if<int64_t>(&a[2]) : nullptr;
  if (text == nullptr || from == nullptr || (a.size() > 2 && (count == nullptr || *count < 0))) {
    return TypeError("SUBSTR needs a string, a position and a length that is not negative");
  }
  const int64_t size = static_cast<int64_t>(text->size());
  int64_t begin = *from > 0 ? *from - 1 : *from < 0 ? std::max<int64_t>(size + *from, 0) : 0;
  begin = std::min(begin, size);
  return SqlValue(text->substr(begin, count != nullptr ? *count : std::string::npos));
}
absl::StatusOr<SqlValue> If(const Arguments& a) {
  RETURN_IF_ERROR(CheckCount(a, 3, 3, "IF"));
  return IsTrue(a[0]) ? a[1] : a[2];
}
absl::StatusOr<SqlValue> Coalesce(const Arguments& a) {
  for (const SqlValue& value : a) {
    if (!IsNull(value)) return value;
  }
  return SqlValue();
}

}  // namespace

bool IsTrue(const SqlValue& value) {
  const bool* x = std::get_if<bool>(&value);
  return x != nullptr && *x;
}

absl::StatusOr<std::string> ToSliceText(const SqlValue& value) {
  if (IsNull(value)) return "NULL";
  if (const int64_t* x = std::get_if<int64_t>(&value)) return absl::StrCat(*x);
  if (const float* x = std::get_if<float>(&value)) return ToText(*x, 6);
  if (const double* x = std::get_if<double>(&value)) return ToText(*x, 15);
  if (const std::string* x = std::get_if<std::string>(&value)) return *x;
  return TypeError("a slice value must be a number or a string (use IF(condition, 'yes', 'no') for a condition)");
}

SqlFunction FindSqlFunction(const std::string& name) {
  static const std::map<std::string, SqlFunction> kFunctions = {{"ARRAY_LENGTH", ArrayLength},
                                                                {"LENGTH", Length},
                                                                {"CHAR_LENGTH", Length},
                                                                {"BYTE_LENGTH", Length},
                                                                {"LOWER", Lower},
                                                                {"UPPER", Upper},
                                                                {"ABS", Abs},
                                                                {"MOD", Mod},
                                                                {"FLOOR", OfNumber<std::floor>},
                                                                {"CEIL", OfNumber<std::ceil>},
                                                                {"CEILING", OfNumber<std::ceil>},
                                                                {"SQRT", OfNumber<std::sqrt>},
                                                                {"EXP", OfNumber<std::exp>},
                                                                {"LN", OfNumber<std::log>},
                                                                {"LOG", OfNumber<std::log>},
                                                                {"LOG10", OfNumber<std::log10>},
                                                                {"CONCAT", Concat},
                                                                {"SUBSTR", Substr},
                                                                {"IF", If},
                                                                {"IFNULL", Coalesce},
                                                                {"COALESCE", Coalesce}};
  const auto it = kFunctions.find(name);
  return it == kFunctions.end() ? FindMoreSqlFunction(name) : it->second;
}

absl::StatusOr<SqlValue> CompareSql(const std::string& op, const SqlValue& a, const SqlValue& b) {
  if (IsNull(a) || IsNull(b)) return SqlValue();
  int order;
  if (const auto x = Number(a), y = Number(b); x && y) {
    if (std::isnan(*x) || std::isnan(*y)) return SqlValue(op == "!=");
    order = *x < *y ? -1 : *x > *y;
  } else if (std::holds_alternative<std::string>(a) && std::holds_alternative<std::string>(b)) {
    order = std::get<std::string>(a).compare(std::get<std::string>(b));
  } else if (std::holds_alternative<bool>(a) && std::holds_alternative<bool>(b)) {
    order = std::get<bool>(a) - std::get<bool>(b);
  } else {
    return TypeError(absl::StrCat("the two sides of ", op,
                                  " have types that do not compare (a feature is an array: unnest it in FROM)"));
  }
  if (op == "=") return SqlValue(order == 0);
  if (op == "!=") return SqlValue(order != 0);
  if (op == "<") return SqlValue(order < 0);
  if (op == "<=") return SqlValue(order <= 0);
  return SqlValue(op == ">" ? order > 0 : order >= 0);
}

absl::StatusOr<SqlValue> ArithmeticSql(char op, const SqlValue& a, const SqlValue& b) {
  if (IsNull(a) || IsNull(b)) return SqlValue();
  const int64_t *i = std::get_if<int64_t>(&a), *j = std::get_if<int64_t>(&b);
  if (i != nullptr && j != nullptr && op != '/') {
    int64_t result;
    const bool overflow = op == '+'   ? __builtin_add_overflow(*i, *j, &result)
                          : op == '-' ? __builtin_sub_overflow(*i, *j, &result)
                                      : __builtin_mul_overflow(*i, *j, &result);
    if (overflow) return TypeError(absl::StrCat("integer overflow in ", *i, " ", std::string(1, op), " ", *j));
    return SqlValue(result);
  }
  const auto x = Number(a), y = Number(b);
  if (!x || !y) return TypeError(absl::StrCat("the two sides of ", std::string(1, op), " must be numbers"));
  if (op == '/' && *y == 0) return TypeError("division by zero");
  return SqlValue(op == '+' ? *x + *y : op == '-' ? *x - *y : op == '*' ? *x * *y : *x / *y);
}

absl::StatusOr<SqlValue> CastSql(const std::string& type, const SqlValue& value) {
  if (IsNull(value)) return SqlValue();
  const std::string* text = std::get_if<std::string>(&value);
  if (type == "STRING" || type == "BYTES") {
    if (const bool* x = std::get_if<bool>(&value)) return SqlValue(std::string(*x ? "true" : "false"));
    ASSIGN_OR_RETURN(std::string result, ToSliceText(value));
    return SqlValue(std::move(result));
  }
  if (type == "INT64") {
    int64_t integer;
    if (text != nullptr && absl::SimpleAtoi(*text, &integer)) return SqlValue(integer);
    if (const bool* x = std::get_if<bool>(&value)) return SqlValue(int64_t{*x});
    if (const auto x = Number(value); x && std::abs(*x) < 0x1p63) return SqlValue(static_cast<int64_t>(std::round(*x)));
  } else if (type == "FLOAT64" || type == "DOUBLE" || type == "FLOAT" || type == "FLOAT32") {
    double number;
    if (text != nullptr && absl::SimpleAtod(*text, &number)) return SqlValue(number);
    if (const auto x = Number(value)) return SqlValue(*x);
  } else if (type == "BOOL") {
    if (const int64_t* x = std::get_if<int64_t>(&value)) return SqlValue(*x != 0);
    if (std::holds_alternative<bool>(value)) return value;
    if (text != nullptr && (*text == "true" || *text == "false")) return SqlValue(*text == "true");
  } else {
    return TypeError(absl::StrCat("CAST to ", type, " is not known; there are STRING, BYTES, INT64, FLOAT64 and BOOL"));
  }
  return TypeError(absl::StrCat("a value cannot be cast to ", type, "; SAFE_CAST makes it NULL"));
}

SqlValue FeatureArray(const data::ExampleBatch& batch, int row, const std::string& feature) {
  const data::Column* column = batch.Find(feature);
  if (column == nullptr || !column->present(row)) return SqlValue();
  auto array = std::make_shared<SqlArray>();
  for (int k = 0; k < column->num_values(row); ++k) {
    switch (column->type()) {
      case data::ValueType::kInt: array->values.emplace_back(column->ints(row)[k]); break;
      case data::ValueType::kFloat: array->values.emplace_back(column->floats(row)[k]); break;
      default: array->values.emplace_back(std::string(column->bytes(row, k)));
    }
  }
  return SqlValue(std::move(array));
}

}  // namespace tfxm::model_analysis
