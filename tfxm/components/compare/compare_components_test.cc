// SPDX-License-Identifier: Apache-2.0

// DistributionValidator and ExampleDiff against TFX's (testdata/make_goldens.py).
#include <map>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/util/field_comparator.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "tensorflow_metadata/proto/v0/anomalies.pb.h"
#include "tfx/proto/distribution_validator.pb.h"
#include "tfx/proto/example_diff.pb.h"
#include "tfxm/components/compare/internal/feature_skew.h"
#include "tfxm/components/executor.h"
#include "tfxm/data/examples.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

using tensorflow::metadata::v0::Anomalies;

std::string TestData(const std::string& name) { return io::JoinPath("tfxm/components/compare/testdata", name); }

template <typename Proto>
Proto ReadText(const std::string& name) {
  Proto proto;
  EXPECT_TRUE(io::ReadTextProto(TestData(name), &proto).ok()) << name;
  return proto;
}

template <typename Proto>
std::string Json(const Proto& proto) {
  return io::ToJson(proto).value();
}

class CompareComponentsTest : public testing::Test {
 protected:
  void SetUp() override { root_ = *io::MakeTempDir(testing::TempDir(), "compare"); }

  // An artifact with one split, of a file of the test data.
  Artifact OneSplit(const std::string& name, const std::string& split, const std::string& from, const std::string& as) {
    const std::string uri = io::JoinPath(root_, name), dir = data::SplitDir(uri, split);
    EXPECT_TRUE(io::MakeDirs(dir).ok());
    EXPECT_TRUE(io::WriteFile(io::JoinPath(dir, as), *io::ReadFile(TestData(from))).ok());
    return Artifact{.uri = uri, .properties = {{"split_names", data::EncodeSplitNames({split})}, {"span", int64_t{4}}}};
  }

  absl::Status Run(const std::string& component, const ArtifactDict& inputs, const std::string& key,
                   const Properties& properties) {
    output_ = Artifact{.uri = io::JoinPath(root_, key)};
    EXPECT_TRUE(io::MakeDirs(output_.uri).ok());
    ArtifactDict outputs = {{key, {output_}}};
    ExecutorContext context;
    context.progress = [this](absl::string_view message, double) { said_ = std::string(message); };
    absl::Status status = (*ExecutorRegistry::Get().Create("tfx.components." + component + ".executor.Executor"))
                              ->Do(inputs, properties, context, &outputs);
    output_ = outputs[key][0];
    return status;
  }

  // Of the property "blessed".
  std::map<std::string, double> Blessed() {
    const std::string text = std::get<std::string>(output_.custom_properties["blessed"]);
    std::string bytes;
    google::protobuf::Struct blessed;
    EXPECT_TRUE(absl::Base64Unescape(text.substr(text.find("::") + 2), &bytes) && blessed.ParseFromString(bytes));
    std::map<std::string, double> values;
    for (const auto& [name, value] : blessed.fields()) values[name] = value.number_value();
    return values;
  }

  std::string root_, said_;
  Artifact output_;
};

class DistributionValidatorTest : public CompareComponentsTest {
 protected:
  static std::string Config(const std::string& name) {
    return Json(ReadText<tfx::components::distribution_validator::DistributionValidatorConfig>(name));
  }
  ArtifactDict Inputs() {
    return {{"statistics", {OneSplit("current", "train", "current.pb", "FeatureStats.pb")}},
            {"baseline_statistics", {OneSplit("baseline", "train", "baseline.pb", "FeatureStats.pb")}}};
  }
};

TEST_F(DistributionValidatorTest, AnomaliesAreTfxs) {
  for (int i = 0; i < 5; ++i) {
    SCOPED_TRACE(i);
    ASSERT_EQ(Run("distribution_validator", Inputs(), "anomalies",
                  {{"distribution_validator_config", Config(absl::StrCat("shifts/", i, "_config.pbtxt"))}}),
              absl::OkStatus());
    Anomalies actual;
    ASSERT_TRUE(io::ReadBinaryProto(io::JoinPath(output_.uri, "SplitPair-train_train", "SchemaDiff.pb"), &actual).ok());
    actual.clear_baseline();
    const auto expected = ReadText<Anomalies>(absl::StrCat("shifts/", i, "_anomalies.pbtxt"));
    google::protobuf::util::MessageDifferencer differencer;
    google::protobuf::util::DefaultFieldComparator comparator;
    comparator.set_float_comparison(google::protobuf::util::DefaultFieldComparator::APPROXIMATE);
    comparator.SetDefaultFractionAndMargin(1e-9, 1e-9);
    differencer.set_field_comparator(&comparator);
    std::string differences;
    differencer.ReportDifferencesToString(&differences);
    EXPECT_TRUE(differencer.Compare(expected, actual)) << differences;
    const bool shifted = !expected.anomaly_info().empty() || expected.has_dataset_anomaly_info();
    EXPECT_EQ(Blessed(), (std::map<std::string, double>{{"train_train", shifted ? 0 : 1}}));
    EXPECT_EQ(std::get<std::string>(output_.properties["split_names"]), R"(["train_train"])");
  }
}

TEST_F(DistributionValidatorTest, WithoutABaselineNothingIsValidated) {
  ArtifactDict inputs = Inputs();
  inputs["baseline_statistics"].clear();
  ASSERT_EQ(Run("distribution_validator", inputs, "anomalies",
                {{"distribution_validator_config", Config("shifts/0_config.pbtxt")}}),
            absl::OkStatus());
  EXPECT_EQ(Blessed(), (std::map<std::string, double>{{"train", 2}}));
}

