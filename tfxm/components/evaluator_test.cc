// SPDX-License-Identifier: Apache-2.0

// The Evaluator's executor on a TFLite model, with and without a baseline.
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tfxm/components/executor.h"
#include "tfxm/report/evaluation/evaluation_reader.h"
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

  absl::Status Evaluate(const std::string& config, std::optional<Artifact> baseline) {
    const Artifact model{.id = 8, .uri = io::JoinPath(root_, "model")};
    ArtifactDict inputs = {{"examples", {Artifact{.uri = io::JoinPath(root_, "examples")}}}, {"model", {model}}};
    if (baseline) inputs["baseline_model"] = {*baseline};
    outputs_ = {{"evaluation", {Artifact{.uri = io::JoinPath(root_, "evaluation")}}},
                {"blessing", {Artifact{.uri = io::JoinPath(root_, "blessing")}}}};
    ExecutorContext context{.node_id = "Evaluator.lite"};
    context.progress = [this](absl::string_view message, double) { said_ = std::string(message); };
    return (*ExecutorRegistry::Get().Create("tfx.components.evaluator.executor.Executor"))
        ->Do(inputs, {{"eval_config", config}}, context, &outputs_);
  }
  Artifact Baseline() const { return {.id = 7, .uri = io::JoinPath(root_, "model")}; }

  std::vector<std::string> Run(bool with_baseline, const std::string& config = kEvalConfig) {
    const absl::Status status = Evaluate(config, with_baseline ? std::optional(Baseline()) : std::nullopt);
    EXPECT_TRUE(status.ok()) << status;
    return *io::ListDir(io::JoinPath(root_, "evaluation"));
  }
  bool Blessed() const { return io::Exists(io::JoinPath(root_, "blessing/BLESSED")); }

  std::string root_, said_;
  ArtifactDict outputs_;
};

