// SPDX-License-Identifier: Apache-2.0

// Whether more of a metric is better: what the report colours, and sorts regressions, by.
//
//   MetricDirection("auc") == Direction::kHigherIsBetter;  MetricDirection("example_count") == Direction::kNone;
#ifndef TFXM_REPORT_EVALUATION_METRIC_DIRECTION_H_
#define TFXM_REPORT_EVALUATION_METRIC_DIRECTION_H_

#include <string>

#include "absl/strings/string_view.h"
#include "tensorflow_model_analysis/proto/config.pb.h"

namespace tfxm::report {

enum class Direction { kNone, kHigherIsBetter, kLowerIsBetter };

// By TFMA's name of the metric. Unknown metrics, counts, and those with a best value in the middle (calibration) have
// none.
Direction MetricDirection(absl::string_view name);

// As above, but a direction that the config's change thresholds give for the metric comes first.
Direction MetricDirection(absl::string_view name, const tensorflow_model_analysis::EvalConfig& config);

// Metric names compare equal if they differ in case and underscores only: a config names the class (BinaryAccuracy), a
// result the metric (binary_accuracy).
bool SameMetricName(absl::string_view a, absl::string_view b);
// The name of the metric that a config asks for: "name" of its JSON config if given, else its class.
std::string ConfiguredName(const tensorflow_model_analysis::MetricConfig& config);

}  // namespace tfxm::report

#endif  // TFXM_REPORT_EVALUATION_METRIC_DIRECTION_H_
