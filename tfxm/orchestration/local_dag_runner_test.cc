// SPDX-License-Identifier: Apache-2.0

#include "tfxm/orchestration/local_dag_runner.h"

#include <algorithm>
#include <map>

#include "absl/strings/match.h"
#include "tfxm/orchestration/test_pipelines.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

using ml_metadata::Event;
using ml_metadata::Execution;

using LocalDagRunnerTest = RunTest;

::testing::AssertionResult Contains(absl::string_view text, absl::string_view part) {
  if (absl::StrContains(text, part)) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "\"" << part << "\" is not in: " << text;
}

NodeState StateOf(const absl::StatusOr<RunResult>& result, absl::string_view id) { return result->Find(id)->state; }

TEST_F(LocalDagRunnerTest, RunsEveryNodeAfterThoseItNeeds) {
  auto a = Make("a", "write");
  auto b = Make("b", "write", {a});
  auto c = Make("c", "write", {a, b});
  const auto result = Run(PipelineOf({a, b, c}));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->ok());
  EXPECT_EQ(*io::ReadFile(Path("executed")), "a\nb\nc\n");
  EXPECT_EQ(result->Find("b")->outputs.at(kOutputKey)[0].uri, Path("pipeline_root/b/examples/2"));
  ExpectConsistent();
}

TEST_F(LocalDagRunnerTest, RecordsTheRunAsTfxDoes) {
  auto a = Make("a", "write");
  auto b = Make("b", "write", {a});
  const auto result = Run(PipelineOf({a, b}));
  ASSERT_TRUE(result.ok()) << result.status();
  const auto store = Store();
  const auto executions = *store->GetExecutions();
  ASSERT_EQ(executions.size(), 2);
  EXPECT_EQ(executions[1].last_known_state(), Execution::COMPLETE);
  EXPECT_EQ(executions[1].custom_properties().at("what").string_value(), "write");
  EXPECT_EQ(executions[1].name().size(), 36) << "a UUID";

  std::map<std::string, std::string> contexts;
  const auto contexts_of_b = *store->GetContextsByExecution(2);
  for (const auto& context : contexts_of_b) contexts[context.type()] = context.name();
  EXPECT_EQ(contexts["pipeline"], "test");
  EXPECT_EQ(contexts["pipeline_run"], result->run_id);
  EXPECT_EQ(contexts["node"], "test.b");
  EXPECT_EQ(contexts["execution_cache"].size(), 64) << "a SHA-256";
  EXPECT_EQ(store->GetParentContextsByContext(2)->at(0).name(), "test");

  const auto events = *store->GetEventsByExecutionIDs({2});
  ASSERT_EQ(events.size(), 2);
  EXPECT_EQ(events[0].type(), Event::INPUT);
  EXPECT_EQ(events[0].path().steps(0).key(), "a");
  EXPECT_EQ(events[0].path().steps(1).index(), 0);
  EXPECT_EQ(events[1].type(), Event::OUTPUT);
  EXPECT_EQ(events[1].path().steps(0).key(), kOutputKey);
  const auto artifact = store->GetArtifactsByID({2})->at(0);
  EXPECT_EQ(artifact.state(), ml_metadata::Artifact::LIVE);
  EXPECT_EQ(artifact.custom_properties().at("is_external").int_value(), 0);
  EXPECT_TRUE(artifact.custom_properties().contains("tfx_version"));
  EXPECT_EQ(store->GetArtifactType("Examples")->base_type(), ml_metadata::ArtifactType::DATASET);
  // The input belongs to the contexts of its consumer too, but for the cache's.
  EXPECT_EQ(store->GetContextsByArtifact(1)->size(), 5);
}

TEST_F(LocalDagRunnerTest, AnExecutorsPropertiesArePublishedWithFinalPaths) {
  const auto result = Run(PipelineOf({Make("a", "progress")}));
  ASSERT_TRUE(result.ok() && result->ok()) << result.status();
  EXPECT_EQ(result->nodes[0].message, "all of it");
  const auto artifact = Store()->GetArtifacts()->at(0);
  EXPECT_EQ(artifact.properties().at("span").int_value(), 7);
  EXPECT_EQ(artifact.custom_properties().at("own_path").string_value(), Path("pipeline_root/a/examples/1/second"));
}

