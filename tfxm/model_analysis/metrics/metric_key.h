// SPDX-License-Identifier: Apache-2.0

// What identifies a metric: TFMA's MetricKey, PlotKey, SubKey and AggregationType (metrics_for_slice.proto), as ordered
// values.
//
//   MetricKey key{.name = "auc", .model_name = "candidate", .sub_key = {.class_id = 3}};
#ifndef TFXM_MODEL_ANALYSIS_METRICS_METRIC_KEY_H_
#define TFXM_MODEL_ANALYSIS_METRICS_METRIC_KEY_H_

#include <compare>
#include <optional>
#include <string>

#include "tensorflow_model_analysis/proto/metrics_for_slice.pb.h"

namespace tfxm::model_analysis {

// One class, the k-th largest prediction, or the largest top_k predictions of a multi-class output. Empty: the whole
// output.
struct SubKey {
  std::optional<int> class_id;
  std::optional<int> k;
  std::optional<int> top_k;

  bool empty() const { return !class_id && !k && !top_k; }
  auto operator<=>(const SubKey&) const = default;
};

enum class Aggregation { kNone, kMicro, kMacro, kWeightedMacro };

struct MetricKey {
  enum class Kind { kMetric, kPlot };

  // Names that start with one underscore are private: computed, used by other metrics, not reported.
  std::string name;
  std::string model_name;   // Empty when a single model is evaluated.
  std::string output_name;  // Empty unless the metrics spec names outputs.
  SubKey sub_key;
  Aggregation aggregation = Aggregation::kNone;
  std::optional<bool> example_weighted = false;
  bool is_diff = false;  // Candidate minus baseline.
  Kind kind = Kind::kMetric;

  bool is_private() const { return name.starts_with("_") && !name.starts_with("__"); }
  MetricKey DiffKey() const;
  MetricKey BaselineKey(const std::string& baseline_model_name) const;
  ::tensorflow_model_analysis::MetricKey ToProto() const;
  ::tensorflow_model_analysis::PlotKey ToPlotProto() const;
  // "auc", "candidate/head/auc (class 3)": for messages.
  std::string ToString() const;

  auto operator<=>(const MetricKey&) const = default;
};

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_METRICS_METRIC_KEY_H_
