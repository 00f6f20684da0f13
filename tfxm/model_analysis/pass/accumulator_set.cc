// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/pass/accumulator_set.h"

#include <utility>

namespace tfxm::model_analysis {

AccumulatorSet MakeAccumulators(const ComputationPlan& plan) {
  AccumulatorSet accumulators;
  accumulators.reserve(plan.computations().size());
  for (const auto& computation : plan.computations()) accumulators.push_back(computation.make());
  return accumulators;
}

void MergeAccumulators(AccumulatorSet* into, const AccumulatorSet& from) {
  for (size_t i = 0; i < from.size(); ++i) (*into)[i]->Merge(*from[i]);
}

void MergeAccumulators(AccumulatorSet* into, AccumulatorSet&& from) {
  if (into->empty()) {
    *into = std::move(from);
  } else {
    MergeAccumulators(into, std::as_const(from));
  }
}

}  // namespace tfxm::model_analysis
