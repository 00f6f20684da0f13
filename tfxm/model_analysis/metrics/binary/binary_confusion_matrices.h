// SPDX-License-Identifier: Apache-2.0

// True and false positives and negatives at thresholds: what most binary metrics are derived from. TFMA's
// binary_confusion_matrices.py, with its two ways of computing them: from the calibration histogram (many thresholds),
// or directly (a few given ones).
#ifndef TFXM_MODEL_ANALYSIS_METRICS_BINARY_BINARY_CONFUSION_MATRICES_H_
#define TFXM_MODEL_ANALYSIS_METRICS_BINARY_BINARY_CONFUSION_MATRICES_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tfxm/model_analysis/metrics/binary/calibration_histogram.h"
#include "tfxm/model_analysis/metrics/metric.h"

namespace tfxm::model_analysis {

struct MatricesOptions {
  // One of the two, or neither for 10,000 thresholds: evenly spaced from -1e-7 to 1 + 1e-7.
  std::optional<int> num_thresholds;
  std::optional<std::vector<double>> thresholds;
  std::string name;  // Of the result; empty: made from the settings.
  std::optional<bool> use_histogram;
  bool labels_are_predictions = false;
  std::optional<CustomTriples> triples;
};

// Adds the computations and returns the key of the result, BinaryConfusionMatrices in the order of the thresholds. A
// NaN among labels or predictions makes every count NaN. INVALID_ARGUMENT for settings that exclude each other.
absl::StatusOr<MetricKey> AddBinaryConfusionMatrices(const KeyRequest& request, const MatricesOptions& options,
                                                     ComputationPlan* plan);

// How many digits TFMA gives thresholds in the names of metrics ("@0.25"): as many as the longest needs.
int DigitsOfThresholds(const std::vector<double>& thresholds);

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_METRICS_BINARY_BINARY_CONFUSION_MATRICES_H_
