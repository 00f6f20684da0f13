// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/accumulate/histograms.h"

#include <limits>

#include "gtest/gtest.h"

namespace tfxm::statistics {
namespace {

using tensorflow::metadata::v0::Histogram;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

double Total(const Histogram& histogram) {
  double total = 0;
  for (const auto& bucket : histogram.buckets()) total += bucket.sample_count();
  return total;
}

TEST(HistogramsTest, QuantilesAreValuesWithTheWeightUpToThem) {
  const std::vector<WeightedValue> sorted = {{1, 1}, {2, 2}, {4, 1}};
  const Quantiles q = ComputeQuantiles(sorted, 4);
  EXPECT_EQ(q.values, (std::vector<double>{1, 2, 2, 4, 4}));
  EXPECT_EQ(q.cumulative, (std::vector<double>{1, 3, 3, 4, 4}));
  EXPECT_EQ(Median(q), 2);
  EXPECT_EQ(Median({{1, 2, 4, 8}, {}}), 3);
  EXPECT_EQ(Rebin(q, 2).values, (std::vector<double>{1, 2, 4}));
  EXPECT_TRUE(ComputeQuantiles({}, 4).values.empty());
}

TEST(HistogramsTest, QuantilesHistogramSharesWeightAmongEqualBuckets) {
  const Histogram h = QuantilesHistogram({{1, 2, 2, 4}, {1, 3, 3, 4}});
  ASSERT_EQ(h.buckets_size(), 3);
  EXPECT_EQ(h.type(), Histogram::QUANTILES);
  EXPECT_EQ(h.buckets(0).sample_count(), 2);  // Half of what is in (1, 2], and what is at 1.
  EXPECT_EQ(h.buckets(1).sample_count(), 1);
  EXPECT_EQ(h.buckets(2).sample_count(), 1);
  EXPECT_EQ(Total(h), 4);
}

TEST(HistogramsTest, EquiWidthHistogramInterpolates) {
  std::vector<WeightedValue> sorted;
  for (int i = 0; i <= 1000; ++i) sorted.push_back({i / 1000.0, 1});
  const Histogram h = EquiWidthHistogram(ComputeQuantiles(sorted, 1000), 0, 1, 10, 0);
  ASSERT_EQ(h.buckets_size(), 10);
  for (const auto& bucket : h.buckets()) EXPECT_NEAR(bucket.sample_count(), 100, 1.01);
  EXPECT_EQ(h.buckets(0).low_value(), 0);
  EXPECT_EQ(h.buckets(9).high_value(), 1);
  EXPECT_NEAR(Total(h), 1001, 1e-9);
}

TEST(HistogramsTest, InfinitiesHaveBucketsOfTheirOwn) {
  const std::vector<WeightedValue> sorted = {{-kInfinity, 2}, {0, 4}, {10, 3}, {kInfinity, 1}};
  const Histogram h = EquiWidthHistogram(ComputeQuantiles(sorted, 1000), 0, 10, 5, 1);
  ASSERT_EQ(h.buckets_size(), 7);
  EXPECT_EQ(h.buckets(0).high_value(), -kInfinity);
  EXPECT_EQ(h.buckets(0).sample_count(), 2);
  EXPECT_EQ(h.buckets(6).low_value(), kInfinity);
  EXPECT_EQ(h.buckets(6).sample_count(), 1);
  EXPECT_NEAR(Total(h), 10, 1e-9);
}

TEST(HistogramsTest, OneValueIsOneBucket) {
  const std::vector<WeightedValue> sorted = {{3, 5}};
  const Histogram h = EquiWidthHistogram(ComputeQuantiles(sorted, 1000), 3, 3, 10, 0);
  ASSERT_EQ(h.buckets_size(), 1);
  EXPECT_NEAR(h.buckets(0).sample_count(), 5, 1e-9);
}

TEST(HistogramsTest, RangeBeyondADoubleGivesNoBuckets) {
  const double max = std::numeric_limits<double>::max();
  const std::vector<WeightedValue> sorted = {{-max, 1}, {max, 1}};
  EXPECT_EQ(EquiWidthHistogram(ComputeQuantiles(sorted, 1000), -max, max, 10, 0).buckets_size(), 0);
}

}  // namespace
}  // namespace tfxm::statistics
