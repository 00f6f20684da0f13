// SPDX-License-Identifier: Apache-2.0

#include "tfxm/transform/internal/accumulators.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "absl/strings/str_cat.h"
#include "tfxm/compute/accumulator.h"
#include "tfxm/compute/test_accumulator.h"

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

static_assert(compute::Accumulator<Accumulator, const Values&>);

// Rows of three values, four rows a piece.
template <typename T>
compute::AccumulatorCase<Accumulator> CaseOf(const AnalyzerNode& analyzer, const std::vector<std::vector<T>>& rows) {
  compute::AccumulatorCase<Accumulator> tested;
  tested.make = [analyzer] { return MakeNumericAccumulator(analyzer); };
  for (size_t i = 0; i < rows.size(); i += 4) {
    std::vector<T> flat;
    for (size_t k = i; k < i + 4; ++k) flat.insert(flat.end(), rows[k].begin(), rows[k].end());
    tested.pieces.push_back([flat](Accumulator* accumulator) {
      if constexpr (std::is_same_v<T, std::string>) {
        const std::vector<absl::string_view> views(flat.begin(), flat.end());
        accumulator->Add(std::span<const absl::string_view>(views));
      } else {
        accumulator->Add(std::span<const T>(flat));
      }
      return absl::OkStatus();
    });
  }
  tested.merge = [](Accumulator* into, std::unique_ptr<Accumulator> from) {
    into->Merge(*from);
    return absl::OkStatus();
  };
  tested.result = [](const Accumulator& accumulator) {
    std::string result;
    for (const tfxm::Tensor& tensor : accumulator.Result()) {
      result.append(reinterpret_cast<const char*>(tensor.bytes().data()), tensor.bytes().size());
    }
    if (const auto* vocabulary = dynamic_cast<const VocabularyAccumulator*>(&accumulator)) {
      for (const auto& [value, count] : vocabulary->Sorted({})) absl::StrAppend(&result, value, " ", count, "\n");
    }
    return result;
  };
  return tested;
}

// Calls fn with a case for every analyzer there is and every kind of values that it takes.
void ForEachAnalyzer(const std::function<void(const compute::AccumulatorCase<Accumulator>&)>& fn) {
  std::mt19937 random(7);
  std::lognormal_distribution<double> wide(0, 6);
  std::vector<std::vector<float>> floats;
  std::vector<std::vector<double>> doubles;
  std::vector<std::vector<int64_t>> ints;
  std::vector<std::vector<std::string>> strings;
  for (int i = 0; i < 100; ++i) {
    floats.push_back({static_cast<float>(wide(random)), static_cast<float>(-wide(random)), 3e-39f * i});
    doubles.push_back({wide(random), -wide(random), 3e-310 * i});
    ints.push_back({static_cast<int64_t>(random()) - (1 << 30), i, -i});
    strings.push_back({absl::StrCat(random() % 20), "", "two\nlines"});
  }
  for (int kind = 0; kind <= static_cast<int>(kLastAnalyzerKind); ++kind) {
    SCOPED_TRACE(absl::StrCat("analyzer ", kind));
    const auto analyzer = static_cast<AnalyzerKind>(kind);
    if (analyzer == AnalyzerKind::kVocabulary) {
      fn(CaseOf(Analyzer(analyzer, DataType::kString), strings));
      fn(CaseOf(Analyzer(analyzer, DataType::kInt64), ints));
      continue;
    }
    const bool elementwise = analyzer != AnalyzerKind::kQuantiles;
    for (const Shape& shape : elementwise ? std::vector<Shape>{{}, {3}} : std::vector<Shape>{{}}) {
      fn(CaseOf(Analyzer(analyzer, DataType::kFloat, shape), floats));
      fn(CaseOf(Analyzer(analyzer, DataType::kDouble, shape), doubles));
      fn(CaseOf(Analyzer(analyzer, DataType::kInt64, shape), ints));
    }
  }
}

TEST(AccumulatorsTest, AnyShardingAndOrderGivesTheSameBitsThroughBytesToo) {
  ForEachAnalyzer([](const auto& tested) { compute::ExpectAnyShardingAndOrderGivesTheSameBits(tested); });
}

TEST(AccumulatorsTest, DamagedBytesAreRefused) {
  ForEachAnalyzer([](const auto& tested) { compute::ExpectDamagedBytesAreRefused(tested, 150); });
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
