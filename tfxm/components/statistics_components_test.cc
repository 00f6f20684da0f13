// SPDX-License-Identifier: Apache-2.0

// StatisticsGen, SchemaGen and ExampleValidator, one after the other, as a pipeline runs them.
#include "gtest/gtest.h"
#include "tensorflow/core/example/example.pb.h"
#include "tensorflow/core/example/feature.pb.h"
#include "tensorflow_metadata/proto/v0/anomalies.pb.h"
#include "tfxm/components/executor.h"
#include "tfxm/components/splits.h"
#include "tfxm/data/examples.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

class StatisticsComponentsTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = *io::MakeTempDir(testing::TempDir(), "statistics");
    examples_ =
        Artifact{.uri = Uri("examples"), .properties = {{"split_names", R"(["train", "eval"])"}, {"span", int64_t{3}}}};
  }

  std::string Uri(const std::string& name) {
    const std::string uri = io::JoinPath(root_, name);
    EXPECT_TRUE(io::MakeDirs(uri).ok());
    return uri;
  }

  // `n` examples with an int, and a string unless `skip_string`.
  void WriteSplit(const std::string& split, int n, bool skip_string = false) {
    const std::string dir = data::SplitDir(examples_.uri, split);
    ASSERT_TRUE(io::MakeDirs(dir).ok());
    auto writer = *data::TFRecordWriter::Create(io::JoinPath(dir, data::ShardName("data_tfrecord", 0, 1)));
    for (int i = 0; i < n; ++i) {
      tensorflow::Example example;
      auto& features = *example.mutable_features()->mutable_feature();
      features["label"].mutable_int64_list()->add_value(i % 3);
      if (!skip_string) features["color"].mutable_bytes_list()->add_value(i % 2 ? "red" : "blue");
      ASSERT_TRUE(writer->Write(example.SerializeAsString()).ok());
    }
    ASSERT_TRUE(writer->Close().ok());
  }

  absl::Status Run(const std::string& component, const ArtifactDict& inputs, const std::string& key, Artifact* output,
                   const Properties& properties = {}) {
    ArtifactDict outputs = {{key, {Artifact{.uri = Uri(key)}}}};
    ExecutorContext context;
    context.progress = [this](absl::string_view message, double) { said_ = std::string(message); };
    absl::Status status = (*ExecutorRegistry::Get().Create("tfx.components." + component + ".executor.Executor"))
                              ->Do(inputs, properties, context, &outputs);
    *output = outputs[key][0];
    return status;
  }

  tensorflow::metadata::v0::Anomalies Anomalies(const Artifact& artifact, const std::string& split) {
    tensorflow::metadata::v0::Anomalies anomalies;
    EXPECT_TRUE(
        io::ReadBinaryProto(io::JoinPath(data::SplitDir(artifact.uri, split), "SchemaDiff.pb"), &anomalies).ok());
    return anomalies;
  }

  std::string root_, said_;
  Artifact examples_, statistics_, schema_, anomalies_;
};

TEST_F(StatisticsComponentsTest, CleanDataHasNoAnomalies) {
  WriteSplit("train", 30);
  WriteSplit("eval", 15);
  ASSERT_TRUE(Run("statistics_gen", {{"examples", {examples_}}}, "statistics", &statistics_).ok());
  EXPECT_EQ(std::get<std::string>(statistics_.properties["split_names"]), R"(["train", "eval"])");
  EXPECT_EQ(std::get<int64_t>(statistics_.properties["span"]), 3);
  EXPECT_EQ(said_, "45 examples (train 30, eval 15)");
  EXPECT_EQ(ReadSplitStatistics(statistics_, "eval")->datasets(0).num_examples(), 15u);
  ASSERT_TRUE(Run("schema_gen", {{"statistics", {statistics_}}}, "schema", &schema_).ok());
  EXPECT_EQ(ReadSchemaArtifact({{"schema", {schema_}}})->feature_size(), 2);
  ASSERT_TRUE(
      Run("example_validator", {{"statistics", {statistics_}}, {"schema", {schema_}}}, "anomalies", &anomalies_).ok());
  EXPECT_TRUE(Anomalies(anomalies_, "train").anomaly_info().empty());
  EXPECT_TRUE(Anomalies(anomalies_, "eval").anomaly_info().empty());
}

