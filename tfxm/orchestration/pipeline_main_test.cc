// SPDX-License-Identifier: Apache-2.0

#include "tfxm/orchestration/pipeline_main.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/struct.pb.h"
#include "tfxm/dsl/components.h"
#include "tfxm/orchestration/lineage/lineage.h"
#include "tfxm/orchestration/run/display.h"
#include "tfxm/orchestration/test_pipelines.h"
#include "tfxm/testing/example_builder.h"
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
    arguments.insert(arguments.begin(), {"/somewhere/my_pipeline", "--output=" + Path("out")});
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    Output output;
    output.exit_code = RunPipelineMain(
        static_cast<int>(argv.size()), argv.data(),
        [this](const PipelineArgs& args) -> absl::StatusOr<Pipeline> {
          steps_ = args.GetInt("steps", 5, 1, 1000);
          auto a = Make("a", args.Get("what", "write"));
          Pipeline pipeline = PipelineOf({a, Make("b", "write", {a})});
          if (const std::string blessing = args.Get("blessing", ""); !blessing.empty()) {
            NodeSpec evaluator = Make("Evaluator", blessing).spec();
            evaluator.outputs = {{"blessing", {standard_artifacts::ModelBlessing()}}};
            pipeline.components.push_back(Node(std::move(evaluator)));
          }
          rate_ = args.GetDouble("rate", 0.5);
          if (args.GetBool("reads_data", false))
            pipeline.components.push_back(ImportExampleGen({.input_base = args.data_root}));
          if (args.GetBool("statistics", false)) {
            const Node examples = ImportExampleGen({.input_base = args.data_root});
            const Node statistics = StatisticsGen({.examples = examples.outputs("examples")});
            const Node schema = SchemaGen({.statistics = statistics.outputs("statistics")});
            const Node validator =
                ExampleValidator({.statistics = statistics.outputs("statistics"), .schema = schema.outputs("schema")});
            for (const Node& node : {examples, statistics, schema, validator}) pipeline.components.push_back(node);
          }
          return pipeline;
        },
        options);
    output.out = ::testing::internal::GetCapturedStdout();
    output.err = ::testing::internal::GetCapturedStderr();
    return output;
  }
  int64_t steps_ = 0;
  double rate_ = 0;
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

TEST_F(PipelineMainTest, APartialRunIsAskedForByFlags) {
  EXPECT_EQ(Main({}).exit_code, 0);
  const Output output = Main({"--nocache", "--from_nodes=b", "--to_nodes=b"});
  EXPECT_EQ(output.exit_code, 0) << output.err;
  EXPECT_TRUE(Contains(output.out, "a  cached: left out of this partial run; what execution 1 made is taken\n"));
  EXPECT_EQ(Executions("a"), 1);
  EXPECT_EQ(Executions("b"), 2);
  const Output wrong = Main({"--from_nodes=b,cc"});
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_TRUE(Contains(wrong.err, "the pipeline has no node \"cc\""));
}

TEST_F(PipelineMainTest, AFailureIsExplainedAndGivesExitStatus3) {
  const Output output = Main({"--what=fail"});
  EXPECT_EQ(output.exit_code, 3);
  EXPECT_TRUE(Contains(output.out, "a  FAILED: feature \"fare\" is wrong\n  log: "));
  EXPECT_TRUE(Contains(output.out, "b  skipped: needs a, which failed"));
  EXPECT_TRUE(Contains(output.out, "1 FAILED, 1 skipped"));
  const std::string report = io::ReadFile(Path("out/report.html")).value_or("");
  EXPECT_TRUE(Contains(report, "feature \\\"fare\\\" is wrong")) << "the report is written after failed runs, too";
  EXPECT_TRUE(Contains(report, "needs a, which failed"));
}

