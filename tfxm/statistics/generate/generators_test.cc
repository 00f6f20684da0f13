// SPDX-License-Identifier: Apache-2.0

// The statistics beyond the usual ones, by hand and at their limits; tfdv_cases_test.cc has TFDV's, and
// accumulator_properties_test.cc what is true of all of them.
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tfxm/statistics/test_util.h"

namespace tfxm::statistics {
namespace {

using tensorflow::metadata::v0::DatasetFeatureStatistics;
using tensorflow::metadata::v0::LiftSeries;
using tensorflow::metadata::v0::Schema;

// Custom statistics of a feature: numbers, texts and histograms as text.
std::map<std::string, std::string> CustomOf(const DatasetFeatureStatistics& dataset, const std::string& name) {
  std::map<std::string, std::string> all;
  for (const auto& feature : dataset.features()) {
    if (feature.path().step(0) != name) continue;
    for (const auto& custom : feature.custom_stats()) {
      std::string& text = all[custom.name()];
      if (custom.val_case() == custom.kNum) text = absl::StrCat(custom.num());
      if (custom.val_case() == custom.kStr) text = custom.str();
      for (const auto& bucket : custom.rank_histogram().buckets()) {
        absl::StrAppend(&text, text.empty() ? "" : " ", bucket.label(), ":", bucket.sample_count());
      }
    }
  }
  return all;
}

using Custom = std::map<std::string, std::string>;

std::vector<std::string> Repeat(const std::vector<std::string>& texts, int times) {
  std::vector<std::string> all;
  for (int i = 0; i < times; ++i) all.insert(all.end(), texts.begin(), texts.end());
  return all;
}

Schema LiftSchema() {
  return ParseText<Schema>(R"(feature { name: "x" type: BYTES }
                              feature { name: "n" type: INT int_domain { is_categorical: true } }
                              feature { name: "y" type: BYTES } feature { name: "f" type: FLOAT })");
}

TEST(LiftGeneratorTest, IsTheShareAmongTheValueByTheShareOfAll) {
  // P(yes) = 1/2, P(yes | a) = 2/3, P(yes | b) = 0.
  const auto dataset =
      StatisticsOf(Examples({Bytes("x", "'a'") + Bytes("y", "'yes'"), Bytes("x", "'a', 'a'") + Bytes("y", "'yes'"),
                             Bytes("x", "'a'") + Bytes("y", "'no'"), Bytes("x", "'b'") + Bytes("y", "'no'")}),
                   {.schema = LiftSchema(), .label_feature = "y"});
  ASSERT_EQ(dataset.cross_features_size(), 1);
  EXPECT_EQ(dataset.cross_features(0).path_x().step(0), "x");
  EXPECT_EQ(dataset.cross_features(0).path_y().step(0), "y");
  const LiftSeries& yes = dataset.cross_features(0).categorical_cross_stats().lift().lift_series(1);
  EXPECT_EQ(yes.y_string(), "yes");
  EXPECT_EQ(yes.y_count(), 2);
  ASSERT_EQ(yes.lift_values_size(), 2);
  EXPECT_EQ(yes.lift_values(0).x_string(), "a");
  EXPECT_DOUBLE_EQ(yes.lift_values(0).lift(), 4.0 / 3);
  EXPECT_EQ(yes.lift_values(0).x_count(), 3);
  EXPECT_EQ(yes.lift_values(0).x_and_y_count(), 2);
  EXPECT_EQ(yes.lift_values(1).lift(), 0);
  EXPECT_EQ(CustomOf(dataset, "x")["Lift (Y=yes)"], "a:1.33333 b:0");
}

TEST(LiftGeneratorTest, IntegersBeyond32BitsAreTextAndBytesThatAreNotUtf8HaveTfdvsName) {
  const auto dataset = StatisticsOf(Examples({Ints("n", "5000000000, 7") + Bytes("y", R"('\377')")}),
                                    {.schema = LiftSchema(), .label_feature = "y"});
  const LiftSeries& series = dataset.cross_features(0).categorical_cross_stats().lift().lift_series(0);
  EXPECT_EQ(series.y_string(), "__BYTES_VALUE__");
  EXPECT_EQ(series.lift_values(0).x_int(), 7);
  EXPECT_EQ(series.lift_values(1).x_string(), "5000000000");
}

TEST(LiftGeneratorTest, WithoutALabelThereIsNone) {
  const StatsOptions options = {.schema = LiftSchema(), .label_feature = "y"};
  EXPECT_EQ(StatisticsOf(Examples({Bytes("x", "'a'")}), options).cross_features_size(), 0);
  EXPECT_EQ(StatisticsOf(Examples({Bytes("y", "'a'")}), options).cross_features_size(), 0);
}

TEST(LiftGeneratorTest, LabelsThatAreNotCategoricalAreRefused) {
  const auto error = [](const std::string& label) {
    return std::string(CheckStatsOptions({.schema = LiftSchema(), .label_feature = label}).message());
  };
  EXPECT_EQ(error("y"), "");
  EXPECT_EQ(error("z"), "label_feature \"z\" is not a feature of the schema");
  EXPECT_EQ(error("f").substr(0, 51), "label_feature \"f\" is not categorical in the schema;");
}

TEST(SemanticGeneratorTest, AHundredValuesAndEightyPercentAreNeeded) {
  const std::vector<std::string> times = Repeat({Bytes("x", "'2018-11-30'")}, 80);
  const StatsOptions options = {.enable_semantic_domain_stats = true};
  const auto custom = [&](int others) {
    std::vector<std::string> all = times;
    for (int i = 0; i < others; ++i) all.push_back(Bytes("x", absl::StrCat("'z", i, "'")));
    return CustomOf(StatisticsOf(Examples(all), options), "x");
  };
  EXPECT_EQ(custom(20),
            (Custom{{"domain_info", "time_domain {string_format: '%Y-%m-%d'}"}, {"time_match_ratio", "0.8"}}));
  EXPECT_EQ(custom(21), Custom());
  EXPECT_EQ(custom(19), Custom());
}

TEST(SemanticGeneratorTest, ImagesByWhatTheyBeginWith) {
  const auto all = Repeat({Bytes("x", R"('\377\330\377')"), Bytes("x", R"('\211PNG\r\n\032\nmore')"),
                           Bytes("x", "'GIF87a'"), Bytes("x", "'BM'"), Bytes("x", R"('\211PNG')")},
                          20);
  EXPECT_EQ(CustomOf(StatisticsOf(Examples(all), {.enable_semantic_domain_stats = true}), "x"),
            (Custom{{"domain_info", "image_domain {}"},
                    {"image_format_histogram", "UNKNOWN:20 bmp:20 gif:20 jpeg:20 png:20"}}));
}

TEST(SemanticGeneratorTest, NaturalLanguageHasThreeWordsOfUsualLength) {
  const auto custom = [](const std::string& text) {
    return CustomOf(StatisticsOf(Examples(Repeat({Bytes("x", text)}, 100)), {.enable_semantic_domain_stats = true}),
                    "x");
  };
  const Custom language = {{"domain_info", "natural_language_domain {}"}, {"natural_language_match_rate", "1"}};
  EXPECT_EQ(custom("'three words here'"), language);
  EXPECT_EQ(custom("'two words'"), Custom());
  EXPECT_EQ(custom("'a b c d'"), Custom());
  EXPECT_EQ(custom("'extraordinarily incomprehensible disproportionately'"), Custom());
  EXPECT_EQ(custom(R"('three words here \377')"), Custom());
}

TEST(SemanticGeneratorTest, AnEmptyTextIsNotATime) {
  auto all = Repeat({Bytes("x", "'12:30'")}, 200);
  all.push_back(Bytes("x", "''"));
  EXPECT_EQ(CustomOf(StatisticsOf(Examples(all), {.enable_semantic_domain_stats = true}), "x"), Custom());
}

TEST(CrossGeneratorTest, CovarianceAndCorrelationOfTheExamplesWithOneNumberOfEach) {
  const std::vector<std::string> examples = {Ints("a", "1") + Floats("b", "2"),   Ints("a", "3") + Floats("b", "6"),
                                             Ints("a", "2") + Floats("b", "1"),   Ints("a", "9, 9") + Floats("b", "9"),
                                             Ints("a", "9") + Floats("b", "nan"), Ints("a", "9")};
  for (const StatsOptions& options :
       {StatsOptions{.feature_crosses = {{"b", "a"}}}, StatsOptions{.cross_all_features = true}}) {
    const auto dataset = StatisticsOf(Examples(examples), options);
    ASSERT_EQ(dataset.cross_features_size(), 1);
    const auto& cross = dataset.cross_features(0);
    EXPECT_EQ(cross.path_x().step(0), "a");
    EXPECT_EQ(cross.count(), 3u);
    EXPECT_FLOAT_EQ(cross.num_cross_stats().covariance(), 4.0f / 3);
    EXPECT_FLOAT_EQ(cross.num_cross_stats().correlation(), 0.75592893f);
  }
}

TEST(CrossGeneratorTest, WithAConstantThereIsNone) {
  const auto dataset =
      StatisticsOf(Examples({Floats("a", "0.1") + Floats("b", "2"), Floats("a", "0.1") + Floats("b", "3"),
                             Floats("a", "0.1") + Floats("b", "7")}),
                   {.feature_crosses = {{"a", "b"}, {"a", "none"}}});
  ASSERT_EQ(dataset.cross_features_size(), 1);
  EXPECT_EQ(dataset.cross_features(0).num_cross_stats().covariance(), 0);
  EXPECT_EQ(dataset.cross_features(0).num_cross_stats().correlation(), 0);
}

TEST(CompositeGeneratorTest, CountsPartsThatAreMissingAndDifferencesOfLengths) {
  const auto schema = ParseText<Schema>(R"(
      sparse_feature { name: "s" index_feature { name: "i" } index_feature { name: "j" } value_feature { name: "v" } }
      weighted_feature { name: "w" feature { step: "v" } weight_feature { step: "i" } })");
  const auto dataset =
      StatisticsOf(Examples({Ints("i", "1, 2, 3") + Ints("j", "1") + Ints("v", "1, 2"),
                             Ints("i", "1") + Ints("v", "1, 2, 3"), Ints("j", "1"), Ints("other", "1")}),
                   {.schema = schema, .add_default_generators = false});
  EXPECT_EQ(CustomOf(dataset, "s"), (Custom{{"missing_value", "1"},
                                            {"missing_index", "i:1 j:1"},
                                            {"max_length_diff", "i:1 j:1"},
                                            {"min_length_diff", "i:-2 j:-3"}}));
  EXPECT_EQ(CustomOf(dataset, "w"), (Custom{{"missing_value", "0"},
                                            {"missing_weight", "0"},
                                            {"max_weight_length_diff", "1"},
                                            {"min_weight_length_diff", "-2"}}));
  EXPECT_EQ(dataset.features_size(), 2) << "none of the usual statistics";
}

}  // namespace
}  // namespace tfxm::statistics
