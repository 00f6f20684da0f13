// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/metrics/confusion_metrics.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tfxm/nn/data/labels.h"
#include "tfxm/ops/ops.h"

namespace tfxm::nn {
namespace {

using ops::Tensor;
using State = std::vector<std::vector<double>>;

enum Count { kTruePositives, kFalsePositives, kFalseNegatives, kTrueNegatives };

double Ratio(double numerator, double denominator) { return denominator == 0 ? 0 : numerator / denominator; }

Metric CountAt(std::string name, Count which, double threshold) {
  return Metric(
      std::move(name),
      [=](const Tensor& y_true, const Tensor& y_pred, const Tensor& weight) -> std::vector<Tensor> {
        return {ConfusionAt({static_cast<float>(threshold)}, y_true, y_pred, weight)[which]};
      },
      [](const State& state) { return state[0][0]; });
}

double Precision(const State& s, size_t i) {
  return Ratio(s[kTruePositives][i], s[kTruePositives][i] + s[kFalsePositives][i]);
}
double Recall(const State& s, size_t i) {
  return Ratio(s[kTruePositives][i], s[kTruePositives][i] + s[kFalseNegatives][i]);
}
double Specificity(const State& s, size_t i) {
  return Ratio(s[kTrueNegatives][i], s[kTrueNegatives][i] + s[kFalsePositives][i]);
}

using Rate = double (*)(const State& state, size_t i);

// The largest `wanted` where `given` is at least `value`.
Metric At(std::string name, Rate wanted, Rate given, double value, int num_thresholds) {
  std::vector<float> thresholds = {0.5f};
  if (num_thresholds > 1) {
    thresholds.resize(num_thresholds);
    for (int i = 0; i < num_thresholds; ++i) {
      thresholds[i] = static_cast<float>(i * 1.0 / (num_thresholds - 1));
    }
  }
  return Metric(
             std::move(name),
             [=](const Tensor& y_true, const Tensor& y_pred, const Tensor& weight) {
               return ConfusionAt(thresholds, y_true, y_pred, weight);
             },
             [=](const State& state) {
               double best = 0;
               for (size_t i = 0; i < state[0].size(); ++i) {
                 if (given(state, i) >= value) best = std::max(best, wanted(state, i));
               }
               return best;
             })
      .WithDirection(Metric::Direction::kUp);
}

// Per class: {true positives, false positives, false negatives}.
std::vector<Tensor> CountsOfClasses(const metrics::FScoreOptions& options, const Tensor& y_true, const Tensor& y_pred,
                                    const Tensor& weight) {
  if (y_pred.rank() != 2 || y_true.rank() != 2 || y_true.shape()[1] != y_pred.shape()[1]) {
    y_pred.graph()->SetError(absl::InvalidArgumentError(
        absl::StrCat("labels and predictions must be [batch, classes], labels as ones and zeros; they are ",
                     ShapeString(y_true.shape()), " and ", ShapeString(y_pred.shape()))));
    return {y_pred, y_pred, y_pred};
  }
  const Tensor labels = ops::Cast(y_true, DataType::kFloat);
  const Tensor positive =
      options.threshold ? ops::Greater(y_pred, *options.threshold)
                        : ops::LogicalAnd(ops::GreaterEqual(y_pred, ops::ReduceMax(y_pred, {-1}, /*keep_dims=*/true)),
                                          ops::Greater(ops::Abs(y_pred), 1e-9));
  const Tensor predicted = ops::Cast(positive, DataType::kFloat);
  const auto sum = [&](const Tensor& counts) {
    return ops::ReduceSum(weight.valid() ? counts * ops::ExpandDims(weight, -1) : counts, {0});
  };
  return {sum(predicted * labels), sum(predicted * (1 - labels)), sum((1 - predicted) * labels)};
}

double FScore(const State& classes, double beta, const std::string& average) {
  constexpr double kEpsilon = 1e-7;
  State state = classes;
  if (average == "micro") {
    for (std::vector<double>& counts : state) counts = {std::accumulate(counts.begin(), counts.end(), 0.0)};
  }
  double sum = 0, weights = 0;
  for (size_t i = 0; i < state[0].size(); ++i) {
    const double precision = state[0][i] / (state[0][i] + state[1][i] + kEpsilon);
    const double recall = state[0][i] / (state[0][i] + state[2][i] + kEpsilon);
    const double score = (1 + beta * beta) * precision * recall / (beta * beta * precision + recall + kEpsilon);
    const double weight = average == "weighted" ? state[0][i] + state[2][i] : 1;
    sum += score * weight;
    weights += weight;
  }
  return sum / (average == "weighted" ? weights + kEpsilon : weights);
}

}  // namespace

namespace metrics {

Metric TruePositives(double threshold) { return CountAt("true_positives", kTruePositives, threshold); }
Metric TrueNegatives(double threshold) { return CountAt("true_negatives", kTrueNegatives, threshold); }
Metric FalsePositives(double threshold) { return CountAt("false_positives", kFalsePositives, threshold); }
Metric FalseNegatives(double threshold) { return CountAt("false_negatives", kFalseNegatives, threshold); }

Metric PrecisionAtRecall(double recall, int num_thresholds) {
  return At("precision_at_recall", nn::Precision, nn::Recall, recall, num_thresholds);
}
Metric RecallAtPrecision(double precision, int num_thresholds) {
  return At("recall_at_precision", nn::Recall, nn::Precision, precision, num_thresholds);
}
Metric SensitivityAtSpecificity(double specificity, int num_thresholds) {
  return At("sensitivity_at_specificity", nn::Recall, Specificity, specificity, num_thresholds);
}
Metric SpecificityAtSensitivity(double sensitivity, int num_thresholds) {
  return At("specificity_at_sensitivity", Specificity, nn::Recall, sensitivity, num_thresholds);
}

Metric F1Score(FScoreOptions options) { return FBetaScore(1, std::move(options)).WithName("f1_score"); }
Metric FBetaScore(double beta, FScoreOptions options) {
  if (options.average != "macro" && options.average != "micro" && options.average != "weighted") {
    return Metric("fbeta_score",
                  absl::InvalidArgumentError(
                      absl::StrCat("average is \"macro\", \"micro\" or \"weighted\", got \"", options.average, "\"")));
  }
  return Metric(
             "fbeta_score",
             [options](const Tensor& y_true, const Tensor& y_pred, const Tensor& weight) {
               return CountsOfClasses(options, y_true, y_pred, weight);
             },
             [beta, average = options.average](const State& state) { return FScore(state, beta, average); })
      .WithDirection(Metric::Direction::kUp);
}

}  // namespace metrics
}  // namespace tfxm::nn
