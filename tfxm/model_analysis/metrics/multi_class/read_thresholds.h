// SPDX-License-Identifier: Apache-2.0

// The thresholds of the confusion matrices of many classes or labels.
#ifndef TFXM_MODEL_ANALYSIS_METRICS_MULTI_CLASS_READ_THRESHOLDS_H_
#define TFXM_MODEL_ANALYSIS_METRICS_MULTI_CLASS_READ_THRESHOLDS_H_

#include <vector>

#include "absl/status/statusor.h"
#include "tfxm/model_analysis/metrics/metric_arguments.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {

// Those of the argument "thresholds"; or, of a plot, "num_thresholds" of them from just below 0 to just above 1; else
// the default. INVALID_ARGUMENT if both are given.
inline absl::StatusOr<std::vector<double>> ReadThresholds(MetricArguments* arguments, bool plot,
                                                          double default_threshold) {
  ASSIGN_OR_RETURN(const auto thresholds, arguments->Numbers("thresholds"));
  std::optional<int> count;
  if (plot) {
    ASSIGN_OR_RETURN(count, arguments->Count("num_thresholds"));
  }
  if (!count) return thresholds && !thresholds->empty() ? *thresholds : std::vector<double>{default_threshold};
  if (thresholds) return arguments->Error("num_thresholds", "and thresholds exclude each other");
  if (*count < 2) return arguments->Error("num_thresholds", "must be at least 2");
  std::vector<double> spaced = {-1e-7};
  for (int i = 0; i < *count - 2; ++i) spaced.push_back((i + 1) * 1.0 / (*count - 1));
  spaced.push_back(1 + 1e-7);
  return spaced;
}

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_METRICS_MULTI_CLASS_READ_THRESHOLDS_H_
