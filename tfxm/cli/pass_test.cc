// SPDX-License-Identifier: Apache-2.0

// Passes by many processes, as a user starts them: `tfxm pass`, and --launcher of other commands.
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tfxm/model_analysis/test_examples.h"
#include "tfxm/testing/example_builder.h"
#include "tfxm/testing/program.h"
#include "tfxm/testing/temp_dir.h"
#include "tfxm/util/io.h"
#include "tfxm/util/subprocess.h"

namespace tfxm {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class PassCommandTest : public ::testing::Test {
 protected:
  PassCommandTest() {
    for (int file = 0; file < 12; ++file) {
      std::vector<std::string> records;
      for (int i = 0; i < 50 * file; ++i) {
        records.push_back(ExampleBuilder()
                              .Ints("label", {(i + file) % 2})
                              .Floats("prediction", {static_cast<float>(std::fmod(i * 0.37 + file, 1.0))})
                              .Bytes("word", {absl::StrCat("word", i * i % 77)})
                              .Serialize());
      }
      WriteRecords(dir_ / absl::StrCat("data-", 10 + file, file % 3 == 0 ? ".gz" : ""), records);
    }
  }
  static SubprocessResult Tfxm(const std::vector<std::string>& arguments,
                               const std::vector<std::string>& environment = {}) {
    return RunProgram(arguments, environment);
  }
  SubprocessResult Stats(const std::string& output, std::vector<std::string> more,
                         const std::vector<std::string>& environment = {}) const {
    more.insert(more.begin(), {"stats", Data(), absl::StrCat("--output=", dir_ / output)});
    return Tfxm(more, environment);
  }
  std::string Data() const { return absl::StrCat("--data=", dir_ / "data-*"); }
  // A program of this name; `$dir` is the test's folder.
  std::string Script(const std::string& name, const std::string& body) const {
    const std::string path = dir_ / name;
    EXPECT_TRUE(io::WriteFile(path, absl::StrCat("#!/bin/sh\ndir='", dir_.path(), "'\n", body, "\n")).ok());
    EXPECT_EQ(chmod(path.c_str(), 0755), 0);
    return path;
  }
  std::string Read(const std::string& name) const { return io::ReadFile(dir_ / name).value_or("none"); }
  // What a pass has left in the test's folder.
  int NumLeft() const {
    int left = 0;
    const std::vector<std::string> names = io::ListDir(dir_.path()).value();
    for (const std::string& name : names) left += absl::StartsWith(name, ".tfxm-pass");
    return left;
  }

