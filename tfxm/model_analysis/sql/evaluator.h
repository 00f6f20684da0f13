// SPDX-License-Identifier: Apache-2.0

// What an expression of the slicing SQL is compiled to (compile.h): a function of an example.
#ifndef TFXM_MODEL_ANALYSIS_SQL_EVALUATOR_H_
#define TFXM_MODEL_ANALYSIS_SQL_EVALUATOR_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tfxm/data/example_batch.h"
#include "tfxm/model_analysis/sql/value.h"

namespace tfxm::model_analysis::sql {

// What an expression is evaluated on: an example, and the current values of what FROM and the aggregate functions
// introduce (Statement::num_variables of them; a query sets its own).
struct Row {
  const data::ExampleBatch* batch;
  int row;
  std::vector<Value>* variables;
  // What the statement may still cost on this example. A config may be somebody else's, and so may the data.
  int64_t* steps_left;

  // For rows gone through, values looked at, array elements and texts made. RESOURCE_EXHAUSTED if it is too much.
  absl::Status Take(int64_t steps) const;
};
inline constexpr int64_t kMaxSteps = 3'000'000;

using Evaluator = std::function<absl::StatusOr<Value>(const Row&)>;

}  // namespace tfxm::model_analysis::sql

#endif  // TFXM_MODEL_ANALYSIS_SQL_EVALUATOR_H_
