// When a node is not executed again.
#include "tfxm/orchestration/cache_key.h"
#include "tfxm/orchestration/test_pipelines.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

using CacheTest = RunTest;

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
  ASSERT_TRUE(io::WriteFile(Path("module.cc"), "#include \"base.h\"\n").ok());
  ASSERT_TRUE(io::WriteFile(Path("base.h"), "// 1\n").ok());
  const Pipeline pipeline = PipelineOf({Node(spec)});
  ASSERT_TRUE(Run(pipeline)->ok());
  ASSERT_TRUE(Run(pipeline)->ok());
  EXPECT_EQ(Executions("a"), 1);
  ASSERT_TRUE(io::WriteFile(Path("module.cc"), "#include \"base.h\"\n// changed\n").ok());
  ASSERT_TRUE(Run(pipeline)->ok());
  EXPECT_EQ(Executions("a"), 2);
  ASSERT_TRUE(io::WriteFile(Path("base.h"), "// 2\n").ok());
  ASSERT_TRUE(Run(pipeline)->ok());
  EXPECT_EQ(Executions("a"), 3);
  ASSERT_TRUE(io::RemoveAll(Path("module.cc")).ok());
  const auto without = Run(pipeline);
  EXPECT_NE(without->nodes[0].status.message().find("module.cc"), absl::string_view::npos) << without->nodes[0].status;
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
  const auto checkpoints = [&] { return io::Glob(Path("pipeline_root/a/.system/checkpoints/*"))->size(); };
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
  const NodeSpec spec = Make("a", "write").spec();
  EXPECT_NE(*CacheKey("p", spec, {}, {{"n", int64_t{1}}}), *CacheKey("p", spec, {}, {{"n", "1"}}));
  EXPECT_NE(*CacheKey("p", spec, {}, {{"a", "bc"}}), *CacheKey("p", spec, {}, {{"ab", "c"}}));
  EXPECT_EQ(*CacheKey("p", spec, {}, {{"a", "bc"}}), *CacheKey("p", spec, {}, {{"a", "bc"}}));
}

}  // namespace
}  // namespace tfxm
