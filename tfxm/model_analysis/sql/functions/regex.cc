// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/sql/functions/regex.h"

#include <map>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "re2/re2.h"
#include "tfxm/model_analysis/sql/value.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/text.h"

namespace tfxm::model_analysis::sql {
namespace {

enum class Syntax { kRegex, kLike };

// The regular expression that LIKE's pattern stands for.
absl::StatusOr<std::string> FromLike(absl::string_view pattern) {
  std::string regex, literal;
  const auto append = [&](absl::string_view rest) {
    absl::StrAppend(&regex, re2::RE2::QuoteMeta(literal), rest);
    literal.clear();
  };
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '%') {
      append(".*");
    } else if (pattern[i] == '_') {
      append(".");
    } else if (pattern[i] != '\\') {
      literal += pattern[i];
    } else if (++i < pattern.size()) {
      literal += pattern[i];
    } else {
      return ValueError(absl::StrCat("the pattern \"", pattern, "\" of LIKE ends with a backslash; two stand for one"));
    }
  }
  append("");
  return regex;
}

// `bytes`: neither text nor pattern is taken for UTF-8.
absl::StatusOr<std::shared_ptr<const re2::RE2>> Compile(Syntax syntax, const std::string& pattern, bool bytes) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  if (bytes) options.set_encoding(re2::RE2::Options::EncodingLatin1);
  std::string expression = pattern;
  if (syntax == Syntax::kLike) {
    options.set_dot_nl(true);
    ASSIGN_OR_RETURN(expression, FromLike(pattern));
  }
  auto regex = std::make_shared<const re2::RE2>(expression, options);
  if (regex->ok()) return regex;
  if (syntax == Syntax::kLike) return ValueError(absl::StrCat("the pattern of LIKE: ", regex->error()));
  return ValueError(absl::StrCat("\"", pattern, "\" is not a regular expression: ", regex->error()));
}

absl::StatusOr<std::shared_ptr<const re2::RE2>> Kept(Syntax syntax, const std::string& pattern, bool bytes) {
  // Few: a pattern is nearly always the same for every row. Where it comes from the data, the last ones do.
  constexpr size_t kMost = 16;
  thread_local std::map<std::tuple<Syntax, bool, std::string>, std::shared_ptr<const re2::RE2>> kept;
  std::tuple<Syntax, bool, std::string> key(syntax, bytes, pattern);
  if (const auto it = kept.find(key); it != kept.end()) return it->second;
  ASSIGN_OR_RETURN(std::shared_ptr<const re2::RE2> regex, Compile(syntax, pattern, bytes));
  if (kept.size() >= kMost) kept.clear();
  kept.emplace(std::move(key), regex);
  return regex;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const re2::RE2>> CompiledRegex(const std::string& pattern) {
  return Kept(Syntax::kRegex, pattern, /*bytes=*/false);
}

absl::StatusOr<bool> MatchesLike(const std::string& text, const std::string& pattern) {
  ASSIGN_OR_RETURN(const std::shared_ptr<const re2::RE2> regex,
                   Kept(Syntax::kLike, pattern, /*bytes=*/!IsUtf8(text) || !IsUtf8(pattern)));
  return re2::RE2::FullMatch(text, *regex);
}

}  // namespace tfxm::model_analysis::sql
