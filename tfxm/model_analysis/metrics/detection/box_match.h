// SPDX-License-Identifier: Apache-2.0

// Matches predicted to true boxes, the first step of every object detection metric: TFMA's
// BoundingBoxMatchPreprocessor. Its triples are: for every true box of the class (1, confidence of the matched
// prediction or 0), for every unmatched prediction (0, confidence).
#ifndef TFXM_MODEL_ANALYSIS_METRICS_DETECTION_BOX_MATCH_H_
#define TFXM_MODEL_ANALYSIS_METRICS_DETECTION_BOX_MATCH_H_

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tfxm/model_analysis/metrics/binary/calibration_histogram.h"
#include "tfxm/model_analysis/metrics/metric.h"

namespace tfxm::model_analysis {

struct BoxMatchSettings {
  int class_id = 0;
  double iou_threshold = 0.5;
  double min_area = 0, max_area = std::numeric_limits<double>::infinity();
  std::optional<int> max_num_detections;
  double class_weight = 1;
  // The columns left, top, right, bottom, class and, for predictions, confidence: labels or outputs of the model, else
  // features. Empty: the label or the output is a matrix of these columns.
  std::vector<std::string> labels_to_stack, predictions_to_stack;
  std::string num_detections_key;
  bool allow_missing_key = false;

  // Reads what all object detection metrics have in common, except the class and the IoU thresholds.
  absl::Status Configure(MetricArguments* arguments);
  absl::Status Validate(const KeyRequest& request) const;
};

// The view of the triples.
absl::StatusOr<CustomTriples> AddBoxMatch(const KeyRequest& request, const BoxMatchSettings& settings,
                                          ComputationPlan* plan);

struct Box {
  double left, top, right, bottom, class_id, confidence;
};
// Appends the triples of one example. INVALID_ARGUMENT for a box whose right is left of its left.
absl::Status MatchBoxes(const std::vector<Box>& truth, const std::vector<Box>& predictions,
                        const BoxMatchSettings& settings, double weight, FlatView* view);

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_METRICS_DETECTION_BOX_MATCH_H_