TEST_F(StatisticsComponentsTest, AResolverThatFindsNoSchemaIsNoError) {
  WriteSplit("train", 30);
  WriteSplit("eval", 15);
  EXPECT_EQ(Run("statistics_gen", {{"examples", {examples_}}, {"schema", {}}}, "statistics", &statistics_),
            absl::OkStatus());
}

TEST_F(StatisticsComponentsTest, AFeatureMissingInOneSplitIsAnAnomalyOfThatSplit) {
  WriteSplit("train", 30);
  WriteSplit("eval", 15, /*skip_string=*/true);
  ASSERT_TRUE(Run("statistics_gen", {{"examples", {examples_}}}, "statistics", &statistics_).ok());
  ASSERT_TRUE(
      Run("schema_gen", {{"statistics", {statistics_}}}, "schema", &schema_, {{"exclude_splits", R"(["eval"])"}}).ok());
  ASSERT_TRUE(
      Run("example_validator", {{"statistics", {statistics_}}, {"schema", {schema_}}}, "anomalies", &anomalies_).ok());
  EXPECT_TRUE(Anomalies(anomalies_, "train").anomaly_info().empty());
  EXPECT_EQ(Anomalies(anomalies_, "eval").anomaly_info().count("color"), 1u);
}

TEST_F(StatisticsComponentsTest, AnEmptySplitTakesNoFeatureFromTheSchema) {
  for (const auto& [train, eval] : {std::pair{30, 0}, std::pair{0, 30}}) {
    WriteSplit("train", train);
    WriteSplit("eval", eval);
    ASSERT_TRUE(Run("statistics_gen", {{"examples", {examples_}}}, "statistics", &statistics_).ok());
    ASSERT_TRUE(Run("schema_gen", {{"statistics", {statistics_}}}, "schema", &schema_).ok());
    const auto schema = *ReadSchemaArtifact({{"schema", {schema_}}});
    ASSERT_EQ(schema.feature_size(), 2);
    for (const auto& feature : schema.feature()) EXPECT_FALSE(feature.has_lifecycle_stage()) << feature.name();
  }
}

TEST_F(StatisticsComponentsTest, OtherStatisticsAreComparedWith) {
  WriteSplit("train", 30);
  WriteSplit("eval", 15);
  ASSERT_TRUE(Run("statistics_gen", {{"examples", {examples_}}}, "statistics", &statistics_).ok());
  Artifact previous = statistics_;
  previous.uri = Uri("previous");
  WriteSplit("train", 90);
  WriteSplit("eval", 15);
  ArtifactDict previous_outputs = {{"statistics", {previous}}};
  ASSERT_TRUE((*ExecutorRegistry::Get().Create("tfx.components.statistics_gen.executor.Executor"))
                  ->Do({{"examples", {examples_}}}, {}, ExecutorContext(), &previous_outputs)
                  .ok());
  previous = previous_outputs["statistics"][0];
  schema_ = Artifact{.uri = Uri("schema")};
  ASSERT_TRUE(io::WriteFile(io::JoinPath(schema_.uri, "schema.pbtxt"), R"(
      feature { name: "label" type: INT }
      feature { name: "color" type: BYTES skew_comparator { infinity_norm { threshold: 0.5 } } }
      dataset_constraints { num_examples_drift_comparator { min_fraction_threshold: 0.5 }
                            num_examples_version_comparator { max_fraction_threshold: 0.9 } })")
                  .ok());
  const auto validate = [&](const ArtifactDict& others, const Properties& properties = {}) {
    ArtifactDict inputs = others;
    inputs["statistics"] = {statistics_};
    inputs["schema"] = {schema_};
    return Run("example_validator", inputs, "anomalies", &anomalies_, properties);
  };
  ASSERT_TRUE(validate({{"previous_span_statistics", {}}}).ok());
  EXPECT_FALSE(Anomalies(anomalies_, "train").has_dataset_anomaly_info());
  ASSERT_TRUE(validate({{"previous_span_statistics", {previous}}, {"serving_statistics", {previous}}}).ok());
  EXPECT_EQ(Anomalies(anomalies_, "train").dataset_anomaly_info().reason(0).type(),
            tensorflow::metadata::v0::AnomalyInfo::COMPARATOR_LOW_NUM_EXAMPLES);
  EXPECT_FALSE(Anomalies(anomalies_, "eval").has_dataset_anomaly_info());
  EXPECT_EQ(Anomalies(anomalies_, "train").drift_skew_info(0).skew_measurements_size(), 1);
  ASSERT_TRUE(validate({{"previous_version_statistics", {previous}}}).ok());
  EXPECT_EQ(Anomalies(anomalies_, "eval").dataset_anomaly_info().reason(0).type(),
            tensorflow::metadata::v0::AnomalyInfo::COMPARATOR_HIGH_NUM_EXAMPLES);
  // One split is compared with by all, several need the name.
  previous.properties["split_names"] = R"(["train"])";
  EXPECT_TRUE(validate({{"serving_statistics", {previous}}}).ok());
  previous.properties["split_names"] = R"(["train", "test"])";
  const absl::Status status = validate({{"serving_statistics", {previous}}});
  EXPECT_TRUE(status.message().find("serving_statistics has no split \"eval\"") != std::string::npos) << status;
}

