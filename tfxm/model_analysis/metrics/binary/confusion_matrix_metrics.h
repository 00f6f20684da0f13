// SPDX-License-Identifier: Apache-2.0

// What metrics derived from binary confusion matrices have in common: their arguments, and the derivation.
#ifndef TFXM_MODEL_ANALYSIS_METRICS_BINARY_CONFUSION_MATRIX_METRICS_H_
#define TFXM_MODEL_ANALYSIS_METRICS_BINARY_CONFUSION_MATRIX_METRICS_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tfxm/model_analysis/metrics/binary/binary_confusion_matrices.h"
#include "tfxm/model_analysis/metrics/binary/confusion_matrix_ratios.h"
#include "tfxm/model_analysis/metrics/metric.h"

namespace tfxm::model_analysis {

// The ratio at every threshold: a number if there is one threshold, else an array.
MetricValue RatioAtThresholds(const BinaryConfusionMatrices& matrices, ConfusionMatrixRatio ratio);

// The largest of `dependent` where `constrained` is at least `value`, ignoring NaN; 0 if there is none.
double MaxUnderConstraint(const std::vector<double>& constrained, const std::vector<double>& dependent, double value);

// Precisions, recalls and specificities by threshold (0/0 is NaN).
std::vector<double> Divide(const std::vector<double>& a, const std::vector<double>& b);
std::vector<double> Precisions(const BinaryConfusionMatrices& m);
std::vector<double> Recalls(const BinaryConfusionMatrices& m);
std::vector<double> Specificities(const BinaryConfusionMatrices& m);

// Base of a metric with one value per set of matrices.
class ConfusionMatrixMetric : public PerKeyMetric {
 public:
  absl::Status AddForKey(const KeyRequest& request, ComputationPlan* plan) const override;

 protected:
  // The arguments every such metric has; those it does not have are simply never given.
  absl::Status ReadThresholds(MetricArguments* arguments, bool thresholds, bool num_thresholds);
  absl::Status ReadSubKey(MetricArguments* arguments);
  // The derivation, independent of this object.
  using ValueFunction = std::function<MetricValue(const BinaryConfusionMatrices&)>;
  virtual ValueFunction Derivation() const = 0;

  std::optional<std::vector<double>> thresholds_;
  std::optional<int> num_thresholds_;
  std::optional<double> default_threshold_;
  std::optional<int> top_k_, class_id_;
  bool is_compiled_ = false;  // keras_default_metrics.h.
};

// `request` with the metric's own top_k and class_id, which must not be set by the metrics_spec as well.
absl::StatusOr<KeyRequest> WithSubKey(KeyRequest request, const std::string& metric_name, std::optional<int> top_k,
                                      std::optional<int> class_id);

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_METRICS_BINARY_CONFUSION_MATRIX_METRICS_H_
