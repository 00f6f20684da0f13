// SPDX-License-Identifier: Apache-2.0

// The grammar of the slicing SQL (sql_slicer.h): a statement's text to its syntax tree (ast.h).
//
//   ASSIGN_OR_RETURN(Statement statement, Parse("SELECT STRUCT(t) FROM example.tags AS t"));
#ifndef TFXM_MODEL_ANALYSIS_SQL_PARSER_H_
#define TFXM_MODEL_ANALYSIS_SQL_PARSER_H_

#include <string>

#include "absl/status/statusor.h"
#include "tfxm/model_analysis/sql/ast.h"

namespace tfxm::model_analysis::sql {

// INVALID_ARGUMENT says where the text stops being understood: the first place if there are several. Functions that do
// not exist are such a place, as what their parentheses hold may be a syntax of their own (EXTRACT(YEAR FROM x)); so is
// what is nested too deeply or has too many operators.
absl::StatusOr<Statement> Parse(const std::string& sql);

}  // namespace tfxm::model_analysis::sql

#endif  // TFXM_MODEL_ANALYSIS_SQL_PARSER_H_
