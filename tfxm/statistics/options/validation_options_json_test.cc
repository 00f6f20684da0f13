// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/options/validation_options_json.h"

#include "gtest/gtest.h"

namespace tfxm::statistics {
namespace {

using tensorflow::metadata::v0::AnomalyInfo;

std::string ErrorOf(absl::string_view json) { return std::string(ParseValidationOptions(json).status().message()); }

TEST(ValidationOptionsJsonTest, AllNames) {
  const auto options = ParseValidationOptions(
      R"({"environment": "SERVING", "enable_diff_regions": true, "features_needed": ["age", ["trip", "fare"]],
          "severity_overrides": {"SCHEMA_NEW_COLUMN": "ERROR", "UNEXPECTED_DATA_TYPE": "WARNING"},
          "new_features_are_warnings": true})");
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->environment, "SERVING");
  EXPECT_TRUE(options->enable_diff_regions);
  EXPECT_EQ(options->features_needed, (std::set<std::vector<std::string>>{{"age"}, {"trip", "fare"}}));
  // What is said of the type itself counts.
  EXPECT_EQ(options->severity_overrides.at(AnomalyInfo::SCHEMA_NEW_COLUMN), AnomalyInfo::ERROR);
  EXPECT_EQ(options->severity_overrides.at(AnomalyInfo::UNEXPECTED_DATA_TYPE), AnomalyInfo::WARNING);
}

TEST(ValidationOptionsJsonTest, NothingIsTheDefault) {
  for (const char* json :
       {"{}", R"({"environment": null, "severity_overrides": null, "new_features_are_warnings": false})"}) {
    const auto options = ParseValidationOptions(json);
    ASSERT_TRUE(options.ok()) << options.status();
    EXPECT_FALSE(options->environment.has_value());
    EXPECT_TRUE(options->severity_overrides.empty());
  }
}

TEST(ValidationOptionsJsonTest, OverridesAsMessages) {
  const auto options =
      ParseValidationOptions(R"({"severity_overrides": [{"type": "SCHEMA_NEW_COLUMN", "severity": "WARNING"}]})");
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->severity_overrides.at(AnomalyInfo::SCHEMA_NEW_COLUMN), AnomalyInfo::WARNING);
}

TEST(ValidationOptionsJsonTest, ErrorsNameTheOption) {
  EXPECT_EQ(ErrorOf(R"({"enviroment": "A"})"),
            "unknown ValidationOptions \"enviroment\"; did you mean \"environment\"");
  EXPECT_EQ(ErrorOf(R"({"severity_overrides": {"SCHEMA_NEW_COLUM": "WARNING"}})").substr(0, 97),
            "ValidationOptions \"severity_overrides\": unknown type of anomaly \"SCHEMA_NEW_COLUM\"; did you mean ");
  EXPECT_EQ(ErrorOf(R"({"severity_overrides": {"SCHEMA_NEW_COLUMN": "WARN"}})").substr(0, 63),
            "ValidationOptions \"severity_overrides\": unknown severity \"WARN\"");
  EXPECT_EQ(ErrorOf(R"({"severity_overrides": [{"type": "SCHEMA_NEW_COLUMN"}]})"),
            "ValidationOptions \"severity_overrides\": expected an object with type and severity, found "
            "{\"type\":\"SCHEMA_NEW_COLUMN\"}");
  EXPECT_EQ(ErrorOf(R"({"features_needed": "age"})"),
            "ValidationOptions \"features_needed\": expected a list of features, found \"age\"");
  EXPECT_EQ(ErrorOf("[]").substr(0, 68), "the ValidationOptions are not a JSON object such as {\"environment\": ");
}

}  // namespace
}  // namespace tfxm::statistics
