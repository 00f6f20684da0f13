// SPDX-License-Identifier: Apache-2.0

// The accumulators of all computations of a plan, which are made, filled and merged together. An empty set stands for
// one that has seen no examples.
#ifndef TFXM_MODEL_ANALYSIS_PASS_ACCUMULATOR_SET_H_
#define TFXM_MODEL_ANALYSIS_PASS_ACCUMULATOR_SET_H_

#include <memory>
#include <vector>

#include "tfxm/model_analysis/metrics/metric.h"

namespace tfxm::model_analysis {

using AccumulatorSet = std::vector<std::unique_ptr<Accumulator>>;  // One per computation of a plan.

AccumulatorSet MakeAccumulators(const ComputationPlan& plan);

// Both are of the same plan. Of sets that are kept, `into` must have been made.
void MergeAccumulators(AccumulatorSet* into, const AccumulatorSet& from);
void MergeAccumulators(AccumulatorSet* into, AccumulatorSet&& from);

// util/coding/state.h; loaded with a plan of the same EvalConfig.
void SaveAccumulators(const AccumulatorSet& accumulators, StateWriter* writer);
void LoadAccumulators(const ComputationPlan& plan, StateReader* reader, AccumulatorSet* accumulators);

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_PASS_ACCUMULATOR_SET_H_
