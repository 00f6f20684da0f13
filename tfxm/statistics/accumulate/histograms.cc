// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/accumulate/histograms.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tfxm::statistics {
namespace {

using tensorflow::metadata::v0::Histogram;

void AddBucket(double low, double high, double count, Histogram* histogram) {
  Histogram::Bucket* bucket = histogram->add_buckets();
  bucket->set_low_value(low);
  bucket->set_high_value(high);
  bucket->set_sample_count(count);
}

// Takes the quantiles at the infinities out; returns the weight of negative infinity. A boundary at positive infinity
// may stand for finite values too: they go into a last bucket that ends at finite_max.
double StripInfinities(double finite_max, double num_positive_infinity, Quantiles* q) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  double num_negative_infinity = 0;
  const size_t negative = std::upper_bound(q->values.begin(), q->values.end(), -kInfinity) - q->values.begin();
  if (negative > 0) {
    num_negative_infinity = q->cumulative[negative - 1];
    q->values.erase(q->values.begin(), q->values.begin() + negative);
    q->cumulative.erase(q->cumulative.begin(), q->cumulative.begin() + negative);
    for (double& c : q->cumulative) c -= num_negative_infinity;
  }
  if (num_positive_infinity != 0) {
    const double num_finite = q->cumulative.empty() ? 0 : q->cumulative.back() - num_positive_infinity;
    const size_t positive = std::lower_bound(q->values.begin(), q->values.end(), kInfinity) - q->values.begin();
    q->values.resize(positive);
    q->cumulative.resize(positive);
    q->values.push_back(finite_max);
    q->cumulative.push_back(num_finite);
  }
  return num_negative_infinity;
}

enum class Position { kBefore, kOverlaps, kAfter };

// The part of `bucket` that lies in [low, high], its values taken as spread evenly. A point on the lower edge belongs
// to the interval before, except for the first.
Position Overlap(const Histogram::Bucket& bucket, double low, double high, bool first, double* fraction) {
  const double from = bucket.low_value(), to = bucket.high_value();
  *fraction = 0;
  if (from == to && from == low) {
    *fraction = first ? 1 : 0;
    return first ? Position::kOverlaps : Position::kBefore;
  }
  if (to < low) return Position::kBefore;
  if (from > high) return Position::kAfter;
  if (low <= from && high >= to) {
    *fraction = 1;
  } else {
    *fraction = (std::min(high, to) - std::max(low, from)) / (to - from);
  }
  return Position::kOverlaps;
}

}  // namespace

Quantiles ComputeQuantiles(std::span<const WeightedValue> sorted, int num_quantiles) {
  Quantiles result;
  if (sorted.empty()) return result;
  std::vector<double> below(sorted.size() + 1, 0);  // Weight before entry i.
  for (size_t i = 0; i < sorted.size(); ++i) below[i + 1] = below[i] + sorted[i].weight;
  const double total = below.back();
  result.values.reserve(num_quantiles + 1);
  result.cumulative.reserve(num_quantiles + 1);
  size_t current = 0;
  for (int rank = 0; rank <= num_quantiles; ++rank) {
    const double twice_rank = 2 * (rank * total / num_quantiles);
    size_t next = current + 1;
    while (next < sorted.size() && twice_rank >= below[next] + below[next + 1]) ++next;
    current = next - 1;
    const bool take_next = next < sorted.size() && twice_rank >= below[current + 1] + below[next];
    const size_t chosen = take_next ? next : current;
    result.values.push_back(sorted[chosen].value);
    result.cumulative.push_back(below[chosen + 1]);
  }
  return result;
}

double Median(const Quantiles& quantiles) {
  const size_t middle = quantiles.values.size() / 2;
  if (quantiles.values.size() % 2 == 1) return quantiles.values[middle];
  return (quantiles.values[middle - 1] + quantiles.values[middle]) / 2;
}

Quantiles Rebin(const Quantiles& quantiles, int factor) {
  Quantiles result;
  for (size_t i = 0; i < quantiles.values.size(); i += factor) {
    result.values.push_back(quantiles.values[i]);
    result.cumulative.push_back(quantiles.cumulative[i]);
  }
  return result;
}

Histogram QuantilesHistogram(const Quantiles& quantiles) {
  Histogram histogram;
  histogram.set_type(Histogram::QUANTILES);
  const std::vector<double>& values = quantiles.values;
  const size_t num_buckets = values.empty() ? 0 : values.size() - 1;
  for (size_t begin = 0; begin < num_buckets;) {
    size_t end = begin + 1;
    while (end < num_buckets && values[end + 1] == values[begin + 1]) ++end;
    const double share = (quantiles.cumulative[end] - quantiles.cumulative[begin]) / static_cast<double>(end - begin);
    for (; begin < end; ++begin) AddBucket(values[begin], values[begin + 1], share, &histogram);
  }
  // The smallest value is in no difference of cumulative weights: it goes to the buckets equal to the first.
  size_t equal = 0;
  while (equal < num_buckets && values[equal] == values[0] && values[equal + 1] == values[1]) ++equal;
  for (size_t i = 0; i < equal; ++i) {
    Histogram::Bucket* bucket = histogram.mutable_buckets(static_cast<int>(i));
    bucket->set_sample_count(bucket->sample_count() + quantiles.cumulative[0] / static_cast<double>(equal));
  }
  return histogram;
}

Histogram EquiWidthHistogram(const Quantiles& quantiles, double finite_min, double finite_max, int num_buckets,
                             double num_positive_infinity) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  Histogram histogram;
  histogram.set_type(Histogram::STANDARD);
  if (!std::isfinite(finite_min) && !std::isfinite(finite_max)) {
    AddBucket(finite_min, finite_max, quantiles.cumulative.empty() ? 0 : quantiles.cumulative.back(), &histogram);
    return histogram;
  }
  Quantiles finite = quantiles;
  const double num_negative_infinity = StripInfinities(finite_max, num_positive_infinity, &finite);
  const Histogram fine = QuantilesHistogram(finite);
  std::vector<double> edges = {finite_min, finite_max};
  if (finite_min != finite_max) {
    const double step = (finite_max - finite_min) / num_buckets;
    if (!std::isfinite(step)) return histogram;  // The range is no double; TFDV leaves the histogram empty too.
    edges.clear();
    for (int i = 0; i < num_buckets; ++i) edges.push_back(i * step + finite_min);
    edges.push_back(finite_max);
  }
  if (num_negative_infinity != 0) AddBucket(-kInfinity, -kInfinity, num_negative_infinity, &histogram);
  int start = 0;
  for (size_t i = 0; i + 1 < edges.size(); ++i) {
    double count = 0;
    for (int b = start; b < fine.buckets_size(); ++b) {
      double fraction;
      const Position position = Overlap(fine.buckets(b), edges[i], edges[i + 1], i == 0, &fraction);
      if (position == Position::kAfter) break;
      if (position == Position::kBefore) start = b;
      count += fraction * fine.buckets(b).sample_count();
    }
    AddBucket(edges[i], edges[i + 1], count, &histogram);
  }
  if (num_positive_infinity != 0) AddBucket(kInfinity, kInfinity, num_positive_infinity, &histogram);
  return histogram;
}

}  // namespace tfxm::statistics
