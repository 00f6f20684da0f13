// SPDX-License-Identifier: Apache-2.0

// Precision and recall of detected boxes, and COCO's averages of them: TFMA's
// object_detection_confusion_matrix_metrics.py, object_detection_confusion_matrix_plot.py and
// object_detection_metrics.py.
#include <cmath>

#include "absl/strings/str_cat.h"
#include "tfxm/model_analysis/metrics/binary/confusion_matrix_metrics.h"
#include "tfxm/model_analysis/metrics/detection/box_match.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

// numpy.nanmean; NaN of nothing.
double NanMean(const std::vector<double>& values) {
  double sum = 0;
  int count = 0;
  for (double v : values) {
    if (std::isnan(v)) continue;
    sum += v;
    ++count;
  }
  return count == 0 ? std::nan("") : sum / count;
}

// numpy.linspace: multiples of a rounded step, which decides whether a recall of 0.57 reaches "0.57".
std::vector<double> LinSpace(double from, double to, int n) {
  std::vector<double> values;
  const double step = n > 1 ? (to - from) / (n - 1) : 0;
  for (int i = 0; i < n; ++i) values.push_back(i > 0 && i == n - 1 ? to : i * step + from);
  return values;
}

using ValueFunction = std::function<MetricValue(const BinaryConfusionMatrices&)>;

std::vector<double> ThresholdsOf(const BinaryConfusionMatrices& m) { return m.thresholds; }

// A metric of one class at one IoU threshold.
class DetectionMetric : public PerKeyMetric {
 public:
  enum class Kind { kPrecision, kRecall, kMaxRecall, kPrecisionAtRecall, kThresholdAtRecall, kPlot };
  DetectionMetric(Kind kind, std::string default_name) : kind_(kind), default_name_(std::move(default_name)) {}

  absl::Status Configure(MetricArguments* arguments) override {
    RETURN_IF_ERROR(settings_.Configure(arguments));
    ASSIGN_OR_RETURN(const auto class_id, arguments->Integer("class_id"));
    if (!class_id) return arguments->Error("class_id", "must be given");
    settings_.class_id = *class_id;
    ASSIGN_OR_RETURN(settings_.iou_threshold, arguments->Number("iou_threshold", 0.5));
    ASSIGN_OR_RETURN(settings_.class_weight, arguments->Number("class_weight", 1));
    const bool at_recall = kind_ == Kind::kPrecisionAtRecall || kind_ == Kind::kThresholdAtRecall;
    if (at_recall) {
      is_list_ = arguments->IsList("recall");
      ASSIGN_OR_RETURN(const auto recalls, arguments->Numbers("recall"));
      if (!recalls) return arguments->Error("recall", "must be given");
      recalls_ = *recalls;
      for (double r : recalls_) {
        if (!(r >= 0 && r <= 1)) return arguments->Error("recall", "must be between 0 and 1");
      }
    }
    if (at_recall || kind_ == Kind::kPrecision || kind_ == Kind::kRecall) {
      ASSIGN_OR_RETURN(options_.thresholds, arguments->Numbers("thresholds"));
    }
    if (at_recall || kind_ == Kind::kPlot) {
      ASSIGN_OR_RETURN(options_.num_thresholds, arguments->Count("num_thresholds"));
    }
    if (kind_ == Kind::kPrecision || kind_ == Kind::kRecall) {
      if (!options_.thresholds) options_.thresholds = {0.5};
    } else if (kind_ == Kind::kMaxRecall) {
      options_.thresholds = {1.0e-12};
    } else if (kind_ == Kind::kPlot) {
      const int n = options_.num_thresholds.value_or(1000);
      if (n < 2) return arguments->Error("num_thresholds", "must be greater than 1");
      options_.num_thresholds.reset();
      options_.thresholds = {-1e-6};
      for (int i = 0; i <= n; ++i) options_.thresholds->push_back(i * 1.0 / n);
      options_.use_histogram = true;
    }
    return absl::OkStatus();
  }
  std::string DefaultName(absl::string_view) const override { return default_name_; }

