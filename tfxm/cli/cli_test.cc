// SPDX-License-Identifier: Apache-2.0

// The program as its user meets it: what it says, with which status it ends, and what it leaves alone.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tfxm/metadata/metadata_store.h"
#include "tfxm/model_analysis/test_examples.h"
#include "tfxm/testing/program.h"
#include "tfxm/util/files/file_manifest.h"
#include "tfxm/util/io.h"
#include "tfxm/util/subprocess.h"
#include "tfxm/util/text/text.h"

namespace tfxm {
namespace {

using model_analysis::kMnistData;
using model_analysis::kMnistModel;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kCommands[] = {"run",    "compile", "evaluate", "show",      "report", "rewrite",     "inspect",
                                     "verify", "convert", "head",     "stats",     "schema", "validate",    "lineage",
                                     "bless",  "clean",   "pass",     "transform", "new",    "kfp-executor"};

class CliTest : public ::testing::Test {
 protected:
  void SetUp() override { dir_ = *io::MakeTempDir(testing::TempDir(), "cli"); }
  void TearDown() override { io::RemoveAll(dir_).IgnoreError(); }
  std::string Path(absl::string_view name) const { return io::JoinPath(dir_, name); }

  static SubprocessResult Tfxm(const std::vector<std::string>& arguments) { return RunProgram(arguments); }
  // With its standard output to a file or device, or closed ("&-").
  static SubprocessResult TfxmTo(const std::string& output, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"sh", "-c", absl::StrCat("exec \"$0\" \"$@\" >", output), Program()});
    return *RunSubprocess(arguments);
  }
  std::string Data(const std::string& name, int examples) const {
    std::vector<std::string> records;
    for (int i = 0; i < examples; ++i) {
      records.push_back(
          ExampleBuilder().Ints("label", {i % 2}).Floats("prediction", {static_cast<float>(i % 3) / 3}).Serialize());
    }
    return WriteRecords(Path(name), records);
  }
  std::string Write(const std::string& name, absl::string_view content) const {
    EXPECT_TRUE(io::WriteFile(Path(name), content).ok());
    return Path(name);
  }
  std::string Config(const std::string& metrics) const {
    return Write("config.pbtxt",
                 absl::StrCat("model_specs { label_key: 'label' prediction_key: 'prediction' } slicing_specs {} "
                              "metrics_specs { ",
                              metrics, " }"));
  }
  std::string dir_;
};

TEST_F(CliTest, HelpIsTheSameEitherWayAndNamesTheExitStatuses) {
  EXPECT_THAT(Tfxm({"help"}).output, AllOf(HasSubstr("Exit status:"), HasSubstr("130"), HasSubstr("143")));
  for (const char* command : kCommands) {
    const SubprocessResult help = Tfxm({"help", command});
    EXPECT_EQ(help.exit_code, 0) << command;
    EXPECT_EQ(help.output, Tfxm({command, "--help"}).output) << command;
    EXPECT_THAT(help.output, AllOf(HasSubstr(absl::StrCat("Usage: tfxm ", command)), HasSubstr("2 called wrongly")));
    EXPECT_THAT(Tfxm({"help"}).output, HasSubstr(absl::StrCat("\n  ", command)));
  }
  EXPECT_EQ(Tfxm({}).exit_code, 2);
  EXPECT_EQ(Tfxm({"--version"}).exit_code, 0);
}

