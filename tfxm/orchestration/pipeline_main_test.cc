#include "tfxm/orchestration/pipeline_main.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tfxm/dsl/components.h"
#include "tfxm/orchestration/display.h"
#include "tfxm/orchestration/lineage.h"
#include "tfxm/orchestration/test_pipelines.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

::testing::AssertionResult Contains(absl::string_view text, absl::string_view part) {
  if (absl::StrContains(text, part)) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "\"" << part << "\" is not in: " << text;
}

class PipelineMainTest : public RunTest {
 protected:
  struct Output {
    int exit_code;
    std::string out, err;
  };
  Output Main(std::vector<std::string> arguments, const PipelineMainOptions& options = {}) {
    arguments.insert(arguments.begin(), "/somewhere/my_pipeline");
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    Output output;
    output.exit_code = RunPipelineMain(
        static_cast<int>(argv.size()), argv.data(),
        [this](const PipelineArgs& args) -> absl::StatusOr<Pipeline> {
          steps_ = args.GetInt("steps", 5);
          auto a = Make("a", args.Get("what", "write"));
          Pipeline pipeline = PipelineOf({a, Make("b", "write", {a})});
          if (args.GetBool("reads_data", false))
            pipeline.components.push_back(ImportExampleGen({.input_base = args.data_root}));
          return pipeline;
        },
        options);
    output.out = ::testing::internal::GetCapturedStdout();
    output.err = ::testing::internal::GetCapturedStderr();
    return output;
  }
  int64_t steps_ = 0;
};

TEST_F(PipelineMainTest, RunsThePipelineAndSaysWhatHappens) {
  const Output first = Main({"--steps=7"});
  EXPECT_EQ(first.exit_code, 0) << first.err;
  EXPECT_EQ(steps_, 7);
  EXPECT_TRUE(Contains(first.out, "a  started\na  complete  "));
  EXPECT_TRUE(Contains(first.out, "test: 2 nodes: 2 complete, in "));
  const Output second = Main({});
  EXPECT_TRUE(Contains(second.out, "a  cached\nb  cached\n"));
  EXPECT_TRUE(Contains(second.out, "2 cached"));
  EXPECT_EQ(Main({"--nocache"}).exit_code, 0);
  EXPECT_EQ(Executions("a"), 2);
}

TEST_F(PipelineMainTest, AFailureIsExplainedAndGivesExitStatus1) {
  const Output output = Main({"--what=fail"});
  EXPECT_EQ(output.exit_code, 1);
  EXPECT_TRUE(Contains(output.out, "a  FAILED: feature \"fare\" is wrong\n  log: "));
  EXPECT_TRUE(Contains(output.out, "b  skipped: needs a, which failed"));
  EXPECT_TRUE(Contains(output.out, "1 FAILED, 1 skipped"));
}

TEST_F(PipelineMainTest, WrongFlagsAreNamedAndRunNothing) {
  const Output unknown = Main({"--step=7"});
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_TRUE(Contains(unknown.err, "unknown flag --step; did you mean \"--steps\""));
  const Output number = Main({"--steps=many"});
  EXPECT_EQ(number.exit_code, 2);
  EXPECT_TRUE(Contains(number.err, "--steps=many: expected a value like 5"));
  EXPECT_TRUE(Contains(Main({"data"}).err, "\"data\" is no flag"));
  EXPECT_TRUE(Contains(Main({"--reads_data"}).err, "--data_root=DIR is missing: the data that ImportExampleGen reads"));
  EXPECT_EQ(Executions("a"), 0);
  EXPECT_FALSE(io::Exists(Path("metadata.db")));
}

TEST_F(PipelineMainTest, HelpNamesThePipelinesOwnFlagsAndNodes) {
  const Output output = Main({"--help"});
  EXPECT_EQ(output.exit_code, 0);
  EXPECT_TRUE(Contains(output.out, "--data_root"));
  EXPECT_TRUE(Contains(output.out, "--steps=VALUE  (default: 5)"));
  EXPECT_TRUE(Contains(output.out, "Nodes of test:\n  a\n  b\n"));
}

TEST_F(PipelineMainTest, PrintsTheIntermediateRepresentation) {
  const Output output = Main({"--print_ir"});
  EXPECT_TRUE(Contains(output.out, "\"pipeline_info\": {\n    \"id\": \"test\"\n  }"));
  EXPECT_EQ(Executions("a"), 0);
}

TEST_F(PipelineMainTest, WhatComesAfterTheRunGetsItsResults) {
  std::string uri;
  PipelineMainOptions options;
  options.after_run = [&](const PipelineArgs&, const RunResult& result) {
    uri = result.Find("a")->outputs.at(kOutputKey)[0].uri;
    return absl::InternalError("the models differ");
  };
  const Output output = Main({}, options);
  EXPECT_EQ(uri, Path("pipeline_root/a/examples/1"));
  EXPECT_EQ(output.exit_code, 1);
  EXPECT_TRUE(Contains(output.err, "the models differ"));
}

TEST_F(PipelineMainTest, LineageListsRunsAndAncestors) {
  ASSERT_EQ(Main({}).exit_code, 0);
  ASSERT_EQ(Main({}).exit_code, 0);
  const auto store = Store();
  const auto runs = DescribeRuns(store.get());
  ASSERT_TRUE(runs.ok()) << runs.status();
  EXPECT_TRUE(Contains(*runs, " of test\n  EXECUTION  STATE     STARTED"));
  EXPECT_TRUE(Contains(*runs, "1 a        COMPLETE"));
  EXPECT_TRUE(Contains(*runs, "4 b        CACHED"));
  EXPECT_TRUE(Contains(*runs, absl::StrCat("#2        Examples  ", Path("pipeline_root/b/examples/2"))));
  EXPECT_TRUE(Contains(*DescribeRuns(store.get(), 1), "(1 older runs)"));

  const auto ancestry = DescribeAncestry(store.get(), "2");
  ASSERT_TRUE(ancestry.ok()) << ancestry.status();
  EXPECT_TRUE(Contains(*ancestry,
                       absl::StrCat("#2 Examples  ", Path("pipeline_root/b/examples/2"), "\nmade by b, execution 2")));
  EXPECT_TRUE(
      Contains(*ancestry, absl::StrCat("└─ a #1 Examples  ", Path("pipeline_root/a/examples/1"), "\n   made by a")));
  EXPECT_EQ(*DescribeAncestry(store.get(), Path("pipeline_root/b/examples/2")), *ancestry);
  EXPECT_EQ(DescribeAncestry(store.get(), "99").status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace tfxm
