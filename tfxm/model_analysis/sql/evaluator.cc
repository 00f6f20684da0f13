// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/sql/evaluator.h"

#include "absl/strings/str_cat.h"

namespace tfxm::model_analysis::sql {

absl::Status Row::Take(int64_t steps) const {
  *steps_left -= steps;
  if (*steps_left >= 0) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat("slice_keys_sql: more than ", kMaxSteps,
                                                   " steps for one example (rows, values, array elements): "
                                                   "unnest fewer features at once, or filter earlier"));
}

}  // namespace tfxm::model_analysis::sql