TEST_F(CliTest, ACallThatIsWrongEndsWith2) {
  EXPECT_THAT(Tfxm({"evalute"}).output, HasSubstr("did you mean \"evaluate\""));
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"evalute"},
           {"--version", "extra"},
           {"help", "nothing"},
           {"show"},
           {"show", dir_, dir_},
           {"show", dir_, "--format=xml"},
           {"show", dir_, "--max_slices=-1"},
           {"inspect", kMnistModel, kMnistModel},
           {"inspect", kMnistModel, "--layers", "--format=json"},
           {"lineage", dir_},
           {"lineage", "x.db", "--last=-1"},
           {"lineage", "x.db", "--format=xml"},
           {"bless", "x.db", "--model=1", "--reason="},
           {"clean", "x.db", "--keep=0"},
           {"clean", dir_, "--keep=1"},
           {"compile"},
           {"run"},
           {"verify"},
           {"report"},
           {"stats"},
           {"stats", "--data=a", "--stats=b"},
           {"schema", "--data=a", "--max_string_domain_size=-1"},
           {"transform", "--module_file=a.py", "--data=b"},
           {"transform", "--module_file=a.py", "--data=b", "--schema=c", "--output=d", "--custom_config={\"k\": "},
           {"transform", "--module_file=a.cc", "--data=b", "--schema=c", "--output=d", "--custom_config={}"},
           {"rewrite", "--saved_model=a"},
           {"rewrite", "--saved_model=a", "--output=b", "--max_abs_error=nan"},
           {"rewrite", "--saved_model=a", "--output=b", "--min_sqnr=inf"},
           {"rewrite", "--saved_model=a", "--output=b", "--min_top_agreement=2"},
           {"rewrite", "--saved_model=a", "--output=b", "--samples=0"},
           {"rewrite", "--saved_model=a", "--output=b", "--samples=99999999999"},
           {"rewrite", "--saved_model=a", "--output=b", "--quantization=int2"},
           {"rewrite", "--saved_model=a", "--output=b", "--filename=../x"},
           {"rewrite", "--saved_model=a", "--output=b", "--filename="},
           {"rewrite", "--saved_model=a", "--output=b", absl::StrCat("--report=", dir_)},
           {"rewrite", "--saved_model=a", "--output=b", "--report=/no-such-folder/report.txt"},
           {"evaluate", "--data=a"},
           {"evaluate", "--data=a", "--label=x", "--eval_config=y"},
           {"evaluate", "--data=a", "--eval_config=y", "--num_threads=100000"},
           {"evaluate", "--data=a", "--eval_config=y", "--num_threads=-3"},
           {"evaluate", "--data=a", "--eval_config=y", "--disagreements=-1"},
           {"evaluate", "--data=a", "--eval_config=y", "--format=xml", "--output=o"},
       }) {
    const SubprocessResult result = Tfxm(arguments);
    EXPECT_EQ(result.exit_code, 2) << testing::PrintToString(arguments) << "\n" << result.output;
    EXPECT_THAT(result.output, StartsWith("tfxm: "));
  }
  EXPECT_FALSE(io::Exists("/no-such-folder"));
}

TEST_F(CliTest, NothingIsTakenSilently) {
  const std::string a = Data("a.tfrecord", 4), b = Data("b.tfrecord", 6);
  const std::string config = Config("metrics { class_name: 'ExampleCount' }");
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"stats"}, {"schema"}, {"validate", "--schema=s"}, {"evaluate", "--eval_config=" + config}}) {
    std::vector<std::string> glob = command, twice = command;
    glob.insert(glob.end(), {"--data", a, b});  // What a shell makes of --data *.tfrecord.
    twice.insert(twice.end(), {"--data=" + a, "--data=" + b});
    EXPECT_THAT(Tfxm(glob).output, AllOf(HasSubstr(b), HasSubstr("put it in quotes: --data='DIR/*'")));
    EXPECT_EQ(Tfxm(glob).exit_code, 2);
    EXPECT_THAT(Tfxm(twice).output, HasSubstr("--data is given twice"));
    EXPECT_EQ(Tfxm(twice).exit_code, 2);
  }
  EXPECT_THAT(Tfxm({"stats", absl::StrCat("--data=", a, ",", b)}).output, HasSubstr("10 examples"));
}

TEST_F(CliTest, AThreadCountThatIsNoneIsRefused) {
  for (const char* value : {"abc", "-1", "0", "100000"}) {
    setenv("TFXM_NUM_THREADS", value, 1);
    const SubprocessResult result = Tfxm({"stats", absl::StrCat("--data=", Data("d", 2))});
    EXPECT_EQ(result.exit_code, 2) << value;
    EXPECT_THAT(result.output, HasSubstr(absl::StrCat("TFXM_NUM_THREADS=", value, ": expected a whole number")));
  }
  unsetenv("TFXM_NUM_THREADS");
}

