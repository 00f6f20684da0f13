// SPDX-License-Identifier: Apache-2.0

// Keras's intersection-over-union metrics (keras/metrics/iou_metrics.py): IoU, MeanIoU, OneHotIoU, OneHotMeanIoU,
// BinaryIoU. One label and one prediction per example, as class indices or, one-hot, as lists with a largest value.
#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "tfxm/model_analysis/metrics/accumulators.h"
#include "tfxm/model_analysis/metrics/keras/keras_functions.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

struct IouSettings {
  MetricKey key;
  ListViewId view;
  int num_classes = 2;
  std::vector<int> targets;
  std::optional<int> ignored;
  std::optional<double> threshold;  // BinaryIoU: the class is whether the prediction reaches it.
  bool sparse_labels = true, sparse_predictions = true;
};

class IouAccumulator : public AccumulatorOf<IouAccumulator> {
 public:
  explicit IouAccumulator(std::shared_ptr<const IouSettings> settings)
      : settings_(std::move(settings)), counts_(settings_->num_classes * settings_->num_classes) {}

  absl::Status Add(BatchViews* batch, std::span<const int32_t> rows) override {
    ASSIGN_OR_RETURN(const ListView* view, batch->List(settings_->view));
    if (view->labels->is_string || view->predictions->is_string) {
      return absl::InvalidArgumentError("it needs labels and predictions that are numbers, not strings");
    }
    for (int32_t row : rows) {
      const std::string where = batch->extracts().Describe(row);
      ASSIGN_OR_RETURN(const int label, ClassOf(view->labels->row(row), settings_->sparse_labels, {}, "label", where));
      if (settings_->ignored && label == *settings_->ignored) continue;
      ASSIGN_OR_RETURN(const int prediction, ClassOf(view->predictions->row(row), settings_->sparse_predictions,
                                                     settings_->threshold, "prediction", where));
      for (const auto& [what, id] : {std::pair("label", label), std::pair("prediction", prediction)}) {
        if (id >= 0 && id < settings_->num_classes) continue;
        return absl::InvalidArgumentError(
            absl::StrCat(where, ": ", what, " ", id, " is out of range: num_classes is ", settings_->num_classes));
      }
      counts_[label * settings_->num_classes + prediction].Add(view->weights[row]);
    }
    return absl::OkStatus();
  }
  auto Parts() { return std::tie(counts_); }
  absl::Status Output(MetricsMap* results) const override {
    const int n = settings_->num_classes;
    double sum = 0;
    int num_valid = 0;
    for (int target : settings_->targets) {
      double all = -counts_[target * n + target].Value();
      for (int i = 0; i < n; ++i) all += counts_[target * n + i].Value() + counts_[i * n + target].Value();
      if (all == 0) continue;  // Nowhere to be seen.
      sum += counts_[target * n + target].Value() / all;
      ++num_valid;
    }
    (*results)[settings_->key] = num_valid == 0 ? 0 : sum / num_valid;
    return absl::OkStatus();
  }

 private:
  static absl::StatusOr<int> ClassOf(Row values, bool sparse, std::optional<double> threshold, absl::string_view what,
                                     const std::string& where) {
    if (!sparse && !values.empty()) return ArgMax(values);
    if (values.size() != 1) {
      return absl::InvalidArgumentError(absl::StrCat(where, ": the ", what, " has ", values.size(),
                                                     " values, expected one class; set sparse_y_true or sparse_y_pred "
                                                     "to false if the largest of them is the class"));
    }
    // Keras computes in float32.
    if (threshold) return static_cast<float>(values[0]) >= static_cast<float>(*threshold);
    return std::isfinite(values[0]) ? static_cast<int>(std::clamp(values[0], -1e9, 1e9)) : -1;
  }

  const std::shared_ptr<const IouSettings> settings_;
  std::vector<CompactSum> counts_;  // [label, prediction]
};

class IouMetric : public PerKeyMetric {
 public:
  absl::Status Configure(MetricArguments* arguments) override {
    const std::string& name = arguments->class_name();
    const bool binary = name == "BinaryIoU", one_hot = name.starts_with("OneHot");
    if (!binary) {
      ASSIGN_OR_RETURN(const std::optional<int> classes, arguments->Integer("num_classes"));
      if (!classes) return arguments->Error("num_classes", "must be given");
      if (*classes < 1 || *classes > 10000) return arguments->Error("num_classes", "must be between 1 and 10000");
      settings_.num_classes = *classes;
      ASSIGN_OR_RETURN(settings_.ignored, arguments->Integer("ignore_class"));
      if (!one_hot) {
        ASSIGN_OR_RETURN(settings_.sparse_labels, arguments->Bool("sparse_y_true", true));
      } else {
        settings_.sparse_labels = false;
      }
      ASSIGN_OR_RETURN(settings_.sparse_predictions, arguments->Bool("sparse_y_pred", !one_hot));
      ASSIGN_OR_RETURN(const std::optional<int> axis, arguments->Integer("axis"));
      if (axis && *axis != -1) return arguments->Error("axis", "must be -1 (the classes are the last dimension)");
    } else {
      ASSIGN_OR_RETURN(settings_.threshold, arguments->Number("threshold", 0.5));
    }
    RETURN_IF_ERROR(arguments->String("dtype", "float32").status());
    if (name.find("Mean") == std::string::npos) {
      ASSIGN_OR_RETURN(const auto targets, arguments->Numbers("target_class_ids"));
      if (!targets && !binary) return arguments->Error("target_class_ids", "must be given");
      for (double target : targets.value_or(std::vector<double>{0, 1})) {
        if (target != std::floor(target) || target < 0 || target >= settings_.num_classes) {
          return arguments->Error("target_class_ids",
                                  absl::StrCat("must be class indices below ", settings_.num_classes));
        }
        settings_.targets.push_back(static_cast<int>(target));
      }
    } else {
      for (int i = 0; i < settings_.num_classes; ++i) settings_.targets.push_back(i);
    }
    return absl::OkStatus();
  }
  bool IsKerasMetric() const override { return true; }
  bool SupportsClassWeights() const override { return false; }
  absl::Status AddForKey(const KeyRequest& request, ComputationPlan* plan) const override {
    auto settings = std::make_shared<IouSettings>(settings_);
    settings->key = request.Key(name());
    ASSIGN_OR_RETURN(ViewSpec view, request.View());
    settings->view = plan->AddListView(view);
    std::shared_ptr<const IouSettings> shared = settings;
    plan->Add("KerasIoU", {settings->key}, [shared] { return std::make_unique<IouAccumulator>(shared); });
    return absl::OkStatus();
  }

 private:
  IouSettings settings_;
};

TFXM_REGISTER(MetricRegistry, "IoU", [] { return std::make_unique<IouMetric>(); });
TFXM_REGISTER(MetricRegistry, "MeanIoU", [] { return std::make_unique<IouMetric>(); });
TFXM_REGISTER(MetricRegistry, "OneHotIoU", [] { return std::make_unique<IouMetric>(); });
TFXM_REGISTER(MetricRegistry, "OneHotMeanIoU", [] { return std::make_unique<IouMetric>(); });
TFXM_REGISTER(MetricRegistry, "BinaryIoU", [] { return std::make_unique<IouMetric>(); });

}  // namespace
}  // namespace tfxm::model_analysis
