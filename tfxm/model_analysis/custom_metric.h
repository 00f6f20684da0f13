// SPDX-License-Identifier: Apache-2.0

// A custom metric, in a module file: the (weighted) mean of a number that each example has.
//
//   // my_metrics.cc
//   #include <cmath>
//   #include "tfxm/model_analysis/custom_metric.h"
//   using namespace tfxm::model_analysis;
//
//   // The share of predictions that are at most `limit` off.
//   absl::StatusOr<double> CloseEnough(const MetricExample& example) {
//     return std::abs(example.label() - example.prediction()) <= example.argument("limit");
//   }
//   TFXM_MEAN_METRIC("CloseEnough", CloseEnough, {.arguments = {{"limit", 0.5}}});
//
// It is used like every other metric, with thresholds, slices, binarize, confidence intervals and so on:
//
// ```text
//   metrics { class_name: "CloseEnough" module: "my_metrics.cc" config: '{"limit": 1}' }
// ```
//
// or without `module`, when the file is given to `tfxm evaluate --module_file=my_metrics.cc` or to the Evaluator's
// module_file. The file is compiled when it is first used; what the compiler says about it is the error.
//
// A metric that is not a mean is a class (metric.h), registered with TFXM_REGISTER(MetricRegistry, …) in the same way.
#ifndef TFXM_MODEL_ANALYSIS_CUSTOM_METRIC_H_
#define TFXM_MODEL_ANALYSIS_CUSTOM_METRIC_H_

#include <map>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace tfxm::model_analysis {

// One example as the metric sees it: under binarize, the one class.
struct MetricExample {
  // What the label and the prediction consist of; a class index, or one value per class.
  std::span<const double> labels, predictions;
  // By the names in MeanMetricOptions::features. Empty for an example that lacks the feature; strings and numbers are
  // in separate lists.
  std::map<std::string, std::span<const double>> numbers;
  std::map<std::string, std::span<const std::string>> strings;
  const std::map<std::string, double>* arguments = nullptr;

  // For labels and predictions of one value; NaN if there is none.
  double label() const { return labels.empty() ? kNone : labels[0]; }
  double prediction() const { return predictions.empty() ? kNone : predictions[0]; }
  // One of MeanMetricOptions::arguments; NaN for any other name.
  double argument(const std::string& name) const {
    const auto it = arguments->find(name);
    return it == arguments->end() ? kNone : it->second;
  }
  static constexpr double kNone = __builtin_nan("");
};

// A pure function: it is called from several threads. NaN makes the metric NaN; an error ends the evaluation and is
// reported with the example's record.
using MeanMetricFunction = absl::StatusOr<double> (*)(const MetricExample& example);

struct MeanMetricOptions {
  // What the metric's config may set, with the values if it does not.
  std::map<std::string, double> arguments = {};
  std::vector<std::string> features = {};
  bool needs_label = true;  // False: examples without label count as well.
};

// Makes `class_name` known. Returns true.
bool RegisterMeanMetric(const std::string& class_name, MeanMetricFunction function, MeanMetricOptions options = {});

#define TFXM_MEAN_METRIC(class_name, function, ...)                           \
  [[maybe_unused]] static const bool tfxm_registered_mean_metric_##function = \
      ::tfxm::model_analysis::RegisterMeanMetric(class_name, function __VA_OPT__(, ) __VA_ARGS__)

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_CUSTOM_METRIC_H_
