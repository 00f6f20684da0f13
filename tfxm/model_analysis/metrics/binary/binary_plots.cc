// SPDX-License-Identifier: Apache-2.0

// CalibrationPlot, ConfusionMatrixPlot and ScoreDistributionPlot: TFMA's calibration_plot.py, confusion_matrix_plot.py
// and score_distribution_plot.py.
#include <limits>

#include "tfxm/model_analysis/metrics/binary/binary_confusion_matrices.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

namespace tfma = ::tensorflow_model_analysis;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

MetricKey PlotKey(const KeyRequest& request, const std::string& name) {
  MetricKey key = request.Key(name);
  key.kind = MetricKey::Kind::kPlot;
  return key;
}

class CalibrationPlot : public PerKeyMetric {
 public:
  absl::Status Configure(MetricArguments* arguments) override {
    ASSIGN_OR_RETURN(const auto num_buckets, arguments->Count("num_buckets"));
    num_buckets_ = num_buckets.value_or(1000);
    ASSIGN_OR_RETURN(left_, arguments->Number("left"));
    ASSIGN_OR_RETURN(right_, arguments->Number("right"));
    if (left_ && right_ && !(*left_ < *right_)) return arguments->Error("right", "must be greater than left");
    return absl::OkStatus();
  }
  absl::Status AddForKey(const KeyRequest& request, ComputationPlan* plan) const override {
    const MetricKey key = PlotKey(request, name());
    HistogramOptions options;
    SetDomain(request, &options);
    if (left_) options.left = *left_;
    if (right_) options.right = *right_;
    ASSIGN_OR_RETURN(const MetricKey histogram_key, AddCalibrationHistogram(request, options, plan));
    plan->AddDerived(
        {key},
        [=, left = options.left, right = options.right, n = num_buckets_](const MetricsMap& metrics,
                                                                          MetricsMap* results) -> absl::Status {
          ASSIGN_OR_RETURN(const Histogram* histogram, FindResult<Histogram>(metrics, histogram_key));
          std::vector<double> thresholds = {-kInfinity};
          for (int i = 0; i <= n; ++i) thresholds.push_back(left + i * (right - left) / n);
          const CalibrationHistogram buckets = Rebin(thresholds, **histogram, kDefaultNumBuckets, left, right);
          auto plot = std::make_shared<tfma::PlotData>();
          for (size_t i = 0; i < buckets.buckets.size(); ++i) {
            auto* bucket = plot->mutable_calibration_histogram_buckets()->add_buckets();
            bucket->set_lower_threshold_inclusive(thresholds[i]);
            bucket->set_upper_threshold_exclusive(i + 1 < thresholds.size() ? thresholds[i + 1] : kInfinity);
            bucket->mutable_total_weighted_label()->set_value(buckets.buckets[i].labels);
            bucket->mutable_total_weighted_refined_prediction()->set_value(buckets.buckets[i].predictions);
            bucket->mutable_num_weighted_examples()->set_value(buckets.buckets[i].examples);
          }
          (*results)[key] = Plot(std::move(plot));
          return absl::OkStatus();
        });
    return absl::OkStatus();
  }

 private:
  // The domain that the schema gives the label, if any.
  void SetDomain(const KeyRequest& request, HistogramOptions* options) const {
    if (request.request->schema == nullptr || (left_ && right_)) return;
    const auto& config = *request.request->eval_config;
    const absl::StatusOr<int> index = FindModelSpec(config, request.model_name);
    if (!index.ok()) return;
    const tfma::ModelSpec& spec = config.model_specs(*index);
    std::string label_key = spec.label_key();
    if (const auto it = spec.label_keys().find(request.output_name); label_key.empty() && it != spec.label_keys().end())
      label_key = it->second;
    for (const auto& feature : request.request->schema->feature()) {
      if (feature.name() != label_key) continue;
      if (feature.has_int_domain()) {
        if (feature.int_domain().has_min()) options->left = static_cast<double>(feature.int_domain().min());
        if (feature.int_domain().has_max()) options->right = static_cast<double>(feature.int_domain().max());
      } else if (feature.has_float_domain()) {
        if (feature.float_domain().has_min()) options->left = feature.float_domain().min();
        if (feature.float_domain().has_max()) options->right = feature.float_domain().max();
      }
    }
  }

  int num_buckets_ = 1000;
  std::optional<double> left_, right_;
};

class MatricesPlot : public PerKeyMetric {
 public:
  explicit MatricesPlot(bool scores_only) : scores_only_(scores_only) {}

  absl::Status Configure(MetricArguments* arguments) override {
    ASSIGN_OR_RETURN(const auto num_thresholds, arguments->Count("num_thresholds"));
    num_thresholds_ = num_thresholds.value_or(1000);
    return num_thresholds_ > 1 ? absl::OkStatus() : arguments->Error("num_thresholds", "must be greater than 1");
  }
  absl::Status AddForKey(const KeyRequest& request, ComputationPlan* plan) const override {
    const MetricKey key = PlotKey(request, name());
    MatricesOptions options;
    options.name = "_binary_confusion_matrices_" + name();
    options.use_histogram = !scores_only_;
    options.labels_are_predictions = scores_only_;
    options.thresholds = {-1e-6};
    for (int i = 0; i <= num_thresholds_; ++i) options.thresholds->push_back(i * 1.0 / num_thresholds_);
    ASSIGN_OR_RETURN(const MetricKey matrices_key, AddBinaryConfusionMatrices(request, options, plan));
    plan->AddDerived({key},
                     [key, matrices_key, scores_only = scores_only_](const MetricsMap& metrics,
                                                                     MetricsMap* results) -> absl::Status {
                       ASSIGN_OR_RETURN(const BinaryConfusionMatrices* matrices,
                                        FindResult<BinaryConfusionMatrices>(metrics, matrices_key));
                       auto plot = std::make_shared<tfma::PlotData>();
                       *plot->mutable_confusion_matrix_at_thresholds() = matrices->ToProto();
                       if (scores_only) {
                         // Labels do not matter: only how many predictions are above and below each threshold.
                         for (auto& matrix : *plot->mutable_confusion_matrix_at_thresholds()->mutable_matrices()) {
                           matrix.set_true_negatives(matrix.true_negatives() + matrix.false_negatives());
                           matrix.set_false_negatives(0);
                           matrix.set_true_positives(matrix.true_positives() + matrix.false_positives());
                           matrix.set_false_positives(0);
                           matrix.set_precision(0);
                           matrix.set_recall(0);
                         }
                       }
                       (*results)[key] = Plot(std::move(plot));
                       return absl::OkStatus();
                     });
    return absl::OkStatus();
  }

 private:
  const bool scores_only_;
  int num_thresholds_ = 1000;
};

TFXM_REGISTER(MetricRegistry, "CalibrationPlot", [] { return std::make_unique<CalibrationPlot>(); });
TFXM_REGISTER(MetricRegistry, "ConfusionMatrixPlot", [] { return std::make_unique<MatricesPlot>(false); });
TFXM_REGISTER(MetricRegistry, "ScoreDistributionPlot", [] { return std::make_unique<MatricesPlot>(true); });

}  // namespace
}  // namespace tfxm::model_analysis
