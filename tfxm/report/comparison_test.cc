#include "tfxm/report/comparison.h"

#include "gtest/gtest.h"

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
            "example_count      23,473   23,473          +0\n"
            "size_bytes        575,348  223,344     -61.2 %\n"
            "arena_bytes             –   12,544\n");
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