TEST_F(CliTest, ACommandThatCannotWriteWhatItPrintsFails) {
  const std::string data = absl::StrCat("--data=", Data("data", 4));
  const std::string evaluation = Path("evaluation");
  ASSERT_EQ(Tfxm({"evaluate", "--eval_config=" + Config("metrics { class_name: 'ExampleCount' }"), data,
                  "--output=" + evaluation})
                .exit_code,
            0);
  std::vector<std::vector<std::string>> calls = {{"--version"},
                                                 {"help"},
                                                 {"stats", data},
                                                 {"schema", data},
                                                 {"show", evaluation},
                                                 {"show", evaluation, "--format=json"},
                                                 {"show", evaluation, "--format=csv"},
                                                 {"inspect", kMnistModel},
                                                 {"inspect", kMnistModel, "--format=json"},
                                                 {"verify", evaluation},
                                                 {"report", evaluation, "--output=" + Path("page.html")}};
  for (const char* command : kCommands) calls.push_back({command, "--help"});
  for (const auto& call : calls) {
    const SubprocessResult full = TfxmTo("/dev/full", call);
    EXPECT_EQ(full.exit_code, 3) << testing::PrintToString(call);
    EXPECT_THAT(full.output, HasSubstr("cannot write to standard output: No space left"))
        << testing::PrintToString(call);
    EXPECT_EQ(TfxmTo("&-", call).exit_code, 3) << testing::PrintToString(call);
    EXPECT_EQ(TfxmTo("/dev/null", call).exit_code, 0) << testing::PrintToString(call);
  }
}

// As TFMA does, the validation looks for the metric without the top_k that its own config says.
TEST_F(CliTest, AThresholdThatIsNotFoundSaysHowItIs) {
  const std::string data = absl::StrCat("--data=", Data("data", 40));
  const auto evaluate = [&](const std::string& spec, const std::string& config) {
    return Tfxm({"evaluate",
                 "--eval_config=" + Config(spec + " metrics { class_name: 'Precision' " + config +
                                           " threshold { value_threshold { lower_bound { value: 0.1 } } } }"),
                 data});
  };
  const SubprocessResult missed = evaluate("", "config: '\"top_k\": 1'");
  EXPECT_EQ(missed.exit_code, 1);
  EXPECT_THAT(missed.output, AllOf(HasSubstr("computed as \"precision, top 1\""), HasSubstr("FAILED on 1 of 1"),
                                   HasSubstr("binarize { top_k_list { values: 1 } }"),
                                   HasSubstr("without any of the metrics that thresholds are for")));
  const SubprocessResult advised = evaluate("binarize { top_k_list { values: 1 } }", "");
  EXPECT_EQ(advised.exit_code, 0) << advised.output;
}

TEST_F(CliTest, StatusesOfAnswersAndOfFailures) {
  const std::string data = absl::StrCat("--data=", Data("data", 40));
  const auto evaluate = [&](const std::string& metrics) {
    return Tfxm({"evaluate", "--eval_config=" + Config(metrics), data, "--output=" + Path("evaluation")});
  };
  EXPECT_EQ(evaluate("metrics { class_name: 'BinaryAccuracy' }").exit_code, 0);
  const SubprocessResult missed = evaluate(
      "metrics { class_name: 'BinaryAccuracy' threshold { value_threshold { lower_bound { value: 0.99 } } } }");
  EXPECT_EQ(missed.exit_code, 1) << missed.output;
  EXPECT_THAT(missed.output, AllOf(HasSubstr("NOT blessed"), HasSubstr("at least 0.99"), HasSubstr("is below 0.99")));
  EXPECT_EQ(evaluate("metrics { class_name: 'NoSuchMetric' }").exit_code, 3);
  EXPECT_EQ(Tfxm({"evaluate", "--eval_config=" + Path("none"), data}).exit_code, 3);

  ASSERT_EQ(Tfxm({"schema", data, "--output=" + Path("schema.pbtxt")}).exit_code, 0);
  EXPECT_EQ(Tfxm({"validate", "--schema=" + Path("schema.pbtxt"), data}).exit_code, 0);
  WriteRecords(Path("other"), {ExampleBuilder().Bytes("new", {"x"}).Serialize()});
  EXPECT_EQ(Tfxm({"validate", "--schema=" + Path("schema.pbtxt"), "--data=" + Path("other")}).exit_code, 1);
  EXPECT_EQ(Tfxm({"validate", "--schema=" + Path("schema.pbtxt"), "--data=" + Path("none")}).exit_code, 3);
  EXPECT_EQ(Tfxm({"stats", "--data=" + Write("text", "no records")}).exit_code, 3);
  EXPECT_EQ(Tfxm({"show", dir_}).exit_code, 3);
  EXPECT_EQ(Tfxm({"inspect", Path("text")}).exit_code, 3);
  EXPECT_EQ(Tfxm({"lineage", Path("text")}).exit_code, 3);
  EXPECT_EQ(Tfxm({"verify", dir_}).exit_code, 3);
  EXPECT_EQ(Tfxm({"run", Path("none.cc")}).exit_code, 3);
  EXPECT_EQ(Tfxm({"rewrite", "--saved_model=" + Path("none"), "--output=" + Path("lite")}).exit_code, 3);
  EXPECT_FALSE(io::Exists(Path("lite")));
}

