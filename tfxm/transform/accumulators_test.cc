// SPDX-License-Identifier: Apache-2.0

#include "tfxm/transform/internal/accumulators.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace tfxm::transform::internal {
namespace {

AnalyzerNode Analyzer(AnalyzerKind kind, DataType dtype, Shape shape = {}) {
  AnalyzerNode node{.kind = kind};
  node.dtype = dtype;
  node.elementwise = !shape.empty();
  node.shape = shape;
  node.num_buckets = 4;
  return node;
}

template <typename T>
std::vector<std::string> Bytes(const AnalyzerNode& analyzer, const std::vector<std::vector<T>>& shards) {
  const auto total = MakeNumericAccumulator(analyzer);
  for (const auto& shard : shards) {
    const auto part = MakeNumericAccumulator(analyzer);
    part->Add(std::span<const T>(shard));
    total->Merge(*part);
  }
  std::vector<std::string> result;
  for (const tfxm::Tensor& tensor : total->Result()) {
    result.emplace_back(tensor.bytes().begin(), tensor.bytes().end());
  }
  return result;
}

// Rows of `n` values in another order and differently split give the same bits.
template <typename T>
void ExpectIndependentOfSharding(const AnalyzerNode& analyzer, std::vector<std::vector<T>> rows, std::mt19937* random) {
  const auto flatten = [](const auto& some) {
    std::vector<T> flat;
    for (const auto& row : some) flat.insert(flat.end(), row.begin(), row.end());
    return flat;
  };
  const std::vector<std::string> expected = Bytes<T>(analyzer, {flatten(rows)});
  for (int repetition = 0; repetition < 5; ++repetition) {
    std::shuffle(rows.begin(), rows.end(), *random);
    std::vector<std::vector<T>> shards(1 + (*random)() % 7);
    for (const auto& row : rows) {
      auto& shard = shards[(*random)() % shards.size()];
      shard.insert(shard.end(), row.begin(), row.end());
    }
    EXPECT_EQ(Bytes<T>(analyzer, shards), expected) << "analyzer " << static_cast<int>(analyzer.kind);
  }
}

TEST(AccumulatorsTest, AnyShardingGivesTheSameBits) {
  std::mt19937 random(7);
  std::lognormal_distribution<double> wide(0, 6);
  std::vector<std::vector<float>> floats;
  std::vector<std::vector<int64_t>> ints;
  for (int i = 0; i < 400; ++i) {
    floats.push_back({static_cast<float>(wide(random)), static_cast<float>(-wide(random)), 3e-39f * i});
    ints.push_back({static_cast<int64_t>(random()) - (1 << 30), i, -i});
  }
  for (const AnalyzerKind kind :
       {AnalyzerKind::kMinAndMax, AnalyzerKind::kSum, AnalyzerKind::kSize, AnalyzerKind::kMeanAndVar}) {
    for (const Shape& shape : {Shape{}, Shape{3}}) {
      ExpectIndependentOfSharding(Analyzer(kind, DataType::kFloat, shape), floats, &random);
      ExpectIndependentOfSharding(Analyzer(kind, DataType::kInt64, shape), ints, &random);
    }
  }
  ExpectIndependentOfSharding(Analyzer(AnalyzerKind::kQuantiles, DataType::kFloat), floats, &random);
}

std::vector<float> Floats(const AnalyzerNode& analyzer, const std::vector<float>& values) {
  const auto accumulator = MakeNumericAccumulator(analyzer);
  accumulator->Add(std::span<const float>(values));
  std::vector<float> result;
  for (const tfxm::Tensor& tensor : accumulator->Result()) {
    result.insert(result.end(), tensor.values<float>().begin(), tensor.values<float>().end());
  }
  return result;
}

// The expected values are TensorFlow Transform 1.15's for these three rows of two.
TEST(AccumulatorsTest, NanAndInfinity) {
  const std::vector<float> x = {1, 5, NAN, 2, -4, INFINITY};
  const auto min_max = Floats(Analyzer(AnalyzerKind::kMinAndMax, DataType::kFloat), x);
  EXPECT_TRUE(std::isnan(min_max[0]) && std::isnan(min_max[1]));
  EXPECT_EQ(Floats(Analyzer(AnalyzerKind::kMeanAndVar, DataType::kFloat), x), (std::vector<float>{1, 10.5}));
  EXPECT_TRUE(std::isnan(Floats(Analyzer(AnalyzerKind::kSum, DataType::kFloat), x)[0]));
  const auto per_element = Floats(Analyzer(AnalyzerKind::kMinAndMax, DataType::kFloat, {2}), x);  // min, min, max, max
  EXPECT_TRUE(std::isnan(per_element[0]) && std::isnan(per_element[2]));
  EXPECT_EQ(per_element[1], 2);
  EXPECT_EQ(per_element[3], INFINITY);
  EXPECT_EQ(Floats(Analyzer(AnalyzerKind::kMeanAndVar, DataType::kFloat, {2}), x),
            (std::vector<float>{-1.5, 3.5, 6.25, 2.25}));
}

TEST(AccumulatorsTest, NoValues) {
  EXPECT_EQ(Floats(Analyzer(AnalyzerKind::kMinAndMax, DataType::kFloat), {}),
            (std::vector<float>{INFINITY, -INFINITY}));
  EXPECT_EQ(Floats(Analyzer(AnalyzerKind::kMeanAndVar, DataType::kFloat), {}), (std::vector<float>{0, 0}));
  EXPECT_EQ(Floats(Analyzer(AnalyzerKind::kQuantiles, DataType::kFloat), {}), (std::vector<float>{0, 0, 0}));
}

TEST(AccumulatorsTest, TheVarianceOfNearlyEqualLargeNumbers) {
  EXPECT_EQ(Floats(Analyzer(AnalyzerKind::kMeanAndVar, DataType::kFloat), {16777214, 16777216, 16777212, 16777214}),
            (std::vector<float>{16777214, 2}));
}

TEST(AccumulatorsTest, Quantiles) {
  std::vector<float> values;
  for (int i = 0; i < 1000; ++i) values.push_back(static_cast<float>(i));
  const auto boundaries = Floats(Analyzer(AnalyzerKind::kQuantiles, DataType::kFloat), values);
  ASSERT_EQ(boundaries.size(), 3);
  for (int i = 0; i < 3; ++i) EXPECT_NEAR(boundaries[i], 250 * (i + 1), 1);
}

TEST(AccumulatorsTest, Vocabulary) {
  const auto accumulator = MakeVocabularyAccumulator();
  const std::vector<absl::string_view> values = {"b", "a", "c", "a", "", "two\nlines", "c", "b", "a"};
  accumulator->Add(std::span<const absl::string_view>(values));
  const auto other = MakeVocabularyAccumulator();
  const std::vector<absl::string_view> more = {"d", "b"};
  other->Add(std::span<const absl::string_view>(more));
  accumulator->Merge(*other);
  using Counts = std::vector<std::pair<std::string, int64_t>>;
  EXPECT_EQ(accumulator->Sorted({}), (Counts{{"b", 3}, {"a", 3}, {"c", 2}, {"d", 1}}));
  EXPECT_EQ(accumulator->Sorted({.top_k = 1}), (Counts{{"b", 3}}));
  EXPECT_EQ(accumulator->Sorted({.frequency_threshold = 2}), (Counts{{"b", 3}, {"a", 3}, {"c", 2}}));
}

}  // namespace
}  // namespace tfxm::transform::internal
