// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/accumulate/value_histogram.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>

#include "gtest/gtest.h"

namespace tfxm::statistics {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(ValueHistogramTest, CountsExactlyUpToTheBound) {
  ValueHistogram<int64_t> histogram(1000);
  std::map<double, double> expected;
  std::mt19937 random(1);
  for (int i = 0; i < 10000; ++i) {
    const double value = static_cast<double>(static_cast<int>(random() % 1000)) - 500;
    histogram.Add(value, 1 + i % 3);
    expected[value] += 1 + i % 3;
  }
  const auto sorted = histogram.Sorted(-500, 499);
  ASSERT_EQ(sorted.size(), expected.size());
  size_t i = 0;
  for (const auto& [value, count] : expected) {
    EXPECT_EQ(sorted[i].value, value);
    EXPECT_EQ(sorted[i++].weight, count);
  }
  EXPECT_EQ(histogram.dropped_bits(), 0);
}

TEST(ValueHistogramTest, BothZerosAreOneValue) {
  ValueHistogram<int64_t> histogram;
  histogram.Add(0.0, 1);
  histogram.Add(-0.0, 1);
  histogram.Add(1, 2);
  histogram.Add(5, 0);
  const auto sorted = histogram.Sorted(0, 1);
  ASSERT_EQ(sorted.size(), 2);
  EXPECT_EQ(sorted[0].value, 0);
  EXPECT_FALSE(std::signbit(sorted[0].value));
  EXPECT_EQ(sorted[0].weight, 2);
  EXPECT_EQ(sorted[1].weight, 2);
}

TEST(ValueHistogramTest, BeyondTheBoundValuesKeepTheirPlaceAndError) {
  ValueHistogram<int64_t> histogram(512);
  std::mt19937 random(2);
  std::vector<double> values;
  for (int i = 0; i < 20000; ++i) values.push_back(std::normal_distribution<double>(5, 1)(random));
  values.insert(values.end(), {0.0, kInfinity, -kInfinity});
  for (const double value : values) histogram.Add(value, 1);
  std::sort(values.begin(), values.end());
  const auto sorted = histogram.Sorted(-kInfinity, kInfinity);
  EXPECT_LE(sorted.size(), 512);
  EXPECT_GT(sorted.size(), 200);
  const double relative_error = std::ldexp(1.0, histogram.dropped_bits() - 53);
  size_t i = 0;
  double total = 0;
  for (const WeightedValue& bucket : sorted) {
    for (int k = 0; k < bucket.weight; ++k, ++i) {
      if (std::isinf(values[i])) {
        EXPECT_EQ(bucket.value, values[i]);
      } else {
        EXPECT_LE(std::abs(bucket.value - values[i]), std::abs(values[i]) * relative_error * 2);
      }
    }
    total += bucket.weight;
  }
  EXPECT_EQ(total, values.size());
}

TEST(ValueHistogramTest, ResultDependsOnTheValuesOnly) {
  std::mt19937 random(3);
  std::vector<double> values;
  for (int i = 0; i < 3000; ++i) values.push_back(std::lognormal_distribution<double>(0, 4)(random) * (i % 3 - 1));
  const auto [min, max] = std::minmax_element(values.begin(), values.end());
  const double smallest = *min, largest = *max;
  std::vector<WeightedValue> first;
  for (int round = 0; round < 8; ++round) {
    std::vector<ValueHistogram<int64_t>> parts(1 + round, ValueHistogram<int64_t>(100));
    for (const double value : values) parts[random() % parts.size()].Add(value, 1);
    ValueHistogram<int64_t> total(100);
    for (const auto& part : parts) total.Merge(part);
    const auto sorted = total.Sorted(smallest, largest);
    if (round == 0) first = sorted;
    ASSERT_EQ(sorted.size(), first.size());
    for (size_t i = 0; i < sorted.size(); ++i) {
      EXPECT_EQ(sorted[i].value, first[i].value);
      EXPECT_EQ(sorted[i].weight, first[i].weight);
    }
    std::shuffle(values.begin(), values.end(), random);
  }
  EXPECT_EQ(first.front().value, smallest);
  EXPECT_EQ(first.back().value, largest);
}

TEST(ValueHistogramTest, AllSignsAndExponentsFit) {
  ValueHistogram<int64_t> histogram(16);
  for (int e = -1000; e < 1000; ++e) {
    histogram.Add(std::ldexp(1.5, e), 1);
    histogram.Add(-std::ldexp(1.5, e), 1);
  }
  EXPECT_EQ(histogram.dropped_bits(), 52);
  EXPECT_EQ(histogram.Sorted(-kInfinity, kInfinity).size(), 4000);
}

TEST(WeightTest, SumsDoNotDependOnTheOrder) {
  EXPECT_EQ(WeightValue(ToWeight(0.1f) + ToWeight(3)), static_cast<double>(0.1f) + 3);
  EXPECT_EQ(WeightValue(ToWeight(-2.5)), -2.5);
  EXPECT_EQ(WeightValue(ToWeight(1e300)), std::ldexp(1.0, 62));
  ValueHistogram<Weight> histogram;
  histogram.Add(1, ToWeight(1e18));
  histogram.Add(1, ToWeight(0x1p-60));
  histogram.Add(2, ToWeight(-1));
  const auto sorted = histogram.Sorted(1, 2);
  ASSERT_EQ(sorted.size(), 1);
  EXPECT_EQ(sorted[0].weight, 1e18);
}

}  // namespace
}  // namespace tfxm::statistics
