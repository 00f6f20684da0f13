// SPDX-License-Identifier: Apache-2.0

// CoefficientOfDiscrimination and RelativeCoefficientOfDiscrimination (Tjur), SquaredPearsonCorrelation: TFMA's
// tjur_discrimination.py and squared_pearson_correlation.py. They look at all predictions, whatever the sub key.
#include <cmath>

#include "tfxm/model_analysis/metrics/accumulators.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

absl::StatusOr<FlatViewId> AddWholeView(const KeyRequest& request, ComputationPlan* plan) {
  ASSIGN_OR_RETURN(ViewSpec view, request.View());
  view.sub_key = {};
  return plan->AddFlatView(view);
}

enum Tjur { kNegativePredictions, kNegativeLabels, kPositivePredictions, kPositiveLabels };

absl::StatusOr<MetricKey> AddTjur(const KeyRequest& request, ComputationPlan* plan) {
  MetricKey key = request.Key("_tjur_discimination");
  key.sub_key = {};
  auto add = [](const FlatView& view, int i, std::array<CompactSum, 4>* sums) {
    const double label = view.labels[i], prediction = view.predictions[i], weight = view.weights[i];
    (*sums)[kNegativeLabels].Add((1 - label) * weight);
    (*sums)[kPositiveLabels].Add(label * weight);
    (*sums)[kNegativePredictions].Add((1 - label) * prediction * weight);
    (*sums)[kPositivePredictions].Add(label * prediction * weight);
  };
  auto derive = [](const std::array<double, 4>& sums) -> MetricValue { return Totals(sums.begin(), sums.end()); };
  ASSIGN_OR_RETURN(const FlatViewId view, AddWholeView(request, plan));
  plan->Add("TjurDiscrimination", {key}, MakeFlatSums<4>(key, view, add, derive));
  return key;
}

class Discrimination : public PerKeyMetric {
 public:
  explicit Discrimination(bool relative) : relative_(relative) {}
  // The spelling is TFMA's.
  std::string DefaultName(absl::string_view) const override {
    return relative_ ? "relative_coefficient_of_discimination" : "coefficient_of_discimination";
  }
  absl::Status AddForKey(const KeyRequest& request, ComputationPlan* plan) const override {
    ASSIGN_OR_RETURN(const MetricKey sums_key, AddTjur(request, plan));
    MetricKey key = request.Key(name());
    if (relative_) key.sub_key = {};
    plan->AddDerived(
        {key}, [key, sums_key, relative = relative_](const MetricsMap& metrics, MetricsMap* results) -> absl::Status {
          ASSIGN_OR_RETURN(const Totals* sums, FindResult<Totals>(metrics, sums_key));
          const double negatives = (*sums)[kNegativeLabels], positives = (*sums)[kPositiveLabels];
          double value = std::nan("");
          if (negatives != 0 && positives != 0 && (!relative || (*sums)[kNegativePredictions] != 0)) {
            const double positive = (*sums)[kPositivePredictions] / positives,
                         negative = (*sums)[kNegativePredictions] / negatives;
            value = relative ? positive / negative : positive - negative;
          }
          (*results)[key] = value;
          return absl::OkStatus();
        });
    return absl::OkStatus();
  }

 private:
  const bool relative_;
};

class SquaredPearsonCorrelation : public PerKeyMetric {
 public:
  absl::Status AddForKey(const KeyRequest& request, ComputationPlan* plan) const override {
    const MetricKey key = request.Key(name());
    enum { kX, kY, kXx, kYy, kXy, kN };
    auto add = [](const FlatView& view, int i, std::array<CompactSum, 6>* sums) {
      const double x = view.labels[i], y = view.predictions[i], w = view.weights[i];
      (*sums)[kX].Add(w * x);
      (*sums)[kY].Add(w * y);
      (*sums)[kXx].Add(w * x * x);
      (*sums)[kYy].Add(w * y * y);
      (*sums)[kXy].Add(w * x * y);
      (*sums)[kN].Add(w);
    };
    auto derive = [](const std::array<double, 6>& s) -> MetricValue {
      if (!(s[kN] > 0)) return std::nan("");
      const double covariance = s[kXy] - s[kX] * s[kY] / s[kN];
      const double denominator = (s[kYy] - s[kY] * s[kY] / s[kN]) * (s[kXx] - s[kX] * s[kX] / s[kN]);
      return denominator > 0 ? covariance * covariance / denominator : std::nan("");
    };
    ASSIGN_OR_RETURN(const FlatViewId view, AddWholeView(request, plan));
    plan->Add("SquaredPearsonCorrelation", {key}, MakeFlatSums<6>(key, view, add, derive));
    return absl::OkStatus();
  }
};

TFXM_REGISTER(MetricRegistry, "CoefficientOfDiscrimination", [] { return std::make_unique<Discrimination>(false); });
TFXM_REGISTER(MetricRegistry, "RelativeCoefficientOfDiscrimination",
              [] { return std::make_unique<Discrimination>(true); });
TFXM_REGISTER(MetricRegistry, "SquaredPearsonCorrelation",
              [] { return std::make_unique<SquaredPearsonCorrelation>(); });

}  // namespace
}  // namespace tfxm::model_analysis
