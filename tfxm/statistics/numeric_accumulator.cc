#include "tfxm/statistics/numeric_accumulator.h"

#include <algorithm>
#include <cmath>

#include "tfxm/statistics/histograms.h"

namespace tfxm::statistics {
namespace {

using tensorflow::metadata::v0::Histogram;
using tensorflow::metadata::v0::NumericStatistics;
using tensorflow::metadata::v0::WeightedNumericStatistics;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
// TFDV interpolates the standard histogram from this many quantiles per bucket of the quantiles histogram.
constexpr int kQuantilesPerBucket = 100;

// The sum in twice the precision of a double: a variance is the small difference of two large numbers.
__float128 TwiceDouble(const ExactSum& sum) {
  const double high = sum.Value();
  ExactSum rest = sum;
  rest.Add(-high);
  return static_cast<__float128>(high) + static_cast<__float128>(rest.Value());
}

struct MeanAndDeviation {
  double mean = 0, std_dev = 0;
};

MeanAndDeviation FromSums(const ExactSum& sum, const ExactSum& sum_of_squares, __float128 weight) {
  if (weight == 0) return {};
  const __float128 s = TwiceDouble(sum), q = TwiceDouble(sum_of_squares);
  const double variance = static_cast<double>((q - s * s / weight) / weight);
  return {static_cast<double>(s / weight), variance > 0 ? std::sqrt(variance) : 0.0};
}

}  // namespace

NumericAccumulator::NumericAccumulator(bool weighted, int max_distinct) : histogram_(max_distinct) {
  if (weighted) weighted_.emplace(max_distinct);
}

NumericAccumulator::Moments NumericAccumulator::FastMoments(std::span<const float> values) {
  // Independent lanes, which the compiler puts into vector registers; always in the same order.
  constexpr int kLanes = 8;
  double sum[kLanes] = {}, squares[kLanes] = {};
  float min[kLanes], max[kLanes];
  int32_t zeros[kLanes] = {};
  std::fill(min, min + kLanes, std::numeric_limits<float>::infinity());
  std::fill(max, max + kLanes, -std::numeric_limits<float>::infinity());
  size_t i = 0;
  for (; i + kLanes <= values.size(); i += kLanes) {
    for (int k = 0; k < kLanes; ++k) {
      const float x = values[i + k];
      const double d = x;
      sum[k] += d;
      squares[k] += d * d;
      min[k] = x < min[k] ? x : min[k];
      max[k] = x > max[k] ? x : max[k];
      zeros[k] += x == 0.0f ? 1 : 0;
    }
  }
  for (int k = 0; i < values.size(); ++i, ++k) {
    const float x = values[i];
    sum[k] += x;
    squares[k] += static_cast<double>(x) * x;
    min[k] = std::min(min[k], x);
    max[k] = std::max(max[k], x);
    zeros[k] += x == 0.0f ? 1 : 0;
  }
  Moments m;
  for (int k = 0; k < kLanes; ++k) {
    m.sum += sum[k];
    m.sum_of_squares += squares[k];
    m.min = std::min<double>(m.min, min[k]);
    m.max = std::max<double>(m.max, max[k]);
    m.num_zeros += zeros[k];
  }
  m.finite_min = m.min;
  m.finite_max = m.max;
  m.num_finite = static_cast<int64_t>(values.size());
  return m;
}

NumericAccumulator::Moments NumericAccumulator::CarefulMoments(std::span<const float> values) {
  Moments m;
  for (const float x : values) {
    if (std::isnan(x)) {
      ++m.num_nan;
      continue;
    }
    m.min = std::min<double>(m.min, x);
    m.max = std::max<double>(m.max, x);
    if (std::isinf(x)) {
      ++(x > 0 ? m.num_positive_infinity : m.num_negative_infinity);
      continue;
    }
    ++m.num_finite;
    m.finite_min = std::min<double>(m.finite_min, x);
    m.finite_max = std::max<double>(m.finite_max, x);
    m.num_zeros += x == 0 ? 1 : 0;
    m.sum += x;
    m.sum_of_squares += static_cast<double>(x) * x;
  }
  return m;
}

void NumericAccumulator::AddMoments(const Moments& m, double weight) {
  const int64_t count = m.num_finite + m.num_positive_infinity + m.num_negative_infinity;
  count_ += count;
  num_zeros_ += m.num_zeros;
  num_nan_ += m.num_nan;
  num_positive_infinity_ += m.num_positive_infinity;
  num_infinite_ += m.num_positive_infinity + m.num_negative_infinity;
  min_ = std::min(min_, m.min);
  max_ = std::max(max_, m.max);
  finite_min_ = std::min(finite_min_, m.finite_min);
  finite_max_ = std::max(finite_max_, m.finite_max);
  sum_.Add(m.sum);
  sum_of_squares_.Add(m.sum_of_squares);
  if (weighted_.has_value()) {
    weighted_->sum.AddProduct(m.sum, weight);
    weighted_->sum_of_squares.AddProduct(m.sum_of_squares, weight);
    weighted_->weight.AddTimes(weight, count);
    weighted_->positive_infinity.AddTimes(weight, m.num_positive_infinity);
  }
}

void NumericAccumulator::Add(std::span<const float> values, double weight) {
  if (values.empty()) return;
  Moments m = FastMoments(values);
  if (!std::isfinite(m.sum_of_squares)) m = CarefulMoments(values);
  AddMoments(m, weight);
  histogram_.AddEach(values);
  if (weighted_.has_value()) {
    const Weight w = ToWeight(weight);
    for (const float x : values) {
      if (!std::isnan(x)) weighted_->histogram.Add(x, w);
    }
  }
}

void NumericAccumulator::Add(std::span<const int64_t> values, double weight) {
  if (values.empty()) return;
  const Weight w = weighted_.has_value() ? ToWeight(weight) : 0;
  int64_t num_zeros = 0;
  for (const int64_t value : values) {
    const double x = static_cast<double>(value);
    num_zeros += value == 0 ? 1 : 0;
    min_ = std::min(min_, x);
    max_ = std::max(max_, x);
    sum_.Add(x);
    sum_of_squares_.AddProduct(x, x);
    histogram_.Add(x, 1);
    if (weighted_.has_value()) {
      weighted_->sum.AddProduct(x, weight);
      weighted_->sum_of_squares.AddProduct(x * x, weight);
      weighted_->weight.Add(weight);
      weighted_->histogram.Add(x, w);
    }
  }
  finite_min_ = std::min(finite_min_, min_);
  finite_max_ = std::max(finite_max_, max_);
  num_zeros_ += num_zeros;
  count_ += static_cast<int64_t>(values.size());
}

void NumericAccumulator::Merge(const NumericAccumulator& other) {
  sum_.Merge(other.sum_);
  sum_of_squares_.Merge(other.sum_of_squares_);
  count_ += other.count_;
  num_zeros_ += other.num_zeros_;
  num_nan_ += other.num_nan_;
  num_positive_infinity_ += other.num_positive_infinity_;
  num_infinite_ += other.num_infinite_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
  finite_min_ = std::min(finite_min_, other.finite_min_);
  finite_max_ = std::max(finite_max_, other.finite_max_);
  histogram_.Merge(other.histogram_);
  if (weighted_.has_value() && other.weighted_.has_value()) {
    weighted_->sum.Merge(other.weighted_->sum);
    weighted_->sum_of_squares.Merge(other.weighted_->sum_of_squares);
    weighted_->weight.Merge(other.weighted_->weight);
    weighted_->positive_infinity.Merge(other.weighted_->positive_infinity);
    weighted_->histogram.Merge(other.weighted_->histogram);
  }
}

void NumericAccumulator::AddHistograms(const StatsOptions& options, bool weighted,
                                       google::protobuf::RepeatedPtrField<Histogram>* histograms,
                                       double* median) const {
  const Quantiles quantiles =
      ComputeQuantiles(weighted ? weighted_->histogram.Sorted(min_, max_) : histogram_.Sorted(min_, max_),
                       kQuantilesPerBucket * options.num_quantiles_histogram_buckets);
  if (quantiles.values.empty()) return;  // No positive weight.
  *median = Median(quantiles);
  *histograms->Add() = EquiWidthHistogram(
      quantiles, finite_min_, finite_max_, options.num_histogram_buckets,
      weighted ? weighted_->positive_infinity.Value() : static_cast<double>(num_positive_infinity_));
  *histograms->Add() = QuantilesHistogram(Rebin(quantiles, kQuantilesPerBucket));
  for (Histogram& histogram : *histograms) histogram.set_num_nan(num_nan_);
}

NumericStatistics NumericAccumulator::Finish(int64_t num_values, const StatsOptions& options) const {
  NumericStatistics result;
  if (num_values == num_nan_) {
    if (num_nan_ > 0) {
      for (const auto type : {Histogram::STANDARD, Histogram::QUANTILES}) {
        Histogram* histogram = result.add_histograms();
        histogram->set_type(type);
        histogram->set_num_nan(num_nan_);
      }
    }
    return result;
  }
  // TFDV's running mean meets infinity minus infinity unless the infinity comes last: no number, whatever the order.
  const bool infinite = num_infinite_ > 0;
  const MeanAndDeviation plain = FromSums(sum_, sum_of_squares_, count_);
  result.set_mean(infinite ? kNan : plain.mean);
  result.set_std_dev(infinite || min_ == max_ ? 0 : plain.std_dev);
  result.set_num_zeros(num_zeros_);
  result.set_min(min_);
  result.set_max(max_);
  double median = 0;
  AddHistograms(options, /*weighted=*/false, result.mutable_histograms(), &median);
  result.set_median(median);
  if (weighted_.has_value()) {
    WeightedNumericStatistics* weighted = result.mutable_weighted_numeric_stats();
    const MeanAndDeviation moments =
        FromSums(weighted_->sum, weighted_->sum_of_squares, TwiceDouble(weighted_->weight));
    weighted->set_mean(infinite ? kNan : moments.mean);
    weighted->set_std_dev(infinite || min_ == max_ ? 0 : moments.std_dev);
    double weighted_median = 0;
    AddHistograms(options, /*weighted=*/true, weighted->mutable_histograms(), &weighted_median);
    weighted->set_median(weighted_median);
  }
  return result;
}

}  // namespace tfxm::statistics
