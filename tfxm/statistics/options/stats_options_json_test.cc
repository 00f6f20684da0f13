// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/options/stats_options_json.h"

#include "gtest/gtest.h"

namespace tfxm::statistics {
namespace {

TEST(StatsOptionsJsonTest, NamesOfTheConstructorAndSlices) {
  const auto options = ParseStatsOptions(R"({"weight_feature": "w", "num_top_values": 3, "sample_rate": null,
                                             "slices": ["country", {"device": "phone", "n": [1, 2]}]})");
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->weight_feature, "w");
  EXPECT_EQ(options->num_top_values, 3);
  EXPECT_EQ(options->sample_rate, 1.0);
  const std::vector<SliceFeatures> slices = {{{"country", {}}}, {{"device", {"phone"}}, {"n", {"1", "2"}}}};
  EXPECT_EQ(options->slices, slices);
}

TEST(StatsOptionsJsonTest, WhatToJsonWrites) {
  const auto options = ParseStatsOptions(
      R"({"_generators": null, "_sample_rate": 0.5, "TYPE_NAME": "StatsOptions", "schema_json": "{\"feature\": [{\"name\": \"a\"}]}",
          "slicing_config_json": "{\"slicingSpecs\": [{\"featureKeys\": [\"c\"], \"featureValues\": {\"d\": \"x\"}}]}",
          "per_feature_weight_override_json": {"[\"a\"]": "w"}})");
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->sample_rate, 0.5);
  EXPECT_EQ(options->schema->feature(0).name(), "a");
  EXPECT_EQ(options->slices, (std::vector<SliceFeatures>{{{"c", {}}, {"d", {"x"}}}}));
  EXPECT_EQ(options->per_feature_weight_override.at("a"), "w");
}

TEST(StatsOptionsJsonTest, ErrorsNameTheOption) {
  EXPECT_EQ(ParseStatsOptions(R"({"weigth_feature": "w"})").status().message(),
            "unknown StatsOptions \"weigth_feature\"; did you mean \"weight_feature\"");
  EXPECT_EQ(ParseStatsOptions(R"({"num_top_values": "x"})").status().message(),
            "StatsOptions \"num_top_values\": expected an integer, found \"x\"");
}

}  // namespace
}  // namespace tfxm::statistics
