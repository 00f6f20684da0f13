// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/metrics/binary/binary_confusion_matrices.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <memory>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "tfxm/model_analysis/metrics/accumulators.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

constexpr int kKerasNumThresholds = 200;

std::vector<double> InterpolatedThresholds(int n) {
  std::vector<double> thresholds = {-kThresholdEpsilon};
  for (int i = 0; i < n - 2; ++i) thresholds.push_back((i + 1) * 1.0 / (n - 1));
  thresholds.push_back(1 + kThresholdEpsilon);
  return thresholds;
}

// Counts directly: for each gap between thresholds the weight of the positive and negative labels whose prediction is
// in it.
class MatricesAccumulator : public AccumulatorOf<MatricesAccumulator> {
 public:
  struct Settings {
    MetricKey key;
    FlatViewId view;
    std::vector<double> thresholds;  // As asked for.
    std::vector<double> sorted;
  };
  explicit MatricesAccumulator(std::shared_ptr<const Settings> settings)
      : settings_(std::move(settings)),
        positive_(settings_->sorted.size() + 1),
        negative_(settings_->sorted.size() + 1) {}

  absl::Status Add(BatchViews* batch, std::span<const int32_t> rows) override {
    ASSIGN_OR_RETURN(const FlatView* view, batch->Flat(settings_->view));
    const std::vector<double>& sorted = settings_->sorted;
    for (int32_t row : rows) {
      for (int i = view->begin(row); i < view->ends[row]; ++i) {
        if (view->weights[i] == 0) continue;
        const double prediction = view->predictions[i];
        if (std::isnan(prediction) || std::isnan(view->labels[i])) {
          has_nan_ = true;
          continue;
        }
        // The number of thresholds that the prediction is greater than.
        const size_t gap = std::lower_bound(sorted.begin(), sorted.end(), prediction) - sorted.begin();
        (view->labels[i] == 1 ? positive_ : negative_)[gap].Add(view->weights[i]);
      }
    }
    return absl::OkStatus();
  }
  auto Parts() { return std::tie(positive_, negative_, has_nan_); }
  absl::Status Output(MetricsMap* results) const override {
    // Exact sums from both ends, so that each count is rounded once.
    const size_t n = positive_.size();
    std::vector<double> tp(n), fp(n), tn(n), fn(n);
    CompactSum positive_above, negative_above, positive_below, negative_below;
    for (size_t i = n; i-- > 0;) {
      tp[i] = positive_above.Value();
      fp[i] = negative_above.Value();
      positive_above.Merge(positive_[i]);
      negative_above.Merge(negative_[i]);
    }
    for (size_t i = 0; i < n; ++i) {
      positive_below.Merge(positive_[i]);
      negative_below.Merge(negative_[i]);
      fn[i] = positive_below.Value();
      tn[i] = negative_below.Value();
    }
    BinaryConfusionMatrices matrices;
    for (double threshold : settings_->thresholds) {
      const size_t i =
          std::lower_bound(settings_->sorted.begin(), settings_->sorted.end(), threshold) - settings_->sorted.begin();
      matrices.thresholds.push_back(threshold);
      matrices.tp.push_back(has_nan_ ? std::nan("") : tp[i]);
      matrices.fp.push_back(has_nan_ ? std::nan("") : fp[i]);
      matrices.tn.push_back(has_nan_ ? std::nan("") : tn[i]);
      matrices.fn.push_back(has_nan_ ? std::nan("") : fn[i]);
    }
    (*results)[settings_->key] = std::move(matrices);
    return absl::OkStatus();
  }

 private:
  const std::shared_ptr<const Settings> settings_;
  std::vector<CompactSum> positive_, negative_;
  bool has_nan_ = false;
};

