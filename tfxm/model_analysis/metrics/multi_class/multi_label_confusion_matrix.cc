// SPDX-License-Identifier: Apache-2.0

// MultiLabelConfusionMatrixPlot: for every pair of classes (actual, predicted), how the predicted class fares among the
// examples that have the actual one. TFMA's multi_label_confusion_matrix_plot.py.
#include <cmath>
#include <map>

#include "absl/strings/str_cat.h"
#include "tfxm/model_analysis/metrics/accumulators.h"
#include "tfxm/model_analysis/metrics/multi_class/read_thresholds.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

struct Counts : PartsOf<Counts> {
  CompactSum fn, tn, fp, tp;
  auto Parts() { return std::tie(fn, tn, fp, tp); }
};

class MultiLabelAccumulator : public AccumulatorOf<MultiLabelAccumulator> {
 public:
  MultiLabelAccumulator(MetricKey key, ListViewId view, std::vector<double> thresholds)
      : key_(std::move(key)), view_(view), thresholds_(std::move(thresholds)) {}

  absl::Status Add(BatchViews* batch, std::span<const int32_t> rows) override {
    ASSIGN_OR_RETURN(const ListView* view, batch->List(view_));
    std::vector<double> dense;
    for (int32_t row : rows) {
      std::span<const double> labels = view->labels->row(row);
      const std::span<const double> predictions = view->predictions->row(row);
      const std::string where = batch->extracts().Describe(row);
      if (predictions.size() < 2) {
        return absl::InvalidArgumentError(
            absl::StrCat(where, ": a multi-label confusion matrix needs the predictions of several classes, found ",
                         predictions.size()));
      }
      if (labels.size() == 1) {
        if (!(labels[0] >= -1 && labels[0] < static_cast<double>(predictions.size()))) {
          return absl::InvalidArgumentError(absl::StrCat(
              where, ": label ", labels[0], " is out of range: the prediction has ", predictions.size(), " classes"));
        }
        dense.assign(predictions.size(), 0);
        if (labels[0] >= 0) dense[static_cast<size_t>(labels[0])] = 1;
        labels = dense;
      }
      if (labels.size() != predictions.size()) {
        return absl::InvalidArgumentError(absl::StrCat(where, ": the label has ", labels.size(),
                                                       " values but the prediction has ", predictions.size()));
      }
      for (double threshold : thresholds_) {
        auto& matrix = matrices_[threshold];
        for (size_t actual = 0; actual < labels.size(); ++actual) {
          if (labels[actual] == 0) continue;
          for (size_t id = 0; id < predictions.size(); ++id) {
            Counts& counts = matrix[{static_cast<int>(actual), static_cast<int>(id)}];
            const bool positive = predictions[id] > threshold, labeled = labels[id] != 0;
            (labeled ? (positive ? counts.tp : counts.fn) : (positive ? counts.fp : counts.tn)).Add(view->weights[row]);
          }
        }
      }
    }
    return absl::OkStatus();
  }
  auto Parts() { return std::tie(matrices_); }
  absl::Status Output(MetricsMap* results) const override {
    auto plot = std::make_shared<::tensorflow_model_analysis::PlotData>();
    auto* all = plot->mutable_multi_label_confusion_matrix_at_thresholds();
    for (const auto& [threshold, matrix] : matrices_) {
      auto* proto = all->add_matrices();
      proto->set_threshold(threshold == -1e-7 ? 0 : threshold == 1 + 1e-7 ? 1 : threshold);
      for (const auto& [key, counts] : matrix) {
        auto* entry = proto->add_entries();
        entry->set_actual_class_id(key.first);
        entry->set_predicted_class_id(key.second);
        entry->set_false_negatives(counts.fn.Value());
        entry->set_true_negatives(counts.tn.Value());
        entry->set_false_positives(counts.fp.Value());
        entry->set_true_positives(counts.tp.Value());
      }
    }
    (*results)[key_] = Plot(std::move(plot));
    return absl::OkStatus();
  }

 private:
  const MetricKey key_;
  const ListViewId view_;
  const std::vector<double> thresholds_;
  std::map<double, std::map<std::pair<int, int>, Counts>> matrices_;
};

class MultiLabelConfusionMatrixPlot : public PerKeyMetric {
 public:
  absl::Status Configure(MetricArguments* arguments) override {
    ASSIGN_OR_RETURN(thresholds_, ReadThresholds(arguments, /*plot=*/true, 0.5));
    return absl::OkStatus();
  }
  bool SupportsClassWeights() const override { return false; }
  absl::Status AddForKey(const KeyRequest& request, ComputationPlan* plan) const override {
    MetricKey key = request.Key(name());
    key.sub_key = {};
    key.kind = MetricKey::Kind::kPlot;
    ASSIGN_OR_RETURN(ViewSpec view, request.View());
    view.sub_key = {};
    view.aggregated = false;
    plan->Add("MultiLabelConfusionMatrixPlot", {key}, [key, view = plan->AddListView(view), thresholds = thresholds_] {
      return std::make_unique<MultiLabelAccumulator>(key, view, thresholds);
    });
    return absl::OkStatus();
  }

 private:
  std::vector<double> thresholds_;
};

TFXM_REGISTER(MetricRegistry, "MultiLabelConfusionMatrixPlot",
              [] { return std::make_unique<MultiLabelConfusionMatrixPlot>(); });

}  // namespace
}  // namespace tfxm::model_analysis
