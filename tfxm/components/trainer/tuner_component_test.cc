// SPDX-License-Identifier: Apache-2.0

// The Tuner component with a module in C++, and what a Trainer makes of its result.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "google/protobuf/struct.pb.h"
#include "tfxm/components/executor.h"
#include "tfxm/components/trainer/fn_args.h"
#include "tfxm/data/examples.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

constexpr char kModule[] = R"(
#include "tfxm/nn/tuner/tuner.h"
using namespace tfxm;
absl::StatusOr<TunerFnResult> tuner_fn(const FnArgs& fn_args) {
  nn::HyperParameters hp;
  hp.Choice("units", {8, 16});
  hp.Choice("activation", {"relu", "tanh"});
  const double steps = static_cast<double>(fn_args.train_steps);
  return TunerFnResult{.tuner = nn::GridSearch({.objective = {"val_accuracy", "max"}, .hyperparameters = hp,
      .run_trial = [steps](const nn::HyperParameters& trial) -> absl::StatusOr<double> {
        const auto units = trial.Get<int64_t>("units");
        return steps * static_cast<double>(*units) + (*trial.Get<std::string>("activation") == "tanh" ? 1 : 0);
      }})};
}
)";

class TunerComponentTest : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = *io::MakeTempDir(::testing::TempDir(), "tuner");
    static const std::string cache = *io::MakeTempDir(::testing::TempDir(), "cache");  // One for the whole process.
    setenv("TFXM_CACHE", cache.c_str(), /*overwrite=*/1);
    for (const char* const split : {"train", "eval"}) {
      const std::string dir = data::SplitDir(Folder("examples"), split);
      ASSERT_TRUE(io::MakeDirs(dir).ok());
      ASSERT_TRUE(io::WriteFile(io::JoinPath(dir, data::ShardName("data_tfrecord", 0, 1)), "").ok());
    }
  }
  void TearDown() override { io::RemoveAll(root_).IgnoreError(); }

  std::string Folder(const std::string& name) const {
    const std::string folder = io::JoinPath(root_, name);
    EXPECT_TRUE(io::MakeDirs(folder).ok());
    return folder;
  }
  absl::Status Run(const std::string& module) {
    EXPECT_TRUE(io::WriteFile(io::JoinPath(root_, "module.cc"), module).ok());
    inputs_["examples"] = {
        Artifact{.uri = Folder("examples"), .properties = {{"split_names", R"(["train", "eval"])"}}}};
    ArtifactDict outputs = {{"best_hyperparameters", {Artifact{.uri = Folder("best")}}},
                            {"tuner_results", {Artifact{.uri = Folder("results")}}}};
    const Properties properties = {{"module_file", io::JoinPath(root_, "module.cc")},
                                   {"train_args", R"({"num_steps": 3})"}};
    ExecutorContext context{.tmp_dir = Folder("tmp")};
    context.progress = [this](absl::string_view message, double) { progress_.emplace_back(message); };
    return (*ExecutorRegistry::Get().Create("tfx.components.tuner.executor.Executor"))
        ->Do(inputs_, properties, context, &outputs);
  }

  std::string root_;
  ArtifactDict inputs_;
  std::vector<std::string> progress_;
};

TEST_F(TunerComponentTest, AModuleInCppIsSearchedAndATrainerGetsTheBestValues) {
  const absl::Status status = Run(kModule);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(progress_.back(), "trial 4/4");
  google::protobuf::Value results;
  ASSERT_TRUE(io::ParseJson(*io::ReadFile(io::JoinPath(root_, "results/tuner_results.json")), &results).ok());
  ASSERT_EQ(results.list_value().values_size(), 4);
  const auto& best = results.list_value().values(0).struct_value().fields();
  EXPECT_EQ(best.at("trial_id").string_value(), "3");
  EXPECT_EQ(best.at("score").number_value(), 49);
  EXPECT_EQ(best.at("activation").string_value(), "tanh");
  inputs_["hyperparameters"] = {Artifact{.uri = io::JoinPath(root_, "best")}};
  const auto fn_args = MakeFnArgs("Trainer", inputs_, {});
  ASSERT_TRUE(fn_args.ok()) << fn_args.status();
  EXPECT_EQ(fn_args->hyperparameters.at("units"), "16");
  EXPECT_EQ(fn_args->hyperparameters.at("activation"), "tanh");
}

TEST_F(TunerComponentTest, WhatIsWrongWithTheTunerNamesTheModule) {
  const absl::Status status = Run(R"(
#include "tfxm/nn/tuner/tuner.h"
absl::StatusOr<tfxm::TunerFnResult> tuner_fn(const tfxm::FnArgs&) { return tfxm::TunerFnResult{}; }
)");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(absl::StrContains(status.message(), "tuner_fn of ")) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "module.cc")) << status;
  EXPECT_FALSE(io::Exists(io::JoinPath(root_, "best/best_hyperparameters.txt")));
}

// As ExampleGen leaves them with --allow_empty_splits.
TEST_F(TunerComponentTest, ARunFnThatFailsOnAnEmptySplitSaysHowToGoOn) {
  inputs_["examples"] = {Artifact{.uri = Folder("examples"), .properties = {{"split_names", R"(["train", "eval"])"}}}};
  const auto shard = [&](const std::string& split) {
    return io::JoinPath(data::SplitDir(Folder("examples"), split), data::ShardName("data_tfrecord", 0, 1));
  };
  for (const char* const split : {"train", "eval"}) {
    auto writer = *data::TFRecordWriter::Create(shard(split));
    if (split == std::string("train")) {
      ASSERT_TRUE(writer->Write("").ok());
    }
    ASSERT_TRUE(writer->Close().ok());
  }
  ASSERT_TRUE(io::WriteFile(io::JoinPath(root_, "module.cc"), R"(
#include "tfxm/nn/fn_args.h"
absl::Status run_fn(const tfxm::FnArgs& fn_args) {
  return absl::InvalidArgumentError("validation on " + fn_args.eval_files[0]);
}
)")
                  .ok());
  const auto run = [&](const std::string& eval_args) {
    ArtifactDict outputs = {{"model", {Artifact{.uri = Folder("model")}}},
                            {"model_run", {Artifact{.uri = Folder("model_run")}}}};
    ExecutorContext context{.tmp_dir = Folder("tmp")};
    context.progress = [](absl::string_view, double) {};
    return std::string((*ExecutorRegistry::Get().Create("tfx.components.trainer.executor.GenericExecutor"))
                           ->Do(inputs_, {{"module_file", io::JoinPath(root_, "module.cc")}, {"eval_args", eval_args}},
                                context, &outputs)
                           .message());
  };
  const std::string empty = run("{}");
  EXPECT_TRUE(absl::StrContains(empty, "no example to validate on: the splits of eval_args are empty")) << empty;
  EXPECT_TRUE(absl::StrContains(empty, R"(.eval_args = {.splits = {"train"}})")) << empty;
  const std::string advised = run(R"({"splits": ["train"]})");
  EXPECT_TRUE(absl::StrContains(advised, "validation on " + shard("train"))) << advised;
  EXPECT_FALSE(absl::StrContains(advised, "no example")) << advised;
}

}  // namespace
}  // namespace tfxm
