// SPDX-License-Identifier: Apache-2.0

// SELECT … FROM … WHERE … GROUP BY … ORDER BY … LIMIT …, evaluated on one example: the statement that slices by
// (sql_slicer.h) and the queries within it. compile.h makes it.
#ifndef TFXM_MODEL_ANALYSIS_SQL_QUERY_H_
#define TFXM_MODEL_ANALYSIS_SQL_QUERY_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "tfxm/model_analysis/sql/aggregates.h"
#include "tfxm/model_analysis/sql/evaluator.h"
#include "tfxm/model_analysis/sql/value.h"

namespace tfxm::model_analysis::sql {

struct Query {
  // An item of FROM: the elements of an array, or the rows of a query.
  struct Source {
    Evaluator array;
    std::shared_ptr<Query> query;
    std::vector<size_t> variables;  // Where the element, or the columns of the row, go.
    std::optional<size_t> offset;   // Where the element's position goes.
    Evaluator condition;            // ON; may be null.
  };
  std::vector<Source> sources;
  Evaluator where, having;  // May be null.
  bool distinct = false;
  std::vector<Evaluator> columns;
  std::vector<Evaluator> group_by;
  std::vector<Aggregate> aggregates;
  std::vector<std::pair<Evaluator, bool>> order_by;  // True: descending.
  std::optional<int64_t> limit;
  int64_t offset = 0;
  std::shared_ptr<Query> union_all;  // Whose rows follow.

  using Rows = std::vector<std::vector<Value>>;
  // Appends its rows. Uses row.variables.
  absl::Status Run(const Row& row, Rows* rows) const;
};

}  // namespace tfxm::model_analysis::sql

#endif  // TFXM_MODEL_ANALYSIS_SQL_QUERY_H_
