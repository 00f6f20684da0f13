// SPDX-License-Identifier: Apache-2.0

// The metrics that are a ratio at thresholds, AUC, and those at a given precision, recall or specificity: TFMA's
// confusion_matrix_metrics.py.
#include "tfxm/model_analysis/metrics/binary/confusion_matrix_metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "tfxm/model_analysis/metrics/accumulators.h"
#include "tfxm/model_analysis/metrics/keras/keras_default_metrics.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {

MetricValue RatioAtThresholds(const BinaryConfusionMatrices& m, ConfusionMatrixRatio ratio) {
  NumericArray values;
  for (size_t i = 0; i < m.thresholds.size(); ++i) values.values.push_back(ratio({m.tp[i], m.tn[i], m.fp[i], m.fn[i]}));
  if (values.values.size() == 1) return values.values[0];
  return values;
}

double MaxUnderConstraint(const std::vector<double>& constrained, const std::vector<double>& dependent, double value) {
  bool feasible = false;
  double best = std::nan("");
  for (size_t i = 0; i < constrained.size(); ++i) {
    if (!(constrained[i] >= value)) continue;
    feasible = true;
    best = std::fmax(best, dependent[i]);
  }
  return feasible ? best : 0;
}

std::vector<double> Divide(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> result(a.size());
  for (size_t i = 0; i < a.size(); ++i) result[i] = a[i] / (a[i] + b[i]);
  return result;
}
std::vector<double> Precisions(const BinaryConfusionMatrices& m) { return Divide(m.tp, m.fp); }
std::vector<double> Recalls(const BinaryConfusionMatrices& m) { return Divide(m.tp, m.fn); }
std::vector<double> Specificities(const BinaryConfusionMatrices& m) { return Divide(m.tn, m.fp); }

absl::StatusOr<KeyRequest> WithSubKey(KeyRequest request, const std::string& metric_name, std::optional<int> top_k,
                                      std::optional<int> class_id) {
  if ((top_k && request.sub_key.top_k) || (class_id && request.sub_key.class_id)) {
    return absl::InvalidArgumentError(
        absl::StrCat("metric ", metric_name, " has ", top_k ? "top_k" : "class_id",
                     " in its config and in the metrics_spec's binarize; give it in one of them"));
  }
  if (top_k) request.sub_key.top_k = top_k;
  if (class_id) request.sub_key.class_id = class_id;
  return request;
}

absl::Status ConfusionMatrixMetric::ReadSubKey(MetricArguments* arguments) {
  ASSIGN_OR_RETURN(top_k_, arguments->Integer("top_k"));
  ASSIGN_OR_RETURN(class_id_, arguments->Integer("class_id"));
  is_compiled_ = arguments->module() == kCompiledModule;
  if (top_k_ && *top_k_ < 1) return arguments->Error("top_k", "must be at least 1");
  return absl::OkStatus();
}

absl::Status ConfusionMatrixMetric::ReadThresholds(MetricArguments* arguments, bool thresholds, bool num_thresholds) {
  if (thresholds) {
    ASSIGN_OR_RETURN(thresholds_, arguments->Numbers("thresholds"));
  }
  if (num_thresholds) {
    ASSIGN_OR_RETURN(num_thresholds_, arguments->Count("num_thresholds"));
  }
  return ReadSubKey(arguments);
}

absl::Status ConfusionMatrixMetric::AddForKey(const KeyRequest& original, ComputationPlan* plan) const {
  ASSIGN_OR_RETURN(const KeyRequest request, WithSubKey(original, name(), top_k_, class_id_));
  MetricKey key = request.Key(name());
  key.aggregation = request.aggregation();
  MatricesOptions options;
  options.num_thresholds = num_thresholds_;
  options.thresholds = thresholds_;
  if (!num_thresholds_ && !thresholds_) {
    if (request.sub_key.top_k) {
      options.thresholds = {-std::numeric_limits<double>::infinity()};
    } else if (default_threshold_) {
      options.thresholds = {*default_threshold_};
    }
  }
  if (is_compiled_) {
    // Keras counts at its thresholds, TFMA in a histogram.
    options.use_histogram = false;
    options.name = absl::StrCat("_compiled_matrices:", name());
  }
  ASSIGN_OR_RETURN(const MetricKey matrices_key, AddBinaryConfusionMatrices(request, options, plan));
  plan->AddDerived({key},
                   [derive = Derivation(), key, matrices_key, is_float32 = is_compiled_](
                       const MetricsMap& metrics, MetricsMap* results) -> absl::Status {
                     ASSIGN_OR_RETURN(const BinaryConfusionMatrices* matrices,
                                      FindResult<BinaryConfusionMatrices>(metrics, matrices_key));
                     MetricValue& value = (*results)[key] = derive(*matrices);
                     if (NumericArray* const array = std::get_if<NumericArray>(&value)) array->is_float32 = is_float32;
                     return absl::OkStatus();
                   });
  return absl::OkStatus();
}