// From buckets whose lower ends are the thresholds (with one more in front if `thresholds` starts at 0 or above).
BinaryConfusionMatrices FromHistogram(const std::vector<double>& thresholds, const CalibrationHistogram& histogram) {
  const size_t n = histogram.buckets.size(), m = thresholds.size();
  std::vector<double> tp(n), fp(n), tn(n), fn(n);
  double positive = 0, negative = 0;
  for (size_t i = n; i-- > 0;) {
    positive += histogram.buckets[i].labels;
    negative += histogram.buckets[i].examples - histogram.buckets[i].labels;
    tp[i] = positive;
    fp[i] = negative;
  }
  for (size_t i = 0; i + 1 < n; ++i) {
    fn[i + 1] = fn[i] + histogram.buckets[i].labels;
    tn[i + 1] = tn[i] + (histogram.buckets[i].examples - histogram.buckets[i].labels);
  }
  const size_t offset = (thresholds[0] >= 0 || m == 1) && n > 1 ? 1 : 0;
  BinaryConfusionMatrices matrices;
  matrices.thresholds = thresholds;
  for (size_t i = 0; i < m; ++i) {
    const bool there = offset + i < n;  // There is no bucket at all without examples.
    matrices.tp.push_back(there ? tp[offset + i] : 0);
    matrices.fp.push_back(there ? fp[offset + i] : 0);
    matrices.tn.push_back(there ? tn[offset + i] : 0);
    matrices.fn.push_back(there ? fn[offset + i] : 0);
  }
  for (size_t i = 0; i < m; ++i) {
    if (thresholds[i] < 1 + kThresholdEpsilon) continue;
    matrices.tp[i] = matrices.fp[i] = 0;
    matrices.fn[i] = matrices.tp[0];
    matrices.tn[i] = matrices.fp[0];
  }
  if (histogram.has_nan) {
    for (auto* counts : {&matrices.tp, &matrices.fp, &matrices.tn, &matrices.fn}) counts->assign(m, std::nan(""));
  }
  return matrices;
}

DerivedFunction FromHistogramFunction(const MetricKey& histogram_key, const MetricKey& key,
                                      const std::vector<double>& thresholds) {
  return [=](const MetricsMap& metrics, MetricsMap* results) -> absl::Status {
    ASSIGN_OR_RETURN(const Histogram* histogram, FindResult<Histogram>(metrics, histogram_key));
    if (thresholds.size() == 1 && thresholds[0] < 0) {
      (*results)[key] = FromHistogram(thresholds, **histogram);
      return absl::OkStatus();
    }
    // The histogram has intervals [start, end), the matrices want (start, end]: hence the epsilons.
    std::vector<double> boundaries;
    if (thresholds[0] >= 0) boundaries.push_back(-kThresholdEpsilon);
    for (double t : thresholds) boundaries.push_back(t != 0 ? t + kThresholdEpsilon : t);
    if (thresholds.back() < 1) boundaries.push_back(1 + kThresholdEpsilon);
    (*results)[key] = FromHistogram(thresholds, Rebin(boundaries, **histogram));
    return absl::OkStatus();
  };
}

struct MatrixThresholds {
  std::vector<double> values;
  std::optional<int> spaced;  // As many as that, evenly; none: given one by one.
};

absl::StatusOr<MatrixThresholds> ResolveThresholds(const MatricesOptions& options) {
  std::optional<int> num_thresholds = options.num_thresholds;
  std::optional<std::vector<double>> given = options.thresholds;
  if (given && !given->empty()) {
    if (!num_thresholds && given->size() > 1 && *given == InterpolatedThresholds(static_cast<int>(given->size()))) {
      num_thresholds = static_cast<int>(given->size());
      given.reset();
    } else if (num_thresholds && (*num_thresholds == kDefaultNumBuckets || *num_thresholds == kKerasNumThresholds) &&
               static_cast<int>(given->size()) == *num_thresholds - 2) {
      given.reset();
    }
  }
  if (num_thresholds && given) return absl::InvalidArgumentError("give thresholds or num_thresholds, not both");
  if (given && given->empty()) return absl::InvalidArgumentError("thresholds must not be empty");
  if (!num_thresholds && !given) num_thresholds = kDefaultNumBuckets;
  if (num_thresholds && *num_thresholds <= 1)
    return absl::InvalidArgumentError("num_thresholds must be greater than 1");
  return MatrixThresholds{num_thresholds ? InterpolatedThresholds(*num_thresholds) : *given, num_thresholds};
}

