// SPDX-License-Identifier: Apache-2.0

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"
#include "tfxm/model_analysis/sql/functions/function_arguments.h"

namespace tfxm::model_analysis::sql {
namespace {

template <typename Fn>
Result OfText(const Arguments& a, absl::string_view name, Fn fn) {
  RETURN_IF_ERROR(CheckCount(a, 1, 1, name));
  if (IsNull(a[0])) return Value();
  const std::string* text = std::get_if<std::string>(&a[0]);
  if (text == nullptr) return ValueError(absl::StrCat(name, " of something that is not a string"));
  return Value(fn(*text));
}
Result Length(const Arguments& a) {
  return OfText(a, "LENGTH", [](const std::string& s) { return static_cast<int64_t>(s.size()); });
}
Result Lower(const Arguments& a) {
  return OfText(a, "LOWER", [](const std::string& s) { return absl::AsciiStrToLower(s); });
}
Result Upper(const Arguments& a) {
  return OfText(a, "UPPER", [](const std::string& s) { return absl::AsciiStrToUpper(s); });
}

Result Concat(const Arguments& a) {
  std::string text;
  for (const Value& value : a) {
    if (IsNull(value)) return Value();
    const std::string* part = std::get_if<std::string>(&value);
    if (part == nullptr) return ValueError("CONCAT of something that is not a string");
    if (text.size() + part->size() > kMaxText) return ValueError("CONCAT makes too long a text");
    text += *part;
  }
  return Value(std::move(text));
}
Result Substr(const Arguments& a) {
  RETURN_IF_ERROR(CheckCount(a, 2, 3, "SUBSTR"));
  for (const Value& value : a) {
    if (IsNull(value)) return Value();
  }
  const std::string* text = std::get_if<std::string>(&a[0]);
  const int64_t* from = std::get_if<int64_t>(&a[1]);
  const int64_t* count = a.size() > 2 ? std::get_if<int64_t>(&a[2]) : nullptr;
  if (text == nullptr || from == nullptr || (a.size() > 2 && (count == nullptr || *count < 0))) {
    return ValueError("SUBSTR needs a string, a position and a length that is not negative");
  }
  const int64_t size = static_cast<int64_t>(text->size());
  int64_t begin = *from > 0 ? *from - 1 : *from < 0 ? std::max<int64_t>(size + *from, 0) : 0;
  begin = std::min(begin, size);
  return Value(text->substr(begin, count != nullptr ? *count : std::string::npos));
}

Result StartsWith(const Arguments& a) {
  return Apply<std::string, std::string>(
      a, [](const std::string& x, const std::string& y) -> Result { return Value(x.starts_with(y)); });
}
Result EndsWith(const Arguments& a) {
  return Apply<std::string, std::string>(
      a, [](const std::string& x, const std::string& y) -> Result { return Value(x.ends_with(y)); });
}
Result StrPos(const Arguments& a) {
  return Apply<std::string, std::string>(a, [](const std::string& x, const std::string& y) -> Result {
    const size_t at = x.find(y);
    return Value(at == std::string::npos ? int64_t{0} : static_cast<int64_t>(at) + 1);
  });
}
Result Replace(const Arguments& a) {
  return Apply<std::string, std::string, std::string>(
      a, [](const std::string& x, const std::string& from, const std::string& to) -> Result {
        if (from.empty()) return Value(x);
        RETURN_IF_ERROR(CheckReplacing(x, to.size()));
        return Value(absl::StrReplaceAll(x, {{from, to}}));
      });
}
Result Trim(const Arguments& a) {
  return Apply<std::string>(
      a, [](const std::string& x) -> Result { return Value(std::string(absl::StripAsciiWhitespace(x))); });
}
Result LTrim(const Arguments& a) {
  return Apply<std::string>(
      a, [](const std::string& x) -> Result { return Value(std::string(absl::StripLeadingAsciiWhitespace(x))); });
}
Result RTrim(const Arguments& a) {
  return Apply<std::string>(
      a, [](const std::string& x) -> Result { return Value(std::string(absl::StripTrailingAsciiWhitespace(x))); });
}
Result Reverse(const Arguments& a) {
  return Apply<std::string>(a, [](const std::string& x) -> Result { return Value(std::string(x.rbegin(), x.rend())); });
}
Result Left(const Arguments& a) {
  return Apply<std::string, int64_t>(a, [](const std::string& x, int64_t n) -> Result {
    return n < 0 ? Result(ValueError("LEFT of a negative length")) : Result(Value(x.substr(0, n)));
  });
}
Result Right(const Arguments& a) {
  return Apply<std::string, int64_t>(a, [](const std::string& x, int64_t n) -> Result {
    if (n < 0) return ValueError("RIGHT of a negative length");
    return Value(x.substr(x.size() - std::min<size_t>(n, x.size())));
  });
}

}  // namespace

const FunctionTable& StringFunctions() {
  static const FunctionTable kFunctions = {
      {"LENGTH", Length},      {"CHAR_LENGTH", Length}, {"BYTE_LENGTH", Length}, {"LOWER", Lower},
      {"UPPER", Upper},        {"CONCAT", Concat},      {"SUBSTR", Substr},      {"STARTS_WITH", StartsWith},
      {"ENDS_WITH", EndsWith}, {"STRPOS", StrPos},      {"INSTR", StrPos},       {"REPLACE", Replace},
      {"TRIM", Trim},          {"LTRIM", LTrim},        {"RTRIM", RTrim},        {"REVERSE", Reverse},
      {"LEFT", Left},          {"RIGHT", Right}};
  return kFunctions;
}

}  // namespace tfxm::model_analysis::sql
