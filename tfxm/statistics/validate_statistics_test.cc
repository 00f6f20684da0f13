// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/validate_statistics.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/substitute.h"
#include "gtest/gtest.h"
#include "tfxm/statistics/infer_schema.h"
#include "tfxm/statistics/test_util.h"
#include "tfxm/statistics/validate/comparators.h"

namespace tfxm::statistics {
namespace {

using tensorflow::metadata::v0::Anomalies;
using tensorflow::metadata::v0::AnomalyInfo;
using tensorflow::metadata::v0::DatasetFeatureStatisticsList;
using tensorflow::metadata::v0::Histogram;
using tensorflow::metadata::v0::Schema;

DatasetFeatureStatisticsList ListOf(const std::vector<std::string>& examples) {
  DatasetFeatureStatisticsList list;
  *list.add_datasets() = StatisticsOf(Examples(examples));
  return list;
}

Anomalies Validate(const std::vector<std::string>& examples, const std::string& schema,
                   const ValidationOptions& options = {}) {
  const auto anomalies = ValidateStatistics(ListOf(examples), ParseText<Schema>(schema), options);
  EXPECT_TRUE(anomalies.ok()) << anomalies.status();
  return anomalies.value_or(Anomalies());
}

// "TYPE: description" of the only anomaly, which is that of feature x.
std::string Only(const Anomalies& anomalies) {
  if (anomalies.anomaly_info_size() != 1 || !anomalies.anomaly_info().contains("x")) return anomalies.DebugString();
  const AnomalyInfo& info = anomalies.anomaly_info().at("x");
  if (info.reason_size() != 1) return info.DebugString();
  return absl::StrCat(AnomalyInfo::Type_Name(info.reason(0).type()), ": ", info.description());
}

TEST(ValidateStatisticsTest, AnomaliesOfManyConstraintsAreTfdvs) {
  const auto plain = ReadBinary<DatasetFeatureStatisticsList>("statistics.pb");
  const auto weighted = ReadBinary<DatasetFeatureStatisticsList>("weighted_statistics.pb");
  const auto other = ReadBinary<DatasetFeatureStatisticsList>("other_statistics.pb");
  const std::vector<std::optional<std::string>> environments = {std::nullopt, "TRAINING", "SERVING"};
  for (int i = 0; i < 8; ++i) {
    const auto schema = ReadSchema(TestData(absl::StrCat("validation/", i, "_schema.pbtxt")));
    ASSERT_TRUE(schema.ok()) << schema.status();
    auto anomalies = ValidateStatistics(i == 5 ? weighted : plain, *schema,
                                        {.environment = environments[i % 3],
                                         .previous_span = i % 2 == 1 ? &other : nullptr,
                                         .serving = i % 4 > 1 ? &other : nullptr});
    ASSERT_TRUE(anomalies.ok()) << anomalies.status();
    EXPECT_EQ(Differences(*schema, anomalies->baseline(), 0), "");
    anomalies->clear_baseline();
    const auto expected = ReadBinary<Anomalies>(absl::StrCat("validation/", i, "_anomalies.pb"));
    EXPECT_GT(expected.anomaly_info_size(), 5);
    EXPECT_EQ(Differences(expected, *anomalies, 1e-9), "") << i;
  }
}

TEST(ValidateStatisticsTest, DataFitTheSchemaInferredFromThem) {
  const auto statistics = ReadBinary<DatasetFeatureStatisticsList>("statistics.pb");
  const auto schema = InferSchema(statistics);
  ASSERT_TRUE(schema.ok());
  const auto anomalies = ValidateStatistics(statistics, *schema);
  ASSERT_TRUE(anomalies.ok());
  EXPECT_EQ(anomalies->anomaly_info_size(), 0);
  EXPECT_EQ(anomalies->anomaly_name_format(), Anomalies::SERIALIZED_PATH);
}

TEST(ValidateStatisticsTest, NoExamplesAreMissingData) {
  DatasetFeatureStatisticsList empty;
  empty.add_datasets();
  const auto anomalies = ValidateStatistics(empty, ParseText<Schema>(R"(feature { name: "x" type: INT })"));
  ASSERT_TRUE(anomalies.ok());
  EXPECT_TRUE(anomalies->data_missing());
  EXPECT_EQ(anomalies->baseline().feature_size(), 1);
  EXPECT_EQ(anomalies->anomaly_info_size(), 0);
}

TEST(ValidateStatisticsTest, NewAndMissingFeatures) {
  EXPECT_EQ(Only(Validate({Ints("x", "1")}, "")), "SCHEMA_NEW_COLUMN: New column (column in data but not in schema)");
  EXPECT_EQ(Only(Validate({Ints("y", "1")}, R"(feature { name: "x" type: INT presence { min_count: 1 } }
                                               feature { name: "y" type: INT }
                                               feature { name: "optional" type: INT })")),
            "SCHEMA_MISSING_COLUMN: Column is completely missing");
}

TEST(ValidateStatisticsTest, ImagesWithoutTheirFormatsAreNamed) {
  const auto schema = ParseText<Schema>(
      R"(feature { name: "x" type: BYTES image_domain { minimum_supported_image_fraction: 0.9 } }
         feature { name: "y" type: BYTES image_domain {} })");
  std::vector<std::string> examples;
  for (int i = 0; i < 100; ++i) examples.push_back(Bytes("x", "'BM'") + Bytes("y", "'BM'"));
  const auto unchecked = UncheckedConstraints(ListOf(examples), schema);
  ASSERT_EQ(unchecked.size(), 1u);
  EXPECT_EQ(unchecked[0].substr(0, 50), "x: minimum_supported_image_fraction is not checked");
  DatasetFeatureStatisticsList with_formats;
  *with_formats.add_datasets() =
      StatisticsOf(Examples(examples), {.schema = schema, .enable_semantic_domain_stats = true});
  EXPECT_TRUE(UncheckedConstraints(with_formats, schema).empty());
}

TEST(ValidateStatisticsTest, OnlyTheNewFeaturesThatAreNeededAreReported) {
  const std::vector<std::string> examples = {Ints("x", "1") + Ints("y", "1")};
  EXPECT_EQ(Validate(examples, "").anomaly_info_size(), 2);
  EXPECT_EQ(Only(Validate(examples, "", {.features_needed = {{"x"}}})),
            "SCHEMA_NEW_COLUMN: New column (column in data but not in schema)");
}

TEST(ValidateStatisticsTest, DiffRegionsAreWhatTheSchemaWouldHaveToChange) {
  const auto anomalies =
      Validate({Ints("x", "12"), Ints("x", "1")}, R"(feature { name: "x" type: INT int_domain { min: 0 max: 10 } }
                                                    feature { name: "z" type: INT presence { min_count: 1 } })",
               {.enable_diff_regions = true});
  const auto changed = [&](const std::string& name) {
    std::string text;
    for (const auto& region : anomalies.anomaly_info().at(name).diff_regions()) {
      for (const auto& line : region.changed().left_contents()) absl::StrAppend(&text, "-", line, "\n");
      for (const auto& line : region.changed().right_contents()) absl::StrAppend(&text, "+", line, "\n");
      for (const auto& line : region.added().contents()) absl::StrAppend(&text, "+", line, "\n");
    }
    return text;
  };
  EXPECT_EQ(changed("x"), "-    max: 10\n+    max: 12\n");
  EXPECT_EQ(changed("z"), "+  lifecycle_stage: DEPRECATED\n");
  EXPECT_EQ(Validate({Ints("x", "12")}, R"(feature { name: "x" type: INT int_domain { max: 10 } })")
                .anomaly_info()
                .at("x")
                .diff_regions_size(),
            0);
}

TEST(ValidateStatisticsTest, WarningsAreNoErrors) {
  const std::vector<std::string> examples = {Ints("x", "1")};
  EXPECT_TRUE(HasErrors(Validate(examples, "")));
  EXPECT_FALSE(HasErrors(
      Validate(examples, "", {.severity_overrides = {{AnomalyInfo::SCHEMA_NEW_COLUMN, AnomalyInfo::WARNING}}})));
  EXPECT_FALSE(HasErrors(Validate(examples, R"(feature { name: "x" type: INT })")));
  EXPECT_TRUE(HasErrors(
      Validate(examples, R"(feature { name: "x" type: INT } dataset_constraints { min_examples_count: 9 })")));
}

TEST(ValidateStatisticsTest, Type) {
  EXPECT_EQ(Only(Validate({Bytes("x", R"("a")")}, R"(feature { name: "x" type: FLOAT })")),
            "UNEXPECTED_DATA_TYPE: Expected data of type: FLOAT but got STRING");
}

TEST(ValidateStatisticsTest, Presence) {
  const std::vector<std::string> half = {Ints("x", "1"), ""};
  EXPECT_EQ(Only(Validate(half, R"(feature { name: "x" type: INT presence { min_fraction: 0.75 } })")),
            "FEATURE_TYPE_LOW_FRACTION_PRESENT: The feature was present in fewer examples than expected: minimum "
            "fraction = 0.750000, actual = 0.500000");
  EXPECT_EQ(Only(Validate(half, R"(feature { name: "x" type: INT presence { min_count: 2 } })")),
            "FEATURE_TYPE_LOW_NUMBER_PRESENT: The feature was present in fewer examples than expected: minimum count = "
            "2, actual = 1");
  EXPECT_EQ(Validate(half, R"(feature { name: "x" type: INT presence { min_fraction: 0.5 min_count: 1 } })")
                .anomaly_info_size(),
            0);
}

TEST(ValidateStatisticsTest, ValueCountAndShape) {
  const std::vector<std::string> examples = {Ints("x", "1, 2"), Ints("x", "1, 2")};
  EXPECT_EQ(Only(Validate(examples, R"(feature { name: "x" type: INT value_count { min: 3 } })")),
            "FEATURE_TYPE_LOW_NUMBER_VALUES: Some examples have fewer values than expected.");
  EXPECT_EQ(Only(Validate(examples, R"(feature { name: "x" type: INT value_count { max: 1 } })")),
            "FEATURE_TYPE_HIGH_NUMBER_VALUES: Some examples have more values than expected.");
  EXPECT_EQ(Only(Validate(examples, R"(feature { name: "x" type: INT shape { dim { size: 3 } } })")),
            "INVALID_FEATURE_SHAPE: The feature has fixed value length 2 but it's not compatible with the specified "
            "shape.");
  EXPECT_EQ(Validate(examples, R"(feature { name: "x" type: INT shape { dim { size: 2 } dim { size: 1 } } })")
                .anomaly_info_size(),
            0);
}

TEST(ValidateStatisticsTest, NumericDomains) {
  const std::vector<std::string> ints = {Ints("x", "-1"), Ints("x", "7")};
  EXPECT_EQ(Only(Validate(ints, R"(feature { name: "x" type: INT int_domain { min: 0 } })")),
            "INT_TYPE_SMALL_INT: Unexpectedly small value: -1.");
  EXPECT_EQ(Only(Validate(ints, R"(feature { name: "x" type: INT int_domain { min: -1 max: 6 } })")),
            "INT_TYPE_BIG_INT: Unexpectedly large value: 7.");
  EXPECT_EQ(Only(Validate({Floats("x", "2.5")}, R"(feature { name: "x" type: FLOAT float_domain { max: 1.5 } })")),
            "FLOAT_TYPE_BIG_FLOAT: Unexpectedly high value: 2.5>1.5(upto six significant digits)");
  EXPECT_EQ(Only(Validate({Floats("x", "nan, 1")},
                          R"(feature { name: "x" type: FLOAT float_domain { disallow_nan: true } })")),
            "FLOAT_TYPE_HAS_NAN: Float feature has NaN values.");
  EXPECT_EQ(Only(Validate({Bytes("x", R"("7a")")}, R"(feature { name: "x" type: BYTES int_domain {} })")),
            "INT_TYPE_NOT_INT_STRING: String values that were not ints were found, such as \"7a\".");
}

TEST(ValidateStatisticsTest, StringDomainUpToTheMassOutsideIt) {
  const std::vector<std::string> examples = {Bytes("x", R"("a", "a", "a", "b")")};
  const std::string schema = R"(feature { name: "x" type: BYTES domain: "d" distribution_constraints {
                                            min_domain_mass: $0 } } string_domain { name: "d" value: "a" })";
  EXPECT_EQ(Only(Validate(examples, absl::Substitute(schema, 0.9))),
            "ENUM_TYPE_UNEXPECTED_STRING_VALUES: Examples contain values missing from the schema: b (~25%). ");
  EXPECT_EQ(Validate(examples, absl::Substitute(schema, 0.7)).anomaly_info_size(), 0);
}