namespace {

bool HasNan(const BinaryConfusionMatrices& m) {
  return std::any_of(m.tp.begin(), m.tp.end(), [](double x) { return std::isnan(x); });
}

// Which arguments say at what thresholds a ratio is.
enum class RatioThresholds {
  kThresholds,        // thresholds
  kThresholdsOrMany,  // thresholds or num_thresholds
  kThreshold,         // threshold
  kLowest,            // None: it is just above 0.
};

class RatioMetric : public ConfusionMatrixMetric {
 public:
  RatioMetric(ConfusionMatrixRatio ratio, std::string default_name,
              RatioThresholds takes = RatioThresholds::kThresholds)
      : ratio_(ratio), default_name_(std::move(default_name)), takes_(takes) {
    default_threshold_ = 0.5;
  }
  absl::Status Configure(MetricArguments* arguments) override {
    switch (takes_) {
      case RatioThresholds::kThresholds: return ReadThresholds(arguments, true, false);
      case RatioThresholds::kThresholdsOrMany: return ReadThresholds(arguments, true, true);
      case RatioThresholds::kThreshold: {
        ASSIGN_OR_RETURN(thresholds_, arguments->Numbers("threshold"));
        break;
      }
      case RatioThresholds::kLowest: thresholds_ = {1.0e-12}; break;
    }
    return ReadSubKey(arguments);
  }
  std::string DefaultName(absl::string_view) const override { return default_name_; }
  ValueFunction Derivation() const override {
    return [ratio = ratio_](const BinaryConfusionMatrices& m) { return RatioAtThresholds(m, ratio); };
  }
  // The accuracy is a mean over the examples.
  absl::Status AddForKey(const KeyRequest& original, ComputationPlan* plan) const override {
    RETURN_IF_ERROR(ConfusionMatrixMetric::AddForKey(original, plan));
    ASSIGN_OR_RETURN(const KeyRequest request, WithSubKey(original, name(), top_k_, class_id_));
    if (ratio_ != BinaryAccuracy || request.sub_key.top_k || (thresholds_ && thresholds_->size() != 1))
      return absl::OkStatus();
    MetricKey key = request.Key(name());
    key.aggregation = request.aggregation();
    ASSIGN_OR_RETURN(ViewSpec view, request.View());
    view.fractional_labels = true;
    const double threshold = thresholds_ ? (*thresholds_)[0] : *default_threshold_;
    plan->AddExampleTerms(
        key, FlatTerms(plan->AddFlatView(view), [threshold](const FlatView& view, int i, ExampleTerm* term) {
          const double label = view.labels[i], prediction = view.predictions[i];
          const bool unknown = std::isnan(label) || std::isnan(prediction);
          term->Add(unknown ? std::nan("") : (prediction > threshold) == (label == 1), view.weights[i]);
        }));
    return absl::OkStatus();
  }

