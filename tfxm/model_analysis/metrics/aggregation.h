// SPDX-License-Identifier: Apache-2.0

// Averages over classes and outputs, derived from a metric's values per class or per output: TFMA's aggregation.py.
#ifndef TFXM_MODEL_ANALYSIS_METRICS_AGGREGATION_H_
#define TFXM_MODEL_ANALYSIS_METRICS_AGGREGATION_H_

#include <map>
#include <string>
#include <vector>

#include "tfxm/model_analysis/metrics/metric.h"

namespace tfxm::model_analysis {

// The mean of `metric_name` over `sub_keys` (classes, or the k-th predictions), each weighted by class_weights if there
// are any and, if `by_label`, by its share of the labels.
absl::Status AddMacroAverage(const std::string& metric_name, const KeyRequest& request,
                             const std::vector<SubKey>& sub_keys, const std::map<int, double>& class_weights,
                             bool by_label, ComputationPlan* plan);

// The weighted mean of `metric_name` over outputs.
void AddOutputAverage(const std::string& metric_name, const KeyRequest& request,
                      const std::map<std::string, double>& output_weights, ComputationPlan* plan);

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_METRICS_AGGREGATION_H_
