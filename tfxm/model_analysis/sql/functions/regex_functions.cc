// SPDX-License-Identifier: Apache-2.0

#include <algorithm>

#include "re2/re2.h"
#include "tfxm/model_analysis/sql/functions/function_arguments.h"

namespace tfxm::model_analysis::sql {
namespace {

// RE2, as in ZetaSQL: its time grows with the text, whatever the expression.
template <typename Fn>
Result WithRegex(const std::string& pattern, Fn fn) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  const re2::RE2 regex(pattern, options);
  if (!regex.ok()) return ValueError(absl::StrCat("\"", pattern, "\" is no regular expression: ", regex.error()));
  return fn(regex);
}
Result RegexpContains(const Arguments& a) {
  return Apply<std::string, std::string>(a, [](const std::string& x, const std::string& pattern) {
    return WithRegex(pattern, [&](const re2::RE2& regex) -> Result { return Value(re2::RE2::PartialMatch(x, regex)); });
  });
}
Result RegexpExtract(const Arguments& a) {
  return Apply<std::string, std::string>(a, [](const std::string& x, const std::string& pattern) {
    return WithRegex(pattern, [&](const re2::RE2& regex) -> Result {
      absl::string_view match[2];
      const int group = regex.NumberOfCapturingGroups() > 0 ? 1 : 0;
      if (!regex.Match(x, 0, x.size(), re2::RE2::UNANCHORED, match, group + 1)) return Value();
      return match[group].data() == nullptr ? Value() : Value(std::string(match[group]));
    });
  });
}
Result RegexpReplace(const Arguments& a) {
  return Apply<std::string, std::string, std::string>(
      a, [](const std::string& x, const std::string& pattern, const std::string& to) {
        return WithRegex(pattern, [&](const re2::RE2& regex) -> Result {
          std::string error, text = x;
          if (!regex.CheckRewriteString(to, &error)) return ValueError(absl::StrCat("\"", to, "\": ", error));
          // Each reference is at most the text.
          RETURN_IF_ERROR(CheckReplacing(x, to.size() + std::count(to.begin(), to.end(), '\\') * x.size()));
          re2::RE2::GlobalReplace(&text, regex, to);
          return Value(std::move(text));
        });
      });
}

}  // namespace

const FunctionTable& RegexFunctions() {
  static const FunctionTable kFunctions = {
      {"REGEXP_CONTAINS", RegexpContains}, {"REGEXP_EXTRACT", RegexpExtract}, {"REGEXP_REPLACE", RegexpReplace}};
  return kFunctions;
}

}  // namespace tfxm::model_analysis::sql
