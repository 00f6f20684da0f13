// SPDX-License-Identifier: Apache-2.0

// From MetricsSpecs to computations and thresholds: TFMA's metric_specs.py.
//
//   ASSIGN_OR_RETURN(const EvalConfig config, WithDefaults(eval_config, has_baseline, rubber_stamp));
//   ASSIGN_OR_RETURN(const ResolvedConfig resolved, ResolveConfig(&config, schema));
//   for (const QueryPlan& plan : resolved.plans) …
#ifndef TFXM_MODEL_ANALYSIS_METRICS_METRIC_SPECS_H_
#define TFXM_MODEL_ANALYSIS_METRICS_METRIC_SPECS_H_

#include <functional>
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

// A metric of a MetricConfig, with its name.
absl::StatusOr<std::unique_ptr<Metric>> MakeMetric(const ::tensorflow_model_analysis::MetricConfig& config,
                                                   bool is_private = false);

// A threshold and where it applies: at every slice that is not a cross slice (monostate), or at those a spec fits.
struct SliceThreshold {
  std::variant<std::monostate, ::tensorflow_model_analysis::SlicingSpec, ::tensorflow_model_analysis::CrossSlicingSpec>
      slice;
  std::variant<::tensorflow_model_analysis::GenericValueThreshold, ::tensorflow_model_analysis::GenericChangeThreshold>
      threshold;
};
// In the order of the config, without repetitions.
using Thresholds = std::vector<std::pair<MetricKey, std::vector<SliceThreshold>>>;

// One of the metrics that a config asks for.
struct ConfiguredMetric {
  int spec;  // Index of its MetricsSpec.
  const ::tensorflow_model_analysis::MetricConfig* config;
  std::unique_ptr<Metric> metric;
};

// An EvalConfig and what follows from its metrics_specs, worked out once for all that come after: the pass, the costs,
// comparisons, confidence intervals and the validation.
struct ResolvedConfig {
  const ::tensorflow_model_analysis::EvalConfig* eval_config;  // With its defaults (eval_config.h).
  const ::tensorflow::metadata::v0::Schema* schema;            // May be null.
  std::vector<ConfiguredMetric> metrics;                       // In the config's order.
  std::vector<QueryPlan> plans;                                // One per query_key, sorted; at least one.
  std::set<MetricKey> keys_without_confidence_interval;
  Thresholds thresholds;
  std::vector<std::string> warnings;  // Different metrics of one key, of which one is reported.
};

// Both are to outlive the result. INVALID_ARGUMENT names the metric and what is wrong with it or with its threshold; an
// unknown class name comes with the nearest registered ones.
absl::StatusOr<ResolvedConfig> ResolveConfig(const ::tensorflow_model_analysis::EvalConfig* eval_config,
                                             const ::tensorflow::metadata::v0::Schema* schema);

// The plans of some of its metrics alone.
absl::StatusOr<std::vector<QueryPlan>> MakeQueryPlans(const ResolvedConfig& config,
                                                      const std::function<bool(const ConfiguredMetric&)>& wanted);

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_METRICS_METRIC_SPECS_H_
