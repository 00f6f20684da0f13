// SPDX-License-Identifier: Apache-2.0

#include "tfxm/distribution/worker_pool.h"

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tfxm/testing/status_matchers.h"
#include "tfxm/testing/temp_dir.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::distribution {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class WorkerPoolTest : public ::testing::Test {
 protected:
  WorkerPoolTest() {
    launcher_.kind = Launcher::Kind::kProcesses;
    launcher_.num_workers = 3;
    launcher_.backoff_seconds = 0.01;
  }
  // `script` sees the number of its start, from 1, as $n, and may write to $dir. It is done if it leaves the file `name`.
  Job Script(const std::string& name, const std::string& script) const {
    const std::string counted =
        absl::StrCat("dir='", dir_.path(), "'; name=", name,
                     "; n=1; while ! mkdir $dir/start-$name-$n 2>/dev/null; do n=$((n+1)); done; ", script);
    return {
        .name = absl::StrCat("job ", name), .command = {"sh", "-c", counted}, .check = [this, name]() -> absl::Status {
          ASSIGN_OR_RETURN(const std::string made, io::ReadFile(dir_ / name));
          return made == "good\n" ? absl::OkStatus() : absl::DataLossError(name + " is damaged");
        }};
  }
  absl::Status Run(const std::vector<Job>& jobs) {
    done_.clear();
    const absl::Status status = WorkerPool(launcher_, dir_.path())
                                    .Run(
                                        jobs,
                                        [this](int job) {
                                          done_.push_back(job);
                                          return absl::OkStatus();
                                        },
                                        [this](const PoolProgress& progress) { last_ = progress; });
    return status;
  }
  int Starts(const std::string& name) const {
    int n = 0;
    while (io::Exists(dir_ / absl::StrCat("start-", name, "-", n + 1))) ++n;
    return n;
  }
  // Whether the process is still there after a while; one that has ended may wait for whoever is to collect it.
  bool Runs(const std::string& pid_file) const {
    const std::string pid(absl::StripAsciiWhitespace(io::ReadFile(dir_ / pid_file).value_or("no pid")));
    for (int i = 0; i < 1000; ++i) {
      const auto stat = io::ReadFile(absl::StrCat("/proc/", pid, "/stat"));
      if (!stat.ok() || absl::StrContains(*stat, ") Z")) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return true;
  }

  const TempDir dir_;
  Launcher launcher_;
  std::vector<int> done_;
  PoolProgress last_;
};

constexpr char kGood[] = "echo good > $dir/$name";

TEST_F(WorkerPoolTest, JobsAreDoneInTheirOrder) {
  std::vector<Job> jobs;
  // The first waits for the last.
  jobs.push_back(Script("j0", absl::StrCat("while [ ! -f $dir/j7 ]; do sleep 0.01; done; ", kGood)));
  for (int i = 1; i < 8; ++i) jobs.push_back(Script(absl::StrCat("j", i), kGood));
  ASSERT_THAT(Run(jobs), IsOk());
  EXPECT_THAT(done_, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
  EXPECT_EQ(last_.num_done, 8);
  EXPECT_EQ(last_.num_failed, 0);
}

TEST_F(WorkerPoolTest, AWorkerThatFailsIsReplaced) {
  ASSERT_THAT(Run({Script("a", absl::StrCat("[ $n -gt 2 ] || kill -9 $$; ", kGood)),
                   Script("b", absl::StrCat("[ $n -gt 1 ] || exit 3; ", kGood)),
                   Script("c", absl::StrCat("[ $n -gt 1 ] || exit 0; ", kGood)),
                   Script("d", absl::StrCat("[ $n -gt 1 ] || { echo bad > $dir/$name; exit 0; }; ", kGood))}),
              IsOk());
  EXPECT_EQ(Starts("a"), 3);
  for (const char* name : {"b", "c", "d"}) EXPECT_EQ(Starts(name), 2) << name;
  EXPECT_EQ(last_.num_failed, 5);
}

TEST_F(WorkerPoolTest, OneThatFailsAgainAndAgainIsNamed) {
  launcher_.num_workers = 1;
  EXPECT_THAT(Run({Script("a", "echo tfxm: what happened; kill -11 $$")}),
              StatusIs(absl::StatusCode::kAborted, AllOf(HasSubstr("job a: 4 worker(s) failed"), HasSubstr("SIGSEGV"),
                                                         HasSubstr(": what happened"), Not(HasSubstr("tfxm")))));
  EXPECT_THAT(Run({Script("b", "echo bad > $dir/$name")}),
              StatusIs(absl::StatusCode::kAborted, HasSubstr("b is damaged")));
  EXPECT_EQ(Starts("b"), 4);
  EXPECT_THAT(Run({Script("c", "exit 2")}),
              StatusIs(absl::StatusCode::kAborted, HasSubstr("job c: 1 worker(s) failed")));
  EXPECT_EQ(Starts("c"), 1);
  EXPECT_THAT(Run({{.name = "d", .command = {dir_ / "no such program"}}}),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("no such program")));
}

TEST_F(WorkerPoolTest, AfterAFailureNothingRunsNotEvenWhatWorkersHaveStarted) {
  launcher_.max_attempts = 1;
  EXPECT_THAT(Run({Script("a", "sleep 1000 & echo $! > $dir/pid.tmp; mv $dir/pid.tmp $dir/pid; wait"),
                   Script("b", "while [ ! -f $dir/pid ]; do sleep 0.01; done; exit 3")}),
              StatusIs(absl::StatusCode::kAborted, HasSubstr("job b")));
  EXPECT_FALSE(Runs("pid"));
}

TEST_F(WorkerPoolTest, AWorkerThatTakesTooLongIsEnded) {
  launcher_.shard_timeout_seconds = 2;
  ASSERT_THAT(Run({Script("a", absl::StrCat("[ $n -gt 1 ] || { sleep 1000 & echo $! > $dir/pid; wait; }; ", kGood))}),
              IsOk());
  EXPECT_GE(Starts("a"), 2);
  EXPECT_FALSE(Runs("pid"));
  launcher_.max_attempts = 1;
  EXPECT_THAT(Run({Script("b", "sleep 1000")}),
              StatusIs(absl::StatusCode::kAborted, HasSubstr("it took longer than 2 s")));
}

TEST_F(WorkerPoolTest, AStragglerRunsTwiceAndTheFirstResultIsTaken) {
  launcher_.straggler_seconds = 0.05;
  ASSERT_THAT(Run({Script("a", absl::StrCat("[ $n -gt 1 ] || { sleep 1000 & echo $! > $dir/pid; wait; }; ", kGood)),
                   Script("b", kGood), Script("c", kGood)}),
              IsOk());
  EXPECT_GE(Starts("a"), 2);
  EXPECT_FALSE(Runs("pid"));
  EXPECT_EQ(last_.num_failed, 0);
}

TEST_F(WorkerPoolTest, AnotherHostIsTriedIfThereIsOne) {
  launcher_ = *ParseLauncher("env HOST={host} {command}", "bad,good");
  launcher_.backoff_seconds = 0.01;
  launcher_.max_attempts = 2;
  ASSERT_THAT(Run({Script("a", absl::StrCat("[ $HOST = good ] || exit 3; ", kGood))}), IsOk());
  EXPECT_EQ(Starts("a"), 2);
}

}  // namespace
}  // namespace tfxm::distribution