std::string MatricesName(const KeyRequest& request, const MatricesOptions& options,
                         const MatrixThresholds& thresholds) {
  return absl::StrCat("_binary_confusion_matrices:", ClassWeightsName(request),
                      thresholds.spaced
                          ? absl::StrCat(",num_thresholds=", *thresholds.spaced)
                          : absl::StrCat(",thresholds=", absl::StrJoin(thresholds.values, ";",
                                                                       [](std::string* out, double t) {
                                                                         absl::StrAppend(out,
                                                                                         absl::StrFormat("%.17g", t));
                                                                       })),
                      options.triples ? absl::StrCat(",preprocessors=", options.triples->name) : "");
}

// Counts at the thresholds themselves.
absl::StatusOr<MetricKey> AddMatrixCounts(const KeyRequest& request, const MatricesOptions& options,
                                          const std::string& name, const std::vector<double>& thresholds,
                                          ComputationPlan* plan) {
  auto settings = std::make_shared<MatricesAccumulator::Settings>();
  settings->key = request.Key(absl::StrCat(name, ",counts"));
  settings->key.aggregation = request.aggregation();
  settings->thresholds = settings->sorted = thresholds;
  std::sort(settings->sorted.begin(), settings->sorted.end());
  settings->sorted.erase(std::unique(settings->sorted.begin(), settings->sorted.end()), settings->sorted.end());
  if (options.triples) {
    settings->view = options.triples->view;
  } else {
    ASSIGN_OR_RETURN(ViewSpec view, request.View());
    view.fractional_labels = true;
    view.labels_are_predictions = options.labels_are_predictions;
    settings->view = plan->AddFlatView(view);
  }
  std::shared_ptr<const MatricesAccumulator::Settings> shared = settings;
  plan->Add("BinaryConfusionMatrices", {shared->key},
            [shared] { return std::make_unique<MatricesAccumulator>(shared); });
  return shared->key;
}

}  // namespace

int DigitsOfThresholds(const std::vector<double>& thresholds) {
  int digits = 1;
  for (double threshold : thresholds) {
    // The number of characters of Python's str(threshold), without the two of "0.".
    char buffer[64];
    std::string text(buffer, std::to_chars(buffer, buffer + sizeof(buffer), threshold).ptr);
    if (text.find_first_of(".e") == std::string::npos) text += ".0";
    digits = std::max(digits, static_cast<int>(text.size()) - 2);
  }
  return digits;
}

absl::StatusOr<MetricKey> AddBinaryConfusionMatrices(const KeyRequest& request, const MatricesOptions& options,
                                                     ComputationPlan* plan) {
  ASSIGN_OR_RETURN(const MatrixThresholds thresholds, ResolveThresholds(options));
  const std::string name = options.name.empty() ? MatricesName(request, options, thresholds) : options.name;
  MetricKey key = request.Key(name);
  const std::vector<double>& values = thresholds.values;
  const bool use_histogram =
      options.use_histogram.value_or(thresholds.spaced.has_value() || (values.size() == 1 && values[0] < 0));
  if (use_histogram) {
    HistogramOptions histogram;
    histogram.triples = options.triples;
    if (values.size() == 1 && values[0] <= 0) histogram.num_buckets = 1;
    ASSIGN_OR_RETURN(const MetricKey histogram_key, AddCalibrationHistogram(request, histogram, plan));
    plan->AddDerived({key}, FromHistogramFunction(histogram_key, key, values));
    return key;
  }
  ASSIGN_OR_RETURN(const MetricKey counts_key, AddMatrixCounts(request, options, name, values, plan));
  plan->AddDerived({key}, [key, counts_key](const MetricsMap& metrics, MetricsMap* results) -> absl::Status {
    ASSIGN_OR_RETURN(const BinaryConfusionMatrices* counts, FindResult<BinaryConfusionMatrices>(metrics, counts_key));
    (*results)[key] = *counts;
    return absl::OkStatus();
  });
  return key;
}

}  // namespace tfxm::model_analysis
