// SPDX-License-Identifier: Apache-2.0

// The passes of a pipeline's nodes by processes: what they make, and that these end with the run.
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tfxm/dsl/components.h"
#include "tfxm/orchestration/interrupts.h"
#include "tfxm/orchestration/test_pipelines.h"
#include "tfxm/testing/example_builder.h"
#include "tfxm/util/exit_status.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

constexpr char kMnist[] = "tfxm/model_analysis/testdata/mnist";
constexpr char kOutput[] = "probabilities";  // Of the model there.

class LaunchedPassesTest : public RunTest {
 protected:
  void SetUp() override {
    RunTest::SetUp();
    ASSERT_TRUE(io::MakeDirs(Path("data")).ok());
    ASSERT_TRUE(io::MakeDirs(Path("model/Format-Serving")).ok());
    const auto copy = [this](const char* from, const char* to) {
      ASSERT_TRUE(io::CopyTree(io::JoinPath(kMnist, from), Path(to)).ok());
    };
    copy("tflite", "model/Format-Serving/tflite");
    const std::vector<std::string> records = ReadRecords(io::JoinPath(kMnist, "data.tfrecord.gz"));
    for (size_t i = 0; i < 3; ++i) {
      const auto begin = records.begin() + static_cast<int64_t>(20 * i);
      WriteRecords(Path(absl::StrCat("data/images-", i)), {begin, begin + 20});
    }
  }
  // A pipeline that describes the data, evaluates the model and runs it over them, in a folder of its own.
  Pipeline Pipe(const std::string& folder) const {
    auto example_gen = ImportExampleGen({.input_base = Path("data")});
    auto statistics_gen = StatisticsGen({.examples = example_gen.outputs("examples")});
    auto model = Importer({.source_uri = Path("model"), .artifact_type = standard_artifacts::Model()}).with_id("Model");
    tensorflow_model_analysis::EvalConfig config;
    EXPECT_TRUE(io::ParseJson(R"json({
      "model_specs": [{"label_key": "image_class", "model_type": "tf_lite"}],
      "slicing_specs": [{}, {"feature_keys": ["image_class"]}],
      "metrics_specs": [{"metrics": [{"class_name": "SparseCategoricalAccuracy", "threshold": {
        "value_threshold": {"lower_bound": {"value": 0.5}},
        "change_threshold": {"direction": "HIGHER_IS_BETTER", "absolute": {"value": -0.01}}}}]}]})json",
                              &config)
                    .ok());
    auto evaluator = Evaluator(
        {.examples = example_gen.outputs("examples"), .model = model.outputs("result"), .eval_config = config});
    const Channel examples = example_gen.outputs("examples"), uri = model.outputs("result");
    auto logs = BulkInferrer({.examples = examples, .model = uri}).with_id("Logs");
    auto predictions = BulkInferrer({.examples = examples,
                                     .model = uri,
                                     .example_splits = {"eval"},
                                     .output_example_spec = OutputExampleSpec{{{kOutput, "scores"}}}})
                           .with_id("Predictions");
    return {.pipeline_name = "launched",
            .pipeline_root = Path(folder),
            .components = {example_gen, statistics_gen, model, evaluator, logs, predictions},
            .enable_cache = true,
            .metadata_path = Path(absl::StrCat(folder, ".db"))};
  }
  // A launcher that notes what it runs.
  distribution::LauncherOptions Noting(const std::string& body) const {
    const std::string script = Path("launch");
    EXPECT_TRUE(
        io::WriteFile(script, absl::StrCat("#!/bin/sh\necho \"$@\" >>", Path("started"), "\n", body, "\n")).ok());
    EXPECT_EQ(chmod(script.c_str(), 0755), 0);
    return {.launcher = absl::StrCat(script, " {command}"), .workers = 2};
  }
  // Each worker renames a file of its own, so that "worker" is never seen before a number is in it.
  distribution::LauncherOptions HangingWorkers() const {
    return Noting(
        absl::StrCat("echo $$ >", Path("w"), "$$; mv ", Path("w"), "$$ ", Path("worker"), "; exec sleep 1000"));
  }
  std::string Read(const std::string& name) const { return io::ReadFile(Path(name)).value_or("none of " + name); }
  static std::string UriOf(const RunResult& result, const std::string& node, const std::string& key) {
    return result.Find(node)->outputs.at(key).at(0).uri;
  }
  // Of an artifact, but what has the time in it; `root` is the pipeline's, which what is read by people names.
  static std::map<std::string, std::string> Files(const std::string& uri, const std::string& root) {
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(uri)) {
      const std::string name = std::filesystem::relative(entry.path(), uri).string();
      if (entry.is_directory() || name == "model_facts.json" || absl::StartsWith(name, "tensorboard/")) continue;
      files[name] = absl::StrReplaceAll(*io::ReadFile(entry.path().string()), {{root, "ROOT"}});
    }
    return files;
  }
  // Waits until a worker that writes its number into the file "worker" is there.
  std::string WaitForWorker() const {
    for (int i = 0; i < 4000 && !io::Exists(Path("worker")); ++i) usleep(5'000);
    return std::string(absl::StripAsciiWhitespace(Read("worker")));
  }
  static bool Gone(const std::string& pid) {
    for (int i = 0; i < 1000; ++i, usleep(10'000)) {
      const std::string stat = io::ReadFile(absl::StrCat("/proc/", pid, "/stat")).value_or("");
      if (stat.empty() || absl::StrContains(stat, ") Z")) return true;
    }
    return false;
  }
};

TEST_F(LaunchedPassesTest, ProcessesMakeTheArtifactsThatThreadsMake) {
  const auto by_threads = Run(Pipe("threads"));
  ASSERT_TRUE(by_threads.ok() && by_threads->ok()) << by_threads.status();
  const auto by_processes = Run(Pipe("processes"), {.launcher = {.launcher = "processes:2"}});
  ASSERT_TRUE(by_processes.ok() && by_processes->ok()) << by_processes.status();
  Pipeline pipeline = Pipe("command");
  pipeline.launcher = Noting("exec \"$@\"");
  const auto by_command = Run(pipeline);
  ASSERT_TRUE(by_command.ok() && by_command->ok()) << by_command.status();
  const std::string started = Read("started");
  EXPECT_TRUE(absl::StrContains(started, "--tfxm_pass_map")) << "workers have made the passes";
  for (const auto& [root, result] : {std::pair("processes", &*by_processes), std::pair("command", &*by_command)}) {
    const auto same = [&](const char* node, const char* key, size_t least) {
      const std::map<std::string, std::string> expected = Files(UriOf(*by_threads, node, key), Path("threads")),
                                               files = Files(UriOf(*result, node, key), Path(root));
      EXPECT_GE(expected.size(), least);
      EXPECT_EQ(expected.size(), files.size());
      for (const auto& [name, bytes] : expected) {
        EXPECT_EQ(files.contains(name) && files.at(name) == bytes, true) << node << ": " << name;
      }
    };
    same("StatisticsGen", "statistics", 2);
    same("Evaluator", "evaluation", 4);
    same("Logs", "inference_result", 4);
    same("Predictions", "output_examples", 2);
    EXPECT_EQ(result->Find("Evaluator")->message, by_threads->Find("Evaluator")->message);
  }
  // Who made them does not count.
  const auto again = Run(pipeline, {.launcher = {.launcher = "threads"}});
  ASSERT_TRUE(again.ok()) << again.status();
  for (const char* node : {"ImportExampleGen", "StatisticsGen", "Evaluator", "Logs", "Predictions"}) {
    EXPECT_EQ(again->Find(node)->state, NodeState::kCached) << node;
  }
  EXPECT_EQ(Read("started") == started, true);
}

TEST_F(LaunchedPassesTest, AShardThatFailsIsNamed) {
  Pipeline pipeline = Pipe("root");
  pipeline.launcher = Noting("case \"$*\" in *--shard=0*) echo it is broken >&2; exit 2;; esac; exec \"$@\"");
  const auto result = Run(pipeline);
  ASSERT_TRUE(result.ok()) << result.status();
  const NodeResult& node = *result->Find("StatisticsGen");
  EXPECT_EQ(node.state, NodeState::kFailed);
  EXPECT_TRUE(absl::StrContains(node.status.message(), "shard 0 of 2")) << node.status;
  EXPECT_TRUE(absl::StrContains(node.status.message(), "it is broken")) << node.status;
}

TEST_F(LaunchedPassesTest, AWrongLauncherEndsTheRunBeforeAnything) {
  const auto result = Run(Pipe("root"), {.launcher = {.launcher = "srun"}});
  EXPECT_EQ(ExitStatusOf(result.status()), kExitUsage) << result.status();
  EXPECT_FALSE(io::Exists(Path("root.db")));
}

TEST_F(LaunchedPassesTest, WorkersEndWithAnInterruptedOrKilledRun) {
  for (const int signal : {SIGINT, SIGTERM, SIGKILL}) {
    Pipeline pipeline = Pipe(absl::StrCat("root", signal));
    pipeline.launcher = HangingWorkers();
    const pid_t run = fork();
    if (run == 0) {
      Cancellation cancellation;
      const Interrupts interrupts(&cancellation);
      (void)Run(pipeline, {.cancellation = &cancellation});
      _exit(0);
    }
    const std::string worker = WaitForWorker();
    kill(run, signal);
    int status = 0;
    waitpid(run, &status, 0);
    EXPECT_TRUE(Gone(worker)) << "after signal " << signal;
    ASSERT_TRUE(io::RemoveAll(Path("worker")).ok());
  }
}

TEST_F(LaunchedPassesTest, WorkersEndWithANodeThatIsOverItsTimeLimit) {
  Pipeline pipeline = Pipe("root");
  pipeline.launcher = HangingWorkers();
  for (const Node& node : pipeline.components) {
    if (node.id() != "ImportExampleGen" && node.id() != "Model")
      node.with_node_execution_options({.execution_timeout_sec = 1});
  }
  const auto result = Run(pipeline);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(absl::StrContains(result->Find("StatisticsGen")->status.message(), "time limit of 1 s"))
      << result->Find("StatisticsGen")->status;
  EXPECT_TRUE(Gone(WaitForWorker()));
}

}  // namespace
}  // namespace tfxm
