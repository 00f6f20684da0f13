// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/accumulate/numeric_accumulator.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

#include "tfxm/statistics/accumulate/histograms.h"
#include "tfxm/util/numeric/wide_value.h"

namespace tfxm::statistics {
namespace {

using tensorflow::metadata::v0::Histogram;
using tensorflow::metadata::v0::NumericStatistics;
using tensorflow::metadata::v0::WeightedNumericStatistics;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
// TFDV interpolates the standard histogram from this many quantiles per bucket of the quantiles histogram.
constexpr int kQuantilesPerBucket = 100;

struct MeanAndDeviation {
  double mean = 0, std_dev = 0;
};

// Where the run of one bit pattern ends that begins at i. Pictures have long ones of zeros, which are looked through by
// eights.
size_t EndOfRun(std::span<const float> values, size_t i) {
  const uint32_t bits = std::bit_cast<uint32_t>(values[i]);
  do {
    ++i;
  } while (i < values.size() && std::bit_cast<uint32_t>(values[i]) == bits);
  return i;
}
size_t EndOfZeros(std::span<const float> values, size_t i) {
  for (++i; i + 8 <= values.size(); i += 8) {
    uint64_t twos[4];
    std::memcpy(twos, values.data() + i, sizeof(twos));
    if ((twos[0] | twos[1] | twos[2] | twos[3]) != 0) break;
  }
  while (i < values.size() && std::bit_cast<uint32_t>(values[i]) == 0) ++i;
  return i;
}

MeanAndDeviation FromSums(const ExactSum& sum, const ExactSum& sum_of_squares, __float128 weight) {
  if (weight == 0) return {};
  const __float128 s = WideValue(sum), q = WideValue(sum_of_squares);
  const double variance = static_cast<double>((q - s * s / weight) / weight);
  return {static_cast<double>(s / weight), variance > 0 ? std::sqrt(variance) : 0.0};
}

}  // namespace

NumericAccumulator::NumericAccumulator(bool weighted, int max_distinct) : histogram_(max_distinct) {
  if (weighted) weighted_.emplace(max_distinct);
}

void NumericAccumulator::Add(std::span<const float> values, double weight) {
  if (values.empty()) return;
  const Weight w = weighted_.has_value() ? ToWeight(weight) : 0;
  double sum = 0, sum_of_squares = 0;  // Of the finite values.
  float min = std::numeric_limits<float>::infinity(), max = -std::numeric_limits<float>::infinity();
  int64_t num_nan = 0, num_zeros = 0, num_positive_infinity = 0, num_infinite = 0;
  int64_t times_zero = 0;  // Not in the histogram yet.
  for (size_t i = 0; i < values.size();) {
    const float x = values[i];
    if (std::bit_cast<uint32_t>(x) == 0) {
      const size_t begin = std::exchange(i, EndOfZeros(values, i));
      times_zero += static_cast<int64_t>(i - begin);
      min = std::min(min, x);
      max = std::max(max, x);
      continue;
    }
    const size_t begin = std::exchange(i, EndOfRun(values, i));
    const auto times = static_cast<int64_t>(i - begin);
    if (std::isnan(x)) {
      num_nan += times;
      continue;
    }
    const double d = x;
    histogram_.Add(d, times);
    if (weighted_.has_value()) weighted_->histogram.Add(d, w * times);
    if (std::isinf(x)) {
      num_infinite += times;
      num_positive_infinity += x > 0 ? times : 0;
      min_ = std::min(min_, d);
      max_ = std::max(max_, d);
      continue;
    }
    min = std::min(min, x);
    max = std::max(max, x);
    num_zeros += x == 0 ? times : 0;
    sum += d * static_cast<double>(times);
    sum_of_squares += d * d * static_cast<double>(times);
  }
  num_zeros += times_zero;
  histogram_.Add(0, times_zero);
  if (weighted_.has_value()) weighted_->histogram.Add(0, w * times_zero);
  const int64_t count = static_cast<int64_t>(values.size()) - num_nan;
  count_ += count;
  num_nan_ += num_nan;
  num_zeros_ += num_zeros;
  num_infinite_ += num_infinite;
  num_positive_infinity_ += num_positive_infinity;
  if (min <= max) {
    finite_min_ = std::min<double>(finite_min_, min);
    finite_max_ = std::max<double>(finite_max_, max);
    min_ = std::min(min_, finite_min_);
    max_ = std::max(max_, finite_max_);
  }
  sum_.Add(sum);
  sum_of_squares_.Add(sum_of_squares);
  if (weighted_.has_value()) {
    weighted_->sum.AddProduct(sum, weight);
    weighted_->sum_of_squares.AddProduct(sum_of_squares, weight);
    weighted_->weight.AddTimes(weight, count);
    weighted_->positive_infinity.AddTimes(weight, num_positive_infinity);
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

void NumericAccumulator::Save(StateWriter* writer) const {
  writer->Write(sum_, sum_of_squares_, count_, num_zeros_, num_nan_, num_positive_infinity_, num_infinite_, min_, max_,
                finite_min_, finite_max_, histogram_);
  if (!weighted_.has_value()) return;
  writer->Write(weighted_->sum, weighted_->sum_of_squares, weighted_->weight, weighted_->positive_infinity,
                weighted_->histogram);
}

void NumericAccumulator::Load(StateReader* reader) {
  reader->Read(&sum_, &sum_of_squares_);
  reader->ReadCounts(&count_, &num_zeros_, &num_nan_, &num_positive_infinity_, &num_infinite_);
  reader->Read(&min_, &max_, &finite_min_, &finite_max_, &histogram_);
  // Quantiles are looked for between the smallest and the largest value.
  if (histogram_.empty() ? min_ <= max_ : !(min_ <= max_)) reader->Fail("it has numbers without a range");
  if (!weighted_.has_value()) return;
  reader->Read(&weighted_->sum, &weighted_->sum_of_squares, &weighted_->weight, &weighted_->positive_infinity,
               &weighted_->histogram);
}

void NumericAccumulator::AddHistograms(const StatsOptions& options, bool weighted,
                                       google::protobuf::RepeatedPtrField<Histogram>* histograms,
                                       double* median) const {
  const Quantiles quantiles =
      ComputeQuantiles(weighted ? weighted_->histogram.Sorted(min_, max_) : histogram_.Sorted(min_, max_),
                       kQuantilesPerBucket * options.num_quantiles_histogram_buckets);
  if (quantiles.values.empty()) return;  // No positive weight.
  *median = Median(quantiles);
  *histograms->Add() =
      EquiWidthHistogram(quantiles, finite_min_, finite_max_, options.num_histogram_buckets,
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
    const MeanAndDeviation moments = FromSums(weighted_->sum, weighted_->sum_of_squares, WideValue(weighted_->weight));
    weighted->set_mean(infinite ? kNan : moments.mean);
    weighted->set_std_dev(infinite || min_ == max_ ? 0 : moments.std_dev);
    double weighted_median = 0;
    AddHistograms(options, /*weighted=*/true, weighted->mutable_histograms(), &weighted_median);
    weighted->set_median(weighted_median);
  }
  return result;
}

}  // namespace tfxm::statistics
