// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/metrics/binary/calibration_histogram.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "tfxm/model_analysis/metrics/accumulators.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

struct BucketSums : PartsOf<BucketSums> {
  CompactSum labels, predictions, examples;
  auto Parts() { return std::tie(labels, predictions, examples); }

  void Add(double label, double prediction, double weight) {
    if (weight == 1) {
      if (label != 0) labels.Add(label);
      predictions.Add(prediction);
    } else {
      labels.AddProduct(label, weight);
      predictions.AddProduct(prediction, weight);
    }
    examples.Add(weight);
  }
};

// Few buckets are in use in a small slice, most in a large one: a hash table first, an array from kDenseFrom buckets
// on.
class BucketMap {
 public:
  explicit BucketMap(int size) : size_(size) {}

  BucketSums& operator[](int id) {
    if (!dense_.empty()) return dense_[id];
    BucketSums& sums = sparse_[id];
    if (sparse_.size() < kDenseFrom) return sums;
    dense_.resize(size_);
    for (auto& [i, s] : sparse_) dense_[i] = std::move(s);
    sparse_.clear();
    return dense_[id];
  }
  template <typename Fn>
  void ForEach(Fn&& fn) const {
    if (!dense_.empty()) {
      for (int i = 0; i < size_; ++i) fn(i, dense_[i]);
      return;
    }
    std::vector<int> ids;
    for (const auto& [i, s] : sparse_) ids.push_back(i);
    std::sort(ids.begin(), ids.end());
    for (int i : ids) fn(i, sparse_.at(i));
  }
  void Merge(const BucketMap& other) {
    other.ForEach([this](int id, const BucketSums& sums) { (*this)[id].Merge(sums); });
  }
  // The buckets in which anything is, so that the bytes do not depend on how they are kept.
  void Save(StateWriter* writer) const {
    StateWriter nothing;
    nothing.Write(BucketSums());
    uint64_t n = 0;
    StateWriter buckets;
    ForEach([&](int id, const BucketSums& sums) {
      StateWriter bucket;
      bucket.Write(sums);
      if (bucket.bytes() == nothing.bytes()) return;
      buckets.Write(id, sums);
      ++n;
    });
    writer->Write(n, buckets.bytes());
  }
  void Load(StateReader* reader) {
    const size_t n = reader->ReadSize();
    std::string bytes;
    reader->Read(&bytes);
    StateReader buckets(bytes);
    int last = -1, id;
    for (size_t i = 0; i < n && buckets.ok(); ++i, last = id) {
      buckets.Read(&id);
      if (id <= last || id >= size_) return reader->Fail("it has a bucket that cannot be");
      buckets.Read(&(*this)[id]);
    }
    if (!buckets.Finish().ok()) reader->Fail("its buckets are damaged");
  }

 private:
  static constexpr size_t kDenseFrom = 512;
  const int size_;
  absl::flat_hash_map<int, BucketSums> sparse_;
  std::vector<BucketSums> dense_;
};

class HistogramAccumulator : public AccumulatorOf<HistogramAccumulator> {
 public:
  struct Settings {
    MetricKey key;
    FlatViewId view;
    int num_buckets;
    double left, range;
    bool by_label, fractional;
  };
  explicit HistogramAccumulator(std::shared_ptr<const Settings> settings)
      : settings_(std::move(settings)), buckets_(settings_->num_buckets + 2) {}

  absl::Status Add(BatchViews* batch, std::span<const int32_t> rows) override {
    ASSIGN_OR_RETURN(const FlatView* view, batch->Flat(settings_->view));
    for (int32_t row : rows) {
      for (int i = view->begin(row); i < view->ends[row]; ++i) {
        // Splitting fractional labels leaves out what has no weight, even if its prediction is infinite.
        if (settings_->fractional && view->weights[i] == 0) continue;
        const double prediction = view->predictions[i];
        if (std::isnan(prediction) || std::isnan(view->labels[i])) {
          has_nan_ = true;
          continue;
        }
        buckets_[BucketOf(settings_->by_label ? view->labels[i] : prediction)].Add(view->labels[i], prediction,
                                                                                   view->weights[i]);
      }
    }
    return absl::OkStatus();
  }
  auto Parts() { return std::tie(buckets_, has_nan_); }
  absl::Status Output(MetricsMap* results) const override {
    auto histogram = std::make_shared<CalibrationHistogram>();
    histogram->has_nan = has_nan_;
    buckets_.ForEach([&](int id, const BucketSums& sums) {
      const CalibrationHistogram::Bucket bucket = {id, sums.labels.Value(), sums.predictions.Value(),
                                                   sums.examples.Value()};
      if (bucket.labels != 0 || bucket.predictions != 0 || bucket.examples != 0) histogram->buckets.push_back(bucket);
    });
    (*results)[settings_->key] = Histogram(std::move(histogram));
    return absl::OkStatus();
  }

