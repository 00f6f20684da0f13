// SPDX-License-Identifier: Apache-2.0

// From accumulators to the reported metrics of every slice: derived metrics, cross slices, differences to the baseline
// model, confidence intervals, and the removal of what is private or of too few examples. TFMA's
// metrics_plots_and_validations_evaluator.py, jackknife.py and poisson_bootstrap.py.
#ifndef TFXM_MODEL_ANALYSIS_PASS_COMBINE_H_
#define TFXM_MODEL_ANALYSIS_PASS_COMBINE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tfxm/model_analysis/metrics/metric_specs.h"
#include "tfxm/model_analysis/metrics/metric_value.h"
#include "tfxm/model_analysis/pass/confidence_interval.h"
#include "tfxm/model_analysis/pass/evaluation_pass.h"
#include "tfxm/model_analysis/slicing/slice_key.h"

namespace tfxm::model_analysis {

struct MetricResult {
  MetricValue value;
  std::optional<ConfidenceInterval> confidence_interval;
};

struct SliceMetrics {
  SliceOrCrossSlice slice;
  int64_t num_examples = 0;  // 0 for a cross slice.
  std::map<MetricKey, MetricResult> metrics;
  std::string error;  // Why there are no metrics (min_slice_size).
};

struct CombineOptions {
  const ResolvedConfig* config = nullptr;
  SamplingMethod sampling = SamplingMethod::kNone;
  int num_threads = 0;
  // Receives the plots of a slice, slice by slice in order; they are not kept.
  std::function<absl::Status(const SliceKey& slice, const std::map<MetricKey, Plot>& plots)> on_plots;
};

// What a plan's accumulators say, private results included.
absl::StatusOr<MetricsMap> ComputeMetrics(const ComputationPlan& plan, const AccumulatorSet& accumulators);

// Sorted by slice; every slice once. Takes the accumulators apart.
absl::StatusOr<std::vector<SliceMetrics>> Combine(PassResult* pass, const CombineOptions& options);

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_PASS_COMBINE_H_
