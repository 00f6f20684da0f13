// SPDX-License-Identifier: Apache-2.0

// BulkInferrer on a TFLite model; what a SavedModel gives is tested with TFX's own example (python/tests).
#include <cmath>
#include <span>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tfxm/components/bulk_inferrer/prediction_log.pb.h"
#include "tfxm/components/executor.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kTestdata[] = "tfxm/model_analysis/testdata/mnist/";
constexpr char kColumns[] = R"json({"output_columns_spec": [{"predict_output": {"output_columns": [
  {"output_key": "KEY", "output_column": "COLUMN"}]}}]})json";

class BulkInferrerTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = *io::MakeTempDir(testing::TempDir(), "bulk_inferrer");
    for (const char* dir : {"examples/Split-train", "examples/Split-eval", "model/Format-Serving", "out"})
      ASSERT_TRUE(io::MakeDirs(io::JoinPath(root_, dir)).ok());
    const auto copy = [&](const char* from, const char* to) {
      ASSERT_TRUE(io::CopyTree(io::JoinPath(kTestdata, from), io::JoinPath(root_, to)).ok());
    };
    copy("data.tfrecord.gz", "examples/Split-train/data_tfrecord-00000-of-00001.gz");
    copy("data.tfrecord.gz", "examples/Split-eval/data_tfrecord-00000-of-00001.gz");
    copy("tflite", "model/Format-Serving/tflite");
    ASSERT_TRUE(data::ForEachRecord({io::JoinPath(kTestdata, "data.tfrecord.gz")}, [&](absl::string_view record) {
                  records_.emplace_back(record);
                  return absl::OkStatus();
                }).ok());
  }
  void TearDown() override { (void)io::RemoveAll(root_); }

  absl::Status Run(const std::string& key, Properties properties, std::optional<int64_t> blessed = std::nullopt) {
    ArtifactDict inputs = {
        {"examples",
         {Artifact{.uri = io::JoinPath(root_, "examples"), .properties = {{"split_names", R"(["train", "eval"])"}}}}},
        {"model", {Artifact{.uri = io::JoinPath(root_, "model")}}}};
    if (blessed) inputs["model_blessing"] = {Artifact{.custom_properties = {{"blessed", *blessed}}}};
    outputs_ = {{key, {Artifact{.uri = io::JoinPath(root_, "out")}}}};
    return (*ExecutorRegistry::Get().Create("tfx.components.bulk_inferrer.executor.Executor"))
        ->Do(inputs, properties, ExecutorContext{}, &outputs_);
  }
  absl::Status RunForExamples(const std::string& output, const std::string& column) {
    std::string spec = kColumns;
    spec.replace(spec.find("KEY"), 3, output);
    spec.replace(spec.find("COLUMN"), 6, column);
    return Run("output_examples", {{"data_spec", R"({"example_splits": ["eval"]})"}, {"output_example_spec", spec}});
  }

  template <typename Message>
  std::vector<Message> Read(const std::string& file) {
    std::vector<Message> messages;
    EXPECT_TRUE(data::ForEachRecord({io::JoinPath(root_, "out", file)},
                                    [&](absl::string_view record) {
                                      EXPECT_TRUE(messages.emplace_back().ParseFromString(std::string(record)));
                                      return absl::OkStatus();
                                    })
                    .ok())
        << file;
    return messages;
  }
  // The name and the values of the model's one output.
  static std::pair<std::string, std::vector<float>> Output(const serving::PredictionLog& log) {
    const auto& [name, tensor] = *log.predict_log().response().outputs().begin();
    const std::string& bytes = tensor.tensor_content();
    const auto* values = reinterpret_cast<const float*>(bytes.data());
    const std::span all(values, bytes.size() / sizeof(float));
    return {name, {all.begin(), all.end()}};
  }

  std::string root_;
  std::vector<std::string> records_;
  ArtifactDict outputs_;
};