TEST_F(StatisticsComponentsTest, ValidationOptionsMakeWarningsThatBless) {
  WriteSplit("train", 30);
  WriteSplit("eval", 15);
  ASSERT_TRUE(Run("statistics_gen", {{"examples", {examples_}}}, "statistics", &statistics_).ok());
  schema_ = Artifact{.uri = Uri("schema")};
  ASSERT_TRUE(io::WriteFile(io::JoinPath(schema_.uri, "schema.pbtxt"), R"(feature { name: "label" type: INT })").ok());
  const ArtifactDict inputs = {{"statistics", {statistics_}}, {"schema", {schema_}}};
  ASSERT_TRUE(Run("example_validator", inputs, "anomalies", &anomalies_).ok());
  const auto errors = std::get<std::string>(anomalies_.custom_properties["blessed"]);
  ASSERT_TRUE(Run("example_validator", inputs, "anomalies", &anomalies_,
                  {{"validation_options_json", R"({"severity_overrides": {"SCHEMA_NEW_COLUMN": "WARNING"}})"}})
                  .ok());
  EXPECT_EQ(Anomalies(anomalies_, "train").anomaly_info().at("color").severity(),
            tensorflow::metadata::v0::AnomalyInfo::WARNING);
  EXPECT_NE(std::get<std::string>(anomalies_.custom_properties["blessed"]), errors);
  const absl::Status status = Run("example_validator", inputs, "anomalies", &anomalies_,
                                  {{"validation_options_json", R"({"enviroment": "A"})"}});
  EXPECT_EQ(status.message(),
            "validation_options: unknown ValidationOptions \"enviroment\"; did you mean \"environment\"");
}

TEST_F(StatisticsComponentsTest, ExcludedSplitsAreLeftOut) {
  WriteSplit("train", 30);
  WriteSplit("eval", 15);
  ASSERT_TRUE(Run("statistics_gen", {{"examples", {examples_}}}, "statistics", &statistics_,
                  {{"exclude_splits", R"(["eval"])"}})
                  .ok());
  EXPECT_EQ(std::get<std::string>(statistics_.properties["split_names"]), R"(["train"])");
  EXPECT_FALSE(io::Exists(io::JoinPath(statistics_.uri, "Split-eval")));
}

TEST_F(StatisticsComponentsTest, AMissingSplitNamesItsDirectory) {
  WriteSplit("train", 3);
  const absl::Status status = Run("statistics_gen", {{"examples", {examples_}}}, "statistics", &statistics_);
  EXPECT_TRUE(status.message().find("Split-eval") != std::string::npos) << status;
}

}  // namespace
}  // namespace tfxm
