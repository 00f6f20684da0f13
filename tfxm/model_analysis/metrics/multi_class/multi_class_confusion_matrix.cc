// SPDX-License-Identifier: Apache-2.0

// Actual against predicted class, at thresholds: MultiClassConfusionMatrixAtThresholds and
// MultiClassConfusionMatrixPlot, TFMA's multi_class_confusion_matrix_metrics.py and _plot.py.
#include <algorithm>
#include <cmath>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "tfxm/model_analysis/metrics/accumulators.h"
#include "tfxm/model_analysis/metrics/multi_class/read_thresholds.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

constexpr int kNoClass = -1;

class MatrixAccumulator : public AccumulatorOf<MatrixAccumulator> {
 public:
  MatrixAccumulator(MetricKey key, ListViewId view, std::vector<double> thresholds)
      : key_(std::move(key)), view_(view), thresholds_(std::move(thresholds)), counts_(thresholds_.size()) {}

  absl::Status Add(BatchViews* batch, std::span<const int32_t> rows) override {
    ASSIGN_OR_RETURN(const ListView* view, batch->List(view_));
    if (view->labels->is_string || view->predictions->is_string) {
      return absl::InvalidArgumentError("a multi-class confusion matrix needs class indices and scores, not strings");
    }
    for (int32_t row : rows) {
      const auto labels = view->labels->row(row), predictions = view->predictions->row(row);
      if (predictions.size() < 2) {
        return absl::InvalidArgumentError(absl::StrCat(batch->extracts().Describe(row),
                                                       ": a multi-class confusion matrix needs the predictions of ",
                                                       "several classes, found ", predictions.size()));
      }
      const int actual = labels.size() > 1
                             ? static_cast<int>(std::max_element(labels.begin(), labels.end()) - labels.begin())
                             : static_cast<int>(labels[0]);
      int predicted = static_cast<int>(std::max_element(predictions.begin(), predictions.end()) - predictions.begin());
      for (size_t t = 0; t < thresholds_.size(); ++t) {
        // Once below a threshold, an example has no prediction at those that follow either, as in TFMA.
        const double top = predicted == kNoClass ? predictions.back() : predictions[predicted];
        if (!(top > thresholds_[t])) predicted = kNoClass;
        counts_[t][{actual, predicted}].Add(view->weights[row]);
      }
    }
    return absl::OkStatus();
  }
  auto Parts() { return std::tie(counts_); }
  absl::Status Output(MetricsMap* results) const override {
    MultiClassConfusionMatrices matrices;
    for (size_t t = 0; t < counts_.size(); ++t) {
      auto& matrix = matrices.matrices[thresholds_[t]];
      for (const auto& [key, count] : counts_[t]) matrix[key] = count.Value();
    }
    (*results)[key_] = std::move(matrices);
    return absl::OkStatus();
  }

 private:
  const MetricKey key_;
  const ListViewId view_;
  const std::vector<double> thresholds_;
  std::vector<absl::flat_hash_map<std::pair<int, int>, CompactSum>> counts_;
};

class MultiClassConfusionMatrix : public PerKeyMetric {
 public:
  explicit MultiClassConfusionMatrix(bool plot) : plot_(plot) {}

  absl::Status Configure(MetricArguments* arguments) override {
    ASSIGN_OR_RETURN(thresholds_, ReadThresholds(arguments, /*plot=*/plot_, plot_ ? 0.0 : 0.5));
    return absl::OkStatus();
  }
  bool SupportsClassWeights() const override { return false; }
  absl::Status AddForKey(const KeyRequest& request, ComputationPlan* plan) const override {
    MetricKey key = request.Key(name());
    key.sub_key = {};
    if (plot_) key.kind = MetricKey::Kind::kPlot;
    // TFMA computes them once per output, at the thresholds of whoever asked first; so does this.
    MetricKey matrices_key = request.Key("_multi_class_confusion_matrices");
    matrices_key.sub_key = {};
    ASSIGN_OR_RETURN(ViewSpec view, request.View());
    view.sub_key = {};
    view.aggregated = false;
    plan->Add("MultiClassConfusionMatrix", {matrices_key},
              [matrices_key, view = plan->AddListView(view), thresholds = thresholds_] {
                return std::make_unique<MatrixAccumulator>(matrices_key, view, thresholds);
              });
    plan->AddDerived({key},
                     [key, matrices_key, plot = plot_](const MetricsMap& metrics, MetricsMap* results) -> absl::Status {
                       ASSIGN_OR_RETURN(const MultiClassConfusionMatrices* matrices,
                                        FindResult<MultiClassConfusionMatrices>(metrics, matrices_key));
                       if (plot) {
                         auto data = std::make_shared<::tensorflow_model_analysis::PlotData>();
                         *data->mutable_multi_class_confusion_matrix_at_thresholds() = matrices->ToProto();
                         (*results)[key] = Plot(std::move(data));
                       } else {
                         (*results)[key] = *matrices;
                       }
                       return absl::OkStatus();
                     });
    return absl::OkStatus();
  }

 private:
  const bool plot_;
  std::vector<double> thresholds_;
};

TFXM_REGISTER(MetricRegistry, "MultiClassConfusionMatrixAtThresholds",
              [] { return std::make_unique<MultiClassConfusionMatrix>(false); });
TFXM_REGISTER(MetricRegistry, "MultiClassConfusionMatrixPlot",
              [] { return std::make_unique<MultiClassConfusionMatrix>(true); });

}  // namespace
}  // namespace tfxm::model_analysis
