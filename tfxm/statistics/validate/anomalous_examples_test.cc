// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/validate/anomalous_examples.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/statistics/test_util.h"
#include "tfxm/statistics/validate_statistics.h"

namespace tfxm::statistics {
namespace {

using tensorflow::metadata::v0::Schema;

AnomalousExamples Find(const std::vector<std::string>& texts, const std::string& schema_text,
                       const AnomalousExamples::Options& options = {}) {
  const auto schema = ParseText<Schema>(schema_text);
  const std::vector<std::string> records = Examples(texts);
  tensorflow::metadata::v0::DatasetFeatureStatisticsList statistics;
  *statistics.add_datasets() = StatisticsOf(records, {.schema = schema});
  const auto anomalies = ValidateStatistics(statistics, schema, {.environment = options.environment});
  EXPECT_TRUE(anomalies.ok()) << anomalies.status();
  AnomalousExamples examples(schema, *anomalies, options);
  for (size_t i = 0; i < records.size(); ++i) EXPECT_TRUE(examples.Add(records[i], absl::StrCat("#", i)).ok());
  return examples;
}

// "x TYPE 2: #1 #3" a reason.
std::string Text(const AnomalousExamples& examples) {
  std::string text;
  for (const auto& [reason, group] : examples.groups()) {
    absl::StrAppend(&text, reason.first, " ", reason.second, " ", group.num_examples, ":");
    for (const auto& kept : group.kept) absl::StrAppend(&text, " ", kept.origin);
    absl::StrAppend(&text, "\n");
  }
  return text;
}

TEST(AnomalousExamplesTest, ValuesOutsideOfTheDomainAndTooManyOfThem) {
  EXPECT_EQ(Text(Find({Ints("x", "1"), Ints("x", "12"), Ints("x", "3, 40"), Ints("y", "100")},
                      R"(feature { name: "x" type: INT value_count { max: 1 } int_domain { max: 10 } }
                         feature { name: "y" type: INT })")),
            "x FEATURE_TYPE_HIGH_NUMBER_VALUES 1: #2\n"
            "x INT_TYPE_BIG_INT 2: #1 #2\n");
}

TEST(AnomalousExamplesTest, ExamplesWithoutAFeatureThatAllMustHaveAndWithANewOne) {
  const std::vector<std::string> examples = {Ints("x", "1"), "", Ints("x", "1") + Ints("new", "1")};
  EXPECT_EQ(Text(Find(examples, R"(feature { name: "x" type: INT presence { min_fraction: 1 min_count: 1 } })")),
            "new SCHEMA_NEW_COLUMN 1: #2\nx SCHEMA_MISSING_COLUMN 1: #1\n");
  // A feature that may be missing is missing nowhere.
  EXPECT_EQ(
      Text(Find(examples, R"(feature { name: "x" type: INT presence { min_count: 3 } } feature { name: "new" })")),
      "new FEATURE_MISSING_TYPE 1: #2\n");
}

TEST(AnomalousExamplesTest, WhatIsTrueOfManyExamplesOnlyDoesNotCount) {
  EXPECT_EQ(Text(Find({Bytes("x", "'a'"), Bytes("x", "'b'"), Bytes("x", "'c'")},
                      R"(feature { name: "x" type: BYTES unique_constraints { max: 2 } })")),
            "");
  // Fitting data have no anomalous examples, whatever one of them alone is like.
  EXPECT_EQ(Text(Find({Bytes("x", "'a'"), Bytes("x", "'a'"), Bytes("x", "'c'")},
                      R"(feature { name: "x" type: BYTES string_domain { value: "a" }
                                   distribution_constraints { min_domain_mass: 0.5 } })")),
            "");
}

TEST(AnomalousExamplesTest, PartsOfASparseFeature) {
  EXPECT_EQ(Text(Find({Ints("i", "1") + Floats("v", "1"), Ints("i", "1, 2") + Floats("v", "1"), Ints("i", "1")},
                      R"(feature { name: "i" type: INT } feature { name: "v" type: FLOAT }
                         sparse_feature { name: "s" index_feature { name: "i" } value_feature { name: "v" } })")),
            "s SPARSE_FEATURE_LENGTH_MISMATCH 2: #1 #2\ns SPARSE_FEATURE_MISSING_VALUE 1: #2\n");
}

TEST(AnomalousExamplesTest, EnvironmentsDecideWhatIsMissing) {
  const std::string schema =
      R"(feature { name: "label" type: INT presence { min_fraction: 1 } not_in_environment: "SERVING" }
                                default_environment: "TRAINING" default_environment: "SERVING")";
  const std::vector<std::string> examples = {Ints("label", "1"), ""};
  EXPECT_EQ(Text(Find(examples, schema, {.environment = "TRAINING"})), "label SCHEMA_MISSING_COLUMN 1: #1\n");
  EXPECT_EQ(Text(Find(examples, schema, {.environment = "SERVING"})), "label SCHEMA_NEW_COLUMN 1: #0\n");
}

TEST(AnomalousExamplesTest, WritesWhatIsKeptWithTheReason) {
  const auto examples = Find({Ints("a/b", "11"), Ints("a/b", "1"), Ints("a/b", "12"), Ints("a/b", "13")},
                             R"(feature { name: "a/b" type: INT int_domain { max: 10 } })", {.max_examples = 2});
  EXPECT_EQ(examples.groups().begin()->second.num_examples, 3);
  const std::string folder = io::JoinPath(*io::MakeTempDir(testing::TempDir(), "anomalous"), "new");
  ASSERT_TRUE(examples.Write(folder).ok());
  const std::string name = "a%2Fb_INT_TYPE_BIG_INT.tfrecord.gz";
  const auto reader = data::TFRecordReader::Open(io::JoinPath(folder, name));
  ASSERT_TRUE(reader.ok()) << reader.status();
  absl::string_view record;
  ASSERT_TRUE(*(*reader)->Next(&record));
  EXPECT_EQ(record, Examples({Ints("a/b", "11")})[0]);
  ASSERT_TRUE(*(*reader)->Next(&record));
  EXPECT_FALSE(*(*reader)->Next(&record));
  const std::vector<std::string> lines =
      absl::StrSplit(*io::ReadFile(io::JoinPath(folder, "anomalous_examples.jsonl")), '\n', absl::SkipEmpty());
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[1],
            absl::StrCat(R"({"feature":"a/b","type":"INT_TYPE_BIG_INT","description":"Unexpectedly large value: 12.",)",
                         R"("origin":"#2","file":")", name, R"(","record":1})"));
}

TEST(AnomalousExamplesTest, ARecordThatIsNoExampleIsNamed) {
  const auto schema = ParseText<Schema>(R"(feature { name: "x" type: INT presence { min_count: 1 } })");
  tensorflow::metadata::v0::DatasetFeatureStatisticsList statistics;
  *statistics.add_datasets() = StatisticsOf(Examples({Ints("y", "1")}));
  AnomalousExamples examples(schema, *ValidateStatistics(statistics, schema), {});
  EXPECT_EQ(std::string(examples.Add("\xff\xff", "data: record 3").message()).substr(0, 16), "data: record 3: ");
}

}  // namespace
}  // namespace tfxm::statistics
