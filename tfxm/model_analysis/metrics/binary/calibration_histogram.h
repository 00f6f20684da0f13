// SPDX-License-Identifier: Apache-2.0

// The histogram of predictions that AUC, most confusion matrices and the calibration plot are derived from: per bucket
// the weighted sums of labels, predictions and examples. TFMA's calibration_histogram.py.
#ifndef TFXM_MODEL_ANALYSIS_METRICS_BINARY_CALIBRATION_HISTOGRAM_H_
#define TFXM_MODEL_ANALYSIS_METRICS_BINARY_CALIBRATION_HISTOGRAM_H_

#include <optional>
#include <string>
#include <vector>

#include "tfxm/model_analysis/metrics/metric.h"

namespace tfxm::model_analysis {

inline constexpr int kDefaultNumBuckets = 10000;

// Triples that a computation is based on instead of the request's own: matched boxes or sets.
struct CustomTriples {
  std::string name;  // Part of the computations' names, so that they are not confused.
  FlatViewId view;
};

struct HistogramOptions {
  int num_buckets = kDefaultNumBuckets;  // Plus one bucket below `left` and one from `right` on.
  double left = 0, right = 1;
  std::optional<CustomTriples> triples;
  bool by_label = false;  // Buckets of labels, which then are not fractional.
};

// Adds the computation and returns its key, whose result is a Histogram. Labels are fractional if the range is [0, 1].
absl::StatusOr<MetricKey> AddCalibrationHistogram(const KeyRequest& request, const HistogramOptions& options,
                                                  ComputationPlan* plan);

// The histogram for other, ascending boundaries: bucket i has the predictions in [thresholds[i], thresholds[i + 1]);
// those below the first or in the end buckets go to the ends. num_buckets, left and right are those of `histogram`.
CalibrationHistogram Rebin(const std::vector<double>& thresholds, const CalibrationHistogram& histogram,
                           int num_buckets = kDefaultNumBuckets, double left = 0, double right = 1);

// "class_weights={0: 1, 2: 0.5}"-like: a part of the name of a computation that depends on them; empty without.
std::string ClassWeightsName(const KeyRequest& request);

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_METRICS_BINARY_CALIBRATION_HISTOGRAM_H_