 private:
  const ConfusionMatrixRatio ratio_;
  const std::string default_name_;
  const RatioThresholds takes_;
};

enum class Curve { kRoc, kPr };
enum class Summation { kInterpolation, kMinoring, kMajoring };

// The area under the ROC or precision-recall curve; see confusion_matrix_metrics.AUC for the three ways of summing it
// up.
double AreaUnderCurve(const BinaryConfusionMatrices& m, Curve curve, Summation summation) {
  const bool pr = curve == Curve::kPr;
  const size_t n = m.thresholds.size();
  if (HasNan(m)) return std::nan("");
  double area = 0;
  if (pr && summation == Summation::kInterpolation) {
    for (size_t i = 0; i + 1 < n; ++i) {
      const double dtp = m.tp[i] - m.tp[i + 1], p0 = m.tp[i] + m.fp[i], p1 = m.tp[i + 1] + m.fp[i + 1];
      const double slope = dtp / std::max(p0 - p1, 0.0);
      const double intercept = m.tp[i + 1] - slope * p1;
      const double ratio = p0 > 0 && p1 > 0 ? p0 / p1 : 1;
      const double increment = slope * (dtp + intercept * std::log(ratio)) / std::max(m.tp[i + 1] + m.fn[i + 1], 0.0);
      if (!std::isnan(increment)) area += increment;
    }
    return area;
  }
  const std::vector<double> recall = Recalls(m);
  const std::vector<double> other = pr ? Precisions(m) : Divide(m.fp, m.tn);
  const std::vector<double>&x = pr ? recall : other, &y = pr ? other : recall;
  for (size_t i = 0; i + 1 < n; ++i) {
    const double height = std::isnan(y[i]) || std::isnan(y[i + 1]) ? std::nan("")
                          : summation == Summation::kInterpolation ? (y[i] + y[i + 1]) / 2
                          : summation == Summation::kMinoring      ? std::min(y[i], y[i + 1])
                                                                   : std::max(y[i], y[i + 1]);
    const double increment = (x[i] - x[i + 1]) * height;
    if (!std::isnan(increment)) area += increment;
  }
  return area;
}

class AucMetric : public ConfusionMatrixMetric {
 public:
  // Without a curve, the argument says which.
  explicit AucMetric(std::string default_name, std::optional<Curve> curve = std::nullopt)
      : default_name_(std::move(default_name)), is_argument_(!curve.has_value()), curve_(curve.value_or(Curve::kRoc)) {}
  absl::Status Configure(MetricArguments* arguments) override {
    if (is_argument_) {
      ASSIGN_OR_RETURN(const std::string curve, arguments->String("curve", "ROC"));
      if (absl::AsciiStrToUpper(curve) != "ROC" && absl::AsciiStrToUpper(curve) != "PR")
        return arguments->Error("curve", "must be ROC or PR");
      curve_ = absl::AsciiStrToUpper(curve) == "PR" ? Curve::kPr : Curve::kRoc;
    }
    ASSIGN_OR_RETURN(std::string method, arguments->String("summation_method", "interpolation"));
    absl::AsciiStrToLower(&method);
    if (method == "interpolation") {
      summation_ = Summation::kInterpolation;
    } else if (method == "minoring") {
      summation_ = Summation::kMinoring;
    } else if (method == "majoring") {
      summation_ = Summation::kMajoring;
    } else {
      return arguments->Error("summation_method", "must be interpolation, minoring or majoring");
    }
    return ReadThresholds(arguments, true, true);
  }
  std::string DefaultName(absl::string_view) const override { return default_name_; }
  ValueFunction Derivation() const override {
    return [curve = curve_, summation = summation_](const BinaryConfusionMatrices& m) -> MetricValue {
      return AreaUnderCurve(m, curve, summation);
    };
  }

 private:
  const std::string default_name_;
  const bool is_argument_;
  Curve curve_;
  Summation summation_ = Summation::kInterpolation;
};

// The best of one ratio where another is at least a given value.
class AtValueMetric : public ConfusionMatrixMetric {
 public:
  using Series = std::vector<double> (*)(const BinaryConfusionMatrices&);
  AtValueMetric(std::string argument, Series constrained, Series dependent, bool thresholds)
      : argument_(std::move(argument)),
        constrained_(constrained),
        dependent_(dependent),
        takes_thresholds_(thresholds) {}

  absl::Status Configure(MetricArguments* arguments) override {
    is_list_ = arguments->IsList(argument_);
    ASSIGN_OR_RETURN(const auto values, arguments->Numbers(argument_));
    if (!values) return arguments->Error(argument_, "must be given");
    values_ = *values;
    for (double v : values_) {
      if (!(v >= 0 && v <= 1)) return arguments->Error(argument_, "must be between 0 and 1");
    }
    return ReadThresholds(arguments, takes_thresholds_, true);
  }
  ValueFunction Derivation() const override {
    return [=, constrained = constrained_, dependent = dependent_, values = values_,
            is_list = is_list_](const BinaryConfusionMatrices& m) -> MetricValue {
      NumericArray result;
      const std::vector<double> a = constrained(m), b = dependent(m);
      for (double v : values) result.values.push_back(HasNan(m) ? std::nan("") : MaxUnderConstraint(a, b, v));
      if (!is_list) return result.values[0];
      return result;
    };
  }

