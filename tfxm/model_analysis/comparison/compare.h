// SPDX-License-Identifier: Apache-2.0

// Is a model's metric really different from the reference model's? The difference, on every slice, with a 95 % interval
// that uses that both saw the same examples.
#ifndef TFXM_MODEL_ANALYSIS_COMPARISON_COMPARE_H_
#define TFXM_MODEL_ANALYSIS_COMPARISON_COMPARE_H_

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tfxm/model_analysis/comparison/comparison_pass.h"
#include "tfxm/model_analysis/comparison/comparison_plan.h"
#include "tfxm/model_analysis/comparison/significance/statistics.h"
#include "tfxm/model_analysis/pass/combine.h"

namespace tfxm::model_analysis {

struct MetricComparison {
  SliceKey slice;
  MetricKey key;  // Of the compared model.
  std::string reference_model;
  double difference = 0;         // The model's value minus the reference's.
  std::optional<Bounds> bounds;  // 95 %. None where examples are too few, or slices too many, to say.
  std::optional<double> p_value;
  // "McNemar's exact test", "McNemar's test with continuity correction", "paired differences" or "paired jackknife".
  std::string method;

  // Whether the interval excludes 0; nullopt without one.
  std::optional<bool> IsReal() const {
    if (!bounds) return std::nullopt;
    return bounds->lower > 0 || bounds->upper < 0;
  }
};

// Compares every number of `slices` that a model and the reference have, except the metrics `skipped` and differences
// that are not finite. In the order of the slices and keys. What `kept` holds of groups is used up.
absl::StatusOr<std::vector<MetricComparison>> Compare(const ComparisonPlan& plan,
                                                      const std::vector<SliceMetrics>& slices,
                                                      const std::set<MetricKey>& skipped,
                                                      std::map<SliceKey, SliceComparison>* kept, int num_threads);

// Writes `directory`/comparisons.json, which tfxm/proto/sidecars.proto describes.
absl::Status WriteComparisons(const std::vector<MetricComparison>& comparisons, const std::string& directory);

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_COMPARISON_COMPARE_H_
