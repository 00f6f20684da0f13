// SPDX-License-Identifier: Apache-2.0

// What Keras's metrics and losses make of the labels and predictions of one example (keras/losses.py and keras/metrics/
// of Keras 2.15). Keras computes in float32, this in float64.
#ifndef TFXM_MODEL_ANALYSIS_METRICS_KERAS_KERAS_FUNCTIONS_H_
#define TFXM_MODEL_ANALYSIS_METRICS_KERAS_KERAS_FUNCTIONS_H_

#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tfxm/model_analysis/metrics/metric_arguments.h"

namespace tfxm::model_analysis {

using Row = std::span<const double>;

struct KerasArguments {
  bool from_logits = false;
  double label_smoothing = 0;
  int k = 5;
  double delta = 1;  // Huber.
  // Focal cross-entropies. alpha has one entry, or one per class.
  bool apply_class_balancing = false;
  std::vector<double> alpha = {0.25};
  double gamma = 2;
  std::vector<double> normalizer;  // MeanRelativeError: one entry, or one per value.
};

// INVALID_ARGUMENT says what does not fit together.
using KerasFunction = absl::StatusOr<double> (*)(const KerasArguments&, Row labels, Row predictions);

// One metric or loss.
struct KerasFunctionInfo {
  const char* class_name;
  KerasFunction function;
  bool root = false;  // The metric is the square root of the mean.
  // Another definition that holds as soon as any label is neither 0 nor 1: hinge losses take labels 0 for -1 only while
  // all are binary.
  KerasFunction if_not_binary = nullptr;
  // The mean over an example's values, so that padding can be added later.
  bool is_mean_of_values = false;
  // The loss of that name, if its value is another than the metric's.
  KerasFunction loss = nullptr;
};
const std::vector<KerasFunctionInfo>& KerasFunctions();

// Position of the (first) largest value.
int ArgMax(Row x);
absl::Status CheckSameSize(Row labels, Row predictions);

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_METRICS_KERAS_KERAS_FUNCTIONS_H_
