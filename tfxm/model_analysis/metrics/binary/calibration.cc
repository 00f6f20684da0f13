// SPDX-License-Identifier: Apache-2.0

// MeanLabel, MeanPrediction and Calibration (mean prediction by mean label), from the same three sums: TFMA's
// calibration.py.
#include <cmath>

#include "tfxm/model_analysis/metrics/accumulators.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

enum Sum { kLabels, kPredictions, kExamples };

absl::StatusOr<MetricKey> AddSums(const KeyRequest& request, ComputationPlan* plan) {
  MetricKey key = request.Key("_weighted_labels_predictions_examples");
  ASSIGN_OR_RETURN(ViewSpec view, request.View());
  view.allow_missing_label = true;
  auto add = [](const FlatView& view, int i, std::array<CompactSum, 3>* sums) {
    (*sums)[kExamples].Add(view.weights[i]);
    // Without a label TFMA leaves out the prediction as well.
    if (IsNoLabel(view.labels[i])) return;
    (*sums)[kLabels].AddProduct(view.labels[i], view.weights[i]);
    (*sums)[kPredictions].AddProduct(view.predictions[i], view.weights[i]);
  };
  auto derive = [](const std::array<double, 3>& sums) -> MetricValue { return Totals(sums.begin(), sums.end()); };
  plan->Add("WeightedLabelsPredictionsExamples", {key}, MakeFlatSums<3>(key, plan->AddFlatView(view), add, derive));
  return key;
}

class RatioOfSums : public PerKeyMetric {
 public:
  RatioOfSums(Sum numerator, Sum denominator) : numerator_(numerator), denominator_(denominator) {}
  absl::Status AddForKey(const KeyRequest& request, ComputationPlan* plan) const override {
    const MetricKey key = request.Key(name());
    ASSIGN_OR_RETURN(const MetricKey sums_key, AddSums(request, plan));
    plan->AddDerived({key},
                     [key, sums_key, a = numerator_, b = denominator_](const MetricsMap& metrics,
                                                                       MetricsMap* results) -> absl::Status {
                       ASSIGN_OR_RETURN(const Totals* sums, FindResult<Totals>(metrics, sums_key));
                       // numpy.isclose(x, 0)
                       (*results)[key] = std::abs((*sums)[b]) <= 1e-8 ? std::nan("") : (*sums)[a] / (*sums)[b];
                       return absl::OkStatus();
                     });
    if (denominator_ != kExamples) return absl::OkStatus();
    ASSIGN_OR_RETURN(ViewSpec view, request.View());
    view.allow_missing_label = true;
    plan->AddExampleTerms(
        key, FlatTerms(plan->AddFlatView(view), [a = numerator_](const FlatView& view, int i, ExampleTerm* term) {
          const double value = a == kLabels ? view.labels[i] : view.predictions[i];
          term->Add(IsNoLabel(view.labels[i]) ? 0 : value, view.weights[i]);
        }));
    return absl::OkStatus();
  }

 private:
  const Sum numerator_, denominator_;
};

TFXM_REGISTER(MetricRegistry, "MeanLabel", [] { return std::make_unique<RatioOfSums>(kLabels, kExamples); });
TFXM_REGISTER(MetricRegistry, "MeanPrediction", [] { return std::make_unique<RatioOfSums>(kPredictions, kExamples); });
TFXM_REGISTER(MetricRegistry, "Calibration", [] { return std::make_unique<RatioOfSums>(kPredictions, kLabels); });

}  // namespace
}  // namespace tfxm::model_analysis