// TFX's guides give one model_spec without a name, which stands for both models.
std::string UnnamedConfig(const std::string& change, const std::string& name = "") {
  return R"({"model_specs": [{"name": ")" + name + R"(", "label_key": "image_class", "model_type": "tf_lite"}],
  "slicing_specs": [{}, {"feature_keys": ["image_class"]}],
  "metrics_specs": [{"metrics": [{"class_name": "SparseCategoricalAccuracy", "threshold": {
    "change_threshold": {"direction": "HIGHER_IS_BETTER", "absolute": {"value": )" +
         change + "}}}}]}]}";
}

TEST_F(EvaluatorTest, ComparesTheModelWithTheBaseline) {
  EXPECT_THAT(Run(true), testing::IsSupersetOf({"comparisons.json", "disagreements.json", "eval_config.json",
                                                "metrics-00000-of-00001.tfrecord", "validations.tfrecord"}));
  EXPECT_THAT(*io::ReadFile(io::JoinPath(root_, "evaluation/comparisons.json")),
              testing::AllOf(testing::HasSubstr("\"reference_model_name\": \"baseline\""),
                             testing::HasSubstr("\"difference\": 0,")));
  EXPECT_TRUE(io::Exists(io::JoinPath(root_, "blessing/BLESSED")));
}

TEST_F(EvaluatorTest, AFirstRunHasNoBaselineAndNothingToCompare) {
  EXPECT_THAT(Run(false), testing::Not(testing::Contains("comparisons.json")));
  EXPECT_TRUE(io::Exists(io::JoinPath(root_, "blessing/BLESSED")));
}

TEST_F(EvaluatorTest, AnUnnamedSpecStandsForTheModelAndItsBaseline) {
  EXPECT_THAT(Run(true, UnnamedConfig("-0.01")), testing::Contains("comparisons.json"));
  EXPECT_TRUE(Blessed());
  EXPECT_EQ(std::get<int64_t>(outputs_["blessing"][0].custom_properties["baseline_model_id"]), 7);
  // TFMA's names for the two.
  const std::string config = *io::ReadFile(io::JoinPath(root_, "evaluation/eval_config.json"));
  EXPECT_THAT(config, testing::AllOf(testing::HasSubstr("\"candidate\""), testing::HasSubstr("\"baseline\"")));
  const auto evaluation = report::ReadEvaluation(io::JoinPath(root_, "evaluation"));
  ASSERT_TRUE(evaluation.ok()) << evaluation.status();
  EXPECT_FALSE(evaluation->validation->rubber_stamp) << "nothing says that the baseline was ignored";
}

TEST_F(EvaluatorTest, AModelThatMustBeMuchBetterThanItselfIsNotBlessed) {
  Run(true, UnnamedConfig("0.9"));
  EXPECT_FALSE(Blessed());
  EXPECT_EQ(std::get<int64_t>(outputs_["blessing"][0].custom_properties["blessed"]), 0);
  EXPECT_EQ(std::get<std::string>(outputs_["blessing"][0].custom_properties["component_id"]), "Evaluator.lite");
  // What is missed, on what, by how much, and where to look.
  for (const char* part : {"NOT blessed: ", "SparseCategoricalAccuracy", "all examples", "+0.9", "10 more slices",
                           "tfxm show ", "/evaluation"}) {
    EXPECT_THAT(said_, testing::HasSubstr(part));
  }
}

TEST_F(EvaluatorTest, AFirstRunIsBlessedAndSaysThatItWasNotCompared) {
  Run(false, UnnamedConfig("0.9"));
  EXPECT_TRUE(Blessed());
  EXPECT_THAT(said_, testing::HasSubstr("no baseline yet"));
  EXPECT_TRUE(report::ReadEvaluation(io::JoinPath(root_, "evaluation"))->validation->rubber_stamp);
}

TEST_F(EvaluatorTest, ABaselineThatNoSpecIsForIsAnError) {
  const absl::Status status = Evaluate(UnnamedConfig("0.9", "mine"), Baseline());
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("none has is_baseline"));
}

TEST_F(EvaluatorTest, ABaselineOfAnotherBranchIsNamedAsSuch) {
  ASSERT_TRUE(io::MakeDirs(io::JoinPath(root_, "saved/Format-Serving")).ok());
  ASSERT_TRUE(io::WriteFile(io::JoinPath(root_, "saved/Format-Serving/saved_model.pb"), "").ok());
  const Artifact saved_model{.id = 7, .uri = io::JoinPath(root_, "saved")};
  EXPECT_THAT(std::string(Evaluate(UnnamedConfig("0"), saved_model).message()),
              testing::AllOf(testing::HasSubstr("another branch"), testing::HasSubstr("Channel(")));
  // But if the config gives the baseline a type of its own, it is what was meant: here, to be read.
  const std::string config =
      absl::StrReplaceAll(kEvalConfig, {{R"("tf_lite", "is_baseline")", R"("", "is_baseline")"}});
  EXPECT_THAT(std::string(Evaluate(config, saved_model).message()),
              testing::AllOf(testing::HasSubstr("saved_model.pb"), testing::Not(testing::HasSubstr("another branch"))));
}

TEST_F(EvaluatorTest, ABaselineThatCannotBeComparedWithHasAWayOut) {
  ASSERT_TRUE(io::MakeDirs(io::JoinPath(root_, "old/Format-Serving")).ok());
  ASSERT_TRUE(io::WriteFile(io::JoinPath(root_, "old/Format-Serving/tflite"), "no TFLite file").ok());
  const absl::Status status = Evaluate(UnnamedConfig("0"), Artifact{.id = 7, .uri = io::JoinPath(root_, "old")});
  EXPECT_THAT(std::string(status.message()), testing::AllOf(testing::HasSubstr("The baseline is model #7"),
                                                            testing::HasSubstr("tfxm bless METADATA_DB --model=8")));
}

TEST_F(EvaluatorTest, AMissingSplitNamesThoseThereAre) {
  ASSERT_TRUE(io::Rename(io::JoinPath(root_, "examples/Split-eval"), io::JoinPath(root_, "examples/Split-test")).ok());
  const absl::Status status = Evaluate(kEvalConfig, std::nullopt);
  EXPECT_THAT(std::string(status.message()),
              testing::AllOf(testing::HasSubstr("only the split \"test\""), testing::HasSubstr(".example_splits")));
}

}  // namespace
}  // namespace tfxm