 private:
  int BucketOf(double value) const {
    const double index = (value - settings_->left) / settings_->range * settings_->num_buckets + 1;
    if (index < 0) return 0;
    if (index >= settings_->num_buckets + 1) return settings_->num_buckets + 1;
    return static_cast<int>(index);
  }

  const std::shared_ptr<const Settings> settings_;
  BucketMap buckets_;
  bool has_nan_ = false;
};

}  // namespace

std::string ClassWeightsName(const KeyRequest& request) {
  std::string name;
  for (const auto& [id, weight] : request.request->class_weights)
    absl::StrAppend(&name, name.empty() ? "class_weights=" : ";", id, ":", weight);
  return name;
}

absl::StatusOr<MetricKey> AddCalibrationHistogram(const KeyRequest& request, const HistogramOptions& options,
                                                  ComputationPlan* plan) {
  const bool fractional = options.left == 0 && options.right == 1 && !options.by_label;
  auto settings = std::make_shared<HistogramAccumulator::Settings>();
  settings->key =
      request.Key(absl::StrCat("_calibration_histogram:", ClassWeightsName(request), ",fractional_labels=", fractional,
                               ",left=", options.left, ",num_buckets=", options.num_buckets, ",right=", options.right,
                               options.by_label ? ",prediction_based_bucketing=0" : "",
                               options.triples ? absl::StrCat(",preprocessors=", options.triples->name) : ""));
  // Lift compares the histograms of slices; as plots they would be gone by then.
  if (!options.by_label) settings->key.kind = MetricKey::Kind::kPlot;
  settings->num_buckets = options.num_buckets;
  settings->left = options.left;
  settings->range = options.right - options.left;
  settings->by_label = options.by_label;
  settings->fractional = fractional;
  if (options.triples) {
    settings->view = options.triples->view;
  } else {
    ASSIGN_OR_RETURN(ViewSpec view, request.View());
    view.fractional_labels = fractional;
    settings->view = plan->AddFlatView(view);
  }
  std::shared_ptr<const HistogramAccumulator::Settings> shared = settings;
  plan->Add(
      "CalibrationHistogram", {shared->key}, [shared] { return std::make_unique<HistogramAccumulator>(shared); },
      ComparisonCost::kHeavy);
  return settings->key;
}

CalibrationHistogram Rebin(const std::vector<double>& thresholds, const CalibrationHistogram& histogram,
                           int num_buckets, double left, double right) {
  CalibrationHistogram result;
  result.has_nan = histogram.has_nan;
  result.buckets.reserve(thresholds.size());
  const int n = static_cast<int>(thresholds.size());
  int offset = 0;
  CalibrationHistogram::Bucket total = {0, 0, 0, 0};
  auto flush = [&] {
    total.id = offset++;
    result.buckets.push_back(total);
    total = {0, 0, 0, 0};
  };
  for (const CalibrationHistogram::Bucket& bucket : histogram.buckets) {
    const double prediction = bucket.id == 0 ? -std::numeric_limits<double>::infinity()
                              : bucket.id >= num_buckets + 1
                                  ? std::numeric_limits<double>::infinity()
                                  : static_cast<double>(bucket.id - 1) / num_buckets * (right - left) + left;
    while (offset + 1 < n && prediction >= thresholds[offset + 1]) flush();
    total.labels += bucket.labels;
    total.predictions += bucket.predictions;
    total.examples += bucket.examples;
  }
  while (offset < n) flush();
  return result;
}

}  // namespace tfxm::model_analysis
