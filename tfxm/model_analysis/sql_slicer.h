// The slices that SlicingSpec.slice_keys_sql names. TFMA hands the statement to ZetaSQL with the example as a row whose
// columns are arrays; this evaluates the part of the language that such statements are made of:
//
//   SELECT STRUCT(expression [AS name], …) FROM example.feature [AS] t, … [WHERE condition]
//
// FROM lists features to unnest (their cross product); a name is such an alias or a feature of the example.
// Expressions: literals, feature[OFFSET(i)] [ORDINAL(i)] and their SAFE_ forms, + - * /, comparisons, IN, BETWEEN, IS
// [NOT] NULL, LIKE, AND, OR, NOT, CASE, CAST, and the functions ARRAY_LENGTH, LENGTH, LOWER, UPPER, ABS, MOD, FLOOR,
// CEIL, ROUND, CONCAT, SUBSTR, IF, IFNULL, COALESCE. NULL and three-valued logic are SQL's. A name without AS is the
// column's own.
#ifndef TFXM_MODEL_ANALYSIS_SQL_SLICER_H_
#define TFXM_MODEL_ANALYSIS_SQL_SLICER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tfxm/data/example_batch.h"
#include "tfxm/model_analysis/slice_key.h"

namespace tfxm::model_analysis {

class SqlSlicer {
 public:
  SqlSlicer();
  ~SqlSlicer();
  // INVALID_ARGUMENT says where in the statement it stops being understood.
  absl::Status AddStatement(const std::string& sql);
  // Appends the slice keys of one example.
  absl::Status Slice(const data::ExampleBatch& batch, int row, std::vector<SliceKey>* keys) const;

 private:
  struct Statement;
  std::vector<std::unique_ptr<Statement>> statements_;
};

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_SQL_SLICER_H_