// On a terminal (which `script` makes), where the file's name may be longer than a line: a line that stays, nothing that
// has to be wiped away.
TEST_F(CliTest, CompilingIsSaidOnceInAPlainLine) {
  const std::string pipeline = Write("a_pipeline_with_a_long_name.cc", "int main() { return 0; }\n");
  const auto run = [&] {
    return *RunSubprocess({"env", "TERM=dumb", "COLUMNS=20", "TFXM_CACHE=" + Path("cache"), "script", "-qec",
                           absl::StrCat(Program(), " run ", pipeline), "/dev/null"});
  };
  const SubprocessResult first = run();
  EXPECT_EQ(first.exit_code, 0) << first.output;
  EXPECT_EQ(first.output, absl::StrCat("compiling ", pipeline, " …\r\n")) << "a terminal's end of a line";
  EXPECT_EQ(run().output, "") << "it is compiled already";
}

TEST_F(CliTest, WhatIsReadIsNeverOverwritten) {
  const std::string data = Data("data", 4), before = *io::ReadFile(data);
  ASSERT_EQ(Tfxm({"stats", "--data=" + data, "--output=" + Path("stats.pb")}).exit_code, 0);
  ASSERT_EQ(Tfxm({"schema", "--data=" + data, "--output=" + Path("schema.pbtxt")}).exit_code, 0);
  for (const auto& call : std::vector<std::vector<std::string>>{
           {"stats", "--data=" + data, "--output=" + data},
           {"stats", "--data=" + dir_ + "/da*", "--output=" + dir_ + "/./data"},
           {"schema", "--stats=" + Path("stats.pb"), "--output=" + Path("stats.pb")},
           {"validate", "--schema=" + Path("schema.pbtxt"), "--data=" + data, "--output=" + Path("schema.pbtxt")}}) {
    const SubprocessResult result = Tfxm(call);
    EXPECT_EQ(result.exit_code, 2) << testing::PrintToString(call);
    EXPECT_THAT(result.output, HasSubstr("is what is read"));
  }
  EXPECT_EQ(*io::ReadFile(data), before);
}

TEST_F(CliTest, AReportReplacesOnlyAReport) {
  ASSERT_EQ(Tfxm({"evaluate", "--eval_config=" + Config("metrics { class_name: 'ExampleCount' }"),
                  "--data=" + Data("data", 4), "--output=" + Path("evaluation")})
                .exit_code,
            0);
  const std::string page = Write("report.html", "<!doctype html><p>mine");
  const SubprocessResult refused = Tfxm({"report", Path("evaluation"), "--output=" + page});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.output, HasSubstr("is not a report of tfxm's"));
  EXPECT_EQ(*io::ReadFile(page), "<!doctype html><p>mine");
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(Tfxm({"report", Path("evaluation"), "--output=" + Path("new.html")}).exit_code, 0);
}

TEST_F(CliTest, EvaluatesWithoutAConfig) {
  const SubprocessResult result = Tfxm(
      {"evaluate", absl::StrCat("--model=", kMnistModel), absl::StrCat("--data=", kMnistData), "--label=image_class"});
  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output,
              AllOf(HasSubstr("No --eval_config: the label \"image_class\""),
                    HasSubstr("class_name: \"SparseCategoricalAccuracy\""), HasSubstr("sparse_categorical_accuracy"),
                    HasSubstr("60 examples"), Not(HasSubstr("XNNPACK"))));
  // The config that it prints is one to go on with.
  const std::string config = result.output.substr(result.output.find("model_specs"),
                                                  result.output.find("\nOverall") - result.output.find("model_specs"));
  EXPECT_EQ(Tfxm({"evaluate", "--eval_config=" + Write("printed.pbtxt", config), absl::StrCat("--model=", kMnistModel),
                  absl::StrCat("--data=", kMnistData)})
                .exit_code,
            0)
      << config;
}

