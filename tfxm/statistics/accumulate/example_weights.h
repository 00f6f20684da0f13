// SPDX-License-Identifier: Apache-2.0

// The weights of the examples of a batch: weight_feature's, and other ones for some features.
#ifndef TFXM_STATISTICS_ACCUMULATE_EXAMPLE_WEIGHTS_H_
#define TFXM_STATISTICS_ACCUMULATE_EXAMPLE_WEIGHTS_H_

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "tfxm/data/example_batch.h"
#include "tfxm/statistics/stats_options.h"

namespace tfxm::statistics {

class ExampleWeights {
 public:
  explicit ExampleWeights(std::shared_ptr<const StatsOptions> options);

  // Of these examples of the batch. INVALID_ARGUMENT names the example (by its number in its file) that has no single
  // finite number for a weight.
  absl::Status Read(const data::ExampleBatch& batch, std::span<const int> examples);

  // The feature with the weights of a feature; empty if it has none.
  const std::string& NameFor(absl::string_view feature) const;
  // Its weights, one per example of the batch, 0 for those that were not read; empty if it has none.
  std::span<const double> For(absl::string_view feature) const;
  // Those of weight_feature.
  std::span<const double> Default() const;
  bool any() const { return !by_name_.empty(); }

 private:
  std::shared_ptr<const StatsOptions> options_;
  std::map<std::string, std::vector<double>, std::less<>> by_name_;
};

}  // namespace tfxm::statistics

#endif  // TFXM_STATISTICS_ACCUMULATE_EXAMPLE_WEIGHTS_H_
