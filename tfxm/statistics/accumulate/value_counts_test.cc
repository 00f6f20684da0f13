// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/accumulate/value_counts.h"

#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace tfxm::statistics {
namespace {

std::vector<std::string> Values(const std::vector<ValueCount>& counts) {
  std::vector<std::string> values;
  for (const ValueCount& count : counts) values.push_back(count.value);
  return values;
}

TEST(ValueCountsTest, MostFrequentFirstAndOfEqualOnesTheLarger) {
  ValueCounts counts(100, 1000);
  for (const char* value : {"a", "b", "c", "b", "", "a"}) counts.Add(value, 1, 0);
  EXPECT_EQ(counts.unique(), 4);
  EXPECT_EQ(Values(counts.MostFrequent(10)), (std::vector<std::string>{"b", "a", "c", ""}));
  EXPECT_EQ(Values(counts.MostFrequent(1)), (std::vector<std::string>{"b"}));
  EXPECT_EQ(counts.MostFrequent(10)[0].count, 2);
}

TEST(ValueCountsTest, NumbersCompareAsNumbers) {
  ValueCounts counts(100, 1000);
  for (const char* value : {"9", "10", "-3"}) counts.Add(value, 1, 0);
  EXPECT_EQ(Values(counts.MostFrequent(3, false, /*numeric=*/true)), (std::vector<std::string>{"10", "9", "-3"}));
}

TEST(ValueCountsTest, ByWeight) {
  ValueCounts counts(100, 1000);
  counts.Add("often", 5, ToWeight(0.5));
  counts.Add("heavy", 1, ToWeight(2.25));
  EXPECT_EQ(Values(counts.MostFrequent(2, /*by_weight=*/true)), (std::vector<std::string>{"heavy", "often"}));
  EXPECT_EQ(counts.MostFrequent(2, true)[0].weight, 2.25);
}

// 40,000 distinct strings, and ten that make up a third of all; in two halves that are merged.
ValueCounts Overflowing(int64_t max_values, int64_t max_bytes) {
  ValueCounts a(max_values, max_bytes), b(max_values, max_bytes);
  for (int i = 0; i < 40000; ++i) {
    ValueCounts& half = i % 2 == 0 ? a : b;
    half.Add(absl::StrCat("rare", i), 1, 0);
    if (i % 2 == 0) half.Add(absl::StrCat("hot", i % 10), 1, 0);
  }
  a.Merge(std::move(b));
  return a;
}

TEST(ValueCountsTest, ExactUpToTheBounds) {
  const ValueCounts counts = Overflowing(40005, 1 << 20);
  EXPECT_TRUE(counts.exact());
  EXPECT_EQ(counts.unique(), 40005);
  EXPECT_EQ(counts.MostFrequent(1)[0].count, 4000);
}

TEST(ValueCountsTest, BeyondTheBoundsFrequentStringsAreFoundAndUniqueIsEstimated) {
  for (const auto& [max_values, max_bytes] : {std::pair<int64_t, int64_t>(1000, 1 << 20), {1 << 20, 10000}}) {
    const ValueCounts counts = Overflowing(max_values, max_bytes);
    EXPECT_FALSE(counts.exact());
    EXPECT_EQ(counts.unique(), 40005);  // Fewer than the hashes kept: still exact.
    const auto top = counts.MostFrequent(5);
    for (const ValueCount& value : top) {
      EXPECT_EQ(value.value.substr(0, 3), "hot");
      EXPECT_GE(value.count, 4000);
      EXPECT_LE(value.count, 4000 + 60000 * 2 / 500);
    }
  }
}

TEST(ValueCountsTest, UniqueBeyondTheHashesIsWithinAPercentAndIndependentOfTheSplit) {
  ValueCounts whole(1000, 1 << 20), a(1000, 1 << 20), b(1000, 1 << 20);
  constexpr int kDistinct = 400000;
  for (int i = 0; i < kDistinct; ++i) {
    const std::string value = absl::StrCat("v", i);
    whole.Add(value, 1, 0);
    (i % 3 == 0 ? a : b).Add(value, 1, 0);
  }
  b.Merge(std::move(a));
  EXPECT_EQ(whole.unique(), b.unique());
  EXPECT_NEAR(static_cast<double>(whole.unique()), kDistinct, kDistinct * 0.01);
}

}  // namespace
}  // namespace tfxm::statistics
