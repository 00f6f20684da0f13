// SPDX-License-Identifier: Apache-2.0

// A syntax tree of the slicing SQL (ast.h), its names resolved (names.h), as a query that can be run: an expression
// becomes a closure that holds those of its operands.
//
//   ASSIGN_OR_RETURN(Statement statement, Parse(query));
//   RETURN_IF_ERROR(ResolveNames(&statement));
//   RETURN_IF_ERROR(Compile(*statement.select)->Run(row, &rows));
#ifndef TFXM_MODEL_ANALYSIS_SQL_COMPILE_H_
#define TFXM_MODEL_ANALYSIS_SQL_COMPILE_H_

#include <memory>

#include "tfxm/model_analysis/sql/ast.h"
#include "tfxm/model_analysis/sql/evaluator.h"
#include "tfxm/model_analysis/sql/query.h"

namespace tfxm::model_analysis::sql {

Evaluator Compile(const Expr& expr);
std::shared_ptr<Query> Compile(const Select& select);

}  // namespace tfxm::model_analysis::sql

#endif  // TFXM_MODEL_ANALYSIS_SQL_COMPILE_H_
