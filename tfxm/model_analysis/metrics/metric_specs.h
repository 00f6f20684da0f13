// SPDX-License-Identifier: Apache-2.0

// From MetricsSpecs to computations and thresholds: TFMA's metric_specs.py.
#ifndef TFXM_MODEL_ANALYSIS_METRICS_METRIC_SPECS_H_
#define TFXM_MODEL_ANALYSIS_METRICS_METRIC_SPECS_H_

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tensorflow_metadata/proto/v0/schema.pb.h"
#include "tensorflow_model_analysis/proto/config.pb.h"
#include "tfxm/model_analysis/metrics/metric.h"

namespace tfxm::model_analysis {

// The metrics of one query_key ("" for those that look at single examples).
struct QueryPlan {
  std::string query_key;
  ComputationPlan plan;
};

// One plan per query_key of the metrics_specs, sorted. INVALID_ARGUMENT names the metric and what is wrong with it; an
// unknown class name comes with the nearest registered ones.
absl::StatusOr<std::vector<QueryPlan>> MakeQueryPlans(const ::tensorflow_model_analysis::EvalConfig& eval_config,
                                                      const ::tensorflow::metadata::v0::Schema* schema);

// A metric of a MetricConfig, with its name.
absl::StatusOr<std::unique_ptr<Metric>> MakeMetric(const ::tensorflow_model_analysis::MetricConfig& config,
                                                   bool is_private = false);

// The keys that have no confidence interval.
absl::StatusOr<std::set<MetricKey>> KeysWithoutConfidenceInterval(
    const ::tensorflow_model_analysis::EvalConfig& eval_config);

// A threshold and where it applies: at every slice that is no cross slice (monostate), or at those a spec fits.
struct SliceThreshold {
  std::variant<std::monostate, ::tensorflow_model_analysis::SlicingSpec, ::tensorflow_model_analysis::CrossSlicingSpec>
      slice;
  std::variant<::tensorflow_model_analysis::GenericValueThreshold, ::tensorflow_model_analysis::GenericChangeThreshold>
      threshold;
};
// In the order of the config, without repetitions.
using Thresholds = std::vector<std::pair<MetricKey, std::vector<SliceThreshold>>>;
absl::StatusOr<Thresholds> MakeThresholds(const ::tensorflow_model_analysis::EvalConfig& eval_config);

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_METRICS_METRIC_SPECS_H_
