// SPDX-License-Identifier: Apache-2.0

// What the names of a statement of the slicing SQL (sql_slicer.h) stand for.
//
// ```text
//   SELECT STRUCT(t, size) FROM example.tags AS t      t: the variable that FROM sets; size: the feature
// ```
//
// A name is what the FROM of its own query introduces, else what those of the queries around it do (of two, the later
// one), else a feature. Upper and lower case are the same but for features.
#ifndef TFXM_MODEL_ANALYSIS_SQL_NAMES_H_
#define TFXM_MODEL_ANALYSIS_SQL_NAMES_H_

#include "absl/status/status.h"
#include "tfxm/model_analysis/sql/ast.h"

namespace tfxm::model_analysis::sql {

// Replaces kName and kQualifiedName by kVariable, kFeature and kField, and gives variables to FROM and the aggregate
// functions. INVALID_ARGUMENT for aggregate functions where there must be none (in FROM, WHERE, GROUP BY and within one
// another), and FROM a.b where b is not a column of a query a.
absl::Status ResolveNames(Statement* statement);

}  // namespace tfxm::model_analysis::sql

#endif  // TFXM_MODEL_ANALYSIS_SQL_NAMES_H_
