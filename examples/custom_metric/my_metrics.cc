// SPDX-License-Identifier: Apache-2.0

// Two custom metrics. README.md says how they are used.
#include <cmath>

#include "tfxm/model_analysis/custom_metric.h"

using tfxm::model_analysis::MetricExample;

// The share of predictions that are at most `limit` off.
absl::StatusOr<double> CloseEnough(const MetricExample& example) {
  return std::abs(example.label() - example.prediction()) <= example.argument("limit");
}
TFXM_MEAN_METRIC("CloseEnough", CloseEnough, {.arguments = {{"limit", 0.5}}});

// What wrong decisions cost: a missed positive costs the example's `price`, a false alarm one.
absl::StatusOr<double> Cost(const MetricExample& example) {
  const bool is = example.label() > 0.5, said = example.prediction() > 0.5;
  if (is == said) return 0;
  if (said) return 1;
  const auto price = example.numbers.at("price");
  if (price.empty()) return absl::InvalidArgumentError("a positive example needs a price");
  return price[0];
}
TFXM_MEAN_METRIC("Cost", Cost, {.features = {"price"}});