TEST(ValidateStatisticsTest, SeveralReasonsAreOneAnomaly) {
  const Anomalies anomalies = Validate({Ints("x", "5, 6")}, R"(feature { name: "x" type: INT value_count { max: 1 }
                                                                         int_domain { max: 5 } })");
  const AnomalyInfo& info = anomalies.anomaly_info().at("x");
  EXPECT_EQ(info.reason_size(), 2);
  EXPECT_EQ(info.short_description(), "Multiple errors");
  EXPECT_EQ(info.description(), "Some examples have more values than expected. Unexpectedly large value: 6.");
  EXPECT_EQ(info.severity(), AnomalyInfo::ERROR);
}

TEST(ValidateStatisticsTest, Environments) {
  const std::string schema = R"(default_environment: "TRAINING" default_environment: "SERVING"
                                feature { name: "x" type: INT presence { min_count: 1 } not_in_environment: "SERVING" }
                                feature { name: "y" type: INT })";
  EXPECT_EQ(Validate({Ints("y", "1")}, schema, {.environment = "SERVING"}).anomaly_info_size(), 0);
  EXPECT_EQ(Only(Validate({Ints("y", "1")}, schema, {.environment = "TRAINING"})),
            "SCHEMA_MISSING_COLUMN: Column is completely missing");
  EXPECT_EQ(Only(Validate({Ints("x", "1")}, schema, {.environment = "SERVING"})),
            "SCHEMA_NEW_COLUMN: New column x found in data but not in the environment SERVING in the schema.");
  const auto unknown = ValidateStatistics(ListOf({Ints("y", "1")}), ParseText<Schema>(schema), {.environment = "TEST"});
  EXPECT_EQ(unknown.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(unknown.status().message().find("TRAINING, SERVING"), std::string::npos) << unknown.status();
}

