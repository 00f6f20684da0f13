// SPDX-License-Identifier: Apache-2.0

// When a node is not executed again.
#include <stdlib.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tfxm/dsl/components.h"
#include "tfxm/orchestration/cache/cache_key.h"
#include "tfxm/orchestration/test_pipelines.h"
#include "tfxm/util/files/fingerprint.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

class CacheTest : public RunTest {
 protected:
  void SetUp() override {
    RunTest::SetUp();
    static const std::string cache = *io::MakeTempDir(::testing::TempDir(), "cache");
    setenv("TFXM_CACHE", cache.c_str(), 1);
  }
};

::testing::AssertionResult Contains(absl::string_view text, absl::string_view part) {
  if (absl::StrContains(text, part)) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "\"" << part << "\" is not in: " << text;
}

TEST_F(CacheTest, ASecondRunExecutesNothingAndHasTheSameOutputs) {
  auto a = Make("a", "write");
  const Pipeline pipeline = PipelineOf({a, Make("b", "write", {a})});
  const auto first = Run(pipeline);
  const auto second = Run(pipeline);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_TRUE(second->ok());
  EXPECT_EQ(second->Count(NodeState::kCached), 2);
  EXPECT_EQ(Executions("a") + Executions("b"), 2);
  for (const char* id : {"a", "b"}) {
    EXPECT_EQ(second->Find(id)->outputs.at(kOutputKey)[0].id, first->Find(id)->outputs.at(kOutputKey)[0].id);
  }
  const auto store = Store();
  const auto execution = store->GetExecutionsByID({second->Find("b")->execution_id})->at(0);
  EXPECT_EQ(execution.last_known_state(), ml_metadata::Execution::CACHED);
  EXPECT_EQ(store->GetEventsByExecutionIDs({execution.id()})->size(), 2) << "its input and its output";
  EXPECT_EQ(store->GetArtifacts()->size(), 2);
  ExpectConsistent();
}

TEST_F(CacheTest, WithoutCacheEverythingIsExecutedAgain) {
  Pipeline pipeline = PipelineOf({Make("a", "write")});
  ASSERT_TRUE(Run(pipeline)->ok());
  ASSERT_TRUE(Run(pipeline, {.enable_cache = false})->ok());
  EXPECT_EQ(Executions("a"), 2);
  pipeline.enable_cache = false;
  ASSERT_TRUE(Run(pipeline)->ok());
  EXPECT_EQ(Executions("a"), 3);
  pipeline.components[0].with_enable_cache(true);
  ASSERT_TRUE(Run(pipeline)->ok());
  EXPECT_EQ(Executions("a"), 3);
}

TEST_F(CacheTest, OtherPropertiesOrInputsMeanAnotherExecution) {
  auto run = [&](const std::string& what) {
    auto a = Make("a", what);
    return Run(PipelineOf({a, Make("b", "write", {a}), Make("c", "write")}))->ok();
  };
  ASSERT_TRUE(run("write"));
  ASSERT_TRUE(run("slow"));
  EXPECT_EQ(Executions("a"), 2) << "a property changed";
  EXPECT_EQ(Executions("b"), 2) << "its input is another artifact";
  EXPECT_EQ(Executions("c"), 1);
  ASSERT_TRUE(run("write"));
  EXPECT_EQ(Executions("a"), 2) << "as in the first run";
}

