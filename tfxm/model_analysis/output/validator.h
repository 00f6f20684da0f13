// SPDX-License-Identifier: Apache-2.0

// Thresholds: which metrics miss theirs, and whether that blesses the model. TFMA's metrics_validator.py and the
// combination of its results over slices.
#ifndef TFXM_MODEL_ANALYSIS_OUTPUT_VALIDATOR_H_
#define TFXM_MODEL_ANALYSIS_OUTPUT_VALIDATOR_H_

#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tensorflow_model_analysis/proto/validation_result.pb.h"
#include "tfxm/model_analysis/metrics/metric_specs.h"
#include "tfxm/model_analysis/pass/combine.h"

namespace tfxm::model_analysis {

// validation_ok is true if there are thresholds and all are kept on all slices they are for, each of which exists.
// Without thresholds it is `rubber_stamp`. The thresholds of `overall_only` keys (costs) are for the overall slice, if
// they do not name a slice. INVALID_ARGUMENT for a change threshold without direction.
absl::StatusOr<::tensorflow_model_analysis::ValidationResult> Validate(const std::vector<SliceMetrics>& slices,
                                                                       const ResolvedConfig& config, bool rubber_stamp,
                                                                       const std::set<MetricKey>& overall_only = {});

// What thresholds do that one may not expect.
std::vector<std::string> ThresholdWarnings(const Thresholds& thresholds);

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_OUTPUT_VALIDATOR_H_
