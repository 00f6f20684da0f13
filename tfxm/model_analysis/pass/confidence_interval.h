// SPDX-License-Identifier: Apache-2.0

// The confidence interval of a metric from its values in samples of the examples (sampling.h): TFMA's jackknife.py and
// poisson_bootstrap.py.
//
//   const std::optional<ConfidenceInterval> interval = IntervalOfSamples(SamplingMethod::kJackknife, 0.8, samples);
#ifndef TFXM_MODEL_ANALYSIS_PASS_CONFIDENCE_INTERVAL_H_
#define TFXM_MODEL_ANALYSIS_PASS_CONFIDENCE_INTERVAL_H_

#include <optional>
#include <vector>

#include "tfxm/model_analysis/metrics/metric_value.h"
#include "tfxm/model_analysis/pass/sampling.h"

namespace tfxm::model_analysis {

struct ConfidenceInterval {
  MetricValue lower_bound, upper_bound;  // 95 %, by Student's t distribution.
  MetricValue standard_error;
  int degrees_of_freedom = 0;
};

// The 0.975 quantile of Student's t distribution with 19 degrees of freedom, as SciPy gives it (StudentTQuantile is
// exact to 1e-10): both methods draw 20 samples.
inline constexpr double kStudentQuantile19 = 2.093024054408263;
static_assert(kNumJackknifeBuckets == 20 && kNumBootstrapSamples == 20);

// `estimate`: the metric of all examples. REQUIRES: there are as many samples as the method draws. nullopt if they do
// not have the form of the value (arrays of different sizes).
std::optional<ConfidenceInterval> IntervalOfSamples(SamplingMethod method, const MetricValue& estimate,
                                                    const std::vector<MetricValue>& samples);

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_PASS_CONFIDENCE_INTERVAL_H_