TEST_F(CacheTest, AModuleFileCountsByItsContentAndThatOfWhatItIncludes) {
  NodeSpec spec = Make("a", "write").spec();
  spec.exec_properties["module_file"] = Path("module.cc");
  ASSERT_TRUE(io::WriteFile(Path("module.cc"), "#define HEADER \"base.h\"\n#include HEADER\n").ok());
  ASSERT_TRUE(io::WriteFile(Path("base.h"), "// 1\n").ok());
  const Pipeline pipeline = PipelineOf({Node(spec)});
  ASSERT_TRUE(Run(pipeline)->ok());
  EXPECT_EQ(Run(pipeline)->nodes[0].cache, "nothing has changed since execution 1");
  EXPECT_EQ(Executions("a"), 1);
  ASSERT_TRUE(io::WriteFile(Path("module.cc"), "#include \"base.h\"\n// changed\n").ok());
  EXPECT_EQ(Run(pipeline)->nodes[0].cache,
            "since execution 1: module file " + Path("module.cc") + ": " + Path("module.cc") + " has changed");
  EXPECT_EQ(Executions("a"), 2);
  ASSERT_TRUE(io::WriteFile(Path("base.h"), "// 2\n").ok());
  EXPECT_TRUE(Contains(Run(pipeline)->nodes[0].cache, Path("base.h") + " has changed"));
  EXPECT_EQ(Executions("a"), 3);
  ASSERT_TRUE(io::RemoveAll(Path("module.cc")).ok());
  const auto without = Run(pipeline);
  EXPECT_NE(without->nodes[0].status.message().find("module.cc"), absl::string_view::npos) << without->nodes[0].status;
}

TEST_F(CacheTest, AHeaderOfAnIncludePathCounts) {
  ASSERT_TRUE(io::MakeDirs(Path("include")).ok());
  setenv("CPLUS_INCLUDE_PATH", Path("include").c_str(), 1);
  NodeSpec spec = Make("a", "write").spec();
  spec.exec_properties["module_file"] = Path("module.cc");
  ASSERT_TRUE(io::WriteFile(Path("module.cc"), "#include <steps.h>\n").ok());
  for (const char* steps : {"1", "2", "2"}) {
    ASSERT_TRUE(io::WriteFile(Path("include/steps.h"), absl::StrCat("// ", steps, "\n")).ok());
    ASSERT_TRUE(Run(PipelineOf({Node(spec)}))->ok());
  }
  unsetenv("CPLUS_INCLUDE_PATH");
  EXPECT_EQ(Executions("a"), 2);
}

TEST_F(CacheTest, AMetricsModuleCounts) {
  NodeSpec spec = Make("a", "write").spec();
  spec.exec_properties["eval_config"] =
      R"({"metrics_specs": [{"metrics": [{"class_name": "X", "module": ")" + Path("my_metrics.cc") + "\"}]}]}";
  for (const char* text : {"// 1\n", "// 2\n", "// 2\n"}) {
    ASSERT_TRUE(io::WriteFile(Path("my_metrics.cc"), text).ok());
    ASSERT_TRUE(Run(PipelineOf({Node(spec)}))->ok());
  }
  EXPECT_EQ(Executions("a"), 2);
}

TEST_F(CacheTest, TheCodeOfAnExecutorOfOnesOwnCounts) {
  FileHashes hashes;
  const auto own = MakeCacheKey("p", Make("a", "write").spec(), {}, {}, {}, &hashes);
  ASSERT_TRUE(own.ok()) << own.status();
  EXPECT_EQ(own->parts.count("the code of the pipeline's own executors"), 1) << "this program's";
  NodeSpec tfxms = Make("a", "write").spec();
  tfxms.executor = "tfx.components.statistics_gen.executor.Executor";
  EXPECT_EQ(MakeCacheKey("p", tfxms, {}, {}, {}, &hashes)->parts.count("the code of the pipeline's own executors"), 0);
}

TEST_F(CacheTest, EnvironmentVariablesThatTensorFlowComputesByCount) {
  const Pipeline pipeline = PipelineOf({Make("a", "write")});
  ASSERT_TRUE(Run(pipeline)->ok());
  setenv("TF_CPP_MIN_LOG_LEVEL", "2", 1);
  ASSERT_TRUE(Run(pipeline)->ok());
  EXPECT_EQ(Executions("a"), 1) << "that one only says what is logged";
  setenv("TF_ENABLE_ONEDNN_OPTS", "0", 1);
  const std::string why = Run(pipeline)->nodes[0].cache;
  unsetenv("TF_ENABLE_ONEDNN_OPTS");
  unsetenv("TF_CPP_MIN_LOG_LEVEL");
  EXPECT_EQ(Executions("a"), 2);
  EXPECT_EQ(why, "since execution 1: environment variable TF_ENABLE_ONEDNN_OPTS is new");
}

