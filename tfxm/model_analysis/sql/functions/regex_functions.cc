// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <memory>

#include "re2/re2.h"
#include "tfxm/model_analysis/sql/functions/function_arguments.h"
#include "tfxm/model_analysis/sql/functions/regex.h"

namespace tfxm::model_analysis::sql {
namespace {

Result RegexpContains(const Arguments& a) {
  return Apply<std::string, std::string>(a, [](const std::string& x, const std::string& pattern) -> Result {
    ASSIGN_OR_RETURN(const std::shared_ptr<const re2::RE2> regex, CompiledRegex(pattern));
    return Value(re2::RE2::PartialMatch(x, *regex));
  });
}
Result RegexpExtract(const Arguments& a) {
  return Apply<std::string, std::string>(a, [](const std::string& x, const std::string& pattern) -> Result {
    ASSIGN_OR_RETURN(const std::shared_ptr<const re2::RE2> regex, CompiledRegex(pattern));
    absl::string_view match[2];
    const int group = regex->NumberOfCapturingGroups() > 0 ? 1 : 0;
    if (!regex->Match(x, 0, x.size(), re2::RE2::UNANCHORED, match, group + 1)) return Value();
    return match[group].data() == nullptr ? Value() : Value(std::string(match[group]));
  });
}
Result RegexpReplace(const Arguments& a) {
  return Apply<std::string, std::string, std::string>(
      a, [](const std::string& x, const std::string& pattern, const std::string& to) -> Result {
        ASSIGN_OR_RETURN(const std::shared_ptr<const re2::RE2> regex, CompiledRegex(pattern));
        std::string error, text = x;
        if (!regex->CheckRewriteString(to, &error)) return ValueError(absl::StrCat("\"", to, "\": ", error));
        // Each reference is at most the text.
        RETURN_IF_ERROR(CheckReplacing(x, to.size() + std::count(to.begin(), to.end(), '\\') * x.size()));
        re2::RE2::GlobalReplace(&text, *regex, to);
        return Value(std::move(text));
      });
}

}  // namespace

const FunctionTable& RegexFunctions() {
  static const FunctionTable kFunctions = {
      {"REGEXP_CONTAINS", RegexpContains}, {"REGEXP_EXTRACT", RegexpExtract}, {"REGEXP_REPLACE", RegexpReplace}};
  return kFunctions;
}

}  // namespace tfxm::model_analysis::sql