  const TempDir dir_;
};

TEST_F(PassCommandTest, PlanMapAndReduceGiveWhatStatsDoes) {
  ASSERT_EQ(Stats("one", {}).exit_code, 0);
  ASSERT_TRUE(io::WriteFile(dir_ / "request.pbtxt", absl::StrCat("files: '", dir_ / "data-*", "' statistics {}")).ok());
  const SubprocessResult plan =
      Tfxm({"pass", "plan", dir_ / "request.pbtxt", absl::StrCat("--output=", dir_ / "plan.json")});
  ASSERT_EQ(plan.exit_code, 0) << plan.output;
  EXPECT_THAT(plan.output, AllOf(StartsWith("shard"), HasSubstr("data-21")));
  ASSERT_TRUE(io::MakeDirs(dir_ / "parts").ok());
  for (int shard = 0; shard < 12; ++shard) {
    const SubprocessResult map = Tfxm({"pass", "map", dir_ / "plan.json", absl::StrCat("--shard=", shard),
                                       absl::StrCat("--output=", dir_ / "parts/p", shard)});
    ASSERT_EQ(map.exit_code, 0) << map.output;
  }
  const SubprocessResult reduce =
      Tfxm({"pass", "reduce", dir_ / "plan.json", dir_ / "parts", absl::StrCat("--output=", dir_ / "many")});
  ASSERT_EQ(reduce.exit_code, 0) << reduce.output;
  EXPECT_EQ(Read("many") == Read("one"), true);
  // In the format that the name says, as stats writes it.
  for (const char* const name : {"result.pbtxt", "result.tfrecord"}) {
    ASSERT_EQ(
        Tfxm({"pass", "reduce", dir_ / "plan.json", dir_ / "parts", absl::StrCat("--output=", dir_ / name)}).exit_code,
        0);
    EXPECT_EQ(Stats(absl::StrCat("stats_", name), {}).exit_code, 0);
    EXPECT_EQ(Read(name) == Read(absl::StrCat("stats_", name)), true) << name;
    EXPECT_EQ(Read(name) == Read("one"), false) << name;
  }
  // A part is not written over, whether it is named or in a folder that is.
  const std::string before = Read("parts/p1");
  EXPECT_EQ(Tfxm({"pass", "reduce", dir_ / "plan.json", dir_ / "parts", absl::StrCat("--output=", dir_ / "parts/p1")})
                .exit_code,
            2);
  EXPECT_EQ(Read("parts/p1") == before, true);
}

TEST_F(PassCommandTest, AWrongCallEndsWith2) {
  ASSERT_TRUE(io::WriteFile(dir_ / "request.pbtxt", absl::StrCat("files: '", dir_ / "data-*", "' statistics {}")).ok());
  const std::string request = dir_ / "request.pbtxt";
  for (const std::vector<std::string>& call : std::vector<std::vector<std::string>>{
           {"pass"},
           {"pass", "plan"},
           {"pass", "walk", request},
           {"pass", "map", request, absl::StrCat("--output=", dir_ / "part")},
           {"pass", "map", request, "--shard=0"},
           {"pass", "map", request, "--shard=0", absl::StrCat("--output=", dir_ / "data-11")},
           {"pass", "reduce", request, absl::StrCat("--output=", dir_ / "result")},
           {"pass", "plan", request, "--shard=0"},
           {"stats", "--csv=x", "--launcher=processes"},
           {"stats", Data(), "--launcher=processes:x"},
           {"stats", Data(), "--work_dir=."},
           {"stats", Data(), "--launcher=ssh {host} {command}"}}) {
    const SubprocessResult result = Tfxm(call);
    EXPECT_EQ(result.exit_code, 2) << call.back() << ": " << result.output;
  }
}

TEST_F(PassCommandTest, TheResultIsTheSameByAnyLauncher) {
  ASSERT_EQ(Stats("one", {}).exit_code, 0);
  // As the real ones: srun takes flags first; ssh gives a shell in another folder its words with blanks between.
  const std::string srun = Script("srun", "[ \"$1\" = -n1 ] || exit 99; shift; exec \"$@\"");
  const std::string ssh = Script("ssh", "echo \"$1\" >>$dir/hosts; shift; cd /; exec sh -c \"$*\"");
  int run = 0;
  for (const std::vector<std::string>& launcher :
       std::vector<std::vector<std::string>>{{"--launcher=threads"},
                                             {"--launcher=processes:3"},
                                             {absl::StrCat("--launcher=", srun, " -n1 {command}"), "--workers=4"},
                                             {absl::StrCat("--launcher=", ssh, " {host} {command}"), "--hosts=a,b",
                                              absl::StrCat("--work_dir=", dir_.path())}}) {
    const std::string output = absl::StrCat("many", run++);
    const SubprocessResult result = Stats(output, launcher);
    ASSERT_EQ(result.exit_code, 0) << launcher[0] << ": " << result.output;
    EXPECT_EQ(Read(output) == Read("one"), true) << launcher[0];
  }
  EXPECT_THAT(Read("hosts"), AllOf(HasSubstr("a\n"), HasSubstr("b\n")));
  const SubprocessResult by_variable = Stats("variable", {}, {absl::StrCat("TFXM_LAUNCHER=", srun, " -n1 {command}")});
  EXPECT_EQ(by_variable.exit_code, 0) << by_variable.output;
  EXPECT_EQ(Read("variable") == Read("one"), true);
  EXPECT_EQ(NumLeft(), 0);
}

TEST_F(PassCommandTest, AnEvaluationByProcessesIsThatOfOne) {
  ASSERT_TRUE(io::WriteFile(dir_ / "config.pbtxt", R"(
    model_specs { name: 'lite' label_key: 'image_class' }
    slicing_specs {}
    slicing_specs { feature_keys: 'image_class' }
    metrics_specs { metrics { class_name: 'SparseCategoricalAccuracy' } metrics { class_name: 'ExampleCount' } })")
                  .ok());
  const std::vector<std::string> records = ReadRecords(model_analysis::kMnistData);
  for (size_t i = 0; i < 4; ++i) {
    WriteRecords(dir_ / absl::StrCat("images-", i), {records.begin() + static_cast<int64_t>(15 * i),
                                                     records.begin() + static_cast<int64_t>(15 * (i + 1))});
  }
  for (const char* const launcher : {"threads", "processes:2"}) {
    const SubprocessResult result =
        Tfxm({"evaluate", absl::StrCat("--eval_config=", dir_ / "config.pbtxt"),
              absl::StrCat("--model=lite=", model_analysis::kMnistModel), absl::StrCat("--data=", dir_ / "images-*"),
              absl::StrCat("--output=", dir_ / launcher), absl::StrCat("--launcher=", launcher)});
    ASSERT_EQ(result.exit_code, 0) << result.output;
    EXPECT_THAT(result.output, HasSubstr("60 examples"));
  }
  for (const char* const file : {"metrics-00000-of-00001.tfrecord", "validations.tfrecord", "eval_config.json"}) {
    EXPECT_EQ(Read(absl::StrCat("threads/", file)) == Read(absl::StrCat("processes:2/", file)), true) << file;
  }
}

// TFXM_PASS_RUNS: how often; `make scale` asks for more.
TEST_F(PassCommandTest, WorkersThatAreKilledAtRandomInstantsChangeNothing) {
  ASSERT_EQ(Stats("one", {}).exit_code, 0);
  // Kills the worker of each shard at once, and the next one after up to 99 ms if it still runs then.
  const std::string killer = Script("killer", R"(
    for word in "$@"; do case "$word" in --output=*) name=${word##*/};; esac; done
    "$@" &
    for n in 1 2; do
      if mkdir $dir/killed-$run-$name-$n 2>/dev/null; then
        [ $n = 1 ] || sleep 0.0$(($(od -An -N2 -tu2 /dev/urandom) % 100))
        kill -9 $!
        break
      fi
    done
    wait $!)");
  const char* const asked = std::getenv("TFXM_PASS_RUNS");
  int runs = 3;
  ASSERT_TRUE(asked == nullptr || absl::SimpleAtoi(asked, &runs)) << asked;
  for (int run = 0; run < runs; ++run) {
    const SubprocessResult result = Stats(
        "many",
        {absl::StrCat("--launcher=", killer, " {command}"), "--workers=6", absl::StrCat("--work_dir=", dir_.path())},
        {absl::StrCat("run=", run)});
    ASSERT_EQ(result.exit_code, 0) << result.output;
    ASSERT_EQ(Read("many") == Read("one"), true) << "in run " << run;
    ASSERT_TRUE(io::Exists(dir_ / absl::StrCat("killed-", run, "-part-3-1")));
    ASSERT_TRUE(io::RemoveAll(dir_ / "many").ok());
    EXPECT_EQ(NumLeft(), 0);
  }
}

TEST_F(PassCommandTest, AShardThatKillsItsWorkerAgainAndAgainIsNamed) {
  const std::string killer = Script("killer", "case \"$*\" in *--shard=5*) kill -9 $$;; esac; exec \"$@\"");
  const SubprocessResult result =
      Stats("many", {absl::StrCat("--launcher=", killer, " {command}"), absl::StrCat("--work_dir=", dir_.path())});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.output, AllOf(HasSubstr("shard 5 of 12"), HasSubstr("data-15"), HasSubstr("4 worker(s) failed"),
                                   HasSubstr("SIGKILL")));
  EXPECT_FALSE(io::Exists(dir_ / "many"));
  EXPECT_EQ(NumLeft(), 0);
}

