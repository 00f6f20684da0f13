// SPDX-License-Identifier: Apache-2.0

// A syntax tree as text, for tests and debugging: operators and clauses in parentheses before what they have.
//
// ```text
//   SELECT STRUCT(t) FROM example.tags t WHERE t != 'a' AND day     (SELECT (STRUCT t) (FROM (AS t example.tags))
//                                                                     (WHERE (AND (!= t 'a') day)))
// ```
#ifndef TFXM_MODEL_ANALYSIS_SQL_PRINT_H_
#define TFXM_MODEL_ANALYSIS_SQL_PRINT_H_

#include <string>

#include "tfxm/model_analysis/sql/ast.h"

namespace tfxm::model_analysis::sql {

// Names as written are themselves; what ResolveNames has found to be a variable is $0, $1, …, a feature is example.tags.
std::string ToText(const Expr& expr);
std::string ToText(const Select& select);

}  // namespace tfxm::model_analysis::sql

#endif  // TFXM_MODEL_ANALYSIS_SQL_PRINT_H_
