// SPDX-License-Identifier: Apache-2.0

// Why a model is not blessed, in a line.
//
//   ASSIGN_OR_RETURN(std::string why, MissedThresholds("pipeline_root/Evaluator/evaluation/7"));
//   // "accuracy on region: east: 0.7056 is below 0.97 (and 2 more: loss at most 0.3; ExampleCount at least 100)"
#ifndef TFXM_COMPONENTS_MISSED_THRESHOLDS_H_
#define TFXM_COMPONENTS_MISSED_THRESHOLDS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tfxm {

// Of the evaluation in `dir`, whose validation failed: the first threshold that is missed, with the slice, the model if
// there are several, and the value; and which other ones are.
absl::StatusOr<std::string> MissedThresholds(absl::string_view dir);

}  // namespace tfxm

#endif  // TFXM_COMPONENTS_MISSED_THRESHOLDS_H_
