// SPDX-License-Identifier: Apache-2.0

// Building blocks of accumulators: the ones most metrics consist of are a few weighted sums over triples or over lists.
#ifndef TFXM_MODEL_ANALYSIS_METRICS_ACCUMULATORS_H_
#define TFXM_MODEL_ANALYSIS_METRICS_ACCUMULATORS_H_

#include <array>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "tfxm/model_analysis/metrics/accumulator_parts.h"
#include "tfxm/model_analysis/metrics/compact_sum.h"
#include "tfxm/model_analysis/metrics/metric.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {

// Derives Merge, Save and Load from Self::Parts(), which ties together all that Add changes (accumulator_parts.h).
template <typename Self>
class AccumulatorOf : public Accumulator {
 public:
  void Merge(const Accumulator& other) final {
    MergeParts(ConstParts(static_cast<const Self&>(other)), static_cast<Self*>(this)->Parts());
  }
  void Save(StateWriter* writer) const final { SaveParts(ConstParts(static_cast<const Self&>(*this)), writer); }
  void Load(StateReader* reader) final { LoadParts(reader, static_cast<Self*>(this)->Parts()); }
};

// N exact sums under one key; Output puts Derive(sums) there.
//
// - AddRows: absl::Status operator()(BatchViews*, std::span<const int32_t> rows,
//                                    std::array<CompactSum, N>* sums) const
// - Derive: MetricValue operator()(const std::array<double, N>& sums) const
template <int N, typename AddRows, typename Derive>
class Sums : public AccumulatorOf<Sums<N, AddRows, Derive>> {
 public:
  Sums(MetricKey key, AddRows add, Derive derive)
      : key_(std::move(key)), add_(std::move(add)), derive_(std::move(derive)) {}

  absl::Status Add(BatchViews* batch, std::span<const int32_t> rows) override { return add_(batch, rows, &sums_); }
  absl::Status Output(MetricsMap* results) const override {
    std::array<double, N> values;
    for (int i = 0; i < N; ++i) values[i] = sums_[i].Value();
    (*results)[key_] = derive_(values);
    return absl::OkStatus();
  }
  auto Parts() { return std::tie(sums_); }

 private:
  const MetricKey key_;
  const AddRows add_;
  const Derive derive_;
  std::array<CompactSum, N> sums_;
};

template <int N, typename AddRows, typename Derive>
std::function<std::unique_ptr<Accumulator>()> MakeSums(MetricKey key, AddRows add, Derive derive) {
  return [=] { return std::make_unique<Sums<N, AddRows, Derive>>(key, add, derive); };
}

// The same over triples: add(view, i, &sums) adds triple i.
template <int N, typename AddTriple, typename Derive>
std::function<std::unique_ptr<Accumulator>()> MakeFlatSums(MetricKey key, FlatViewId view, AddTriple add,
                                                           Derive derive) {
  return MakeSums<N>(
      std::move(key),
      [view, add](BatchViews* batch, std::span<const int32_t> rows, std::array<CompactSum, N>* sums) -> absl::Status {
        auto triples = batch->Flat(view);
        if (!triples.ok()) return triples.status();
        for (int32_t row : rows) {
          for (int i = (*triples)->begin(row); i < (*triples)->ends[row]; ++i) add(**triples, i, sums);
        }
        return absl::OkStatus();
      },
      std::move(derive));
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
