// SPDX-License-Identifier: Apache-2.0

// FairnessIndicators: ten rates at each of several thresholds. TFMA's addons/fairness/metrics/fairness_indicators.py.
#include "absl/strings/str_format.h"
#include "tfxm/model_analysis/metrics/binary/confusion_matrix_metrics.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

double PositiveRate(const ConfusionMatrix& m) { return Ratio(m.tp + m.fp, m.tp + m.fp + m.tn + m.fn); }
double NegativeRate(const ConfusionMatrix& m) { return Ratio(m.tn + m.fn, m.tp + m.fp + m.tn + m.fn); }

constexpr std::pair<const char*, ConfusionMatrixRatio> kRates[] = {{"false_positive_rate", FallOut},
                                                                   {"false_negative_rate", MissRate},
                                                                   {"true_positive_rate", Recall},
                                                                   {"true_negative_rate", Specificity},
                                                                   {"positive_rate", PositiveRate},
                                                                   {"negative_rate", NegativeRate},
                                                                   {"false_discovery_rate", FalseDiscoveryRate},
                                                                   {"false_omission_rate", FalseOmissionRate},
                                                                   {"precision", Precision},
                                                                   {"recall", Recall}};

class FairnessIndicators : public PerKeyMetric {
 public:
  absl::Status Configure(MetricArguments* arguments) override {
    ASSIGN_OR_RETURN(const auto thresholds, arguments->Numbers("thresholds"));
    if (thresholds && thresholds->empty()) return arguments->Error("thresholds", "must not be empty");
    if (thresholds) thresholds_ = *thresholds;
    return absl::OkStatus();
  }
  std::string DefaultName(absl::string_view) const override { return "fairness_indicators_metrics"; }
  absl::Status AddForKey(const KeyRequest& request, ComputationPlan* plan) const override {
    MatricesOptions options;
    options.thresholds = thresholds_;
    ASSIGN_OR_RETURN(const MetricKey matrices_key, AddBinaryConfusionMatrices(request, options, plan));
    const int digits = DigitsOfThresholds(thresholds_);
    std::vector<std::vector<MetricKey>> keys;
    std::vector<MetricKey> all;
    for (double t : thresholds_) {
      auto& of_threshold = keys.emplace_back();
      for (const auto& [rate, function] : kRates) {
        of_threshold.push_back(request.Key(absl::StrFormat("%s/%s@%.*f", name(), rate, digits, t)));
        all.push_back(of_threshold.back());
      }
    }
    plan->AddDerived(all, [keys, matrices_key](const MetricsMap& metrics, MetricsMap* results) -> absl::Status {
      ASSIGN_OR_RETURN(const BinaryConfusionMatrices* m, FindResult<BinaryConfusionMatrices>(metrics, matrices_key));
      for (size_t i = 0; i < keys.size(); ++i) {
        for (size_t r = 0; r < std::size(kRates); ++r)
          (*results)[keys[i][r]] = kRates[r].second({m->tp[i], m->tn[i], m->fp[i], m->fn[i]});
      }
      return absl::OkStatus();
    });
    return absl::OkStatus();
  }

 private:
  std::vector<double> thresholds_ = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9};
};

TFXM_REGISTER(MetricRegistry, "FairnessIndicators", [] { return std::make_unique<FairnessIndicators>(); });

}  // namespace
}  // namespace tfxm::model_analysis
