// SPDX-License-Identifier: Apache-2.0

// Which metrics of which models are compared with the reference model's, and by what.
//
// A metric that is a mean over the examples (ComputationPlan::example_terms) is compared example by example: paired
// sums. For any other number (AUC, precision, root mean squared error, …) the examples are split into groups at random,
// each with accumulators of its own: the paired jackknife.
#ifndef TFXM_MODEL_ANALYSIS_COMPARISON_COMPARISON_PLAN_H_
#define TFXM_MODEL_ANALYSIS_COMPARISON_COMPARISON_PLAN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tensorflow_model_analysis/proto/config.pb.h"
#include "tfxm/model_analysis/metrics/metric.h"
#include "tfxm/model_analysis/metrics/metric_specs.h"

namespace tfxm::model_analysis {

struct PairedMetric {
  MetricKey key;               // Of the model that is compared.
  int terms, reference_terms;  // Indices of PairedPlan::terms.
};

struct PairedPlan {
  std::vector<const ExampleTermsFunction*> terms;  // Not owned: the query plan's.
  std::vector<PairedMetric> metrics;
};

struct GroupedPlan {
  QueryPlan plan;  // Of the metrics that are compared by groups only.
  // Groups of the overall slice; of any other slice at most; and of all these together. The first two are powers of
  // two.
  int overall_groups = 0, max_groups = 0, groups_budget = 0;

  // Groups that a slice other than the overall one has when there are `num_slices`: fewer with more slices, and none
  // below kMinGroups.
  int NumGroups(int64_t num_slices) const;
};
inline constexpr int kMinGroups = 16;

struct ComparisonPlan {
  std::string reference;           // Name of the reference model; empty: nothing is compared.
  int reference_index = 0;         // Its model_spec.
  std::vector<PairedPlan> paired;  // By query plan.
  std::vector<GroupedPlan> grouped;

  bool empty() const { return reference.empty(); }
};

// The reference model: `requested`, if given; else the baseline, else the first SavedModel, else the first.
// `is_saved_model` by model_spec. INVALID_ARGUMENT names the nearest models if there is none called `requested`.
absl::StatusOr<std::string> ReferenceModel(const ::tensorflow_model_analysis::EvalConfig& eval_config,
                                           const std::vector<bool>& is_saved_model, const std::string& requested);

// `config` must outlive the result; `reference` is one of its models.
absl::StatusOr<ComparisonPlan> MakeComparisonPlan(const ResolvedConfig& config, const std::string& reference);

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_COMPARISON_COMPARISON_PLAN_H_
