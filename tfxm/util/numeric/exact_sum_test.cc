// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/numeric/exact_sum.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace tfxm {
namespace {

std::string Saved(const ExactSum& sum) {
  StateWriter writer;
  sum.Save(&writer);
  return writer.bytes();
}

absl::Status Load(absl::string_view bytes, ExactSum* sum) {
  StateReader reader(bytes);
  sum->Load(&reader);
  return reader.Finish();
}

TEST(ExactSumTest, KeepsWhatFloatingPointWouldLose) {
  ExactSum sum;
  for (const double x : {1e100, 1.0, -1e100}) sum.Add(x);
  EXPECT_EQ(sum.Value(), 1.0);
}

TEST(ExactSumTest, EmptySumIsZero) { EXPECT_EQ(ExactSum().Value(), 0.0); }

TEST(ExactSumTest, HandlesTheEdgesOfTheRange) {
  const double tiny = std::numeric_limits<double>::denorm_min(), huge = std::numeric_limits<double>::max();
  ExactSum sum;
  for (const double x : {tiny, huge, huge, -huge, -huge, tiny}) sum.Add(x);
  EXPECT_EQ(sum.Value(), 2 * tiny);
  ExactSum negative;
  negative.Add(-0.1);
  EXPECT_EQ(negative.Value(), -0.1);
}

TEST(ExactSumTest, RoundsOnceToNearest) {
  ExactSum sum;
  sum.Add(1.0);
  sum.Add(std::ldexp(1.0, -53));  // A tie: stays 1.
  EXPECT_EQ(sum.Value(), 1.0);
  sum.Add(std::ldexp(1.0, -200));  // No tie any more.
  EXPECT_EQ(sum.Value(), 1.0 + std::ldexp(1.0, -52));
}

// The property every accumulator of this project rests on.
TEST(ExactSumTest, AnyOrderAndAnyShardingGivesTheSameBits) {
  std::mt19937_64 rng(7);
  std::vector<double> values(20000);
  for (double& v : values)
    v = std::ldexp(std::uniform_real_distribution<>(-1, 1)(rng), static_cast<int>(rng() % 120) - 60);
  ExactSum reference;
  for (const double v : values) reference.Add(v);
  for (int trial = 0; trial < 20; ++trial) {
    std::shuffle(values.begin(), values.end(), rng);
    std::vector<ExactSum> shards(1 + rng() % 9);
    for (size_t i = 0; i < values.size(); ++i) shards[rng() % shards.size()].Add(values[i]);
    ExactSum merged;
    for (const ExactSum& shard : shards) {
      ExactSum restored;
      ASSERT_TRUE(Load(Saved(shard), &restored).ok());
      merged.Merge(restored);
    }
    EXPECT_EQ(merged.Value(), reference.Value());
    EXPECT_EQ(Saved(merged), Saved(reference));
  }
}

TEST(ExactSumTest, AddTimesIsRepeatedAddition) {
  ExactSum once, many;
  once.AddTimes(0.1, 12345);
  for (int i = 0; i < 12345; ++i) many.Add(0.1);
  EXPECT_EQ(once.Value(), many.Value());
}

TEST(ExactSumTest, AddProductIsNotRounded) {
  ExactSum sum;
  const double x = 1 + std::ldexp(1.0, -40);
  sum.AddProduct(x, x);
  sum.Add(-1);
  sum.Add(-std::ldexp(1.0, -39));
  EXPECT_EQ(sum.Value(), std::ldexp(1.0, -80));
}

TEST(ExactSumTest, InfinitiesAndNanFollowIeee) {
  const double inf = std::numeric_limits<double>::infinity();
  ExactSum sum;
  sum.Add(inf);
  EXPECT_EQ(sum.Value(), inf);
  sum.Add(-inf);
  EXPECT_TRUE(std::isnan(sum.Value()));
}

TEST(ExactSumTest, SavesSignInfinitiesAndNan) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (const double x : {0.0, 1.5, -1e-300, -0.1, 1e300, kInfinity, -kInfinity}) {
    ExactSum sum, restored;
    sum.Add(x);
    EXPECT_LT(Saved(sum).size(), 24);
    ASSERT_TRUE(Load(Saved(sum), &restored).ok());
    EXPECT_EQ(restored.Value(), x);
  }
  ExactSum nan, restored;
  nan.Add(std::numeric_limits<double>::quiet_NaN());
  ASSERT_TRUE(Load(Saved(nan), &restored).ok());
  EXPECT_TRUE(std::isnan(restored.Value()));
}

TEST(ExactSumTest, RejectsForeignBytes) {
  ExactSum sum;
  for (const absl::string_view bytes :
       {absl::string_view(""), absl::string_view("\x10\0\0", 3), absl::string_view("\0\x40\x04\1\1\1\1", 7),
        absl::string_view("\0\0\1\xff\xff\xff\xff\x7f", 8)}) {
    EXPECT_FALSE(Load(bytes, &sum).ok());
  }
}

}  // namespace
}  // namespace tfxm
