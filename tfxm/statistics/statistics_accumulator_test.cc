// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/statistics_accumulator.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <utility>

#include "gtest/gtest.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/statistics/infer_schema.h"
#include "tfxm/statistics/test_util.h"

namespace tfxm::statistics {
namespace {

using tensorflow::metadata::v0::CommonStatistics;
using tensorflow::metadata::v0::DatasetFeatureStatisticsList;
using tensorflow::metadata::v0::FeatureNameStatistics;
using tensorflow::metadata::v0::Histogram;
using tensorflow::metadata::v0::NumericStatistics;
using tensorflow::metadata::v0::Schema;

// TFDV orders features by the batches they first appear in.
void SortFeatures(DatasetFeatureStatisticsList* list) {
  auto* features = list->mutable_datasets(0)->mutable_features();
  std::sort(features->begin(), features->end(), [](const FeatureNameStatistics& a, const FeatureNameStatistics& b) {
    return a.path().step(0) < b.path().step(0);
  });
}

void ExpectGolden(const std::string& data, const StatsOptions& options, const std::string& golden,
                  double relative_error) {
  auto expected = ReadBinary<DatasetFeatureStatisticsList>(golden);
  SortFeatures(&expected);
  const auto actual = GenerateStatistics({TestData(data)}, options);
  ASSERT_TRUE(actual.ok()) << actual.status();
  EXPECT_EQ(Differences(expected, *actual, relative_error), "");
}

TEST(StatisticsAccumulatorTest, EveryFieldIsTfdvs) {
  ExpectGolden("examples.tfrecord.gz", {}, "statistics.pb", 1e-12);
  ExpectGolden("other_examples.tfrecord.gz", {}, "other_statistics.pb", 1e-12);
}

TEST(StatisticsAccumulatorTest, WeightedStatisticsAreTfdvsUpToItsFloat32Sums) {
  ExpectGolden("examples.tfrecord.gz", {.weight_feature = "w"}, "weighted_statistics.pb", 1e-6);
}

TEST(StatisticsAccumulatorTest, SchemaMakesFeaturesCategoricalOrBytesAndBucketsAreAsAskedFor) {
  const auto schema = ReadSchema(TestData("roles.pbtxt"));
  ASSERT_TRUE(schema.ok()) << schema.status();
  ExpectGolden("examples.tfrecord.gz",
               {.schema = *schema,
                .num_top_values = 3,
                .num_rank_histogram_buckets = 5,
                .num_values_histogram_buckets = 3,
                .num_histogram_buckets = 4,
                .num_quantiles_histogram_buckets = 6},
               "roles_statistics.pb", 1e-12);
}

TEST(StatisticsAccumulatorTest, NumbersOfAnotherTypeThanTheSchemasAreNotCategories) {
  const auto schema = ParseText<tensorflow::metadata::v0::Schema>(
      R"(feature { name: "x" type: INT int_domain { is_categorical: true } }
         feature { name: "y" type: FLOAT float_domain { is_categorical: true } })");
  const auto of = [&](const std::string& example, const std::string& name) {
    return FeatureOf(StatisticsOf(Examples({example}), {.schema = schema}), name).has_string_stats();
  };
  EXPECT_TRUE(of(Ints("x", "1"), "x"));
  EXPECT_FALSE(of(Floats("x", "1"), "x"));
  EXPECT_TRUE(of(Floats("y", "1"), "y"));
  EXPECT_FALSE(of(Ints("y", "1"), "y"));
}

TEST(StatisticsAccumulatorTest, CountsMissingEmptyAndSeveralValues) {
  const auto dataset = StatisticsOf(Examples({Ints("x", "1, 2, 3"), Ints("x", ""), "", Ints("x", "4")}));
  EXPECT_EQ(dataset.num_examples(), 4);
  const CommonStatistics& common = FeatureOf(dataset, "x").num_stats().common_stats();
  EXPECT_EQ(common.num_non_missing(), 3);
  EXPECT_EQ(common.num_missing(), 1);
  EXPECT_EQ(common.min_num_values(), 0);
  EXPECT_EQ(common.max_num_values(), 3);
  EXPECT_EQ(common.tot_num_values(), 4);
  EXPECT_FLOAT_EQ(common.avg_num_values(), 4.0f / 3);
}

TEST(StatisticsAccumulatorTest, NumbersByHand) {
  const auto dataset = StatisticsOf(Examples({Floats("x", "0, 1, -0.0"), Floats("x", "5, nan"), Floats("x", "-2")}));
  const NumericStatistics& x = FeatureOf(dataset, "x").num_stats();
  EXPECT_EQ(x.mean(), 0.8);
  EXPECT_NEAR(x.std_dev(), std::sqrt(30.0 / 5 - 0.64), 1e-15);
  EXPECT_EQ(x.num_zeros(), 2);
  EXPECT_EQ(x.min(), -2);
  EXPECT_EQ(x.median(), 0);
  EXPECT_EQ(x.max(), 5);
  ASSERT_EQ(x.histograms_size(), 2);
  EXPECT_EQ(x.histograms(0).type(), Histogram::STANDARD);
  EXPECT_EQ(x.histograms(0).num_nan(), 1);
  EXPECT_EQ(x.histograms(0).buckets_size(), 10);
  EXPECT_EQ(x.histograms(1).type(), Histogram::QUANTILES);
}

TEST(StatisticsAccumulatorTest, VarianceOfCloseLargeNumbersIsExact) {
  // Naive sums of squares lose all digits here: the mean's square is 10^18 times the variance.
  std::vector<std::string> records;
  for (int i = 0; i < 1000; ++i) records.push_back(Examples({Ints("t", std::to_string(1700000000 + i % 2))})[0]);
  const NumericStatistics t = FeatureOf(StatisticsOf(records), "t").num_stats();
  EXPECT_EQ(t.mean(), 1700000000.5);
  EXPECT_EQ(t.std_dev(), 0.5);
}

TEST(StatisticsAccumulatorTest, OnlyNanLeavesOnlyItsCount) {
  const NumericStatistics x = FeatureOf(StatisticsOf(Examples({Floats("x", "nan, nan")})), "x").num_stats();
  EXPECT_EQ(x.histograms(0).num_nan(), 2);
  EXPECT_EQ(x.histograms(0).buckets_size(), 0);
  EXPECT_EQ(x.max(), 0);
}

TEST(StatisticsAccumulatorTest, StringsByHand) {
  const auto dataset = StatisticsOf(Examples({Bytes("s", R"("a", "bb", "a")"), Bytes("s", R"("\377")")}));
  const FeatureNameStatistics& s = FeatureOf(dataset, "s");
  EXPECT_EQ(s.type(), FeatureNameStatistics::STRING);
  EXPECT_EQ(s.string_stats().unique(), 3);
  EXPECT_EQ(s.string_stats().avg_length(), 1.25f);
  EXPECT_EQ(s.string_stats().invalid_utf8_count(), 1);
  ASSERT_EQ(s.string_stats().top_values_size(), 3);
  EXPECT_EQ(s.string_stats().top_values(0).value(), "a");
  EXPECT_EQ(s.string_stats().top_values(0).frequency(), 2);
  // Of equally frequent ones the larger first.
  EXPECT_EQ(s.string_stats().top_values(1).value(), "__BYTES_VALUE__");
  EXPECT_EQ(s.string_stats().top_values(2).value(), "bb");
}

TEST(StatisticsAccumulatorTest, NoExamplesGiveOneEmptyDataset) {
  const DatasetFeatureStatisticsList list = StatisticsAccumulator().Finish();
  ASSERT_EQ(list.datasets_size(), 1);
  EXPECT_EQ(list.datasets(0).num_examples(), 0);
  EXPECT_EQ(list.datasets(0).features_size(), 0);
}

TEST(StatisticsAccumulatorTest, AllowlistKeepsItsFeaturesOnly) {
  const auto records = Examples({Ints("a", "1") + Ints("b", "2") + Ints("c", "3")});
  const auto dataset = StatisticsOf(records, {.feature_allowlist = {"c", "a", "none"}});
  ASSERT_EQ(dataset.features_size(), 2);
  EXPECT_EQ(dataset.features(0).path().step(0), "a");
  EXPECT_EQ(dataset.features(1).path().step(0), "c");
}

// Any order of the examples, any split into accumulators and batches, any order of merging: the same bytes.
void ExpectShardingDoesNotMatter(const StatsOptions& options) {
  std::vector<std::string> records;
  ASSERT_TRUE(data::ForEachRecord({TestData("examples.tfrecord.gz"), TestData("other_examples.tfrecord.gz")},
                                  [&](absl::string_view record) {
                                    records.emplace_back(record);
                                    return absl::OkStatus();
                                  })
                  .ok());
  std::mt19937 random(7);
  std::string first;
  for (int round = 0; round < 6; ++round) {
    std::vector<StatisticsAccumulator> shards;
    const int num_shards = 1 + round * 3;
    for (int i = 0; i < num_shards; ++i) shards.emplace_back(options);
    for (size_t begin = 0; begin < records.size();) {
      const size_t end = std::min(records.size(), begin + 1 + random() % 40);
      const std::vector<std::string> batch(records.begin() + begin, records.begin() + end);
      ASSERT_TRUE(AddAll(batch, &shards[random() % num_shards]).ok());
      begin = end;
    }
    std::shuffle(shards.begin(), shards.end(), random);
    StatisticsAccumulator total(options);
    for (StatisticsAccumulator& shard : shards) ASSERT_TRUE(total.Merge(std::move(shard)).ok());
    const std::string bytes = io::SerializeDeterministically(total.Finish());
    if (round == 0) first = bytes;
    EXPECT_EQ(bytes, first) << "round " << round;
    std::shuffle(records.begin(), records.end(), random);
  }
}

TEST(StatisticsAccumulatorTest, ShardingAndOrderDoNotMatter) { ExpectShardingDoesNotMatter({}); }

TEST(StatisticsAccumulatorTest, ShardingAndOrderDoNotMatterWithWeights) {
  ExpectShardingDoesNotMatter({.weight_feature = "w"});
}

TEST(StatisticsAccumulatorTest, ShardingAndOrderDoNotMatterBeyondTheBoundOfDistinctNumbers) {
  ExpectShardingDoesNotMatter({.weight_feature = "w", .max_distinct_numbers = 20});
}

TEST(StatisticsAccumulatorTest, ShardingAndOrderDoNotMatterForSamples) {
  ExpectShardingDoesNotMatter({.sample_rate = 0.5});
}

TEST(StatisticsAccumulatorTest, ShardingAndOrderDoNotMatterForSlices) {
  ExpectShardingDoesNotMatter({.slices = {{{"bool_int", {}}}, {{"several", {"1", "2"}}, {"utf8", {}}}}});
}

TEST(StatisticsAccumulatorTest, SlicesAreDatasetsOfTheirOwn) {
  StatisticsAccumulator accumulator(
      {.weight_feature = "w", .slices = {{{"fruit", {}}}, {{"fruit", {"fig"}}, {"n", {}}}}});
  ASSERT_TRUE(AddAll(Examples({Bytes("fruit", R"("fig", "apple")") + Ints("n", "1") + Floats("w", "2"),
                               Bytes("fruit", R"("fig")") + Ints("n", "2, 2") + Floats("w", "3") + Ints("x", "7"),
                               Floats("w", "1")}),
                     &accumulator)
                  .ok());
  const DatasetFeatureStatisticsList list = accumulator.Finish();
  std::vector<std::string> names;
  for (const auto& dataset : list.datasets()) names.push_back(dataset.name());
  ASSERT_EQ(names,
            (std::vector<std::string>{"All Examples", "fruit_apple", "fruit_fig", "fruit_fig_n_1", "fruit_fig_n_2"}));
  EXPECT_EQ(list.datasets(0).num_examples(), 3);
  EXPECT_EQ(list.datasets(1).num_examples(), 1);
  EXPECT_EQ(list.datasets(2).num_examples(), 2);
  EXPECT_EQ(list.datasets(2).weighted_num_examples(), 5);
  // No example of it has x: the feature is there and missing, as in TFDV.
  ASSERT_EQ(list.datasets(1).features_size(), 4);
  const auto& absent = FeatureOf(list.datasets(1), "x");
  EXPECT_EQ(absent.type(), tensorflow::metadata::v0::FeatureNameStatistics::INT);
  EXPECT_EQ(absent.num_stats().common_stats().num_missing(), 1);
  EXPECT_EQ(absent.num_stats().common_stats().weighted_common_stats().num_missing(), 2);
  EXPECT_EQ(absent.num_stats().histograms_size(), 0);
  EXPECT_EQ(FeatureOf(list.datasets(4), "x").num_stats().max(), 7);
}

TEST(StatisticsAccumulatorTest, FloatsCannotBeSlicedBy) {
  StatisticsAccumulator accumulator({.slices = {{{"f", {}}}}});
  const absl::Status status = AddAll(Examples({Floats("f", "1")}), &accumulator);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("feature \"f\" has floats"), std::string::npos) << status;
}

TEST(StatisticsAccumulatorTest, SampleIsAboutTheRate) {
  std::vector<std::string> texts;
  for (int i = 0; i < 1000; ++i) texts.push_back(Ints("x", std::to_string(i)));
  const auto dataset = StatisticsOf(Examples(texts), {.sample_rate = 0.25});
  EXPECT_NEAR(dataset.num_examples(), 250, 50);
  EXPECT_EQ(FeatureOf(dataset, "x").num_stats().common_stats().num_missing(), 0);
}

TEST(StatisticsAccumulatorTest, SamplingNeedsRecords) {
  data::ExampleBatch batch;
  ASSERT_TRUE(batch.Append(Examples({Ints("x", "1")})[0]).ok());
  EXPECT_EQ(StatisticsAccumulator({.sample_rate = 0.5}).Add(batch).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(GenerateStatistics({}, {.sample_rate = 0}).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(StatisticsAccumulatorTest, TypeThatChangesIsAnErrorThatNamesTheFeature) {
  StatisticsAccumulator a, b;
  ASSERT_TRUE(AddAll(Examples({Ints("x", "1")}), &a).ok());
  ASSERT_TRUE(AddAll(Examples({Floats("x", "1")}), &b).ok());
  const absl::Status status = a.Merge(std::move(b));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("feature \"x\" is INT in some examples and FLOAT in others"), std::string::npos)
      << status;
}

TEST(StatisticsAccumulatorTest, BadWeightIsAnErrorThatNamesTheExample) {
  const std::vector<std::pair<std::string, std::string>> cases = {{"", "is missing"},
                                                                  {Floats("w", "1, 2"), "has 2 values"},
                                                                  {Floats("w", "inf"), "is inf"},
                                                                  {Floats("w", ""), "has 0 values"}};
  for (const auto& [features, message] : cases) {
    StatisticsAccumulator accumulator({.weight_feature = "w"});
    const absl::Status status = AddAll(Examples({Floats("w", "1"), features}), &accumulator);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_NE(status.message().find("example 1: weight feature \"w\" " + message), std::string::npos) << status;
  }
}

TEST(StatisticsAccumulatorTest, ErrorsNameTheFile) {
  const auto list = GenerateStatistics({TestData("examples.tfrecord.gz")}, {.weight_feature = "many"});
  EXPECT_EQ(list.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(list.status().message().find("examples.tfrecord.gz: example 0: weight feature \"many\" has 20 values"),
            std::string::npos)
      << list.status();
}

TEST(StatisticsAccumulatorTest, UnreadableFileIsNamed) {
  const auto list = GenerateStatistics({TestData("README.md")});
  EXPECT_FALSE(list.ok());
  EXPECT_NE(list.status().message().find("README.md"), std::string::npos) << list.status();
}

}  // namespace
}  // namespace tfxm::statistics
