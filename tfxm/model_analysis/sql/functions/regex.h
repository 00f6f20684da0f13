// SPDX-License-Identifier: Apache-2.0

// Regular expressions and LIKE of the slicing SQL (sql_slicer.h): RE2's, as in ZetaSQL, so that a match takes time that
// grows with the text, whatever the pattern.
//
//   ASSIGN_OR_RETURN(const std::shared_ptr<const re2::RE2> regex, CompiledRegex("[a-z]+"));
//   ASSIGN_OR_RETURN(const bool matches, MatchesLike("a title", "a%"));
//
// What is compiled is kept for the next row, by each thread for itself.
#ifndef TFXM_MODEL_ANALYSIS_SQL_FUNCTIONS_REGEX_H_
#define TFXM_MODEL_ANALYSIS_SQL_FUNCTIONS_REGEX_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace re2 {
class RE2;
}  // namespace re2

namespace tfxm::model_analysis::sql {

// INVALID_ARGUMENT if it is not a regular expression.
absl::StatusOr<std::shared_ptr<const re2::RE2>> CompiledRegex(const std::string& pattern);

// LIKE: % is any text, _ a character (of a text that is not UTF-8, a byte), and what follows a backslash itself.
// INVALID_ARGUMENT: the pattern ends with a backslash, or is too large.
absl::StatusOr<bool> MatchesLike(const std::string& text, const std::string& pattern);

}  // namespace tfxm::model_analysis::sql

#endif  // TFXM_MODEL_ANALYSIS_SQL_FUNCTIONS_REGEX_H_
