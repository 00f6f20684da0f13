// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/metrics/compact_sum.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace tfxm::model_analysis {
namespace {

TEST(CompactSumTest, DoesNotLoseSmallAddends) {
  CompactSum sum;
  sum.Add(1e16);
  for (int i = 0; i < 10; ++i) sum.Add(0.1);
  sum.Add(-1e16);
  EXPECT_DOUBLE_EQ(sum.Value(), 1.0);
}

TEST(CompactSumTest, KeepsInfinitiesAndNans) {
  CompactSum sum;
  sum.Add(std::numeric_limits<double>::infinity());
  sum.Add(1);
  EXPECT_TRUE(std::isinf(sum.Value()));
  sum.Add(-std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(sum.Value()));
}

TEST(CompactSumTest, AnyOrderAndAnySplitGivesTheSameBits) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 200; ++round) {
    // Magnitudes far apart, so that some sums spill.
    std::uniform_real_distribution<double> mantissa(-1, 1);
    std::uniform_int_distribution<int> exponent(-round, round);
    std::vector<double> addends;
    ExactSum exact;
    for (int i = 0; i < 100; ++i) {
      addends.push_back(std::ldexp(mantissa(random), exponent(random)));
      exact.Add(addends.back());
    }
    std::shuffle(addends.begin(), addends.end(), random);
    std::vector<CompactSum> parts(1 + round % 7);
    for (size_t i = 0; i < addends.size(); ++i) parts[random() % parts.size()].Add(addends[i]);
    std::shuffle(parts.begin(), parts.end(), random);
    CompactSum total;
    for (const CompactSum& part : parts) total.Merge(part);
    ASSERT_EQ(total.Value(), exact.Value()) << round;
  }
}

TEST(CompactSumTest, ProductsAreExact) {
  CompactSum sum;
  const double a = 1 + std::ldexp(1.0, -40), b = 1 - std::ldexp(1.0, -40);
  sum.AddProduct(a, b);
  sum.Add(-1);
  EXPECT_EQ(sum.Value(), -std::ldexp(1.0, -80));
}

TEST(CompactSumTest, CopiesAreIndependent) {
  CompactSum a;
  a.Add(1e300);
  a.Add(1e-300);
  CompactSum b = a;
  b.Add(-1e300);
  EXPECT_EQ(b.Value(), 1e-300);
  EXPECT_EQ(a.Value(), 1e300);
}

}  // namespace
}  // namespace tfxm::model_analysis