TEST_F(PipelineMainTest, AModelThatIsNotBlessedIsAFailureOnlyIfAsked) {
  const Output output = Main({"--blessing=not blessed"});
  EXPECT_EQ(output.exit_code, 0);
  EXPECT_TRUE(Contains(output.out,
                       "Evaluator: NOT blessed: a is 1. More: tfxm show " + Path("pipeline_root/Evaluator/blessing/")))
      << "with the path where it is now";
  const Output strict = Main({"--blessing=not blessed", "--fail_unless_blessed"});
  EXPECT_EQ(strict.exit_code, 1);
  EXPECT_TRUE(Contains(strict.err, "Evaluator has not blessed its model"));
  EXPECT_EQ(Main({"--fail_unless_blessed"}).exit_code, 1) << "nothing has blessed anything";
}

TEST_F(PipelineMainTest, TheCacheIsExplained) {
  EXPECT_TRUE(Contains(Main({"--explain_cache"}).out, "a  started: it has never run to its end"));
  const Output again = Main({"--explain_cache"});
  EXPECT_TRUE(Contains(again.out, "a  cached: nothing has changed since execution 1"));
  const Output changed = Main({"--explain_cache", "--what=slow"});
  EXPECT_TRUE(Contains(changed.out, "a  started: since execution 1: exec property what is \"slow\", was \"write\""));
  EXPECT_TRUE(Contains(changed.out, "b  started: since execution 2: input a is another"));
  EXPECT_TRUE(Contains(Main({"--explain_cache", "--nocache"}).out, "a  started: the cache is off"));
}

TEST_F(PipelineMainTest, WrongFlagsAreNamedAndRunNothing) {
  const Output unknown = Main({"--step=7"});
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_TRUE(Contains(unknown.err, "unknown flag --step; did you mean \"--steps\""));
  const Output number = Main({"--steps=many"});
  EXPECT_EQ(number.exit_code, 2);
  EXPECT_TRUE(Contains(number.err, "--steps=many: expected a whole number from 1 to 1000"));
  for (const char* wrong : {"--steps=0", "--steps=1001", "--steps=99999999999999999999", "--steps=", "--rate=nan",
                            "--rate=inf", "--max_parallel_nodes=-1", "--launcher=srun", "--workers=2",
                            "--launcher=ssh {host} {command}", "--shard_timeout=5"}) {
    EXPECT_EQ(Main({wrong}).exit_code, 2) << wrong;
  }
  EXPECT_TRUE(Contains(Main({"--steps=1", "--steps=2"}).err, "--steps is given twice"));
  EXPECT_TRUE(Contains(Main({"data"}).err, "\"data\" is not a flag"));
  EXPECT_TRUE(Contains(Main({"--reads_data"}).err, "--data_root=DIR is missing: the data that ImportExampleGen reads"));
  setenv("TFXM_NUM_THREADS", "many", /*overwrite=*/1);
  const Output threads = Main({});
  unsetenv("TFXM_NUM_THREADS");
  EXPECT_EQ(threads.exit_code, 2);
  EXPECT_TRUE(Contains(threads.err, "TFXM_NUM_THREADS=many: expected a whole number from 1 to 1024"));
  EXPECT_EQ(Executions("a"), 0);
  EXPECT_FALSE(io::Exists(Path("metadata.db")));
}

TEST_F(PipelineMainTest, StatisticsAreShownOnAPageOfTheirOwn) {
  ASSERT_TRUE(io::MakeDirs(Path("data")).ok());
  std::vector<std::string> records;
  for (int64_t i = 0; i < 100; ++i) records.push_back(ExampleBuilder().Ints("age", {i}).Serialize());
  WriteRecords(Path("data/people.tfrecord"), records);
  const Output output = Main({"--statistics", "--data_root=" + Path("data")});
  EXPECT_EQ(output.exit_code, 0) << output.err << output.out;
  EXPECT_TRUE(Contains(output.out, "Statistics: " + Path("out/statistics.html")));
  const std::string page = io::ReadFile(Path("out/statistics.html")).value_or("");
  for (const char* part : {"\"name\":\"age\"", "\"name\":\"train\"", "\"name\":\"eval\"", "\"checked\":true"}) {
    EXPECT_TRUE(absl::StrContains(page, part)) << part;
  }
  EXPECT_TRUE(absl::StrContains(io::ReadFile(Path("out/report.html")).value_or(""), "\"statistics.html\""));
}

