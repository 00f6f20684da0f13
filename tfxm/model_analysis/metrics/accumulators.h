// SPDX-License-Identifier: Apache-2.0

// Building blocks of accumulators: the ones most metrics consist of are a few weighted sums over triples or over lists.
#ifndef TFXM_MODEL_ANALYSIS_METRICS_ACCUMULATORS_H_
#define TFXM_MODEL_ANALYSIS_METRICS_ACCUMULATORS_H_

#include <array>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tfxm/model_analysis/metrics/compact_sum.h"
#include "tfxm/model_analysis/metrics/metric.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {

// Derives Merge(const Accumulator&) from Self::MergeFrom(const Self&).
template <typename Self>
class AccumulatorOf : public Accumulator {
 public:
  void Merge(const Accumulator& other) final { static_cast<Self*>(this)->MergeFrom(static_cast<const Self&>(other)); }
};

// N exact sums under one key; Output puts Derive(sums) there.
// Add is void(const FlatView& view, int i, std::array<CompactSum, N>* sums), Derive is
// MetricValue(const std::array<double, N>& sums).
template <int N, typename AddTriple, typename Derive>
class FlatSums : public AccumulatorOf<FlatSums<N, AddTriple, Derive>> {
 public:
  FlatSums(MetricKey key, FlatViewId view, AddTriple add, Derive derive)
      : key_(std::move(key)), view_(view), add_(std::move(add)), derive_(std::move(derive)) {}

  absl::Status Add(BatchViews* batch, std::span<const int32_t> rows) override {
    auto view = batch->Flat(view_);
    if (!view.ok()) return view.status();
    const FlatView& triples = **view;
    for (int32_t row : rows) {
      for (int i = triples.begin(row); i < triples.ends[row]; ++i) add_(triples, i, &sums_);
    }
    return absl::OkStatus();
  }
  void MergeFrom(const FlatSums& other) {
    for (int i = 0; i < N; ++i) sums_[i].Merge(other.sums_[i]);
  }
  absl::Status Output(MetricsMap* results) const override {
    std::array<double, N> values;
    for (int i = 0; i < N; ++i) values[i] = sums_[i].Value();
    (*results)[key_] = derive_(values);
    return absl::OkStatus();
  }

 private:
  const MetricKey key_;
  const FlatViewId view_;
  const AddTriple add_;
  const Derive derive_;
  std::array<CompactSum, N> sums_;
};

template <int N, typename AddTriple, typename Derive>
std::function<std::unique_ptr<Accumulator>()> MakeFlatSums(MetricKey key, FlatViewId view, AddTriple add,
                                                           Derive derive) {
  return [=] { return std::make_unique<FlatSums<N, AddTriple, Derive>>(key, view, add, derive); };
}

// Adds the weighted mean of the examples' terms, NaN without weight, and the terms for what compares models. `kind` as
// in ComputationPlan::Add.
void AddMeanOfTerms(const std::string& kind, const MetricKey& key, ExampleTermsFunction terms, ComputationPlan* plan);

// Terms from the lists of each example: value(view, row), whose errors get the example's place.
// Value is absl::StatusOr<double>(const ListView& view, int row).
template <typename Value>
ExampleTermsFunction ListTerms(ListViewId view, Value value) {
  return [=](BatchViews* batch, std::span<const int32_t> rows, std::vector<ExampleTerm>* terms) -> absl::Status {
    auto list = batch->List(view);
    if (!list.ok()) return list.status();
    for (int32_t row : rows) {
      const absl::StatusOr<double> x = value(**list, row);
      if (!x.ok()) return Annotate(x.status(), batch->extracts().Describe(row));
      terms->push_back({*x, (*list)->weights[row]});
    }
    return absl::OkStatus();
  };
}

// Terms from the triples of each example; add(view, i, &term) adds triple i to that of its example.
template <typename AddTriple>
ExampleTermsFunction FlatTerms(FlatViewId view, AddTriple add) {
  return [=](BatchViews* batch, std::span<const int32_t> rows, std::vector<ExampleTerm>* terms) -> absl::Status {
    auto triples = batch->Flat(view);
    if (!triples.ok()) return triples.status();
    for (int32_t row : rows) {
      ExampleTerm& term = terms->emplace_back();
      for (int i = (*triples)->begin(row); i < (*triples)->ends[row]; ++i) add(**triples, i, &term);
    }
    return absl::OkStatus();
  };
}

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_METRICS_ACCUMULATORS_H_