TEST_F(CacheTest, InputFilesCountByTheirContent) {
  FileHashes hashes;
  const auto digest = [&](const std::string& content) {
    EXPECT_TRUE(io::WriteFile(Path("data"), content).ok());
    return MakeCacheKey("p", Make("a", "write").spec(), {}, {{"input_fingerprint", "of now"}}, {Path("data")}, &hashes)
        ->digest;
  };
  const std::string first = digest("1");
  EXPECT_NE(digest("2"), first);
  EXPECT_EQ(digest("1"), first) << "though it was written again";
}

TEST_F(CacheTest, APartOfAnArtifactThatIsMissingOrChangedIsAMissThatSaysWhy) {
  const Pipeline pipeline = PipelineOf({Make("a", "write")});
  ASSERT_TRUE(Run(pipeline)->ok());
  const std::string first = Path("pipeline_root/a/examples/1/first"),
                    second = Path("pipeline_root/a/examples/2/second");
  ASSERT_TRUE(io::RemoveAll(first).ok());
  auto result = Run(pipeline);
  EXPECT_EQ(result->nodes[0].state, NodeState::kComplete);
  EXPECT_TRUE(result->nodes[0].cache_damaged);
  EXPECT_EQ(result->nodes[0].cache, "execution 1 has done this before, but " + first + " is missing");
  ASSERT_TRUE(io::WriteFile(second, "z").ok());
  result = Run(pipeline);
  EXPECT_TRUE(Contains(result->nodes[0].cache, second + " has another content"));
  ASSERT_TRUE(io::WriteFile(Path("pipeline_root/a/examples/3/third"), "z").ok());
  EXPECT_TRUE(Contains(Run(pipeline)->nodes[0].cache, "third is not in the manifest"));
  EXPECT_EQ(Executions("a"), 4);
  EXPECT_EQ(Run(pipeline)->nodes[0].state, NodeState::kCached);
}

TEST_F(CacheTest, TheFilesOfAnArtifactStandInTheStoreAndNotBesideThem) {
  ASSERT_TRUE(Run(PipelineOf({Make("a", "write")}))->ok());
  const std::string files = Store()->GetArtifacts()->at(0).custom_properties().at("files").string_value();
  EXPECT_TRUE(Contains(files, "\"first\""));
  EXPECT_TRUE(Contains(files, Sha256::HexHash("x")));
  EXPECT_EQ(*io::ListDir(Path("pipeline_root/a/examples/1")), (std::vector<std::string>{"first", "second"}));
}

TEST_F(CacheTest, APushedModelMustStillBeThereAndTheNewest) {
  auto model = Make("model", "write").spec();
  model.outputs = {{"model", {standard_artifacts::Model()}}};
  Node maker(model);
  auto pusher = Pusher({.model = maker.outputs("model"),
                        .push_destination = PushDestination{.filesystem = {.base_directory = Path("serving")}}});
  const Pipeline pipeline = PipelineOf({maker, pusher});
  const auto run = [&] {
    const auto result = Run(pipeline);
    EXPECT_TRUE(result.ok() && result->ok()) << result->Find("Pusher")->status;
    return *result->Find("Pusher");
  };
  const std::string first =
      std::get<std::string>(run().outputs.at("pushed_model")[0].custom_properties.at("pushed_destination"));
  EXPECT_EQ(run().state, NodeState::kCached);
  ASSERT_TRUE(io::RemoveAll(first).ok());
  NodeResult again = run();
  EXPECT_EQ(again.state, NodeState::kComplete);
  EXPECT_TRUE(Contains(again.cache, first + " is not there any more"));
  EXPECT_EQ(run().state, NodeState::kCached);
  ASSERT_TRUE(io::MakeDirs(Path("serving/99999999999")).ok());
  again = run();
  EXPECT_EQ(again.state, NodeState::kComplete);
  EXPECT_TRUE(Contains(again.cache, "is not the newest any more: version 99999999999 is"));
}

