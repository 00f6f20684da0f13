// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/metrics/accumulators.h"

namespace tfxm::model_analysis {
namespace {

class MeanOfTerms : public AccumulatorOf<MeanOfTerms> {
 public:
  MeanOfTerms(MetricKey key, ExampleTermsFunction terms) : key_(std::move(key)), function_(std::move(terms)) {}

  absl::Status Add(BatchViews* batch, std::span<const int32_t> rows) override {
    std::vector<ExampleTerm> terms;
    RETURN_IF_ERROR(function_(batch, rows, &terms));
    for (const ExampleTerm& term : terms) {
      total_.AddProduct(term.value, term.weight);
      weight_.Add(term.weight);
    }
    return absl::OkStatus();
  }
  void MergeFrom(const MeanOfTerms& other) {
    total_.Merge(other.total_);
    weight_.Merge(other.weight_);
  }
  absl::Status Output(MetricsMap* results) const override {
    (*results)[key_] = total_.Value() / weight_.Value();
    return absl::OkStatus();
  }

 private:
  const MetricKey key_;
  const ExampleTermsFunction function_;
  CompactSum total_, weight_;
};

}  // namespace

void AddMeanOfTerms(const std::string& kind, const MetricKey& key, ExampleTermsFunction terms, ComputationPlan* plan) {
  plan->Add(kind, {key}, [key, terms] { return std::make_unique<MeanOfTerms>(key, terms); });
  plan->AddExampleTerms(key, std::move(terms));
}

}  // namespace tfxm::model_analysis
