// SPDX-License-Identifier: Apache-2.0

#include "tfxm/distribution/launcher.h"

#include <cstdlib>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tfxm/distribution/launcher_flags.h"
#include "tfxm/testing/status_matchers.h"
#include "tfxm/util/exit_status.h"
#include "tfxm/util/flags.h"
#include "tfxm/util/subprocess.h"

namespace tfxm::distribution {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(LauncherTest, ThreadsAndProcesses) {
  EXPECT_EQ(ParseLauncher("threads")->kind, Launcher::Kind::kThreads);
  EXPECT_EQ(ParseLauncher("")->kind, Launcher::Kind::kThreads);
  EXPECT_EQ(ParseLauncher("processes")->kind, Launcher::Kind::kProcesses);
  EXPECT_EQ(ParseLauncher("processes:7")->num_workers, 7);
  const std::vector<std::string> command = {"tfxm", "pass"};
  EXPECT_EQ(WorkerCommand(*ParseLauncher("processes:7"), command, ""), command);
}

TEST(LauncherTest, ACommandIsSplitOnceAndTheWorkersWordsStayWhole) {
  const auto launcher = ParseLauncher(R"(srun -n1 --comment="a  b" 'c "d' e\ f {command} --last)", "", 5);
  ASSERT_THAT(launcher, IsOk());
  EXPECT_EQ(launcher->num_workers, 5);
  EXPECT_THAT(WorkerCommand(*launcher, {"tfxm", "a b; $(c)", ""}, ""),
              ElementsAre("srun", "-n1", "--comment=a  b", "c \"d", "e f", "tfxm", "a b; $(c)", "", "--last"));
}

TEST(LauncherTest, WordsForARemoteShellAreQuoted) {
  const auto launcher = ParseLauncher("/usr/bin/ssh -p 22 me@{host} {command}", "a,b,b");
  ASSERT_THAT(launcher, IsOk());
  EXPECT_EQ(launcher->num_workers, 3);
  const std::vector<std::string> words = {"printf", "%s|", "a b", "it's", "$HOME", "`x`", "\"", "*", "", "\\n", "a\nb"};
  std::vector<std::string> command = WorkerCommand(*launcher, words, "b");
  EXPECT_THAT(std::vector<std::string>(command.begin(), command.begin() + 4),
              ElementsAre("/usr/bin/ssh", "-p", "22", "me@b"));
  // What ssh does: the words with blanks between them are what the other shell gets.
  std::string line;
  for (size_t i = 4; i < command.size(); ++i) line += (i > 4 ? " " : "") + command[i];
  const auto result = RunSubprocess({"sh", "-c", line});
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(result->output, "a b|it's|$HOME|`x`|\"|*||\\n|a\nb|");
}

TEST(LauncherTest, BeamAndTheArgumentsOfItsPipeline) {
  const auto launcher = ParseLauncher("beam --runner=FlinkRunner '--environment_config={\"a b\": 1}'");
  ASSERT_THAT(launcher, IsOk());
  EXPECT_EQ(launcher->kind, Launcher::Kind::kBeam);
  EXPECT_THAT(launcher->words, ElementsAre("--runner=FlinkRunner", "--environment_config={\"a b\": 1}"));
  EXPECT_THAT(ParseLauncher("beam")->words, ElementsAre());
}

TEST(LauncherTest, BeamPipelineArgsOfAnotherRunnerThanDirectRunnerTakeEffect) {
  const auto launcher = [](const std::string& given, const std::vector<std::string>& beam_pipeline_args) {
    return WithBeamArgs({.launcher = given}, beam_pipeline_args).launcher;
  };
  for (const std::vector<std::string>& args :
       std::vector<std::vector<std::string>>{{},
                                             {"--direct_num_workers=0"},
                                             {"--runner=DirectRunner"},
                                             {"--runner", "direct"},
                                             {"--runner=X", "--runner=DirectRunner"}}) {
    EXPECT_EQ(launcher("", args), "");
  }
  const std::vector<std::string> flink = {"--runner", "FlinkRunner", "--x=it's"};
  const std::string text = launcher("", flink);
  EXPECT_EQ(ParseLauncher(text)->kind, Launcher::Kind::kBeam);
  EXPECT_EQ(ParseLauncher(text)->words, flink);
  EXPECT_EQ(launcher("beam", {"--direct_num_workers=2"}), "beam '--direct_num_workers=2'");
  EXPECT_EQ(launcher("beam --runner=SparkRunner", flink), "beam --runner=SparkRunner") << "all are given";
  EXPECT_EQ(launcher("threads", flink), "threads");
}

TEST(LauncherTest, WhatIsWrongIsSaid) {
  for (const auto& [text, hosts, message] :
       std::vector<std::array<const char*, 3>>{{"processes:0", "", "from 1 to"},
                                               {"processes:x", "", "from 1 to"},
                                               {"process", "", "expected threads, processes"},
                                               {"srun", "", "expected threads, processes"},
                                               {"srun {command} {command}", "", "expected threads, processes"},
                                               {"srun x{command}", "", "expected threads, processes"},
                                               {"{command}", "", "needs one before it"},
                                               {"srun 'a {command}", "", "is not closed"},
                                               {"ssh {host} {command}", "", "--hosts"},
                                               {"srun {command}", "a", "--hosts"},
                                               {"beam", "a", "--hosts and --workers are not for --launcher=beam"},
                                               {"threads", "a", "--hosts"}}) {
    EXPECT_THAT(ParseLauncher(text, hosts), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(message))) << text;
  }
}

TEST(LauncherFlagsTest, TheFlagComesBeforeTheVariableAndThatBeforeWhatThePipelineSays) {
  const LauncherOptions of_pipeline = {.launcher = "ssh {host} {command}", .hosts = "a,b", .work_dir = "/shared"};
  const auto get = [&](const std::vector<std::string>& arguments) {
    LauncherFlags launcher_flags;
    Flags flags("", "");
    launcher_flags.AddTo(&flags);
    EXPECT_TRUE(flags.Parse(arguments).ok());
    return launcher_flags.Get(of_pipeline);
  };
  unsetenv("TFXM_LAUNCHER");
  EXPECT_EQ(LauncherFlags().Get().launcher, "");
  EXPECT_EQ(get({}).hosts, "a,b");
  EXPECT_EQ(get({"--hosts=c"}).hosts, "c") << "of the pipeline's launcher";
  EXPECT_EQ(get({"--launcher=processes:2"}).hosts, "");
  EXPECT_EQ(get({"--launcher=processes:2"}).work_dir, "") << "that was for another launcher";
  setenv("TFXM_LAUNCHER", "rsh {host} {command}", /*overwrite=*/1);
  setenv("TFXM_HOSTS", "d", /*overwrite=*/1);
  EXPECT_EQ(get({}).launcher, "rsh {host} {command}");
  EXPECT_EQ(get({}).hosts, "d");
  EXPECT_EQ(get({"--launcher=threads"}).launcher, "threads");
  unsetenv("TFXM_LAUNCHER");
  unsetenv("TFXM_HOSTS");
}

TEST(LauncherFlagsTest, WhatDoesNotFitIsSaid) {
  for (const LauncherOptions& options : std::vector<LauncherOptions>{{.launcher = "threads", .workers = 2},
                                                                     {.launcher = "threads", .shard_timeout = 2},
                                                                     {.launcher = "threads", .work_dir = "/"},
                                                                     {.launcher = "beam", .shard_timeout = 2},
                                                                     {.launcher = "beam", .workers = 2},
                                                                     {.launcher = "processes", .work_dir = "/nowhere"},
                                                                     {.launcher = "processes", .shard_timeout = -1}}) {
    EXPECT_EQ(ExitStatusOf(ParseLauncher(options).status()), kExitUsage) << options.launcher;
  }
  const auto launcher = ParseLauncher({.launcher = "processes:2", .work_dir = "/", .shard_timeout = 3});
  ASSERT_TRUE(launcher.ok()) << launcher.status();
  EXPECT_EQ(launcher->work_dir, "/");
  EXPECT_EQ(launcher->shard_timeout_seconds, 3);
}

}  // namespace
}  // namespace tfxm::distribution