TEST(ValidateStatisticsTest, SeverityCanBeOverridden) {
  const Anomalies anomalies =
      Validate({Ints("x", "1")}, "", {.severity_overrides = {{AnomalyInfo::SCHEMA_NEW_COLUMN, AnomalyInfo::WARNING}}});
  EXPECT_EQ(anomalies.anomaly_info().at("x").severity(), AnomalyInfo::WARNING);
}

TEST(ValidateStatisticsTest, DriftIsMeasuredAndReportedAboveTheThreshold) {
  const auto previous = ListOf({Bytes("x", R"("a", "a", "a", "b")")});
  const std::string schema =
      R"(feature { name: "x" type: BYTES drift_comparator { infinity_norm { threshold: $0 } } })";
  const std::vector<std::string> current = {Bytes("x", R"("a", "b")")};
  Anomalies anomalies = Validate(current, absl::Substitute(schema, 0.2), {.previous_span = &previous});
  EXPECT_EQ(Only(anomalies),
            "COMPARATOR_L_INFTY_HIGH: The Linfty distance between current and previous is 0.25 (up to six significant "
            "digits), above the threshold 0.2. The feature value with maximum difference is: b");
  ASSERT_EQ(anomalies.drift_skew_info_size(), 1);
  EXPECT_EQ(anomalies.drift_skew_info(0).drift_measurements(0).value(), 0.25);
  anomalies = Validate(current, absl::Substitute(schema, 0.3), {.previous_span = &previous});
  EXPECT_EQ(anomalies.anomaly_info_size(), 0);
  EXPECT_EQ(anomalies.drift_skew_info_size(), 1);
  const auto without = ListOf({Ints("y", "1")});
  EXPECT_EQ(Only(Validate(current, absl::Substitute(schema, 0.3), {.previous_span = &without})),
            "COMPARATOR_CONTROL_DATA_MISSING: previous data is missing.");
}

