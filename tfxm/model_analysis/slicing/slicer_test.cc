// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/slicing/slicer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <set>

#include "tfxm/model_analysis/slicing/sql_slicer.h"
#include "tfxm/model_analysis/test_examples.h"

namespace tfxm::model_analysis {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

// Slice -> examples in it.
std::map<std::string, std::vector<int>> Slices(const std::string& config, const std::vector<std::string>& records) {
  data::ExampleBatch batch;
  for (const std::string& record : records) EXPECT_TRUE(batch.Append(record).ok());
  auto slicer = Slicer::Create(Config(config));
  EXPECT_TRUE(slicer.ok()) << slicer.status();
  EXPECT_TRUE(slicer->Slice(batch).ok());
  std::map<std::string, std::vector<int>> result;
  for (int s : slicer->touched()) result[ToString(slicer->key(s))] = {slicer->rows(s).begin(), slicer->rows(s).end()};
  return result;
}

const std::vector<std::string>& Records() {
  static const std::vector<std::string> records = {
      ExampleBuilder().Ints("day", {1}).Bytes("tags", {"a", "b"}).Floats("size", {2}).Serialize(),
      ExampleBuilder().Ints("day", {2}).Bytes("tags", {"b", "b"}).Floats("size", {0.5}).Serialize(),
      ExampleBuilder().Ints("day", {1}).Serialize(),
  };
  return records;
}

TEST(SlicerTest, WithoutSpecsThereIsTheOverallSlice) {
  EXPECT_THAT(Slices("", Records()), ElementsAre(std::pair("Overall", std::vector<int>{0, 1, 2})));
}

TEST(SlicerTest, ByFeature) {
  EXPECT_THAT(
      Slices("slicing_specs { feature_keys: 'day' }", Records()),
      UnorderedElementsAre(std::pair("day:1", std::vector<int>{0, 2}), std::pair("day:2", std::vector<int>{1})));
}

TEST(SlicerTest, AMultivalentFeaturePutsAnExampleIntoSeveralSlicesOnce) {
  EXPECT_THAT(
      Slices("slicing_specs { feature_keys: 'tags' }", Records()),
      UnorderedElementsAre(std::pair("tags:a", std::vector<int>{0}), std::pair("tags:b", std::vector<int>{0, 1})));
}

TEST(SlicerTest, CrossesAreTheProductOfTheFeatures) {
  EXPECT_THAT(Slices("slicing_specs { feature_keys: 'tags' feature_keys: 'day' }", Records()),
              UnorderedElementsAre(std::pair("day_X_tags:1_X_a", std::vector<int>{0}),
                                   std::pair("day_X_tags:1_X_b", std::vector<int>{0}),
                                   std::pair("day_X_tags:2_X_b", std::vector<int>{1})));
}

TEST(SlicerTest, ByValue) {
  EXPECT_THAT(Slices("slicing_specs { feature_values { key: 'day' value: '1' } feature_keys: 'tags' }", Records()),
              UnorderedElementsAre(std::pair("day_X_tags:1_X_a", std::vector<int>{0}),
                                   std::pair("day_X_tags:1_X_b", std::vector<int>{0})));
  EXPECT_THAT(Slices("slicing_specs { feature_values { key: 'size' value: '0.5' } }", Records()),
              ElementsAre(std::pair("size:0.5", std::vector<int>{1})));
}

TEST(SlicerTest, AnIntegerAndAFloatOfTheSameValueAreOneSlice) {
  EXPECT_EQ(Slices("slicing_specs { feature_keys: 'size' } slicing_specs { feature_values { key: 'size' value: '2' } }",
                   Records())
                .size(),
            2u);
}

TEST(SlicerTest, TheSameSliceFromTwoSpecsCountsOnce) {
  EXPECT_THAT(
      Slices("slicing_specs { feature_keys: 'day' } slicing_specs { feature_values { key: 'day' value: '2' } }",
             Records()),
      UnorderedElementsAre(std::pair("day:1", std::vector<int>{0, 2}), std::pair("day:2", std::vector<int>{1})));
}

TEST(SlicerTest, CrossSlicingSpecsAddTheirSlices) {
  EXPECT_THAT(
      Slices("slicing_specs { feature_keys: 'day' } cross_slicing_specs { baseline_spec {} slicing_specs { "
             "feature_keys: 'size' } }",
             Records()),
      UnorderedElementsAre(std::pair("day:1", std::vector<int>{0, 2}), std::pair("day:2", std::vector<int>{1}),
                           std::pair("Overall", std::vector<int>{0, 1, 2}), std::pair("size:2", std::vector<int>{0}),
                           std::pair("size:0.5", std::vector<int>{1})));
}

TEST(SlicerTest, ValuesThatAreNotUtf8AreAnError) {
  data::ExampleBatch batch;
  ASSERT_TRUE(batch.Append(ExampleBuilder().Bytes("raw", {"\xff\xfe"}).Serialize()).ok());
  auto slicer = Slicer::Create(Config("slicing_specs { feature_keys: 'raw' }"));
  EXPECT_THAT(std::string(slicer->Slice(batch).message()), HasSubstr("\"raw\""));
}

TEST(SlicerTest, SaysWhichFeaturesNoExampleHas) {
  data::ExampleBatch batch;
  ASSERT_TRUE(batch.Append(Records()[0]).ok());
  auto slicer = Slicer::Create(Config("slicing_specs { feature_keys: 'day' feature_keys: 'dya' }"));
  ASSERT_TRUE(slicer->Slice(batch).ok());
  EXPECT_THAT(slicer->FeaturesNotSeen(), ElementsAre("dya"));
}

// slice_keys_sql.

std::set<std::string> SqlSlices(const std::string& sql) {
  std::string escaped;
  for (char c : sql) escaped += c == '"' ? std::string("\\\"") : std::string(1, c);
  const auto slices = Slices("slicing_specs { slice_keys_sql: \"" + escaped + "\" }", Records());
  std::set<std::string> names;
  for (const auto& [name, rows] : slices) {
    for (int row : rows) names.insert(name + "@" + std::to_string(row));
  }
  for (const char* overall : {"Overall@0", "Overall@1", "Overall@2"})
    EXPECT_EQ(names.erase(overall), 1u);  // A spec without keys is overall.
  return names;
}

// Of a statement that is refused, or cannot be evaluated.
std::string SqlError(const std::string& sql) {
  SqlSlicer slicer;
  absl::Status status = slicer.AddStatement(sql);
  data::ExampleBatch batch;
  EXPECT_TRUE(batch.Append(Records()[0]).ok());
  std::vector<SliceKey> keys;
  if (status.ok()) status = slicer.Slice(batch, 0, &keys);
  return std::string(status.message());
}

TEST(SqlSlicerTest, UnnestsAndFilters) {
  EXPECT_THAT(SqlSlices("SELECT STRUCT(t AS tag) FROM example.tags AS t WHERE t = 'a'"),
              UnorderedElementsAre("tag:a@0"));
  EXPECT_THAT(
      SqlSlices("select struct(day, tags) from example.day, UNNEST(example.tags) AS tags where day between 1 and 1"),
      UnorderedElementsAre("day_X_tags:1_X_a@0", "day_X_tags:1_X_b@0"));
}

TEST(SqlSlicerTest, IndexesArraysAndCountsThem) {
  EXPECT_THAT(
      SqlSlices("SELECT STRUCT(tags[ORDINAL(1)] AS first) FROM example.day WHERE ARRAY_LENGTH(example.tags) = 2"),
      UnorderedElementsAre("first:a@0", "first:b@1"));
  EXPECT_THAT(SqlSlices("SELECT STRUCT(tags[SAFE_OFFSET(5)] AS sixth)"),
              UnorderedElementsAre("sixth:NULL@0", "sixth:NULL@1", "sixth:NULL@2"));
}

TEST(SqlSlicerTest, ComputesValues) {
  EXPECT_THAT(SqlSlices("SELECT STRUCT(d * 2 + 1 AS x) FROM example.day AS d"),
              UnorderedElementsAre("x:3@0", "x:5@1", "x:3@2"));
  EXPECT_THAT(SqlSlices("SELECT STRUCT(s / 4 AS x) FROM example.size AS s"),
              UnorderedElementsAre("x:0.5@0", "x:0.125@1"));
  EXPECT_THAT(SqlSlices("SELECT STRUCT(CASE WHEN d > 1 THEN 'late' ELSE 'early' END AS part) FROM example.day d"),
              UnorderedElementsAre("part:early@0", "part:late@1", "part:early@2"));
  EXPECT_THAT(SqlSlices("SELECT STRUCT(UPPER(t) || '!' AS t) FROM example.tags t WHERE t IN ('b') AND NOT t LIKE 'a%'"),
              UnorderedElementsAre("t:B!@0", "t:B!@1"));
}

TEST(SqlSlicerTest, SortsGroupsAndCounts) {
  EXPECT_THAT(SqlSlices("SELECT STRUCT(t) FROM example.tags AS t ORDER BY t DESC LIMIT 1"),
              UnorderedElementsAre("t:b@0", "t:b@1"));
  EXPECT_THAT(SqlSlices("SELECT STRUCT(COUNT(*) AS n, MAX(t) AS last) FROM example.tags AS t"),
              UnorderedElementsAre("n_X_last:2_X_b@0", "n_X_last:2_X_b@1", "n_X_last:0_X_NULL@2"));
  EXPECT_THAT(SqlSlices("SELECT STRUCT(t, COUNT(*) AS n) FROM example.tags AS t GROUP BY t HAVING COUNT(*) > 1"),
              UnorderedElementsAre("t_X_n:b_X_2@1"));
  EXPECT_THAT(SqlSlices("SELECT AS STRUCT o, t FROM example.tags AS t WITH OFFSET AS o WHERE o = 1"),
              UnorderedElementsAre("o_X_t:1_X_b@0", "o_X_t:1_X_b@1"));
}

TEST(SqlSlicerTest, QueriesWithinQueries) {
  EXPECT_THAT(SqlSlices("SELECT STRUCT(d) FROM (SELECT day AS d FROM example.day) WHERE d > 1"),
              UnorderedElementsAre("d:2@1"));
  EXPECT_THAT(SqlSlices("SELECT STRUCT(IF(EXISTS(SELECT 1 FROM example.tags t WHERE t = 'a'), 'y', 'n') AS a)"),
              UnorderedElementsAre("a:y@0", "a:n@1", "a:n@2"));
  EXPECT_THAT(
      SqlSlices("SELECT STRUCT(d) FROM example.day d WHERE d IN (SELECT CAST(s * 4 AS INT64) FROM example.size s)"),
      UnorderedElementsAre("d:2@1"));
  EXPECT_THAT(SqlSlices("SELECT STRUCT(day) FROM example.day UNION ALL SELECT STRUCT(7 AS day)"),
              UnorderedElementsAre("day:1@0", "day:2@1", "day:1@2", "day:7@0", "day:7@1", "day:7@2"));
}

// As ZetaSQL writes them.
TEST(SqlSlicerTest, NumbersReadBackAsTheSame) {
  EXPECT_THAT(SqlSlices("SELECT STRUCT(s / 3 AS x) FROM example.size AS s"),
              UnorderedElementsAre("x:0.66666666666666663@0", "x:0.16666666666666666@1"));
  EXPECT_THAT(SqlSlices("SELECT STRUCT(ROUND(s * 1.26, 1) AS x, 5 / 2 AS y) FROM example.size AS s WHERE s > 1"),
              UnorderedElementsAre("x_X_y:2.5_X_2.5@0"));
}

TEST(SqlSlicerTest, NullIsNeitherTrueNorFalse) {
  EXPECT_THAT(SqlSlices("SELECT STRUCT(d AS d) FROM example.day d WHERE tags[SAFE_OFFSET(0)] != 'a'"),
              UnorderedElementsAre("d:2@1"));
  EXPECT_THAT(SqlSlices("SELECT STRUCT(d AS d) FROM example.day d WHERE tags IS NULL"), UnorderedElementsAre("d:1@2"));
}

TEST(SqlSlicerTest, NumbersAtTheEndsOfTheirRange) {
  // What there is no integer for is an error, not whatever the processor makes of it.
  const std::string least = "(-9223372036854775807 - 1)";
  for (const std::string& value : {"ABS(" + least + ")", "-" + least}) {
    EXPECT_THAT(SqlError("SELECT STRUCT(" + value + " AS x)"), HasSubstr("overflow")) << value;
  }
  EXPECT_THAT(SqlSlices("SELECT STRUCT(ROUND(0.25, " + least + ") AS x, tags[SAFE_ORDINAL(" + least +
                        ")] AS y) FROM example.day d"),
              UnorderedElementsAre("x_X_y:0.25_X_NULL@0", "x_X_y:0.25_X_NULL@1", "x_X_y:0.25_X_NULL@2"));
  EXPECT_THAT(SqlSlices("SELECT STRUCT(x) FROM UNNEST(GENERATE_ARRAY(9223372036854775806, 9223372036854775807)) x "
                        "WHERE EXISTS(SELECT 1 FROM example.day d WHERE d = 1) LIMIT 9223372036854775807 OFFSET 1"),
              Not(IsEmpty()));
}

TEST(SqlSlicerTest, LikeIsQuickWhateverThePattern) {
  std::string pattern = "%";
  for (int i = 0; i < 30; ++i) pattern += "a%";
  const std::string text(3000, 'a');
  EXPECT_THAT(
      SqlSlices("SELECT STRUCT(1 AS x) FROM example.day d WHERE d = 1 AND '" + text + "' LIKE '" + pattern + "b'"),
      IsEmpty());
  for (const char* like :
       {"'' LIKE ''", "'' LIKE '%'", "'abc' LIKE 'a%c'", "'abcbc' LIKE '%bc'", "'abc' LIKE 'a_c%'", "'für' LIKE 'f_r'",
        R"('a\nb' LIKE 'a_b')", R"('10%' LIKE '10\\\\%')", R"('a.b' LIKE '%.b')"}) {
    EXPECT_THAT(SqlSlices(std::string("SELECT STRUCT(1 AS x) FROM example.day d WHERE d = 1 AND ") + like),
                Not(IsEmpty()))
        << like;
  }
  for (const char* like : {"'' LIKE '_'", "'abc' LIKE 'ab'", "'ab' LIKE 'abc'", "'abc' LIKE '%b'",
                           R"('10x' LIKE '10\\\\%')", "'axb' LIKE 'a.b'"}) {
    EXPECT_THAT(SqlSlices(std::string("SELECT STRUCT(1 AS x) FROM example.day d WHERE ") + like), IsEmpty()) << like;
  }
  EXPECT_THAT(SqlError(R"(SELECT STRUCT('a' LIKE 'a\\' AS x) FROM example.day d)"), HasSubstr("ends with a backslash"));
}

TEST(SqlSlicerTest, RegularExpressionsAreThoseOfRe2) {
  EXPECT_THAT(
      SqlSlices("SELECT STRUCT(REGEXP_EXTRACT('ab12', '[a-z]+([0-9])') AS a, REGEXP_EXTRACT('ab', 'b|(c)') AS b, "
                "REGEXP_REPLACE('ab', '(a)(b)', '\\\\\\\\2\\\\\\\\1') AS c) FROM example.day d WHERE "
                "REGEXP_CONTAINS('xay', 'a')"),
      UnorderedElementsAre("a_X_b_X_c:1_X_NULL_X_ba@0", "a_X_b_X_c:1_X_NULL_X_ba@1", "a_X_b_X_c:1_X_NULL_X_ba@2"));
  EXPECT_THAT(SqlError("SELECT STRUCT(REGEXP_EXTRACT('a', '(') AS a)"), HasSubstr("not a regular expression"));
  // A text of a megabyte, and an expression that backtracking takes for ever on.
  EXPECT_THAT(SqlSlices("SELECT STRUCT(1 AS a) FROM example.day d WHERE REGEXP_CONTAINS(REPLACE('" +
                        std::string(1000, 'a') + "', 'a', '" + std::string(1000, 'a') + "'), '(a*)*b')"),
              IsEmpty());
}

TEST(SqlSlicerTest, WhatAStatementMayCostIsLimited) {
  const auto repeat = [](const std::string& text, int n) {
    std::string all;
    for (int i = 0; i < n; ++i) all += text;
    return all;
  };
  for (const auto& [sql, message] : std::vector<std::pair<std::string, std::string>>{
           {"SELECT STRUCT(" + repeat("(", 100000) + "1" + repeat(")", 100000) + " AS x)", "nested"},
           {"SELECT STRUCT(" + repeat("- ", 100000) + "1 AS x)", "nested"},
           {"SELECT STRUCT(" + repeat("NOT ", 100000) + "TRUE AS x)", "nested"},
           {"SELECT STRUCT(1" + repeat(" + 1", 100000) + " AS x)", "operators"},
           {"SELECT STRUCT(1 AS x)" + repeat(" UNION ALL SELECT STRUCT(1 AS x)", 10000), "nested"},
           {"SELECT STRUCT(COUNT(*) AS n) FROM UNNEST(GENERATE_ARRAY(1, 10000)) a, UNNEST(GENERATE_ARRAY(1, 10000)) b",
            "steps"},
           {"SELECT STRUCT(" + repeat("REPLACE(", 9) + "'a'" + repeat(", 'a', 'aaaaaaaaaa')", 9) + " AS x)",
            "too long"}}) {
    EXPECT_THAT(SqlError(sql), HasSubstr(message)) << sql.substr(0, 200);
  }
  // What is usual is far from the limits.
  EXPECT_THAT(SqlSlices("SELECT STRUCT(d + 0" + repeat(" + 1", 500) +
                        " AS x) FROM example.day d WHERE d = 1 AND d IN (0" + repeat(", 1", 5000) + ")"),
              Not(IsEmpty()));
  EXPECT_THAT(
      SqlSlices("SELECT STRUCT(" + repeat("(", 50) + "d" + repeat(")", 50) + " AS x) FROM example.day d WHERE d = 1"),
      Not(IsEmpty()));
}

TEST(SqlSlicerTest, SaysWhereItDoesNotUnderstand) {
  for (const char* sql :
       {"SELECT t FROM example.tags t", "SELECT STRUCT(t AS x FROM example.tags t",
        "SELECT STRUCT(t) FROM example.tags t GROUP BY", "SELECT STRUCT(t) FROM example.tags t WHERE COUNT(*) > 1",
        "SELECT STRUCT(NOSUCH(t) AS x) FROM example.tags t", "SELECT STRUCT(t + 1) FROM example.day t",
        "SELECT STRUCT('x AS y)"}) {
    const auto slicer = Slicer::Create(Config(std::string("slicing_specs { slice_keys_sql: \"") + sql + "\" }"));
    ASSERT_FALSE(slicer.ok()) << sql;
    EXPECT_THAT(std::string(slicer.status().message()), HasSubstr("slice_keys_sql")) << sql;
  }
}

TEST(SlicerTest, NanIsASliceOfItsOwnInAnyOrder) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const std::vector<float>& values :
       {std::vector<float>{nan, 0.5f, nan, 2.5f, -0.0f, 0.0f}, std::vector<float>{0.5f, 2.5f, nan, 0, nan, -0.0f}}) {
    std::vector<std::string> records;
    for (float value : values) records.push_back(ExampleBuilder().Floats("size", {value}).Serialize());
    const auto slices = Slices("slicing_specs { feature_keys: 'size' }", records);
    EXPECT_EQ(slices.size(), 4u);
    ASSERT_EQ(slices.count("size:nan"), 1u);
    EXPECT_EQ(slices.at("size:nan").size(), 2u);
    EXPECT_EQ(slices.at("size:0.5").size(), 1u);
    EXPECT_EQ(Slices("slicing_specs { feature_values { key: 'size' value: 'nan' } }", records).at("size:nan").size(),
              2u);
  }
}

}  // namespace
}  // namespace tfxm::model_analysis
