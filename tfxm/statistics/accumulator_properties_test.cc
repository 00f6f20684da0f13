// SPDX-License-Identifier: Apache-2.0

// What compute/accumulator.h says of accumulators, for all statistics there are: numbers, strings, categories and bytes,
// with weights, slices and samples, within the bounds of memory and past them; those of the generators.
#include <random>

#include "absl/strings/str_cat.h"
#include "tensorflow/core/example/example.pb.h"
#include "tensorflow/core/example/feature.pb.h"
#include "tfxm/compute/accumulator.h"
#include "tfxm/compute/test_accumulator.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/statistics/test_util.h"
#include "tfxm/testing/temp_dir.h"

namespace tfxm::statistics {
namespace {

static_assert(compute::ExampleAccumulator<StatisticsAccumulator>);

using tensorflow::metadata::v0::Schema;

// A feature list of up to four steps, some without a list.
std::string Steps(int i) {
  tensorflow::SequenceExample example;
  auto& steps = (*example.mutable_feature_lists()->mutable_feature_list())["steps"];
  for (int k = 0; k < i % 5; ++k) {
    auto* const step = steps.add_feature();
    for (int v = 0; v < (i + k) % 4 - 1; ++v) step->mutable_float_list()->add_value(static_cast<float>(i * v));
    if ((i + k) % 4 == 1) step->mutable_float_list();
  }
  return example.SerializeAsString();
}

// Examples with features of all kinds and of many sizes, some missing, some empty; some are tf.SequenceExamples.
std::vector<std::string> ManyExamples(int n) {
  std::mt19937 random(5);
  std::lognormal_distribution<double> wide(0, 8);
  std::vector<std::string> texts;
  for (int i = 0; i < n; ++i) {
    std::string text = Floats("weight", absl::StrCat(wide(random)));
    if (i % 7 != 0) absl::StrAppend(&text, Floats("x", absl::StrCat(wide(random), ", ", -wide(random), ", 0")));
    if (i % 11 == 0) absl::StrAppend(&text, Floats("odd", i % 2 == 0 ? "nan, inf" : "-inf, 1e-40"));
    if (i % 5 == 0) absl::StrAppend(&text, Floats("empty", ""));
    absl::StrAppend(&text, Ints("id", absl::StrCat(random())), Ints("category", absl::StrCat(i % 3)));
    absl::StrAppend(&text, Bytes("name", absl::StrCat("\"n", random() % 50, "\", \"all\"")));
    if (i % 13 == 0) absl::StrAppend(&text, Bytes("name2", "\"\\377\\000\""));
    absl::StrAppend(&text, Bytes("when", absl::StrCat("\"2018-0", 1 + i % 9, "-10\"")));
    absl::StrAppend(&text, Bytes("review", absl::StrCat("\"some words of ", i % 6 == 0 ? "" : "text ", i, "\"")));
    absl::StrAppend(&text, Bytes("image", absl::StrCat("\"", std::string(i % 9, 'p'), "\"")));
    texts.push_back(text);
  }
  std::vector<std::string> records = Examples(texts);
  for (int i = 0; i < n; i += 3) records[i] += Steps(i);
  return records;
}

absl::Status AddSome(const std::vector<std::string>& records, StatisticsAccumulator* accumulator) {
  data::ExampleBatch batch(/*keep_records=*/true, /*sequence_examples=*/true);
  for (const std::string& record : records) {
    if (absl::Status status = batch.Append(record); !status.ok()) return status;
  }
  return accumulator->Add(batch);
}

compute::AccumulatorCase<StatisticsAccumulator> CaseOf(const StatsOptions& options, int num_examples = 240) {
  compute::AccumulatorCase<StatisticsAccumulator> tested;
  tested.make = [options] { return std::make_unique<StatisticsAccumulator>(options); };
  const std::vector<std::string> records = ManyExamples(num_examples);
  for (size_t i = 0; i < records.size(); i += 8) {
    const std::vector<std::string> some(records.begin() + static_cast<int64_t>(i),
                                        records.begin() + static_cast<int64_t>(i) + 8);
    tested.pieces.push_back([some](StatisticsAccumulator* a) { return AddSome(some, a); });
  }
  tested.merge = [](StatisticsAccumulator* into, std::unique_ptr<StatisticsAccumulator> from) {
    return into->Merge(std::move(*from));
  };
  tested.result = [](const StatisticsAccumulator& a) { return a.Finish().SerializeAsString(); };
  return tested;
}

Schema Roles() {
  return ParseText<Schema>(R"(feature { name: "category" type: INT int_domain { is_categorical: true } }
                              feature { name: "name" type: BYTES }
                              feature { name: "image" type: BYTES image_domain {} })");
}

Schema Composites() {
  return ParseText<Schema>(R"(
      sparse_feature { name: "sparse" index_feature { name: "id" } index_feature { name: "odd" } value_feature { name: "x" } }
      weighted_feature { name: "weighted" feature { step: "name" } weight_feature { step: "x" } })");
}

std::map<std::string, StatsOptions> AllOptions() {
  return {
      {"plain", {}},
      {"weighted", {.weight_feature = "weight"}},
      {"with_roles", {.weight_feature = "weight", .schema = Roles()}},
      {"sliced", {.feature_allowlist = {"x", "name"}, .slices = {{{"category", {}}}, {{"name", {"n1", "all"}}}}}},
      {"sampled", {.sample_rate = 0.5}},
      {"overridden_weights", {.weight_feature = "weight", .per_feature_weight_override = {{"name", "id"}, {"x", ""}}}},
      {"semantic", {.enable_semantic_domain_stats = true}},
      {"semantic_sampled", {.enable_semantic_domain_stats = true, .semantic_domain_stats_sample_rate = 0.7}},
      {"crossed", {.feature_crosses = {{"id", "weight"}, {"x", "category"}, {"none", "id"}}}},
      {"all_crossed", {.feature_allowlist = {"id", "weight", "category", "odd"}, .cross_all_features = true}},
      {"lift", {.schema = Roles(), .label_feature = "category"}},
      {"weighted_lift", {.weight_feature = "weight", .schema = Roles(), .label_feature = "name"}},
      {"composite", {.schema = Composites(), .add_default_generators = false}},
      // Numbers past the bound still do not depend on the sharding (value_histogram.h).
      {"few_numbers", {.weight_feature = "weight", .max_distinct_numbers = 100}}};
}

class StatisticsPropertiesTest : public testing::TestWithParam<std::string> {};

TEST_P(StatisticsPropertiesTest, AnyShardingAndOrderGivesTheSameBits) {
  ExpectAnyShardingAndOrderGivesTheSameBits(CaseOf(AllOptions()[GetParam()]));
}

TEST_P(StatisticsPropertiesTest, DamagedBytesAreRefused) {
  ExpectDamagedBytesAreRefused(CaseOf(AllOptions()[GetParam()], 40));
}

std::vector<std::string> OptionNames() {
  std::vector<std::string> names;
  for (const auto& [name, options] : AllOptions()) names.push_back(name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Options, StatisticsPropertiesTest, testing::ValuesIn(OptionNames()),
                         [](const auto& info) { return info.param; });

// Past max_distinct_strings: value_counts.h says what is left.
TEST(StatisticsPropertiesTest, PastTheBoundOfStringsTheSameShardsGiveTheSameBitsAndCountsAreWithinTheError) {
  const StatsOptions options = {.max_distinct_strings = 40};
  const auto tested = CaseOf(options, 1600);
  std::vector<size_t> order(tested.pieces.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::vector<std::string> results;
  for (const bool through_bytes : {false, true, true}) {
    std::mt19937 same_shards(3);
    const auto total = tested.Run(order, 5, through_bytes, &same_shards);
    results.push_back(tested.result(*total));
    EXPECT_EQ(results.back() == results.front(), true);
    const auto dataset = total->Finish().datasets(0);
    const auto& name = FeatureOf(dataset, "name").string_stats();
    EXPECT_EQ(name.unique(), 51);
    EXPECT_EQ(name.top_values(0).value(), "all");
    EXPECT_GE(name.top_values(0).frequency(), 1600);
    EXPECT_LE(name.top_values(0).frequency(), 1600 + 3200 * 2 / 40);
  }
  ExpectDamagedBytesAreRefused(tested, 100);
}

TEST(StatisticsPropertiesTest, ManyBlocksAndThreadsOfAFileGiveTheBytesOfOneBlock) {
  const TempDir dir;
  const std::string path = dir / "statistics_of_blocks.tfrecord.gz";
  auto writer = *data::TFRecordWriter::Create(path);
  for (const std::string& record : ManyExamples(2000)) ASSERT_TRUE(writer->Write(record).ok());
  ASSERT_TRUE(writer->Close().ok());
  for (const auto& [name, options] : AllOptions()) {
    const auto whole = GenerateStatistics({path}, options, {.num_threads = 1});
    ASSERT_TRUE(whole.ok()) << whole.status();
    for (const int threads : {1, 2, 7}) {
      const auto blocks =
          GenerateStatistics({path}, options, {.num_threads = threads, .batch_size = 100, .block_bytes = 0});
      ASSERT_TRUE(blocks.ok()) << blocks.status();
      EXPECT_EQ(blocks->SerializeAsString() == whole->SerializeAsString(), true) << name << ", " << threads;
    }
  }
  // Past the bound of strings the blocks count, the threads do not.
  std::string first;
  for (const int threads : {1, 2, 7}) {
    const auto blocks = GenerateStatistics({path}, {.max_distinct_strings = 40},
                                           {.num_threads = threads, .batch_size = 100, .block_bytes = 0});
    ASSERT_TRUE(blocks.ok()) << blocks.status();
    if (first.empty()) first = blocks->SerializeAsString();
    EXPECT_EQ(blocks->SerializeAsString() == first, true) << threads;
  }
}

TEST(StatisticsPropertiesTest, AStateOfOtherOptionsIsRefused) {
  StatisticsAccumulator accumulator({.weight_feature = "weight"}), other;
  ASSERT_TRUE(AddSome(ManyExamples(8), &accumulator).ok());
  const auto bytes = SaveState(accumulator);
  ASSERT_TRUE(bytes.ok());
  EXPECT_EQ(LoadState(*bytes, &other).message(), "a saved state cannot be loaded: it was made with other StatsOptions");
}

}  // namespace
}  // namespace tfxm::statistics