TEST_F(CliTest, AFolderOfVersionsIsSaidToBeOne) {
  for (const char* version : {"9", "10"}) {
    ASSERT_TRUE(io::MakeDirs(absl::StrCat(Path("served/"), version)).ok());
    ASSERT_TRUE(io::WriteFile(absl::StrCat(Path("served/"), version, "/tflite"), *io::ReadFile(kMnistModel)).ok());
  }
  const auto evaluate = [&](const std::string& model) {
    return Tfxm({"evaluate", "--model=" + model, absl::StrCat("--data=", kMnistData), "--label=image_class"});
  };
  EXPECT_THAT(evaluate(Path("served")).output, HasSubstr("the newest is " + Path("served/10")));
  EXPECT_EQ(evaluate(Path("served/10")).exit_code, 0);
}

TEST_F(CliTest, WithoutAnOutputNoFileIsAnnounced) {
  const std::string data = WriteRecords(
      Path("data"), {ExampleBuilder().Ints("label", {1}).Floats("old", {0.9f}).Floats("new", {0.2f}).Serialize()});
  const std::string config = Write("two.pbtxt", R"pb(
    model_specs { name: 'old' label_key: 'label' prediction_key: 'old' }
    model_specs { name: 'new' label_key: 'label' prediction_key: 'new' }
    slicing_specs {}
    metrics_specs { metrics { class_name: 'BinaryAccuracy' } }
  )pb");
  const std::string printed = Tfxm({"evaluate", "--eval_config=" + config, "--data=" + data}).output;
  EXPECT_THAT(printed, AllOf(HasSubstr("decided differently by new than by old; --output=DIR keeps the most different"),
                             Not(HasSubstr("tfrecord.gz"))));
  EXPECT_THAT(Tfxm({"evaluate", "--eval_config=" + config, "--data=" + data, "--output=" + Path("out")}).output,
              HasSubstr("the most different are in disagreements.tfrecord.gz"));
}

TEST_F(CliTest, AnInterruptedEvaluationLeavesNothing) {
  // What takes its time is measuring.
  const std::string config = Write("config.pbtxt",
                                   "model_specs { label_key: 'image_class' } slicing_specs {} metrics_specs { "
                                   "metrics { class_name: 'LatencyP50Ms' } metrics { class_name: 'ExampleCount' } }");
  const std::string output = Path("deep/evaluation");
  for (const int signal : {SIGINT, SIGTERM}) {
    const pid_t child = fork();
    if (child == 0) {
      execl(Program().c_str(), "tfxm", "evaluate", absl::StrCat("--eval_config=", config).c_str(),
            absl::StrCat("--model=", kMnistModel).c_str(), absl::StrCat("--data=", kMnistData).c_str(),
            absl::StrCat("--output=", output).c_str(), "--format=none", nullptr);
      _exit(127);
    }
    int status = 0;
    while (!io::Exists(output) && waitpid(child, &status, WNOHANG) == 0) usleep(500);
    kill(child, signal);
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == signal) << status;  // 130 and 143 to a shell.
    EXPECT_FALSE(io::Exists(Path("deep")));
  }
}

TEST_F(CliTest, VerifiesAPushedModel) {
  const std::string model = Path("serving_model/1795955312");
  ASSERT_TRUE(io::MakeDirs(model).ok() && io::WriteFile(io::JoinPath(model, "tflite"), "TFL3").ok());
  ASSERT_TRUE(io::WriteFile(io::JoinPath(model, kManifestFile), ManifestJson(*MakeFileManifest(model))).ok());
  EXPECT_EQ(Tfxm({"verify", model}).exit_code, 0);
  EXPECT_THAT(Tfxm({"verify", Path("serving_model")}).output, HasSubstr(absl::StrCat("tfxm verify ", model)));
  EXPECT_EQ(Tfxm({"verify", Path("serving_model")}).exit_code, 2);
  ASSERT_TRUE(io::WriteFile(io::JoinPath(model, "tflite"), "TFL4").ok());
  ASSERT_TRUE(io::WriteFile(io::JoinPath(model, "extra\x1b[2J"), "").ok());
  const SubprocessResult changed = Tfxm({"verify", model});
  EXPECT_EQ(changed.exit_code, 1);
  EXPECT_THAT(changed.output, AllOf(HasSubstr("tflite has another content"),
                                    HasSubstr("extra\\x1b[2J is not in the manifest"), HasSubstr("2 files are not")));
}

