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

void SaveAccumulators(const AccumulatorSet& accumulators, StateWriter* writer) {
  writer->Write(static_cast<uint64_t>(accumulators.size()));
  for (const auto& accumulator : accumulators) accumulator->Save(writer);
}

void LoadAccumulators(const ComputationPlan& plan, StateReader* reader, AccumulatorSet* accumulators) {
  accumulators->clear();
  const size_t n = reader->ReadSize();
  if (n == 0) return;
  if (n != plan.computations().size()) return reader->Fail("it was made with other metrics");
  *accumulators = MakeAccumulators(plan);
  for (auto& accumulator : *accumulators) accumulator->Load(reader);
}

}  // namespace tfxm::model_analysis
