// SPDX-License-Identifier: Apache-2.0

#include "tfxm/orchestration/run_ir.h"

#include <stdlib.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tfxm/dsl/compiler.h"
#include "tfxm/dsl/components.h"
#include "tfxm/dsl/json.h"
#include "tfxm/orchestration/test_pipelines.h"
#include "tfxm/util/io.h"
#include "tfxm/util/subprocess.h"

namespace tfxm {
namespace {

namespace ir = ::tfx::orchestration;

::testing::AssertionResult Contains(absl::string_view text, absl::string_view part) {
  if (absl::StrContains(text, part)) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "\"" << part << "\" is not in: " << text;
}

class RunIrTest : public RunTest {
 protected:
  struct Output {
    absl::StatusOr<int> exit_code;
    std::string out, err;
  };
  Output RunIr(const ir::Pipeline& pipeline, std::vector<std::string> flags = {}) {
    EXPECT_TRUE(io::WriteFile(Path("ir.json"), ToTfxJson(pipeline)).ok());
    flags.push_back("--output=" + Path("out"));
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    Output output;
    output.exit_code = RunPipelineIr(Path("ir.json"), flags);
    output.out = ::testing::internal::GetCapturedStdout();
    output.err = ::testing::internal::GetCapturedStderr();
    return output;
  }
  ir::Pipeline TwoNodes() {
    auto a = Make("a", "write");
    auto compiled = CompilePipeline(PipelineOf({a, Make("b", "write", {a})}));
    EXPECT_TRUE(compiled.ok()) << compiled.status();
    return *compiled;
  }
};

TEST_F(RunIrTest, RunsItsNodesAsThePipelineThatItWasCompiledOf) {
  const Output first = RunIr(TwoNodes());
  ASSERT_TRUE(first.exit_code.ok()) << first.exit_code.status();
  EXPECT_EQ(*first.exit_code, 0) << first.err;
  EXPECT_TRUE(Contains(first.out, "test: 2 nodes: 2 complete"));
  ExpectConsistent();
  // The cache of one is that of the other.
  auto a = Make("a", "write");
  const auto again = Run(PipelineOf({a, Make("b", "write", {a})}));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->nodes[0].state, NodeState::kCached);
  EXPECT_EQ(Executions("b"), 1);
}

TEST_F(RunIrTest, RuntimeParametersAreFlags) {
  ir::Pipeline pipeline = TwoNodes();
  auto& what =
      (*pipeline.mutable_nodes(0)->mutable_pipeline_node()->mutable_parameters()->mutable_parameters())["what"];
  what.mutable_runtime_parameter()->set_name("what_a_does");
  what.mutable_runtime_parameter()->set_type(ir::RuntimeParameter::STRING);
  what.mutable_runtime_parameter()->mutable_default_value()->set_string_value("write");
  EXPECT_EQ(*RunIr(pipeline, {"--pipeline-root=" + Path("elsewhere")}).exit_code, 0);
  EXPECT_TRUE(io::Exists(Path("elsewhere/a")));
  EXPECT_EQ(*RunIr(pipeline, {"--what_a_does=fail"}).exit_code, 3);
  const Output wrong = RunIr(pipeline, {"--what_a_do=fail"});
  EXPECT_EQ(*wrong.exit_code, 2);
  EXPECT_TRUE(Contains(wrong.err, "test: unknown flag --what_a_do; did you mean \"--what_a_does\""));
  EXPECT_TRUE(Contains(RunIr(pipeline, {"--help"}).out, "--what_a_does=VALUE  (default: write)"));
}

TEST_F(RunIrTest, AnExecutorThatIsNotThereIsNamedBeforeAnythingStarts) {
  NodeSpec spec = Make("CsvReader", "write").spec();
  spec.executor = "tfx.components.statistics_gen.executor.Executr";
  const auto compiled = CompilePipeline(PipelineOf({Make("a", "write"), Node(std::move(spec))}));
  ASSERT_TRUE(compiled.ok()) << compiled.status();
  const Output output = RunIr(*compiled);
  EXPECT_EQ(*output.exit_code, 3);
  EXPECT_TRUE(Contains(output.err,
                       "test: node CsvReader: tfxm has no executor "
                       "\"tfx.components.statistics_gen.executor.Executr\"; it has "
                       "\"tfx.components.statistics_gen.executor.Executor\""));
  EXPECT_EQ(Executions("a"), 0);
}

// b runs if the uri of what a puts out is (not) empty; c needs b, d only a.
TEST_F(RunIrTest, ANodeWhoseConditionDoesNotHoldIsRuledOutWithWhatNeedsIt) {
  const auto a = Make("a", "write"), b = Make("b", "write", {a});
  const auto compiled = CompilePipeline(PipelineOf({a, b, Make("c", "write", {b}), Make("d", "write", {a})}));
  ASSERT_TRUE(compiled.ok()) << compiled.status();
  ir::Pipeline pipeline = *compiled;
  ir::PipelineNode* node = nullptr;
  for (auto& entry : *pipeline.mutable_nodes()) {
    if (entry.pipeline_node().node_info().id() == "b") node = entry.mutable_pipeline_node();
  }
  ASSERT_NE(node, nullptr);
  const auto set_condition = [&](const std::string& text) {
    // Asked for anew each time: printing has looked at the map by reflection, which keeps a copy.
    auto& condition = (*node->mutable_inputs()->mutable_conditionals())["cond_1"];
    return io::ParseTextProto(text, condition.mutable_placeholder_expression());
  };
  const std::string key = node->inputs().inputs().begin()->first;
  const std::string empty = absl::StrCat(
      "operator { compare_op { op: EQUAL rhs { value { string_value: '' } } lhs { operator { artifact_uri_op { expression "
      "{ operator { index_op { expression { placeholder { key: '",
      key, "' } } } } } } } } } }");
  ASSERT_TRUE(set_condition(empty).ok());
  const Output output = RunIr(pipeline);
  ASSERT_TRUE(output.exit_code.ok()) << output.exit_code.status();
  EXPECT_EQ(*output.exit_code, 0) << "that is an answer as any other: " << output.err;
  EXPECT_TRUE(Contains(output.out, "b  skipped: its condition does not hold"));
  EXPECT_TRUE(Contains(output.out, "c  skipped: needs b, whose condition does not hold"));
  EXPECT_TRUE(Contains(output.out, "2 complete"));
  EXPECT_EQ(Executions("b") + Executions("c"), 0);
  ASSERT_TRUE(set_condition(absl::StrCat("operator { unary_logical_op { op: NOT expression { ", empty, " } } }")).ok());
  EXPECT_TRUE(Contains(RunIr(pipeline).out, "2 complete, 2 cached"));
  EXPECT_EQ(Executions("c"), 1);
}

TEST_F(RunIrTest, AModuleInAWheelIsUnpackedOrNamedBeforeAnythingStarts) {
  setenv("TFXM_CACHE", Path("cache").c_str(), /*overwrite=*/1);
  const std::string make = "import sys, zipfile; zipfile.ZipFile(sys.argv[1], 'w').writestr('user_module.py', '')";
  ASSERT_EQ(RunSubprocess({"python3", "-c", make, Path("m.whl")})->exit_code, 0);
  const auto run = [&](const std::string& module_path, const std::vector<std::string>& flags) {
    const auto compiled =
        CompilePipeline(PipelineOf({Make("a", "write").with_exec_property("module_path", module_path)}));
    EXPECT_TRUE(compiled.ok()) << compiled.status();
    return RunIr(*compiled, flags);
  };
  const Output none = run("user_module@" + Path("none.whl"), {});
  EXPECT_EQ(*none.exit_code, 3);
  EXPECT_TRUE(Contains(none.err, "test: node a: "));
  EXPECT_TRUE(Contains(none.err, "none.whl"));
  EXPECT_EQ(Executions("a"), 0);
  // Running it takes a Python with TensorFlow.
  const Output unpacked = run("user_module@" + Path("m.whl"), {"--print_ir"});
  unsetenv("TFXM_CACHE");
  EXPECT_EQ(*unpacked.exit_code, 0) << unpacked.err;
  EXPECT_TRUE(Contains(unpacked.out, Path("cache/wheels/")));
  EXPECT_TRUE(Contains(unpacked.out, "/user_module.py\""));
  EXPECT_FALSE(absl::StrContains(unpacked.out, "m.whl"));
}

TEST_F(RunIrTest, AStrategyThatIsNotThereIsNamedBeforeAnythingStarts) {
  auto resolver =
      Resolver({.strategy_class = "my.Strategy", .channels = {{"model", Channel(standard_artifacts::Model())}}});
  const auto compiled = CompilePipeline(PipelineOf({Make("a", "write"), resolver}));
  ASSERT_TRUE(compiled.ok()) << compiled.status();
  const Output output = RunIr(*compiled);
  EXPECT_EQ(*output.exit_code, 3);
  EXPECT_TRUE(Contains(output.err, "test: node Resolver: tfxm's Resolver has no strategy \"my.Strategy\""));
  EXPECT_EQ(Executions("a"), 0);
}

TEST_F(RunIrTest, WhatItPrintsItRuns) {
  const Output printed = RunIr(TwoNodes(), {"--print_ir"});
  EXPECT_EQ(*printed.exit_code, 0);
  ASSERT_TRUE(io::WriteFile(Path("printed"), printed.out).ok());
  ::testing::internal::CaptureStdout();
  const auto exit_code = RunPipelineIr(Path("printed"), {"--output=" + Path("out")});
  EXPECT_TRUE(Contains(::testing::internal::GetCapturedStdout(), "2 complete"));
  ASSERT_TRUE(exit_code.ok()) << exit_code.status();
  EXPECT_EQ(*exit_code, 0);
}

TEST_F(RunIrTest, PrintsThePipelineOfKubeflow) {
  const Output printed =
      RunIr(TwoNodes(), {"--print_ir=kfp", "--kfp_image=mine:1", "--pipeline-root=gs://bucket/root"});
  EXPECT_EQ(*printed.exit_code, 0) << printed.err;
  for (const char* const part :
       {R"("defaultPipelineRoot": "gs://bucket/root")", R"("image": "mine:1")", R"("kfp-executor")"}) {
    EXPECT_TRUE(Contains(printed.out, part));
  }
  EXPECT_EQ(Executions("a"), 0);
  const auto packed =
      CompilePipeline(PipelineOf({Make("a", "write").with_exec_property("module_path", "m@/none.whl")}));
  ASSERT_TRUE(packed.ok()) << packed.status();
  EXPECT_TRUE(Contains(RunIr(*packed, {"--print_ir=kfp"}).out, "m@/none.whl")) << "it is unpacked in the container";
  const Output wrong = RunIr(TwoNodes(), {"--print_ir=yaml"});
  EXPECT_EQ(*wrong.exit_code, 2);
  EXPECT_TRUE(Contains(wrong.err, "--print_ir=yaml: expected kfp, true or false"));
  const Output remote = RunIr(TwoNodes(), {"--pipeline-root=gs://bucket/root"});
  EXPECT_EQ(*remote.exit_code, 3);
  EXPECT_TRUE(Contains(remote.err, "pipeline_root is gs://bucket/root; artifacts are local files"));
}

TEST_F(RunIrTest, AKeyInAPathIsRefusedBeforeAnythingIsPrintedOrRecorded) {
  const auto with_key = CompilePipeline(
      PipelineOf({Make("a", "write")
                      .with_exec_property("push_destination",
                                          R"({"filesystem": {"base_directory": "s3://id:canary@bucket/serving"}})")}));
  ASSERT_TRUE(with_key.ok()) << with_key.status();
  for (const char* flag : {"--print_ir", "--print_ir=kfp", "--nocache"}) {
    const Output refused = RunIr(*with_key, {flag});
    EXPECT_EQ(*refused.exit_code, 3);
    EXPECT_TRUE(Contains(refused.err, "a, push_destination: a s3:// path has a user or a key"));
    EXPECT_FALSE(absl::StrContains(refused.out + refused.err, "canary"));
  }
  EXPECT_EQ(Executions("a"), 0);
}

TEST_F(RunIrTest, AFileThatIsNoPipelineIsAnError) {
  EXPECT_EQ(RunPipelineIr(Path("none"), {}).status().code(), absl::StatusCode::kNotFound);
  const Output output = RunIr(TwoNodes(), {"--data_root=/data"});
  EXPECT_EQ(*output.exit_code, 3);
  EXPECT_TRUE(Contains(output.err, "--data_root: the pipeline says itself where its data is"));
}

}  // namespace
}  // namespace tfxm
