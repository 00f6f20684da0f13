// SPDX-License-Identifier: Apache-2.0

// The metrics that a Keras model was compiled with, which TFMA computes beside those of the config unless
// options.include_default_metrics is false. They are read from the SavedModel's keras_metadata.pb (Keras 2): the loss,
// as "loss", the metrics, without example weights, and the weighted_metrics, with them. Their keys have no
// example_weighted.
#ifndef TFXM_MODEL_ANALYSIS_METRICS_KERAS_KERAS_DEFAULT_METRICS_H_
#define TFXM_MODEL_ANALYSIS_METRICS_KERAS_KERAS_DEFAULT_METRICS_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tensorflow_model_analysis/proto/config.pb.h"
#include "tfxm/model_analysis/metrics/metric.h"

namespace tfxm::model_analysis {

// MetricConfig.module of a compiled metric: its matrices are counted exactly, as Keras does, and a loss is the sum of
// the weighted losses divided by the number of examples.
inline constexpr char kCompiledModule[] = "keras.compiled";

struct CompiledMetric {
  ::tensorflow_model_analysis::MetricConfig config;
  std::string output_name;  // Empty for a model with one output.
  bool weighted = false;
};

struct CompiledMetrics {
  std::vector<CompiledMetric> metrics;
  std::vector<CompiledMetric> losses;          // One per output that has one.
  std::map<std::string, double> loss_weights;  // By output; 1 where there is none.
  // What the model was compiled with but cannot be computed here, such as a custom function.
  std::vector<std::string> not_supported;
};

// Empty if `path` holds no Keras model, or one that was not compiled.
absl::StatusOr<CompiledMetrics> ReadCompiledMetrics(const std::string& path);

// Adds the metrics of a model to the plan, with a message for each that is left out.
absl::Status AddCompiledMetrics(const ::tensorflow_model_analysis::EvalConfig& eval_config,
                                const std::string& model_name, const CompiledMetrics& compiled, ComputationPlan* plan);

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_METRICS_KERAS_KERAS_DEFAULT_METRICS_H_
