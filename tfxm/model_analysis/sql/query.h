// SELECT … FROM … WHERE … GROUP BY … ORDER BY … LIMIT …, evaluated on one example: the statement that slices by
// (sql_slicer.h) and the queries within it.
#ifndef TFXM_MODEL_ANALYSIS_SQL_QUERY_H_
#define TFXM_MODEL_ANALYSIS_SQL_QUERY_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "tfxm/model_analysis/sql/expression.h"

namespace tfxm::model_analysis {

struct SqlQuery {
  // An item of FROM: the elements of an array, or the rows of a query.
  struct Source {
    SqlExpression array;
    std::shared_ptr<SqlQuery> query;
    std::vector<size_t> elements;  // Where the element, or the columns of the row, go.
    std::optional<size_t> offset;  // Where the element's position goes.
    SqlExpression condition;       // ON; may be null.
  };
  std::vector<Source> sources;
  SqlExpression where, having;  // May be null.
  bool distinct = false;
  bool as_struct = false;
  // Whether the first column may be a STRUCT: it is written as one, or comes out of a query in FROM.
  bool may_be_struct = false;
  std::vector<std::pair<std::string, SqlExpression>> columns;
  std::vector<SqlExpression> group_by;
  std::vector<SqlAggregate> aggregates;
  std::vector<std::pair<SqlExpression, bool>> order_by;  // True: descending.
  std::optional<int64_t> limit;
  int64_t offset = 0;
  std::shared_ptr<SqlQuery> union_all;  // Whose rows follow.

  using Rows = std::vector<std::vector<SqlValue>>;
  // Appends its rows. Uses row.elements.
  absl::Status Run(const SqlRow& row, Rows* rows) const;
};

bool IsSqlAggregate(const std::string& upper_case_name);

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_SQL_QUERY_H_