TEST_F(PipelineMainTest, FilesThatAreNotOfAnEarlierRunStay) {
  for (const char* name : {"report.html", "statistics.html", "comparison.txt", "comparison.json"}) {
    const std::string path = Path(absl::StrCat("out/", name));
    ASSERT_TRUE(io::MakeDirs(Path("out")).ok());
    ASSERT_TRUE(io::WriteFile(path, "mine").ok());
    const Output output = Main({});
    EXPECT_EQ(output.exit_code, 2);
    EXPECT_TRUE(Contains(output.err, absl::StrCat(path, " is not of an earlier run")));
    EXPECT_EQ(*io::ReadFile(path), "mine");
    EXPECT_FALSE(io::Exists(Path("executed"))) << "nothing has run";
    ASSERT_TRUE(io::RemoveAll(path).ok());
  }
  EXPECT_EQ(Main({}).exit_code, 0);
  EXPECT_EQ(Main({}).exit_code, 0) << "its own are replaced";
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
  EXPECT_EQ(output.exit_code, 3);
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

TEST_F(PipelineMainTest, LineageShowsWhatHasComeOfAnArtifact) {
  ASSERT_EQ(Main({}).exit_code, 0);
  ASSERT_EQ(Main({}).exit_code, 0);  // Cached: it makes nothing.
  const auto store = Store();
  const auto text = DescribeDescendants(store.get(), "1");
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_TRUE(Contains(*text, absl::StrCat("#1 Examples  ", Path("pipeline_root/a/examples/1"),
                                           "\n└─ read by b, execution 2, COMPLETE, ")));
  EXPECT_TRUE(
      Contains(*text, absl::StrCat("\n   └─ examples #2 Examples  ", Path("pipeline_root/b/examples/2"), "\n")));
  EXPECT_TRUE(Contains(*text, "No model that came of it has been pushed."));

  google::protobuf::Struct json;
  const auto graph = DescribeDescendants(store.get(), "1", LineageFormat::kJson);
  ASSERT_TRUE(io::ParseJson(*graph, &json).ok()) << *graph;
  EXPECT_EQ(json.fields().at("artifacts").list_value().values_size(), 2);
  EXPECT_EQ(json.fields().at("executions").list_value().values_size(), 1);
  EXPECT_EQ(json.fields().at("events").list_value().values_size(), 2);
  ASSERT_TRUE(io::ParseJson(*DescribeRuns(store.get(), 0, LineageFormat::kJson), &json).ok());
  EXPECT_EQ(json.fields().at("executions").list_value().values_size(), 4);
  const std::string dot = *DescribeAncestry(store.get(), "2", LineageFormat::kDot);
  EXPECT_TRUE(Contains(dot, "artifact1 -> execution2 [label=\"a\"];"));
  EXPECT_TRUE(Contains(dot, "execution2 -> artifact2 [label=\"examples\"];"));
}

TEST_F(PipelineMainTest, LineageOfAHostileStoreIsPrintable) {
  {
    auto store = *MetadataStore::Open(Path("metadata.db"));
    ml_metadata::ArtifactType type;
    type.set_name("Model");
    ASSERT_TRUE(store->PutArtifactType(type).ok());
    ml_metadata::Artifact artifact;
    artifact.set_type("Model");
    artifact.set_uri("/x\033]0;owned\007\n");
    ASSERT_TRUE(store->PutArtifacts({artifact}).ok());
  }
  const auto store = Store();
  for (const auto& text : {DescribeAncestry(store.get(), "1"), DescribeDescendants(store.get(), "1"),
                           DescribeAncestry(store.get(), "1", LineageFormat::kJson),
                           DescribeAncestry(store.get(), "1", LineageFormat::kDot)}) {
    ASSERT_TRUE(text.ok()) << text.status();
    EXPECT_EQ(text->find('\033'), std::string::npos) << *text;
    EXPECT_EQ(text->find('\007'), std::string::npos) << *text;
  }
}

}  // namespace
}  // namespace tfxm