TEST_F(CliTest, VerifiesTheArtifactsOfAStore) {
  ASSERT_TRUE(io::MakeDirs(Path("model")).ok() && io::WriteFile(Path("model/tflite"), "TFL3").ok());
  {
    const auto store = *MetadataStore::Open(Path("metadata.db"), database::Mode::kReadWriteCreate);
    ml_metadata::ArtifactType type;
    type.set_name("Model");
    ml_metadata::Artifact artifact;
    artifact.set_type_id(*store->PutArtifactType(type));
    artifact.set_uri(Path("model"));
    artifact.set_state(ml_metadata::Artifact::LIVE);
    (*artifact.mutable_custom_properties())["files"].set_string_value(ManifestJson(*MakeFileManifest(Path("model"))));
    ASSERT_TRUE(store->PutArtifacts({artifact}).ok());
  }
  EXPECT_EQ(Tfxm({"verify", Path("metadata.db")}).exit_code, 0) << Tfxm({"verify", Path("metadata.db")}).output;
  ASSERT_TRUE(io::WriteFile(Path("model/tflite"), "changed").ok());
  EXPECT_EQ(Tfxm({"verify", Path("metadata.db")}).exit_code, 1);
}

TEST_F(CliTest, NamesAndValuesOfOthersReachNoTerminalRaw) {
  const std::string hostile = "\x1b]0;owned\x07\u202egnp.exe\n\u009b";
  WriteRecords(Path("data"), {ExampleBuilder()
                                  .Ints("label", {1})
                                  .Floats("prediction", {0.5})
                                  .Bytes(hostile, {hostile})
                                  .Bytes("=cmd", {hostile})
                                  .Serialize()});
  {
    const auto store = *MetadataStore::Open(Path("metadata.db"), database::Mode::kReadWriteCreate);
    ml_metadata::ArtifactType type;
    type.set_name("Model");
    ml_metadata::Artifact artifact;
    artifact.set_type_id(*store->PutArtifactType(type));
    artifact.set_uri(absl::StrCat("/m/", hostile));
    ASSERT_TRUE(store->PutArtifacts({artifact}).ok());
  }
  const std::string config = Write("config.pbtxt",
                                   "model_specs { label_key: 'label' prediction_key: 'prediction' } slicing_specs {} "
                                   "slicing_specs { feature_keys: '=cmd' } metrics_specs { metrics { class_name: "
                                   "'ExampleCount' } }");
  ASSERT_EQ(Tfxm({"evaluate", "--eval_config=" + config, "--data=" + Path("data"), "--output=" + Path("evaluation"),
                  "--format=none"})
                .exit_code,
            0);
  for (const auto& call : std::vector<std::vector<std::string>>{{"stats", "--data=" + Path("data")},
                                                                {"schema", "--data=" + Path("data")},
                                                                {"show", Path("evaluation")},
                                                                {"show", Path("evaluation"), "--format=json"},
                                                                {"lineage", Path("metadata.db"), "--artifact=1"},
                                                                {"stats", "--data=" + Path(hostile)},
                                                                {hostile}}) {
    const std::string output = Tfxm(call).output;
    EXPECT_THAT(output, HasSubstr("1b")) << testing::PrintToString(call);
    EXPECT_EQ(output, PrintableLines(output)) << testing::PrintToString(call);
  }
  EXPECT_THAT(Tfxm({"show", Path("evaluation"), "--format=csv"}).output,
              AllOf(HasSubstr("\n'=cmd: "), Not(HasSubstr("\x1b"))));
}

TEST_F(CliTest, TablesFitANarrowTerminal) {
  const std::string data = absl::StrCat("--data=", Data("data", 40));
  ASSERT_EQ(Tfxm({"evaluate",
                  "--eval_config=" + Config("metrics { class_name: 'BinaryAccuracy' } metrics { class_name: 'AUC' }"),
                  data, "--output=" + Path("evaluation"), "--format=none"})
                .exit_code,
            0);
  setenv("COLUMNS", "60", 1);
  for (const auto& call :
       std::vector<std::vector<std::string>>{{"stats", data}, {"schema", data}, {"show", Path("evaluation")}}) {
    const std::string output = Tfxm(call).output;
    for (const absl::string_view line : absl::StrSplit(output, '\n')) {
      EXPECT_LE(DisplayWidth(line), 60) << testing::PrintToString(call) << "\n" << output;
    }
  }
  unsetenv("COLUMNS");
}

}  // namespace
}  // namespace tfxm