  absl::Status AddForKey(const KeyRequest& original, ComputationPlan* plan) const override {
    RETURN_IF_ERROR(settings_.Validate(original));
    KeyRequest request = original;
    request.sub_key = {};
    MetricKey key = request.Key(name());
    key.sub_key.class_id = settings_.class_id;
    MatricesOptions options = options_;
    ASSIGN_OR_RETURN(options.triples, AddBoxMatch(request, settings_, plan));
    if (kind_ == Kind::kPlot) {
      key.kind = MetricKey::Kind::kPlot;
      options.name = absl::StrCat("_binary_confusion_matrices_", name(), options.triples->name);
    }
    ASSIGN_OR_RETURN(const MetricKey matrices_key, AddBinaryConfusionMatrices(request, options, plan));
    plan->AddDerived(
        {key},
        [key, matrices_key, derive = Derivation()](const MetricsMap& metrics, MetricsMap* results) -> absl::Status {
          ASSIGN_OR_RETURN(const BinaryConfusionMatrices* matrices,
                           FindResult<BinaryConfusionMatrices>(metrics, matrices_key));
          (*results)[key] = derive(*matrices);
          return absl::OkStatus();
        });
    return absl::OkStatus();
  }

 private:
  ValueFunction Derivation() const {
    switch (kind_) {
      case Kind::kPrecision: return [](const BinaryConfusionMatrices& m) { return RatioAtThresholds(m, Precision); };
      case Kind::kRecall:
      case Kind::kMaxRecall: return [](const BinaryConfusionMatrices& m) { return RatioAtThresholds(m, Recall); };
      case Kind::kPlot:
        return [](const BinaryConfusionMatrices& m) -> MetricValue {
          auto plot = std::make_shared<::tensorflow_model_analysis::PlotData>();
          *plot->mutable_confusion_matrix_at_thresholds() = m.ToProto();
          return Plot(std::move(plot));
        };
      default: break;
    }
    auto dependent = kind_ == Kind::kPrecisionAtRecall ? Precisions : ThresholdsOf;
    return [dependent, recalls = recalls_, is_list = is_list_](const BinaryConfusionMatrices& m) -> MetricValue {
      NumericArray values;
      for (double r : recalls) values.values.push_back(MaxUnderConstraint(Recalls(m), dependent(m), r));
      if (!is_list) return values.values[0];
      return values;
    };
  }

  const Kind kind_;
  const std::string default_name_;
  BoxMatchSettings settings_;
  MatricesOptions options_;
  std::vector<double> recalls_;
  bool is_list_ = false;
};

// COCO's averages: over recalls (precision) or IoU thresholds (recall), and for the mean ones over classes too.
class CocoAverage : public PerKeyMetric {
 public:
  CocoAverage(bool precision, bool mean) : precision_(precision), mean_(mean) {}

  absl::Status Configure(MetricArguments* arguments) override {
    RETURN_IF_ERROR(settings_.Configure(arguments));
    const std::string ids = mean_ ? "class_ids" : "class_id", weights = mean_ ? "class_weights" : "class_weight";
    ASSIGN_OR_RETURN(const auto class_ids, arguments->Numbers(ids));
    if (!class_ids || class_ids->empty()) return arguments->Error(ids, "must be given");
    class_ids_ = *class_ids;
    ASSIGN_OR_RETURN(const auto class_weights, arguments->Numbers(weights));
    class_weights_ = class_weights.value_or(std::vector<double>(class_ids_.size(), 1));
    if (class_weights_.size() != class_ids_.size())
      return arguments->Error(weights, "must have as many values as there are classes");
    if (precision_) {
      ASSIGN_OR_RETURN(const auto recalls, arguments->Numbers("recalls"));
      ASSIGN_OR_RETURN(const auto num_recalls, arguments->Count("num_recalls"));
      recalls_ = recalls ? *recalls : LinSpace(0, 1, num_recalls.value_or(101));
      ASSIGN_OR_RETURN(const auto num_thresholds, arguments->Count("num_thresholds"));
      num_thresholds_ = num_thresholds.value_or(10000);
      if (num_thresholds_ < 2) return arguments->Error("num_thresholds", "must be greater than 1");
    }
    if (precision_ && !mean_) {
      ASSIGN_OR_RETURN(const double iou_threshold, arguments->Number("iou_threshold", 0.5));
      iou_thresholds_ = {iou_threshold};
    } else {
      ASSIGN_OR_RETURN(const auto iou_thresholds, arguments->Numbers("iou_thresholds"));
      iou_thresholds_ = iou_thresholds ? *iou_thresholds : LinSpace(0.5, 0.95, 10);
    }
    return absl::OkStatus();
  }
  std::string DefaultName(absl::string_view) const override {
    return absl::StrCat(mean_ ? "mean_" : "", precision_ ? "average_precision" : "average_recall");
  }

