// SPDX-License-Identifier: Apache-2.0

// MeanAbsoluteError, MeanSquaredError, MeanAbsolutePercentageError and MeanSquaredLogarithmicError: TFMA's
// mean_regression_error.py. A pair whose error is NaN is left out there; here only what has no error (a percentage of
// 0), so that a NaN prediction shows.
#include <cmath>

#include "tfxm/model_analysis/metrics/accumulators.h"

namespace tfxm::model_analysis {
namespace {

using ErrorFunction = double (*)(double label, double prediction);

double Absolute(double y, double p) { return std::abs(y - p); }
double Squared(double y, double p) { return (y - p) * (y - p); }
double Percentage(double y, double p) { return y == 0 ? std::nan("") : 100 * std::abs((y - p) / y); }
double SquaredLogarithmic(double y, double p) {
  const double difference = std::log(y + 1) - std::log(p + 1);
  return difference * difference;
}

class RegressionError : public PerKeyMetric {
 public:
  explicit RegressionError(ErrorFunction error) : error_(error) {}
  absl::Status AddForKey(const KeyRequest& request, ComputationPlan* plan) const override {
    const MetricKey key = request.Key(name());
    auto add = [error = error_](const FlatView& view, int i, std::array<CompactSum, 2>* sums) {
      const double value = error(view.labels[i], view.predictions[i]);
      if (std::isnan(value) && !std::isnan(view.predictions[i])) return;
      (*sums)[0].AddProduct(value, view.weights[i]);
      (*sums)[1].Add(view.weights[i]);
    };
    auto derive = [](const std::array<double, 2>& sums) -> MetricValue {
      return sums[1] != 0 ? sums[0] / sums[1] : std::nan("");
    };
    ASSIGN_OR_RETURN(const ViewSpec spec, request.View());
    const FlatViewId view = plan->AddFlatView(spec);
    plan->Add(name(), {key}, MakeFlatSums<2>(key, view, add, derive));
    plan->AddExampleTerms(key, FlatTerms(view, [error = error_](const FlatView& view, int i, ExampleTerm* term) {
                            const double value = error(view.labels[i], view.predictions[i]);
                            if (!std::isnan(value) || std::isnan(view.predictions[i]))
                              term->Add(value, view.weights[i]);
                          }));
    return absl::OkStatus();
  }

 private:
  const ErrorFunction error_;
};

TFXM_REGISTER(MetricRegistry, "MeanAbsoluteError", [] { return std::make_unique<RegressionError>(Absolute); });
TFXM_REGISTER(MetricRegistry, "MeanSquaredError", [] { return std::make_unique<RegressionError>(Squared); });
TFXM_REGISTER(MetricRegistry, "MeanAbsolutePercentageError",
              [] { return std::make_unique<RegressionError>(Percentage); });
TFXM_REGISTER(MetricRegistry, "MeanSquaredLogarithmicError",
              [] { return std::make_unique<RegressionError>(SquaredLogarithmic); });

}  // namespace
}  // namespace tfxm::model_analysis