TEST_F(DistributionValidatorTest, PairsThatThereAreNotAreNamed) {
  const Properties properties = {{"distribution_validator_config", Config("shifts/0_config.pbtxt")},
                                 {"include_split_pairs", R"([["train", "eval"]])"}};
  const absl::Status status = Run("distribution_validator", Inputs(), "anomalies", properties);
  EXPECT_EQ(status.message(), "include_split_pairs names the split \"eval\", but the baseline has only [train]");
  ArtifactDict inputs = Inputs();
  inputs["baseline_statistics"] = {OneSplit("other", "eval", "baseline.pb", "FeatureStats.pb")};
  EXPECT_FALSE(Run("distribution_validator", inputs, "anomalies",
                   {{"distribution_validator_config", Config("shifts/0_config.pbtxt")}})
                   .ok());
  EXPECT_EQ(Run("distribution_validator", inputs, "anomalies", properties), absl::OkStatus());
  EXPECT_TRUE(io::Exists(io::JoinPath(output_.uri, "SplitPair-train_eval", "SchemaDiff.pb")));
}

tfx::components::example_diff::ExampleDiffConfig DiffConfig() {
  return ReadText<tfx::components::example_diff::ExampleDiffConfig>("example_diff_config.pbtxt");
}

// The messages as text, one after the other, as the golden file has them.
std::string Text(const FeatureSkewResults& results) {
  std::string text;
  const auto add = [&](const google::protobuf::Message& message) {
    std::string one;
    EXPECT_TRUE(google::protobuf::TextFormat::PrintToString(message, &one));
    absl::StrAppend(&text, text.empty() ? "" : "\n", one);
  };
  for (const auto& [name, skew] : results.features) add(skew);
  add(results.match_stats);
  for (const auto& confusion : results.confusion) add(confusion);
  return text;
}

TEST(FeatureSkewTest, CountsAreTfdvs) {
  const std::string expected = *io::ReadFile(TestData("feature_skew.pbtxt"));
  const std::vector<std::string> base = {TestData("base.tfrecord")}, test = {TestData("test.tfrecord")};
  const auto results = DetectFeatureSkew(base, test, DiffConfig().paired_example_skew());
  ASSERT_TRUE(results.ok()) << results.status();
  EXPECT_EQ(Text(*results), expected);
  // In several parts.
  const auto in_parts = DetectFeatureSkew(base, test, DiffConfig().paired_example_skew(), {.max_bytes = 100});
  ASSERT_TRUE(in_parts.ok()) << in_parts.status();
  EXPECT_EQ(Text(*in_parts), expected);
}

TEST(FeatureSkewTest, TheSampleHasPairsThatDifferAndIsAlwaysTheSame) {
  auto config = DiffConfig().paired_example_skew();
  config.set_skew_sample_size(3);
  const std::vector<std::string> base = {TestData("base.tfrecord")}, test = {TestData("test.tfrecord")};
  const auto results = DetectFeatureSkew(base, test, config);
  ASSERT_TRUE(results.ok()) << results.status();
  ASSERT_EQ(results->sample.size(), 3u);
  const auto in_parts = DetectFeatureSkew(base, test, config, {.max_bytes = 100});
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(results->sample[i].SerializeAsString(), in_parts->sample[i].SerializeAsString());
    EXPECT_NE(results->sample[i].base(), results->sample[i].test());
  }
}

TEST(FeatureSkewTest, WhatCannotBeComparedIsSaid) {
  auto config = DiffConfig().paired_example_skew();
  const std::vector<std::string> base = {TestData("base.tfrecord")}, test = {TestData("test.tfrecord")};
  config.mutable_confusion_config(0)->set_feature_name("n");
  EXPECT_EQ(DetectFeatureSkew(base, test, config).status().message(),
            "confusion_config: feature \"n\" has numbers; it must have one string");
  config.clear_identifier_features();
  EXPECT_EQ(DetectFeatureSkew(base, test, config).status().code(), absl::StatusCode::kInvalidArgument);
}

using ExampleDiffTest = CompareComponentsTest;

TEST_F(ExampleDiffTest, FilesOfEachPair) {
  const std::string file = "data_tfrecord-00000-of-00001";
  const Artifact test = OneSplit("test", "eval", "test.tfrecord", file);
  const Artifact base = OneSplit("base", "train", "base.tfrecord", file);
  ASSERT_EQ(Run("example_diff", {{"examples", {test}}, {"baseline_examples", {base}}}, "example_diff_result",
                {{"example_diff_config", Json(DiffConfig())}, {"include_split_pairs", "null"}}),
            absl::OkStatus());
  const std::string dir = io::JoinPath(output_.uri, "SplitPair-eval_train");
  std::map<std::string, int> records;
  for (const char* name : {"skew_stats", "match_stats", "sample_pairs", "confusion"}) {
    const std::string path = io::JoinPath(dir, absl::StrCat(name, "-00000-of-00001"));
    ASSERT_TRUE(data::ForEachRecord({path}, [&](absl::string_view) {
                  ++records[name];
                  return absl::OkStatus();
                }).ok());
  }
  EXPECT_EQ(records["match_stats"], 1);
  EXPECT_GT(records["skew_stats"], 5);
  EXPECT_GT(records["confusion"], 1);
  EXPECT_EQ(records["sample_pairs"], 0);  // skew_sample_size is not given.
  EXPECT_NE(said_.find("different: "), std::string::npos) << said_;
}

}  // namespace
}  // namespace tfxm
