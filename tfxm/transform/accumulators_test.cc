// SPDX-License-Identifier: Apache-2.0

#include "tfxm/transform/internal/accumulators.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "absl/strings/str_cat.h"
#include "tfxm/compute/accumulator.h"
#include "tfxm/compute/test_accumulator.h"
#include "tfxm/transform/internal/vocabulary_accumulator.h"

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

static_assert(compute::Accumulator<Accumulator, std::span<const Values>>);

// Values with the other inputs that the analyzer takes: weights, labels and keys that follow from the values' places.
absl::Status AddAll(const AnalyzerNode& analyzer, const Values& values, Accumulator* accumulator) {
  const size_t n = NumValues(values);
  std::vector<float> weights(n);
  std::vector<int64_t> labels(n);
  std::vector<absl::string_view> keys(n / static_cast<size_t>(analyzer.num_elements()));
  for (size_t i = 0; i < n; ++i) weights[i] = static_cast<float>(i % 5) * 0.1f, labels[i] = static_cast<int64_t>(i % 3);
  for (size_t i = 0; i < keys.size(); ++i) keys[i] = i % 2 == 0 ? "even" : "odd";
  std::vector<Values> inputs = {values};
  if (analyzer.weighted) inputs.push_back(std::span<const float>(weights));
  if (analyzer.labeled) {
    inputs.push_back(std::span<const int64_t>(labels));
    inputs.push_back(std::span<const int64_t>(labels));
    if (analyzer.weighted) inputs.push_back(std::span<const float>(weights));
  }
  if (analyzer.per_key) inputs.push_back(std::span<const absl::string_view>(keys));
  return accumulator->Add(inputs);
}

