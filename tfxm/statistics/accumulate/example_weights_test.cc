// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/accumulate/example_weights.h"

#include <limits>

#include "absl/strings/str_cat.h"
#include "tfxm/statistics/test_util.h"

namespace tfxm::statistics {
namespace {

std::shared_ptr<const StatsOptions> Options(const std::string& weight_feature,
                                            const std::map<std::string, std::string>& overrides = {}) {
  return std::make_shared<StatsOptions>(
      StatsOptions{.weight_feature = weight_feature, .per_feature_weight_override = overrides});
}

data::ExampleBatch BatchOf(const std::vector<std::string>& texts) {
  data::ExampleBatch batch(/*keep_records=*/false);
  for (const std::string& record : Examples(texts)) EXPECT_TRUE(batch.Append(record).ok());
  return batch;
}

std::string ErrorOf(const std::string& example) {
  ExampleWeights weights(Options("w"));
  const std::vector<int> rows = {1};
  return std::string(weights.Read(BatchOf({Floats("w", "1"), example}), rows).message());
}

TEST(ExampleWeightsTest, EachFeatureHasItsWeights) {
  ExampleWeights weights(Options("w", {{"x", "v"}, {"plain", ""}}));
  const std::vector<int> rows = {0, 2};
  ASSERT_TRUE(weights
                  .Read(BatchOf({Floats("w", "0.5") + Ints("v", "2"), Floats("w", "7") + Ints("v", "7"),
                                 Floats("w", "1.5") + Ints("v", "-3")}),
                        rows)
                  .ok());
  EXPECT_TRUE(weights.any());
  EXPECT_EQ(weights.NameFor("x"), "v");
  EXPECT_EQ(weights.NameFor("y"), "w");
  EXPECT_EQ(weights.NameFor("plain"), "");
  const auto values = [](std::span<const double> of) { return std::vector<double>(of.begin(), of.end()); };
  // Those that were not asked for are 0.
  EXPECT_EQ(values(weights.For("x")), (std::vector<double>{2, 0, -3}));
  EXPECT_EQ(values(weights.For("y")), (std::vector<double>{0.5, 0, 1.5}));
  EXPECT_TRUE(weights.For("plain").empty());
  EXPECT_EQ(values(weights.Default()), (std::vector<double>{0.5, 0, 1.5}));
}

TEST(ExampleWeightsTest, WithoutAWeightFeatureOnlyTheNamedFeaturesHaveWeights) {
  ExampleWeights weights(Options("", {{"x", "v"}}));
  const std::vector<int> rows = {0};
  ASSERT_TRUE(weights.Read(BatchOf({Floats("v", "2")}), rows).ok());
  EXPECT_TRUE(weights.Default().empty());
  EXPECT_TRUE(weights.For("y").empty());
  EXPECT_EQ(weights.For("x")[0], 2);
  EXPECT_FALSE(ExampleWeights(Options("")).any());
}

TEST(ExampleWeightsTest, AnExampleWithoutASingleFiniteNumberIsNamed) {
  const std::string must = "; it must have exactly one finite number";
  EXPECT_EQ(ErrorOf(""), "example 1: weight feature \"w\" is missing" + must);
  EXPECT_EQ(ErrorOf(Floats("w", "")), "example 1: weight feature \"w\" has 0 values" + must);
  EXPECT_EQ(ErrorOf(Floats("w", "1, 2")), "example 1: weight feature \"w\" has 2 values" + must);
  EXPECT_EQ(ErrorOf(Floats("w", "nan")), "example 1: weight feature \"w\" is nan" + must);
  EXPECT_EQ(ErrorOf(Floats("w", "-inf")), "example 1: weight feature \"w\" is -inf" + must);
  ExampleWeights weights(Options("w"));
  const std::vector<int> rows = {0};
  EXPECT_EQ(weights.Read(BatchOf({Bytes("w", "'1'")}), rows).message(),
            "example 0: weight feature \"w\" is a string" + must);
  EXPECT_EQ(weights.Read(BatchOf({Ints("x", "1")}), rows).message(),
            "example 0: weight feature \"w\" is missing" + must);
}

}  // namespace
}  // namespace tfxm::statistics
