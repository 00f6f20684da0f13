// SPDX-License-Identifier: Apache-2.0

// The slices that SlicingSpec.slice_keys_sql names. TFMA hands the statement to ZetaSQL with the example as a row whose
// columns are arrays; this evaluates the part of the language that such statements are made of:
//
// ```text
//   SELECT STRUCT(expression [AS name], …) FROM example.feature [AS] t, … [WHERE condition]
// ```
//
// FROM lists features to unnest (their cross product, or JOIN … ON), UNNEST(array) [WITH OFFSET] and queries in
// parentheses; a name is such an alias or a feature of the example. There are SELECT AS STRUCT, DISTINCT, GROUP BY with
// COUNT, SUM, AVG, MIN, MAX and others, HAVING, ORDER BY, LIMIT, UNION ALL, and queries as values, in EXISTS, IN and
// ARRAY. Expressions: literals, arrays, feature[OFFSET(i)] [ORDINAL(i)] and their SAFE_ forms, arithmetic and bits,
// comparisons, IN, BETWEEN, IS [NOT] NULL, LIKE, AND, OR, NOT, CASE, CAST, IF and the usual functions of numbers,
// strings and arrays (functions.h). NULL and three-valued logic are SQL's. A name without AS is the column's own. Unlike
// in ZetaSQL, BYTES (which features are) compare with STRING. Regular expressions are RE2's.
//
// A statement's text becomes a syntax tree (parser.h), its names are resolved (names.h), and it is compiled to closures
// (compile.h) that every example is given to (query.h).
//
// A config may be somebody else's, so there are limits, far from what slices need: the depth and number of operators of
// a statement (parser.cc), the rows and values it goes through for one example (evaluator.h), the length of the texts
// that it makes (functions.h).
#ifndef TFXM_MODEL_ANALYSIS_SLICING_SQL_SLICER_H_
#define TFXM_MODEL_ANALYSIS_SLICING_SQL_SLICER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tfxm/data/example_batch.h"
#include "tfxm/model_analysis/slicing/slice_key.h"

namespace tfxm::model_analysis {

class SqlSlicer {
 public:
  SqlSlicer();
  ~SqlSlicer();
  // INVALID_ARGUMENT says where in the statement it stops being understood.
  absl::Status AddStatement(const std::string& sql);
  // Appends the slice keys of one example. RESOURCE_EXHAUSTED if that takes too many steps.
  absl::Status Slice(const data::ExampleBatch& batch, int row, std::vector<SliceKey>* keys) const;

 private:
  struct Statement;
  std::vector<std::unique_ptr<Statement>> statements_;
};

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_SLICING_SQL_SLICER_H_