// Rows of three values, four rows a piece.
template <typename T>
compute::AccumulatorCase<Accumulator> CaseOf(const AnalyzerNode& analyzer, const std::vector<std::vector<T>>& rows) {
  compute::AccumulatorCase<Accumulator> tested;
  tested.make = [analyzer] { return MakeAccumulator(analyzer); };
  for (size_t i = 0; i < rows.size(); i += 4) {
    std::vector<T> flat;
    for (size_t k = i; k < i + 4; ++k) flat.insert(flat.end(), rows[k].begin(), rows[k].end());
    tested.pieces.push_back([analyzer, flat](Accumulator* accumulator) {
      if constexpr (std::is_same_v<T, std::string>) {
        const std::vector<absl::string_view> views(flat.begin(), flat.end());
        return AddAll(analyzer, std::span<const absl::string_view>(views), accumulator);
      } else {
        return AddAll(analyzer, std::span<const T>(flat), accumulator);
      }
    });
  }
  tested.merge = [](Accumulator* into, std::unique_ptr<Accumulator> from) {
    into->Merge(*from);
    return absl::OkStatus();
  };
  tested.result = [](const Accumulator& accumulator) {
    std::string result;
    for (const tfxm::Tensor& tensor : accumulator.Result()) {
      if (tensor.dtype() == DataType::kString) {
        for (const std::string& text : tensor.strings()) absl::StrAppend(&result, text, ",");
      } else {
        result.append(reinterpret_cast<const char*>(tensor.bytes().data()), tensor.bytes().size());
      }
    }
    if (const auto* vocabulary = dynamic_cast<const VocabularyAccumulator*>(&accumulator)) {
      const auto entries = vocabulary->Entries({.min_diff_from_avg = 0});
      if (!entries.ok()) return entries.status().ToString();
      for (const auto& entry : *entries) absl::StrAppend(&result, entry.frequency, " ", entry.token, "\n");
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
      for (const bool weighted : {false, true}) {
        for (const bool labeled : {false, true}) {
          AnalyzerNode node = Analyzer(analyzer, DataType::kString);
          node.weighted = weighted;
          node.labeled = labeled;
          fn(CaseOf(node, strings));
          node.dtype = DataType::kInt64;
          fn(CaseOf(node, ints));
        }
      }
      continue;
    }
    const bool matrix = analyzer == AnalyzerKind::kCovariance || analyzer == AnalyzerKind::kPca;
    for (const Shape& shape : matrix ? std::vector<Shape>{{3}} : std::vector<Shape>{{}, {3}}) {
      AnalyzerNode node = Analyzer(analyzer, DataType::kFloat, shape);
      node.output_dim = 2;
      node.output_dtype = DataType::kDouble;
      const bool quantiles = analyzer == AnalyzerKind::kQuantiles;
      for (const bool weighted : quantiles ? std::vector<bool>{false, true} : std::vector<bool>{false}) {
        const bool by_key = !matrix && analyzer != AnalyzerKind::kTukeyParameters && !(quantiles && !shape.empty());
        for (const bool per_key : by_key ? std::vector<bool>{false, true} : std::vector<bool>{false}) {
          node.weighted = weighted;
          node.per_key = per_key;
          node.dtype = DataType::kFloat;
          fn(CaseOf(node, floats));
          node.dtype = DataType::kDouble;
          fn(CaseOf(node, doubles));
          node.dtype = DataType::kInt64;
          fn(CaseOf(node, ints));
        }
      }
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
  const auto accumulator = MakeAccumulator(analyzer);
  EXPECT_EQ(accumulator->Add(std::span<const float>(values)), absl::OkStatus());
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
  const auto accumulator = MakeVocabularyAccumulator(Analyzer(AnalyzerKind::kVocabulary, DataType::kString));
  const std::vector<absl::string_view> values = {"b", "a", "c", "a", "", "two\nlines", "c", "b", "a"};
  EXPECT_EQ(accumulator->Add(std::span<const absl::string_view>(values)), absl::OkStatus());
  const auto other = MakeVocabularyAccumulator(Analyzer(AnalyzerKind::kVocabulary, DataType::kString));
  const std::vector<absl::string_view> more = {"d", "b"};
  EXPECT_EQ(other->Add(std::span<const absl::string_view>(more)), absl::OkStatus());
  accumulator->Merge(*other);
  EXPECT_EQ(accumulator->num_skipped(), 2);
  const auto lines = [&](const VocabularyOptions& options) {
    const std::vector<VocabularyEntry> entries = accumulator->Entries(options).value();
    std::string text;
    for (const VocabularyEntry& entry : entries) {
      absl::StrAppend(&text, entry.frequency, entry.token, " ");
    }
    return text;
  };
  EXPECT_EQ(lines({}), "3b 3a 2c 1d ");
  EXPECT_EQ(lines({.top_k = 1}), "3b ");
  EXPECT_EQ(lines({.frequency_threshold = 2}), "3b 3a 2c ");
  EXPECT_EQ(lines({.top_k = 2, .reserved_tokens = {"a", "<pad>"}}), "-1a -1<pad> 3b ");
  EXPECT_EQ(lines({.fingerprint_shuffle = true}), "1d 2c 3a 3b ");  // By hashlib.sha1.
  // Of the keys "a" to "b" and "c" to "d" the first each.
  VocabularyOptions covered{.top_k = 1, .coverage_top_k = 1};
  covered.key_fn = [](absl::string_view value) { return std::string(value <= "b" ? "1" : "2"); };
  EXPECT_EQ(lines(covered), "3b 2c ");
}

TEST(AccumulatorsTest, PythonRepr) {
  EXPECT_EQ(PythonRepr(3), "3.0");
  EXPECT_EQ(PythonRepr(-0.1), "-0.1");
  EXPECT_EQ(PythonRepr(1234.5), "1234.5");
  EXPECT_EQ(PythonRepr(0.0001), "0.0001");
  EXPECT_EQ(PythonRepr(0.00001), "1e-05");
  EXPECT_EQ(PythonRepr(1e15), "1000000000000000.0");
  EXPECT_EQ(PythonRepr(1.5e16), "1.5e+16");
}

TEST(AccumulatorsTest, InputsThatDoNotFitAreRefused) {
  AnalyzerNode node = Analyzer(AnalyzerKind::kMeanAndVar, DataType::kFloat);
  node.per_key = true;
  const std::vector<float> values = {1, 2, 3};
  const std::vector<absl::string_view> keys = {"a", "b"};
  const std::vector<Values> inputs = {std::span<const float>(values), std::span<const absl::string_view>(keys)};
  EXPECT_EQ(MakeAccumulator(node)->Add(inputs).message(), "there are 3 values and 2 keys");
}

}  // namespace
}  // namespace tfxm::transform::internal
