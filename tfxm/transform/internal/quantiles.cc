// SPDX-License-Identifier: Apache-2.0

#include <cmath>

#include "absl/strings/str_cat.h"
#include "tfxm/statistics/accumulate/histograms.h"
#include "tfxm/transform/internal/accumulators.h"
#include "tfxm/transform/internal/ranged_histogram.h"

namespace tfxm::transform::internal {
namespace {

// W: int64_t for counts, statistics::Weight for weights.
template <typename W>
class QuantilesAccumulator : public RangedHistogramAccumulator<W> {
 public:
  explicit QuantilesAccumulator(const AnalyzerNode& analyzer)
      : RangedHistogramAccumulator<W>(analyzer.num_elements()),
        num_buckets_(analyzer.num_buckets),
        shape_(analyzer.shape) {}

  absl::Status Add(std::span<const Values> inputs) override {
    std::vector<double> weights;
    if constexpr (kWeighted) {
      weights = AsDoubles(inputs[1]);
      if (weights.size() != NumValues(inputs[0])) {
        return absl::InvalidArgumentError(
            absl::StrCat("there are ", NumValues(inputs[0]), " values and ", weights.size(), " weights"));
      }
    }
    std::visit([&](const auto& span) { AddSpan(span, weights); }, inputs[0]);
    return absl::OkStatus();
  }
  std::vector<tfxm::Tensor> Result() const override {
    std::vector<double> boundaries;
    for (const Element& e : elements_) {
      std::vector<double> of_element(num_buckets_ - 1, 0);
      if (!e.empty() && num_buckets_ > 1) {
        const auto quantiles = statistics::ComputeQuantiles(e.Sorted(), num_buckets_);
        for (int i = 0; i + 1 < num_buckets_; ++i) of_element[i] = quantiles.values[i + 1];
      }
      boundaries.insert(boundaries.end(), of_element.begin(), of_element.end());
    }
    Shape shape = shape_.empty() ? Shape{1} : shape_;
    shape.push_back(num_buckets_ - 1);
    return {MakeTensor(DataType::kFloat, shape, boundaries)};
  }

 private:
  static constexpr bool kWeighted = !std::is_same_v<W, int64_t>;
  using typename RangedHistogramAccumulator<W>::Element;
  using RangedHistogramAccumulator<W>::elements_;

  template <typename Span>
  void AddSpan(const Span& span, const std::vector<double>& weights) {
    if constexpr (std::is_arithmetic_v<typename Span::value_type>) {
      size_t k = 0;
      for (size_t i = 0; i < span.size(); ++i) {
        Element& e = elements_[k];
        if (++k == elements_.size()) k = 0;
        const double x = static_cast<double>(span[i]);
        W weight = 1;
        if constexpr (kWeighted) weight = weights[i] > 0 ? statistics::ToWeight(weights[i]) : 0;  // NaN: 0.
        if (std::isnan(x) || weight <= 0) continue;
        e.Add(x, weight);
      }
    }
  }

  const int num_buckets_;
  const Shape shape_;
};

}  // namespace

std::unique_ptr<Accumulator> MakeQuantilesAccumulator(const AnalyzerNode& analyzer) {
  if (analyzer.weighted) return std::make_unique<QuantilesAccumulator<statistics::Weight>>(analyzer);
  return std::make_unique<QuantilesAccumulator<int64_t>>(analyzer);
}

}  // namespace tfxm::transform::internal