TEST_F(LocalDagRunnerTest, IndependentNodesRunAtTheSameTime) {
  auto a = Make("a", "write");
  const auto result =
      Run(PipelineOf({a, Make("b", "meet c", {a}), Make("c", "meet b", {a})}), {.max_parallel_nodes = 2});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->ok()) << result->Find("b")->status;
}

TEST_F(LocalDagRunnerTest, NoMoreNodesRunAtATimeThanAllowed) {
  std::vector<Node> nodes;
  for (const char* id : {"a", "b", "c", "d"}) nodes.push_back(Make(id, "alone"));
  const auto result = Run(PipelineOf(nodes), {.max_parallel_nodes = 1});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->ok());
}

TEST_F(LocalDagRunnerTest, TheLongestChainGoesFirst) {
  auto a = Make("a", "write");
  auto lone = Make("lone", "write", {a});
  auto b = Make("b", "write", {a});
  auto c = Make("c", "write", {b});
  ASSERT_TRUE(Run(PipelineOf({a, lone, b, c}), {.max_parallel_nodes = 1})->ok());
  EXPECT_TRUE(Contains(*io::ReadFile(Path("executed")), "a\nb\n"));
}

// a -> b -> c -> d, and e beside them.
class PartialRunTest : public RunTest {
 protected:
  void SetUp() override {
    RunTest::SetUp();
    const Node a = Make("a", "write"), b = Make("b", "write", {a}), c = Make("c", "write", {b});
    pipeline_ = PipelineOf({a, b, c, Make("d", "write", {c}), Make("e", "write")});
    pipeline_.enable_cache = false;
  }
  Pipeline pipeline_;
};

TEST_F(PartialRunTest, OnlyTheNodesBetweenRun) {
  ASSERT_TRUE(Run(pipeline_)->ok());
  const size_t executed = io::ReadFile(Path("executed"))->size();
  const auto result = Run(pipeline_, {.from_nodes = {"c"}});
  ASSERT_TRUE(result.ok() && result->ok()) << result.status();
  ASSERT_EQ(result->nodes.size(), 3u) << "a and e are neither run nor needed";
  EXPECT_EQ(StateOf(result, "b"), NodeState::kCached);
  EXPECT_TRUE(result->Find("b")->left_out);
  EXPECT_EQ(StateOf(result, "c"), NodeState::kComplete);
  EXPECT_EQ(StateOf(result, "d"), NodeState::kComplete);
  EXPECT_EQ(io::ReadFile(Path("executed"))->substr(executed), "c\nd\n");

  const auto middle = Run(pipeline_, {.from_nodes = {"b"}, .to_nodes = {"c"}});
  ASSERT_TRUE(middle.ok() && middle->ok()) << middle.status();
  EXPECT_EQ(middle->nodes.size(), 3u);
  EXPECT_EQ(Executions("d"), 2);
  EXPECT_EQ(Run(pipeline_, {.to_nodes = {"a", "e"}})->nodes.size(), 2u);
  ExpectConsistent();
}

TEST_F(PartialRunTest, WhatIsLeftOutPutsOutWhatItMadeLast) {
  ASSERT_TRUE(Run(pipeline_)->ok());
  const auto again = Run(pipeline_, {.from_nodes = {"b"}, .to_nodes = {"b"}});
  ASSERT_TRUE(again.ok() && again->ok());
  const auto result = Run(pipeline_, {.from_nodes = {"c"}, .to_nodes = {"c"}});
  ASSERT_TRUE(result.ok() && result->ok());
  const int64_t made = again->Find("b")->outputs.at(kOutputKey)[0].id;
  EXPECT_EQ(result->Find("b")->outputs.at(kOutputKey)[0].id, made);
  const auto store = Store();
  const auto events = *store->GetEventsByExecutionIDs({result->Find("c")->execution_id});
  EXPECT_EQ(events[0].artifact_id(), made);
  // As TFX: an execution of this run, CACHED, with its former inputs.
  const int64_t reused = result->Find("b")->execution_id;
  EXPECT_EQ(store->GetExecutionsByID({reused})->at(0).last_known_state(), Execution::CACHED);
  const auto of_reused = *store->GetEventsByExecutionIDs({reused});
  ASSERT_EQ(of_reused.size(), 2);
  EXPECT_EQ(of_reused[0].type(), Event::INPUT);
}

