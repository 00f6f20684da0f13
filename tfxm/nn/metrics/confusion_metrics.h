// SPDX-License-Identifier: Apache-2.0

// Metrics of true and false positives and negatives, with Keras's names, arguments and numbers. Labels above 0 are
// positive; predictions above a threshold are called so.
//
//   model.Compile({.loss = "binary_crossentropy", .metrics = {metrics::PrecisionAtRecall(0.9)}});
#ifndef TFXM_NN_METRICS_CONFUSION_METRICS_H_
#define TFXM_NN_METRICS_CONFUSION_METRICS_H_

#include <optional>
#include <string>
#include <vector>

#include "tfxm/nn/metrics/metrics.h"

namespace tfxm::nn {

// What such a metric's state is made of: {true positives, false positives, false negatives, true negatives} at each
// threshold.
std::vector<ops::Tensor> ConfusionAt(const std::vector<float>& thresholds, const ops::Tensor& y_true,
                                     const ops::Tensor& y_pred, const ops::Tensor& weight);

// `weight`, of examples or of their losses, as floats of as many dimensions as `values`.
ops::Tensor WeightLike(const ops::Tensor& values, ops::Tensor weight);

namespace metrics {

// Counts; weighted ones with sample weights.
Metric TruePositives(double threshold = 0.5);
Metric TrueNegatives(double threshold = 0.5);
Metric FalsePositives(double threshold = 0.5);
Metric FalseNegatives(double threshold = 0.5);

// The best of one over all thresholds at which the other is at least so much; 0 if that is nowhere.
Metric PrecisionAtRecall(double recall, int num_thresholds = 200);
Metric RecallAtPrecision(double precision, int num_thresholds = 200);
Metric SensitivityAtSpecificity(double specificity, int num_thresholds = 200);
Metric SpecificityAtSensitivity(double sensitivity, int num_thresholds = 200);

struct FScoreOptions {
  // Over the classes: "macro" (the mean), "micro" (of all counts together) or "weighted" (by the number of labels).
  // Keras's None, one value per class, is not a metric here.
  std::string average = "macro";
  // None: the largest prediction is the positive one.
  std::optional<double> threshold;
};
// Labels and predictions [batch, classes]; integer labels have to be made one-hot (or use Precision and Recall).
Metric F1Score(FScoreOptions options = {});
Metric FBetaScore(double beta = 1, FScoreOptions options = {});

}  // namespace metrics
}  // namespace tfxm::nn

#endif  // TFXM_NN_METRICS_CONFUSION_METRICS_H_