// That of a damaged record.
TEST_F(PassCommandTest, TheWorkersOwnErrorIsPassedOn) {
  std::string bytes = Read("data-11");
  bytes[bytes.size() / 2] ^= 1;
  ASSERT_TRUE(io::WriteFile(dir_ / "data-11", bytes).ok());
  const SubprocessResult result = Stats("many", {"--launcher=processes:2"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.output, AllOf(HasSubstr("data-11: record "), HasSubstr("CRC")));
}

TEST_F(PassCommandTest, AnInterruptionEndsTheWorkersAndLeavesNothing) {
  const std::string waits = Script("waits", "echo $$ >$dir/pid.tmp; mv $dir/pid.tmp $dir/pid; sleep 1000");
  for (const int signal : {SIGINT, SIGTERM}) {
    const std::string launcher = absl::StrCat("--launcher=", waits, " {command}"), data = Data(),
                      output = absl::StrCat("--output=", dir_ / "many"),
                      folder = absl::StrCat("--work_dir=", dir_.path());
    const pid_t child = fork();
    if (child == 0) {
      execl(Program().c_str(), "tfxm", "stats", data.c_str(), output.c_str(), launcher.c_str(), folder.c_str(),
            "--workers=1", nullptr);
      _exit(127);
    }
    int status = 0;
    while (!io::Exists(dir_ / "pid") && waitpid(child, &status, WNOHANG) == 0) usleep(500);
    const std::string worker = Read("pid");
    kill(child, signal);
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == signal) << status;
    const std::string stat =
        io::ReadFile(absl::StrCat("/proc/", absl::StripAsciiWhitespace(worker), "/stat")).value_or(") Z");
    EXPECT_THAT(stat, HasSubstr(") Z"));
    EXPECT_EQ(NumLeft(), 0);
    ASSERT_TRUE(io::RemoveAll(dir_ / "pid").ok());
  }
}

}  // namespace
}  // namespace tfxm
