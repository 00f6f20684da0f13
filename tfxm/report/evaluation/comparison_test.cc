// SPDX-License-Identifier: Apache-2.0

#include "tfxm/report/evaluation/comparison.h"

#include "gtest/gtest.h"
#include "tfxm/report/evaluation/rounding.h"

namespace tfxm::report {
namespace {

ModelComparison TwoModels() {
  return {.models = {"SavedModel", "TFLite"},
          .rows = {{.name = "accuracy", .values = {0.978, 0.97733}},
                   {.name = "example_count", .values = {23473, 23473}},
                   {.name = "size_bytes", .is_cost = true, .values = {575348, 223344}},
                   {.name = "arena_bytes", .is_cost = true, .values = {std::nullopt, 12544}}}};
}

TEST(ComparisonTest, TwoModelsHaveAColumnOfDifferences) {
  EXPECT_EQ(ComparisonText(TwoModels()),
            "               SavedModel   TFLite  difference\n"
            "accuracy          0.97800  0.97733    -0.00067\n"
            "example_count      23,473   23,473        same\n"
            "size_bytes        575,348  223,344     -61.2 %\n"
            "arena_bytes             –   12,544\n");
}

TEST(ComparisonTest, ANarrowTerminalGetsParagraphs) {
  ModelComparison comparison = TwoModels();
  comparison.models[1] = "端末用のモデル";
  comparison.rows.resize(1);
  EXPECT_EQ(ComparisonText(comparison, 40),
            "accuracy\n"
            "  SavedModel: 0.97800\n"
            "  端末用のモデル: 0.97733\n"
            "  difference: -0.00067\n");
}

TEST(ComparisonTest, RoundingIsNoDifferenceAndCostsAreComparedWithTheirNoise) {
  ModelComparison comparison = {
      .models = {"a", "b"},
      .rows = {{.name = "loss", .values = {0.0272, 0.0272 + 4.05e-7}},
               {.name = "latency_p50_ms", .is_cost = true, .values = {0.1, 0.11}, .noise = {0.006, 0.005}},
               {.name = "latency_p99_ms", .is_cost = true, .values = {0.1, 0.12}, .noise = {0.006, 0.005}}}};
  EXPECT_EQ(ComparisonText(comparison),
            "                      a        b    difference\n"
            "loss            0.02720  0.02720          same\n"
            "latency_p50_ms  0.10000  0.11000  within noise\n"
            "latency_p99_ms  0.10000  0.12000       +20.0 %\n");
}

TEST(RoundingTest, IsSmallBesideTheValueUnlessTheValueIsSmallItself) {
  EXPECT_TRUE(IsRounding(4.05e-7, 0.0272));
  EXPECT_TRUE(IsRounding(-3, 4e6));
  EXPECT_FALSE(IsRounding(2e-7, 4e-7));  // Twice as much.
  EXPECT_FALSE(IsRounding(1e-5, 0.9));   // An example of 100,000.
}

TEST(ComparisonTest, MoreModelsHaveARowEach) {
  ModelComparison comparison = {.models = {"a", "b", "c"},
                                .rows = {{.name = "accuracy", .values = {0.5, 0.25, std::nullopt}}}};
  EXPECT_EQ(ComparisonText(comparison),
            "   accuracy\n"
            "a   0.50000\n"
            "b   0.25000  -0.25000\n"
            "c         –\n");
}

TEST(ComparisonTest, JsonIsExactAndSaysWhatIsMissing) {
  const std::string json = ComparisonJson(TwoModels());
  EXPECT_TRUE(json.find("0.97733") != std::string::npos);
  EXPECT_TRUE(json.find("null") != std::string::npos);
}

}  // namespace
}  // namespace tfxm::report
