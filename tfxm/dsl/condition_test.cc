// SPDX-License-Identifier: Apache-2.0

#include "tfxm/dsl/condition.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

using ::tfx::orchestration::PlaceholderExpression;

PlaceholderExpression Parse(const std::string& text) {
  PlaceholderExpression expression;
  const absl::Status parsed = io::ParseTextProto(text, &expression);
  EXPECT_TRUE(parsed.ok()) << parsed;
  return expression;
}

const char kArtifact[] = R"(expression { operator { index_op { expression { placeholder { key: "blessing" } } } } })";

// `what` of the first blessing, compared with `value`.
std::string Comparison(const std::string& what, const std::string& op, const std::string& value) {
  return absl::StrCat("operator { compare_op { lhs { operator { ", what, " } } rhs { value { ", value, " } } op: ", op,
                      " } }");
}
std::string CustomProperty(const std::string& name) {
  return absl::StrCat("artifact_property_op { ", kArtifact, " key: \"", name, "\" is_custom_property: true }");
}
std::string Not(const std::string& expression) {
  return absl::StrCat("operator { unary_logical_op { op: NOT expression { ", expression, " } } }");
}
std::string Join(const std::string& op, const std::string& left, const std::string& right) {
  return absl::StrCat("operator { binary_logical_op { op: ", op, " lhs { ", left, " } rhs { ", right, " } } }");
}

ArtifactDict Inputs() {
  return {{"blessing",
           {{.id = 1,
             .type_name = "ModelBlessing",
             .uri = "/somewhere",
             .properties = {{"span", int64_t{3}}},
             .custom_properties = {{"blessed", int64_t{1}}, {"loss", 0.25}, {"name", "m"}}}}}};
}

bool Holds(const std::string& text) {
  const PlaceholderExpression expression = Parse(text);
  const absl::Status checked = CheckCondition(expression);
  EXPECT_TRUE(checked.ok()) << checked;
  const auto holds = EvaluateCondition(expression, Inputs());
  EXPECT_TRUE(holds.ok()) << holds.status();
  return holds.value_or(false);
}

TEST(ConditionTest, ComparesWhatAnArtifactHas) {
  EXPECT_TRUE(Holds(Comparison(CustomProperty("blessed"), "EQUAL", "int_value: 1")));
  EXPECT_FALSE(Holds(Comparison(CustomProperty("blessed"), "EQUAL", "int_value: 0")));
  EXPECT_TRUE(Holds(Comparison(CustomProperty("blessed"), "EQUAL", "double_value: 1")));
  EXPECT_TRUE(Holds(Comparison(CustomProperty("loss"), "LESS_THAN", "double_value: 0.5")));
  EXPECT_FALSE(Holds(Comparison(CustomProperty("loss"), "GREATER_THAN", "int_value: 1")));
  EXPECT_TRUE(Holds(Comparison(CustomProperty("name"), "EQUAL", "string_value: 'm'")));
  EXPECT_TRUE(
      Holds(Comparison(absl::StrCat("artifact_property_op { ", kArtifact, " key: 'span' }"), "EQUAL", "int_value: 3")));
  EXPECT_TRUE(
      Holds(Comparison(absl::StrCat("artifact_uri_op { ", kArtifact, " }"), "EQUAL", "string_value: '/somewhere'")));
}

TEST(ConditionTest, WhatIsNotThereEqualsNothing) {
  EXPECT_FALSE(Holds(Comparison(CustomProperty("none"), "EQUAL", "int_value: 0")));
  EXPECT_TRUE(Holds(Not(Comparison(CustomProperty("none"), "EQUAL", "int_value: 0"))));
  EXPECT_FALSE(Holds(Comparison(CustomProperty("name"), "EQUAL", "int_value: 1"))) << "a text is not a number";
}

TEST(ConditionTest, JoinsByAndOrNot) {
  const std::string yes = Comparison(CustomProperty("blessed"), "EQUAL", "int_value: 1"), no = Not(yes);
  EXPECT_FALSE(Holds(no));
  EXPECT_TRUE(Holds(Join("AND", yes, yes)));
  EXPECT_FALSE(Holds(Join("AND", yes, no)));
  EXPECT_FALSE(Holds(Join("AND", no, yes)));
  EXPECT_TRUE(Holds(Join("OR", no, yes)));
  EXPECT_TRUE(Holds(Join("OR", yes, no)));
  EXPECT_FALSE(Holds(Join("OR", no, no)));
}

TEST(ConditionTest, AValueIsWhatTheFileHolds) {
  std::string path = "/tmp/tfxm_condition_XXXXXX";
  ASSERT_NE(mkdtemp(path.data()), nullptr);
  ASSERT_TRUE(io::WriteFile(path + "/value", "7").ok());
  const std::string what = absl::StrCat("artifact_value_op { ", kArtifact, " }");
  const auto holds = [&](const std::string& type, const std::string& value) {
    return EvaluateCondition(Parse(Comparison(what, "EQUAL", value)),
                             {{"blessing", {{.type_name = type, .uri = path}}}});
  };
  EXPECT_TRUE(*holds("Integer", "int_value: 7"));
  EXPECT_TRUE(*holds("Float", "double_value: 7"));
  EXPECT_TRUE(*holds("String", "string_value: '7'"));
  std::system(("rm -r " + path).c_str());
  EXPECT_TRUE(absl::StrContains(holds("ModelBlessing", "int_value: 1").status().message(),
                                "the value of an artifact of type ModelBlessing, which has none"));
}

TEST(ConditionTest, MistakesAreNamed) {
  const auto by_order =
      EvaluateCondition(Parse(Comparison(CustomProperty("name"), "LESS_THAN", "int_value: 1")), Inputs());
  EXPECT_TRUE(absl::StrContains(by_order.status().message(), "compares a text with a number"));
  const auto missing = EvaluateCondition(Parse(Comparison(CustomProperty("blessed"), "EQUAL", "int_value: 1")), {});
  EXPECT_TRUE(absl::StrContains(missing.status().message(), "artifact 0 of \"blessing\", which is not there"));
  for (const char* unknown :
       {"", "value { int_value: 1 }", "operator { compare_op { lhs { operator { concat_op {} } } } }",
        "operator { unary_logical_op { expression { placeholder { key: 'a' } } } }"}) {
    EXPECT_EQ(CheckCondition(Parse(unknown)).code(), absl::StatusCode::kUnimplemented) << unknown;
  }
}

}  // namespace
}  // namespace tfxm