TEST_F(BulkInferrerTest, WritesALogOfEachExampleOfAllSplits) {
  const absl::Status status = Run("inference_result", {});
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_THAT(*io::ListDir(io::JoinPath(root_, "out")),
              ElementsAre("prediction_logs-00000-of-00002.gz", "prediction_logs-00001-of-00002.gz"));
  const auto logs = Read<serving::PredictionLog>("prediction_logs-00000-of-00002.gz");
  ASSERT_EQ(logs.size(), records_.size());
  for (size_t i = 0; i < logs.size(); ++i) {
    const serving::PredictLog& log = logs[i].predict_log();
    EXPECT_EQ(log.request().model_spec().signature_name(), "serving_default");
    EXPECT_EQ(log.request().inputs().at("examples").string_val(0), records_[i]) << "in the order of the data";
    const serving::TensorProto& output = log.response().outputs().begin()->second;
    ASSERT_EQ(output.tensor_shape().dim_size(), 2);
    EXPECT_EQ(output.tensor_shape().dim(0).size(), 1);
    EXPECT_EQ(output.tensor_shape().dim(1).size(), 10);
    double sum = 0;
    for (const float value : Output(logs[i]).second) sum += value;
    EXPECT_NEAR(sum, 1, 1e-5) << "the digits' probabilities";
  }
}

TEST_F(BulkInferrerTest, AddsTheOutputsToTheExamplesThatAreAskedFor) {
  ASSERT_TRUE(Run("inference_result", {{"data_spec", R"({"example_splits": ["eval"]})"}}).ok());
  const auto logs = Read<serving::PredictionLog>("prediction_logs-00000-of-00001.gz");
  const std::string output = Output(logs[0]).first;
  const absl::Status status = RunForExamples(output, "scores");
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(std::get<std::string>(outputs_["output_examples"][0].properties.at("split_names")), R"(["eval"])");
  const auto examples = Read<serving::Example>("Split-eval/examples-00000-of-00001.gz");
  ASSERT_EQ(examples.size(), records_.size());
  for (size_t i = 0; i < examples.size(); ++i) {
    serving::Example before;
    ASSERT_TRUE(before.ParseFromString(records_[i]));
    const auto& features = examples[i].features().feature();
    EXPECT_EQ(features.size(), before.features().feature_size() + 1);
    EXPECT_EQ(features.at("image_class").SerializeAsString(),
              before.features().feature().at("image_class").SerializeAsString());
    const auto& scores = features.at("scores").float_list().value();
    EXPECT_EQ(std::vector<float>(scores.begin(), scores.end()), Output(logs[i]).second);
  }
}

TEST_F(BulkInferrerTest, AModelThatIsNotBlessedInfersNothing) {
  ASSERT_TRUE(Run("inference_result", {}, 0).ok());
  EXPECT_THAT(*io::ListDir(io::JoinPath(root_, "out")), ElementsAre());
  ASSERT_TRUE(Run("inference_result", {}, 1).ok());
  EXPECT_EQ(io::ListDir(io::JoinPath(root_, "out"))->size(), 2u);
}

TEST_F(BulkInferrerTest, SaysWhatDoesNotFit) {
  const auto message = [](const absl::Status& status) { return std::string(status.message()); };
  EXPECT_THAT(message(RunForExamples("digits", "scores")), HasSubstr("has no output \"digits\"; it has "));
  ASSERT_TRUE(Run("inference_result", {}).ok());
  const std::string output = Output(Read<serving::PredictionLog>("prediction_logs-00000-of-00002.gz")[0]).first;
  EXPECT_THAT(message(RunForExamples(output, "image_class")),
              testing::AllOf(HasSubstr("a feature \"image_class\" already"), HasSubstr("record 0")));
  EXPECT_THAT(message(Run("inference_result", {{"data_spec", R"({"example_splits": ["test"]})"}})),
              testing::AllOf(HasSubstr("test"), HasSubstr("data_spec.example_splits")));
  EXPECT_THAT(message(Run("inference_result", {{"model_spec", R"({"model_signature_name": ["a", "b"]})"}})),
              HasSubstr("several signatures"));
  EXPECT_THAT(message(Run("inference_result", {{"model_spec", R"({"model_signature_name": ["a"]})"}})),
              HasSubstr("serving_default"));
  EXPECT_THAT(message(Run("output_examples", {})), HasSubstr("output_columns_spec"));
}

}  // namespace
}  // namespace tfxm
