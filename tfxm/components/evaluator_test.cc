// The Evaluator's executor on a TFLite model, with and without a baseline.
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tfxm/components/executor.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

constexpr char kTestdata[] = "tfxm/model_analysis/testdata/mnist/";
constexpr char kEvalConfig[] = R"json({
  "model_specs": [{"name": "candidate", "label_key": "image_class", "model_type": "tf_lite"},
                  {"name": "baseline", "label_key": "image_class", "model_type": "tf_lite", "is_baseline": true}],
  "metrics_specs": [{"metrics": [{"class_name": "SparseCategoricalAccuracy", "threshold": {
    "value_threshold": {"lower_bound": {"value": 0.5}},
    "change_threshold": {"direction": "HIGHER_IS_BETTER", "absolute": {"value": -0.01}}}}]}]})json";

class EvaluatorTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = *io::MakeTempDir(testing::TempDir(), "evaluator");
    for (const char* dir : {"examples/Split-eval", "model/Format-Serving", "evaluation", "blessing"})
      ASSERT_TRUE(io::MakeDirs(io::JoinPath(root_, dir)).ok());
    const auto copy = [&](const char* from, const char* to) {
      ASSERT_TRUE(io::CopyTree(io::JoinPath(kTestdata, from), io::JoinPath(root_, to)).ok());
    };
    copy("data.tfrecord.gz", "examples/Split-eval/data_tfrecord-00000-of-00001.gz");
    copy("tflite", "model/Format-Serving/tflite");
  }
  void TearDown() override { (void)io::RemoveAll(root_); }

  std::vector<std::string> Run(bool with_baseline) {
    const Artifact model{.uri = io::JoinPath(root_, "model")};
    ArtifactDict inputs = {{"examples", {Artifact{.uri = io::JoinPath(root_, "examples")}}}, {"model", {model}}};
    if (with_baseline) inputs["baseline_model"] = {model};
    outputs_ = {{"evaluation", {Artifact{.uri = io::JoinPath(root_, "evaluation")}}},
                {"blessing", {Artifact{.uri = io::JoinPath(root_, "blessing")}}}};
    const absl::Status status = (*ExecutorRegistry::Get().Create("tfx.components.evaluator.executor.Executor"))
                                    ->Do(inputs, {{"eval_config", kEvalConfig}}, ExecutorContext{}, &outputs_);
    EXPECT_TRUE(status.ok()) << status;
    return *io::ListDir(io::JoinPath(root_, "evaluation"));
  }

  std::string root_;
  ArtifactDict outputs_;
};

TEST_F(EvaluatorTest, ComparesTheModelWithTheBaseline) {
  EXPECT_THAT(Run(true), testing::IsSupersetOf({"comparisons.json", "disagreements.json", "eval_config.json",
                                                "metrics-00000-of-00001.tfrecord", "validations.tfrecord"}));
  EXPECT_THAT(*io::ReadFile(io::JoinPath(root_, "evaluation/comparisons.json")),
              testing::AllOf(testing::HasSubstr("\"reference_model_name\":\"baseline\""),
                             testing::HasSubstr("\"difference\":0")));
  EXPECT_TRUE(io::Exists(io::JoinPath(root_, "blessing/BLESSED")));
}

TEST_F(EvaluatorTest, AFirstRunHasNoBaselineAndNothingToCompare) {
  EXPECT_THAT(Run(false), testing::Not(testing::Contains("comparisons.json")));
  EXPECT_TRUE(io::Exists(io::JoinPath(root_, "blessing/BLESSED")));
}

}  // namespace
}  // namespace tfxm