  absl::Status AddForKey(const KeyRequest& original, ComputationPlan* plan) const override {
    // The matches are never weighted by example.
    MetricRequest unweighted = *original.request;
    unweighted.example_weighted = false;
    unweighted.aggregation = Aggregation::kNone;
    unweighted.class_weights.clear();
    KeyRequest request = original;
    request.request = &unweighted;
    request.sub_key = {};
    MetricKey key = original.Key(name());
    key.sub_key = {};
    MatricesOptions options;
    if (precision_) {
      options.thresholds = {1.e-12};
      for (int i = 0; i < num_thresholds_ - 2; ++i)
        options.thresholds->push_back((i + 1) * 1.0 / (num_thresholds_ - 1));
      options.thresholds->push_back(1.0 - 1.e-12);
    } else {
      options.thresholds = {1.0e-12};
    }
    // By class, the matrices at each IoU threshold.
    std::vector<std::vector<MetricKey>> matrices(class_ids_.size());
    for (size_t c = 0; c < class_ids_.size(); ++c) {
      BoxMatchSettings settings = settings_;
      settings.class_id = static_cast<int>(class_ids_[c]);
      settings.class_weight = class_weights_[c];
      RETURN_IF_ERROR(settings.Validate(request));
      for (double iou_threshold : iou_thresholds_) {
        settings.iou_threshold = iou_threshold;
        ASSIGN_OR_RETURN(options.triples, AddBoxMatch(request, settings, plan));
        ASSIGN_OR_RETURN(MetricKey matrices_key, AddBinaryConfusionMatrices(request, options, plan));
        matrices[c].push_back(std::move(matrices_key));
      }
    }
    plan->AddDerived({key},
                     [key, matrices, precision = precision_, recalls = recalls_](const MetricsMap& metrics,
                                                                                 MetricsMap* results) -> absl::Status {
                       std::vector<double> of_classes, all;
                       for (const auto& of_class : matrices) {
                         std::vector<double> values;
                         for (const MetricKey& matrices_key : of_class) {
                           ASSIGN_OR_RETURN(const BinaryConfusionMatrices* m,
                                            FindResult<BinaryConfusionMatrices>(metrics, matrices_key));
                           if (precision) {
                             const std::vector<double> r = Recalls(*m), p = Precisions(*m);
                             std::vector<double> at;
                             for (double recall : recalls) at.push_back(MaxUnderConstraint(r, p, recall));
                             values.push_back(NanMean(at));
                           } else {
                             values.push_back(Recall({m->tp[0], m->tn[0], m->fp[0], m->fn[0]}));
                           }
                         }
                         of_classes.push_back(NanMean(values));
                         all.insert(all.end(), values.begin(), values.end());
                       }
                       // Precision is averaged over classes and IoU thresholds at once, recall first over the IoU
                       // thresholds.
                       (*results)[key] = NanMean(precision ? all : of_classes);
                       return absl::OkStatus();
                     });
    return absl::OkStatus();
  }

 private:
  const bool precision_, mean_;
  BoxMatchSettings settings_;
  std::vector<double> class_ids_, class_weights_, iou_thresholds_, recalls_;
  int num_thresholds_ = 10000;
};

#define TFXM_DETECTION(class_name, kind, name) \
  TFXM_REGISTER(MetricRegistry, class_name,    \
                [] { return std::make_unique<DetectionMetric>(DetectionMetric::Kind::kind, name); })
TFXM_DETECTION("ObjectDetectionPrecision", kPrecision, "object_detection_precision");
TFXM_DETECTION("ObjectDetectionRecall", kRecall, "object_detection_recall");
TFXM_DETECTION("ObjectDetectionMaxRecall", kMaxRecall, "object_detection_max_recall");
TFXM_DETECTION("ObjectDetectionPrecisionAtRecall", kPrecisionAtRecall, "object_detection_precision_at_recall");
TFXM_DETECTION("ObjectDetectionThresholdAtRecall", kThresholdAtRecall, "object_detection_threshold_at_recall");
TFXM_DETECTION("ObjectDetectionConfusionMatrixPlot", kPlot, "confusion_matrix_plot");
TFXM_REGISTER(MetricRegistry, "COCOAveragePrecision", [] { return std::make_unique<CocoAverage>(true, false); });
TFXM_REGISTER(MetricRegistry, "COCOMeanAveragePrecision", [] { return std::make_unique<CocoAverage>(true, true); });
TFXM_REGISTER(MetricRegistry, "COCOAverageRecall", [] { return std::make_unique<CocoAverage>(false, false); });
TFXM_REGISTER(MetricRegistry, "COCOMeanAverageRecall", [] { return std::make_unique<CocoAverage>(false, true); });

}  // namespace
}  // namespace tfxm::model_analysis
