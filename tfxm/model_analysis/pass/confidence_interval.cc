// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/pass/confidence_interval.h"

#include <cmath>
#include <utility>

namespace tfxm::model_analysis {

std::optional<ConfidenceInterval> IntervalOfSamples(SamplingMethod method, const MetricValue& estimate,
                                                    const std::vector<MetricValue>& samples) {
  const double n = static_cast<double>(samples.size());
  auto add = [](double a, double b) { return a + b; };
  auto mean_of = [&](const std::vector<MetricValue>& values) -> std::optional<MetricValue> {
    std::optional<MetricValue> total = values[0];
    for (size_t i = 1; i < values.size() && total; ++i) total = Elementwise(*total, values[i], add);
    return total ? Elementwise(*total, n, [](double a, double b) { return a / b; }) : std::nullopt;
  };
  // The jackknife looks at the spread of pseudo values, the bootstrap at that of the samples.
  std::vector<MetricValue> values = samples;
  if (method == SamplingMethod::kJackknife) {
    for (MetricValue& value : values) {
      auto pseudo = Elementwise(estimate, value, [n](double e, double s) { return e * n - s * (n - 1); });
      if (!pseudo) return std::nullopt;
      value = *std::move(pseudo);
    }
  }
  const std::optional<MetricValue> mean = mean_of(values), sample_mean = mean_of(samples);
  if (!mean || !sample_mean) return std::nullopt;
  std::optional<MetricValue> squares;
  for (const MetricValue& value : values) {
    auto square = Elementwise(value, *mean, [](double a, double b) { return (a - b) * (a - b); });
    if (!square) return std::nullopt;
    squares = squares ? Elementwise(*squares, *square, add) : square;
  }
  const double divisor = method == SamplingMethod::kJackknife ? std::sqrt(n) : 1;
  auto error = Elementwise(*squares, n - 1, [divisor](double a, double b) { return std::sqrt(a / b) / divisor; });
  auto bound = [&](double quantile) {
    return Elementwise(*sample_mean, *error, [quantile](double m, double e) { return m + e * quantile; });
  };
  auto lower = bound(-kStudentQuantile19), upper = bound(kStudentQuantile19);
  if (!error || !lower || !upper) return std::nullopt;
  return ConfidenceInterval{*lower, *upper, *error, static_cast<int>(n) - 1};
}

}  // namespace tfxm::model_analysis
