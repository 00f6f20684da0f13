// SPDX-License-Identifier: Apache-2.0

// TFMA's own BinaryCrossEntropy and CategoricalCrossEntropy (cross_entropy_metrics.py; Keras's are spelled
// Crossentropy). They do not clip: a prediction of 0 or 1 that is wrong gives infinity, or NaN where 0 is multiplied
// with it.
#include <cmath>

#include "absl/strings/str_cat.h"
#include "tfxm/model_analysis/metrics/accumulators.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

struct Settings {
  bool from_logits = false;
  double label_smoothing = 0;
};

absl::Status CheckSizes(std::span<const double> labels, std::span<const double> predictions) {
  if (labels.size() == predictions.size() || labels.size() == 1) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the label has ", labels.size(), " values but the prediction has ", predictions.size()));
}

// labels[i], or the only label for all.
double LabelAt(std::span<const double> labels, size_t i) { return labels.size() == 1 ? labels[0] : labels[i]; }

absl::StatusOr<double> Binary(const Settings& settings, std::span<const double> labels,
                              std::span<const double> predictions) {
  RETURN_IF_ERROR(CheckSizes(labels, predictions));
  double sum = 0;
  for (size_t i = 0; i < predictions.size(); ++i) {
    const double y = LabelAt(labels, i) * (1 - settings.label_smoothing) + 0.5 * settings.label_smoothing,
                 p = predictions[i];
    sum += settings.from_logits ? std::fmax(p, 0) - p * y + std::log(1 + std::exp(-std::abs(p)))
                                : -(y * std::log(p)) - (1 - y) * std::log(1 - p);
  }
  return sum / static_cast<double>(predictions.size());
}

absl::StatusOr<double> Categorical(const Settings& settings, std::span<const double> labels,
                                   std::span<const double> predictions) {
  RETURN_IF_ERROR(CheckSizes(labels, predictions));
  const size_t n = predictions.size();
  double total = 0, loss = 0;
  for (double p : predictions) total += settings.from_logits ? std::exp(p) : p;
  for (size_t i = 0; i < n; ++i) {
    const double y =
        LabelAt(labels, i) * (1 - settings.label_smoothing) + settings.label_smoothing / static_cast<double>(n);
    const double p = (settings.from_logits ? std::exp(predictions[i]) : predictions[i]) / total;
    if (std::isnan(predictions[i])) return predictions[i];
    if (!(p > 0) || std::isinf(p)) continue;  // numpy.ma.log masks what has no logarithm.
    loss -= y * std::log(p);
  }
  return loss;
}

class CrossEntropy : public PerKeyMetric {
 public:
  explicit CrossEntropy(bool binary) : binary_(binary) {}
  absl::Status Configure(MetricArguments* arguments) override {
    ASSIGN_OR_RETURN(settings_.from_logits, arguments->Bool("from_logits", false));
    ASSIGN_OR_RETURN(settings_.label_smoothing, arguments->Number("label_smoothing", 0));
    return absl::OkStatus();
  }
  std::string DefaultName(absl::string_view) const override {
    return binary_ ? "binary_crossentropy" : "categorical_crossentropy";
  }
  bool SupportsClassWeights() const override { return false; }
  absl::Status AddForKey(const KeyRequest& request, ComputationPlan* plan) const override {
    const MetricKey key = request.Key(name());
    ASSIGN_OR_RETURN(ViewSpec view, request.View());
    auto value = [settings = settings_, binary = binary_](const ListView& view, int row) -> absl::StatusOr<double> {
      const auto labels = view.labels->row(row), predictions = view.predictions->row(row);
      return binary ? Binary(settings, labels, predictions) : Categorical(settings, labels, predictions);
    };
    AddMeanOfTerms(binary_ ? "BinaryCrossEntropy" : "CategoricalCrossEntropy", key,
                   ListTerms(plan->AddListView(view), value), plan);
    return absl::OkStatus();
  }

 private:
  const bool binary_;
  Settings settings_;
};

TFXM_REGISTER(MetricRegistry, "BinaryCrossEntropy", [] { return std::make_unique<CrossEntropy>(true); });
TFXM_REGISTER(MetricRegistry, "CategoricalCrossEntropy", [] { return std::make_unique<CrossEntropy>(false); });

}  // namespace
}  // namespace tfxm::model_analysis