 private:
  const std::string argument_;
  const Series constrained_, dependent_;
  const bool takes_thresholds_;
  std::vector<double> values_;
  bool is_list_ = false;
};

class ConfusionMatrixAtThresholds : public ConfusionMatrixMetric {
 public:
  absl::Status Configure(MetricArguments* arguments) override {
    RETURN_IF_ERROR(ReadThresholds(arguments, true, false));
    return thresholds_ ? absl::OkStatus() : arguments->Error("thresholds", "must be given");
  }
  ValueFunction Derivation() const override {
    return [](const BinaryConfusionMatrices& m) -> MetricValue { return m; };
  }
  // Matrices are not numbers.
  ComparisonCost CostOfComparison(const ComputationPlan&) const override { return ComparisonCost::kNone; }
};

std::vector<double> Thresholds(const BinaryConfusionMatrices& m) { return m.thresholds; }

#define TFXM_RATIO(class_name, ratio, ...) \
  TFXM_REGISTER(MetricRegistry, class_name, [] { return std::make_unique<RatioMetric>(ratio, __VA_ARGS__); })
TFXM_RATIO("TruePositives", TruePositives, "true_positives");
TFXM_RATIO("TP", TruePositives, "tp");
TFXM_RATIO("TrueNegatives", TrueNegatives, "true_negatives");
TFXM_RATIO("TN", TrueNegatives, "tn");
TFXM_RATIO("FalsePositives", FalsePositives, "false_positives");
TFXM_RATIO("FP", FalsePositives, "fp");
TFXM_RATIO("FalseNegatives", FalseNegatives, "false_negatives");
TFXM_RATIO("FN", FalseNegatives, "fn");
TFXM_RATIO("BinaryAccuracy", BinaryAccuracy, "binary_accuracy", RatioThresholds::kThreshold);
TFXM_RATIO("Precision", Precision, "precision", RatioThresholds::kThresholdsOrMany);
TFXM_RATIO("PPV", Precision, "ppv");
TFXM_RATIO("Recall", Recall, "recall", RatioThresholds::kThresholdsOrMany);
TFXM_RATIO("TPR", Recall, "tpr");
TFXM_RATIO("Specificity", Specificity, "specificity");
TFXM_RATIO("TNR", Specificity, "tnr");
TFXM_RATIO("FallOut", FallOut, "fall_out");
TFXM_RATIO("FPR", FallOut, "fpr");
TFXM_RATIO("MissRate", MissRate, "miss_rate");
TFXM_RATIO("FNR", MissRate, "fnr");
TFXM_RATIO("NegativePredictiveValue", NegativePredictiveValue, "negative_predictive_value");
TFXM_RATIO("NPV", NegativePredictiveValue, "npv");
TFXM_RATIO("FalseDiscoveryRate", FalseDiscoveryRate, "false_discovery_rate");
TFXM_RATIO("FalseOmissionRate", FalseOmissionRate, "false_omission_rate");
TFXM_RATIO("Prevalence", Prevalence, "prevalence");
TFXM_RATIO("PrevalenceThreshold", PrevalenceThreshold, "prevalence_threshold");
TFXM_RATIO("ThreatScore", ThreatScore, "threat_score");
TFXM_RATIO("BalancedAccuracy", BalancedAccuracy, "balanced_accuracy");
TFXM_RATIO("F1Score", F1Score, "f1_score");
TFXM_RATIO("MatthewsCorrelationCoefficient", MatthewsCorrelationCoefficient, "matthews_correlation_coefficient");
TFXM_RATIO("FowlkesMallowsIndex", FowlkesMallowsIndex, "fowlkes_mallows_index");
TFXM_RATIO("Informedness", Informedness, "informedness");
TFXM_RATIO("Markedness", Markedness, "markedness");
TFXM_RATIO("PositiveLikelihoodRatio", PositiveLikelihoodRatio, "positive_likelihood_ratio");
TFXM_RATIO("NegativeLikelihoodRatio", NegativeLikelihoodRatio, "negative_likelihood_ratio");
TFXM_RATIO("DiagnosticOddsRatio", DiagnosticOddsRatio, "diagnostic_odds_ratio");
TFXM_RATIO("PredictedPositiveRate", PredictedPositiveRate, "predicted_positive_rate");
TFXM_RATIO("MaxRecall", Recall, "max_recall", RatioThresholds::kLowest);

TFXM_REGISTER(MetricRegistry, "AUC", [] { return std::make_unique<AucMetric>("auc"); });
TFXM_REGISTER(MetricRegistry, "AUCPrecisionRecall",
              [] { return std::make_unique<AucMetric>("auc_precision_recall", Curve::kPr); });
TFXM_REGISTER(MetricRegistry, "SensitivityAtSpecificity",
              [] { return std::make_unique<AtValueMetric>("specificity", Specificities, Recalls, false); });
TFXM_REGISTER(MetricRegistry, "SpecificityAtSensitivity",
              [] { return std::make_unique<AtValueMetric>("sensitivity", Recalls, Specificities, false); });
TFXM_REGISTER(MetricRegistry, "PrecisionAtRecall",
              [] { return std::make_unique<AtValueMetric>("recall", Recalls, Precisions, true); });
TFXM_REGISTER(MetricRegistry, "RecallAtPrecision",
              [] { return std::make_unique<AtValueMetric>("precision", Precisions, Recalls, false); });
TFXM_REGISTER(MetricRegistry, "ThresholdAtRecall",
              [] { return std::make_unique<AtValueMetric>("recall", Recalls, Thresholds, true); });
TFXM_REGISTER(MetricRegistry, "ConfusionMatrixAtThresholds",
              [] { return std::make_unique<ConfusionMatrixAtThresholds>(); });

}  // namespace
}  // namespace tfxm::model_analysis