TEST(ValidateStatisticsTest, NumberOfExamples) {
  const auto previous = ListOf({Ints("x", "1")});
  const Anomalies anomalies = Validate({Ints("x", "1"), Ints("x", "1"), Ints("x", "1")},
                                       R"(feature { name: "x" type: INT } dataset_constraints {
                  min_examples_count: 4 num_examples_drift_comparator { max_fraction_threshold: 2 } })",
                                       {.previous_span = &previous});
  EXPECT_EQ(anomalies.dataset_anomaly_info().reason_size(), 2);
  EXPECT_EQ(anomalies.dataset_anomaly_info().reason(0).type(), AnomalyInfo::COMPARATOR_HIGH_NUM_EXAMPLES);
  EXPECT_EQ(anomalies.dataset_anomaly_info().reason(1).type(), AnomalyInfo::DATASET_LOW_NUM_EXAMPLES);
}

TEST(JensenShannonDivergenceTest, ZeroForEqualOneForDisjointHistograms) {
  const auto a = ParseText<Histogram>("buckets { low_value: 0 high_value: 1 sample_count: 2 }");
  const auto split = ParseText<Histogram>(
      "buckets { low_value: 0 high_value: 0.5 sample_count: 3 } buckets { low_value: 0.5 high_value: 1 sample_count: 3 "
      "}");
  const auto far = ParseText<Histogram>("buckets { low_value: 5 high_value: 6 sample_count: 1 }");
  EXPECT_NEAR(*JensenShannonDivergence(a, split), 0, 1e-15);
  EXPECT_EQ(*JensenShannonDivergence(a, far), 1);
  EXPECT_FALSE(JensenShannonDivergence(a, Histogram()).has_value());
}

TEST(SerializePathTest, QuotesWhatNeedsIt) {
  EXPECT_EQ(SerializePath({"a", "b"}), "a.b");
  EXPECT_EQ(SerializePath({"a.b", "c"}), "'a.b'.c");
  EXPECT_EQ(SerializePath({"it's"}), "'it''s'");
  EXPECT_EQ(SerializePath({"(ext.name)"}), "(ext.name)");
  EXPECT_EQ(SerializePath({""}), "''");
}

}  // namespace
}  // namespace tfxm::statistics