TEST_F(CacheTest, OutputsThatAreGoneAreMadeAgain) {
  const Pipeline pipeline = PipelineOf({Make("a", "write")});
  ASSERT_TRUE(Run(pipeline)->ok());
  ASSERT_TRUE(io::RemoveAll(Path("pipeline_root/a/examples/1")).ok());
  const auto again = Run(pipeline);
  EXPECT_EQ(again->nodes[0].state, NodeState::kComplete);
  EXPECT_EQ(again->nodes[0].outputs.at(kOutputKey)[0].uri, Path("pipeline_root/a/examples/2"));
}

TEST_F(CacheTest, OutputsThatTheStoreCallsDeletedAreMadeAgain) {
  const Pipeline pipeline = PipelineOf({Make("a", "write")});
  ASSERT_TRUE(Run(pipeline)->ok());
  {
    auto store = *MetadataStore::Open(Path("metadata.db"));
    auto artifact = store->GetArtifacts()->at(0);
    artifact.set_state(ml_metadata::Artifact::MARKED_FOR_DELETION);
    ASSERT_TRUE(store->PutArtifacts({artifact}).ok());
  }
  EXPECT_EQ(Run(pipeline)->nodes[0].state, NodeState::kComplete);
}

TEST_F(CacheTest, AFailureIsNotCached) {
  const Pipeline pipeline = PipelineOf({Make("a", "fail")});
  ASSERT_FALSE(Run(pipeline)->ok());
  ASSERT_FALSE(Run(pipeline)->ok());
  EXPECT_EQ(Executions("a"), 2);
}

TEST_F(CacheTest, AnExecutionFindsTheCheckpointsOfOneThatWasKilled) {
  const auto checkpoints = [&] { return io::Glob(Path("pipeline_root/a/.system/checkpoints/*/half"))->size(); };
  auto node = Make("a", "die halfway");
  EXPECT_FALSE(Run(PipelineOf({node}))->ok());
  EXPECT_EQ(checkpoints(), 1);
  // With other properties it is another execution.
  auto other = Make("a", "die halfway");
  other = Node([&] {
    NodeSpec spec = other.spec();
    spec.exec_properties["seed"] = int64_t{1};
    return spec;
  }());
  EXPECT_FALSE(Run(PipelineOf({other}))->ok());
  EXPECT_EQ(checkpoints(), 2);
  EXPECT_TRUE(Run(PipelineOf({node}))->ok());
  EXPECT_TRUE(Run(PipelineOf({other}))->ok());
  EXPECT_EQ(checkpoints(), 0);
}

TEST_F(CacheTest, ARunAfterAFailureDoesOnlyWhatIsMissing) {
  auto run = [&](const std::string& what) {
    auto a = Make("a", "write");
    auto b = Make("b", what, {a});
    return Run(PipelineOf({a, b, Make("c", "write", {b})}));
  };
  ASSERT_FALSE(run("segfault")->ok());
  const auto result = run("write");
  EXPECT_TRUE(result->ok());
  EXPECT_EQ(result->Find("a")->state, NodeState::kCached);
  EXPECT_EQ(result->Find("c")->state, NodeState::kComplete);
}

TEST_F(CacheTest, TheTypeOfAPropertyIsPartOfTheKey) {
  FileHashes hashes;
  const NodeSpec spec = Make("a", "write").spec();
  const auto digest = [&](const Properties& properties) {
    return MakeCacheKey("p", spec, {}, properties, {}, &hashes)->digest;
  };
  EXPECT_NE(digest({{"n", int64_t{1}}}), digest({{"n", "1"}}));
  EXPECT_NE(digest({{"a", "bc"}}), digest({{"ab", "c"}}));
  EXPECT_EQ(digest({{"a", "bc"}}), digest({{"a", "bc"}}));
}

}  // namespace
}  // namespace tfxm