TEST_F(PartialRunTest, SaysWhatDoesNotFitBeforeAnythingStarts) {
  const auto message = [&](const std::vector<std::string>& from, const std::vector<std::string>& to) {
    const auto result = Run(pipeline_, {.from_nodes = from, .to_nodes = to});
    return std::string(result.status().message());
  };
  EXPECT_TRUE(Contains(message({"c"}, {}), "node b is left out of this partial run, but it has never run to its end"));
  EXPECT_TRUE(Contains(message({"f"}, {}), "from_nodes: the pipeline has no node \"f\""));
  EXPECT_TRUE(Contains(message({}, {"E"}), "to_nodes: the pipeline has no node \"E\""));
  EXPECT_TRUE(Contains(message({"c"}, {"b"}), "no node comes after c (from_nodes) and before b (to_nodes)"));
  EXPECT_FALSE(io::Exists(Path("executed")));
  const auto first = Run(pipeline_);
  ASSERT_TRUE(first.ok() && first->ok());
  ASSERT_TRUE(io::RemoveAll(first->Find("b")->outputs.at(kOutputKey)[0].uri).ok());
  EXPECT_TRUE(Contains(message({"c"}, {}), "node b is left out of this partial run, but "));
  EXPECT_TRUE(Run(pipeline_, {.from_nodes = {"b"}})->ok());
}

TEST_F(LocalDagRunnerTest, AFailedNodeTakesItsDependentsWithItAndNoOthers) {
  auto bad = Make("bad", "fail");
  auto good = Make("good", "write");
  auto after_bad = Make("after_bad", "write", {bad});
  auto after_both = Make("after_both", "write", {after_bad, good});
  auto after_good = Make("after_good", "write", {good});
  const auto result = Run(PipelineOf({bad, good, after_bad, after_both, after_good}));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_FALSE(result->ok());
  EXPECT_EQ(StateOf(result, "bad"), NodeState::kFailed);
  EXPECT_TRUE(Contains(result->Find("bad")->status.message(), "feature \"fare\" is wrong"));
  EXPECT_EQ(StateOf(result, "after_bad"), NodeState::kSkipped);
  EXPECT_EQ(StateOf(result, "after_both"), NodeState::kSkipped);
  EXPECT_TRUE(Contains(result->Find("after_both")->status.message(), "needs bad"));
  EXPECT_EQ(StateOf(result, "good"), NodeState::kComplete);
  EXPECT_EQ(StateOf(result, "after_good"), NodeState::kComplete);
  EXPECT_EQ(Store()->GetExecutionsByID({result->Find("bad")->execution_id})->at(0).last_known_state(),
            Execution::FAILED);
  ExpectConsistent();
}

TEST_F(LocalDagRunnerTest, HoweverAnExecutorEndsItIsSaid) {
  const struct {
    const char* what;
    const char* said;
  } kCases[] = {
      {"throw", "a user's mistake"}, {"segfault", "SIGSEGV"}, {"abort", "SIGABRT"}, {"exit", "exit status 3"}};
  std::vector<Node> nodes;
  for (const auto& c : kCases) nodes.push_back(Make(c.what, c.what));
  const auto result = Run(PipelineOf(nodes));
  ASSERT_TRUE(result.ok()) << result.status();
  for (const auto& c : kCases) {
    const NodeResult& node = *result->Find(c.what);
    EXPECT_EQ(node.state, NodeState::kFailed) << c.what;
    EXPECT_TRUE(Contains(node.status.message(), c.said));
    EXPECT_TRUE(Contains(*io::ReadFile(node.log_path), std::string(c.what) + " speaks"));
  }
  ExpectConsistent();
}

TEST_F(LocalDagRunnerTest, TheLastLinesOfTheLogAreShown) {
  const auto result = Run(PipelineOf({Make("a", "segfault")}));
  EXPECT_TRUE(Contains(result->nodes[0].status.message(), "a speaks"));
}

