// SPDX-License-Identifier: Apache-2.0

// The aggregate functions of the slicing SQL (sql_slicer.h): COUNT, COUNTIF, SUM, AVG, MIN, MAX, LOGICAL_OR,
// LOGICAL_AND and ANY_VALUE. NULLs are left out, and of no values all but the counts are NULL.
#ifndef TFXM_MODEL_ANALYSIS_SQL_AGGREGATES_H_
#define TFXM_MODEL_ANALYSIS_SQL_AGGREGATES_H_

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tfxm/model_analysis/sql/evaluator.h"
#include "tfxm/model_analysis/sql/value.h"

namespace tfxm::model_analysis::sql {

bool IsAggregate(const std::string& upper_case_name);

struct Aggregate {
  std::string function;
  Evaluator argument;  // Null: COUNT(*).
  bool distinct = false;
  size_t variable;  // Where its value goes.
};

// What an aggregate function has seen of a group.
class AggregateState {
 public:
  absl::Status Add(const Aggregate& aggregate, const Row& row);
  absl::StatusOr<Value> Result(const Aggregate& aggregate) const;

 private:
  int64_t count_ = 0;
  Value value_;  // Of SUM, MIN, MAX, …; NULL at first.
  std::set<std::string> seen_;
};

}  // namespace tfxm::model_analysis::sql

#endif  // TFXM_MODEL_ANALYSIS_SQL_AGGREGATES_H_
