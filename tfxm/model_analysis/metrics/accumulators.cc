// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/metrics/accumulators.h"

namespace tfxm::model_analysis {

void AddMeanOfTerms(const std::string& kind, const MetricKey& key, ExampleTermsFunction terms, ComputationPlan* plan) {
  auto add = [terms](BatchViews* batch, std::span<const int32_t> rows, std::array<CompactSum, 2>* sums) {
    std::vector<ExampleTerm> of_rows;
    RETURN_IF_ERROR(terms(batch, rows, &of_rows));
    for (const ExampleTerm& term : of_rows) {
      (*sums)[0].AddProduct(term.value, term.weight);
      (*sums)[1].Add(term.weight);
    }
    return absl::OkStatus();
  };
  auto derive = [](const std::array<double, 2>& sums) -> MetricValue { return sums[0] / sums[1]; };
  plan->Add(kind, {key}, MakeSums<2>(key, add, derive));
  plan->AddExampleTerms(key, std::move(terms));
}

}  // namespace tfxm::model_analysis