TEST_F(LocalDagRunnerTest, AnExecutorOrPluginThatDoesNotExistIsNamed) {
  auto typo = Node({.id = "typo", .type_name = "t", .executor = "test.Scriptde"});
  auto plugin = Make("plugin", "write").with_plugin("nonexistent");
  const auto result = Run(PipelineOf({typo, plugin}));
  EXPECT_TRUE(Contains(result->Find("typo")->status.message(), "did you mean \"test.Scripted\""));
  EXPECT_TRUE(Contains(result->Find("plugin")->status.message(), "libtfxm_nonexistent.so"));
}

TEST_F(LocalDagRunnerTest, AMistakeInThePipelineRunsNothing) {
  EXPECT_EQ(Run(PipelineOf({})).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(io::Exists(Path("metadata.db")));
}

TEST_F(LocalDagRunnerTest, OldFoldersThatNoStoreKnowsAreReplaced) {
  ASSERT_TRUE(Run(PipelineOf({Make("a", "write")}))->ok());
  ASSERT_TRUE(io::WriteFile(Path("pipeline_root/a/examples/1/old"), "").ok());
  ASSERT_TRUE(io::RemoveAll(Path("metadata.db")).ok());
  ASSERT_TRUE(Run(PipelineOf({Make("a", "write")}))->ok());
  EXPECT_FALSE(io::Exists(Path("pipeline_root/a/examples/1/old")));
  ExpectConsistent();
}

// The second time "die halfway" goes on from its checkpoint.
TEST_F(LocalDagRunnerTest, AFailedExecutorIsStartedAgain) {
  const Node a = Make("a", "die halfway").with_node_execution_options({.max_execution_retries = 2});
  const Node b = Make("b", "write", {a});
  const auto result = Run(PipelineOf({a, b}));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->ok());
  EXPECT_EQ(result->Find("a")->retries, 1);
  EXPECT_TRUE(result->Find("a")->status.ok());
  EXPECT_EQ(Executions("a"), 2);
  const auto executions = *Store()->GetExecutions();
  ASSERT_EQ(executions.size(), 3);
  EXPECT_EQ(executions[0].last_known_state(), Execution::FAILED);
  EXPECT_EQ(executions[1].last_known_state(), Execution::COMPLETE);
  ExpectConsistent();
}

TEST_F(LocalDagRunnerTest, RetriesEnd) {
  const Node a = Make("a", "fail").with_node_execution_options({.max_execution_retries = 2});
  const auto result = Run(PipelineOf({a, Make("b", "write", {a})}));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(StateOf(result, "a"), NodeState::kFailed);
  EXPECT_EQ(StateOf(result, "b"), NodeState::kSkipped);
  EXPECT_EQ(Executions("a"), 3);
  EXPECT_TRUE(Contains(result->Find("a")->status.message(), "feature \"fare\" is wrong"));
  ExpectConsistent();
}

TEST_F(LocalDagRunnerTest, AnExecutorOverItsTimeLimitIsEnded) {
  const Node a = Make("a", "hang").with_node_execution_options({.execution_timeout_sec = 1});
  const auto result = Run(PipelineOf({a}));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(StateOf(result, "a"), NodeState::kFailed);
  EXPECT_TRUE(Contains(result->Find("a")->status.message(), "time limit of 1 s"));
  EXPECT_TRUE(Run(PipelineOf({Make("b", "write").with_node_execution_options({.execution_timeout_sec = 60})}))->ok());
}

TEST_F(LocalDagRunnerTest, ExecutionOptionsOutOfRangeAreRefused) {
  const auto run = [&](NodeExecutionOptions options) {
    return std::string(Run(PipelineOf({Make("a", "write").with_node_execution_options(options)})).status().message());
  };
  EXPECT_TRUE(Contains(run({.max_execution_retries = -1}), "max_execution_retries is -1; expected 0 to 1000"));
  EXPECT_TRUE(Contains(run({.execution_timeout_sec = -5}), "execution_timeout_sec is -5; expected 0 to 1000000000"));
}

}  // namespace
}  // namespace tfxm
