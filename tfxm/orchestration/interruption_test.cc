// SPDX-License-Identifier: Apache-2.0

// A run that is killed or interrupted, at any instant, and two runs at a time.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tfxm/orchestration/interrupts.h"
#include "tfxm/orchestration/test_pipelines.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

class InterruptionTest : public RunTest {
 protected:
  // Runs the pipeline in another process, as a program does (`ignored`: a signal that it was started to ignore).
  pid_t Fork(const Pipeline& pipeline, int ignored = 0) const {
    const pid_t pid = fork();
    if (pid == 0) {
      if (ignored != 0) signal(ignored, SIG_IGN);
      Cancellation cancellation;
      const Interrupts interrupts(&cancellation);
      const auto result = Run(pipeline, {.cancellation = &cancellation});
      _exit(result.ok() && result->ok() ? 0 : result.ok() && result->interrupted ? 128 + result->signal : 1);
    }
    return pid;
  }
  static int Wait(pid_t pid) {
    int status = 0;
    waitpid(pid, &status, 0);
    return status;
  }
  // Waits until the executor of a node "hang" is there; its process id.
  pid_t WaitForHanging() const {
    for (int i = 0; i < 2000; ++i, usleep(10'000)) {
      int pid = 0;
      if (absl::SimpleAtoi(io::ReadFile(Path("hanging")).value_or(""), &pid)) return pid;
    }
    ADD_FAILURE() << "the executor did not start";
    return -1;
  }
  static bool Gone(pid_t pid) {
    for (int i = 0; i < 1000; ++i, usleep(10'000)) {
      const std::string stat = io::ReadFile(absl::StrCat("/proc/", pid, "/stat")).value_or("");
      if (stat.empty() || absl::StrContains(stat, ") Z")) return true;  // Nobody may have waited for it yet.
    }
    return false;
  }
};

TEST_F(InterruptionTest, ExecutorsDieWithAKilledRunAndTheNextRunGoesOn) {
  auto a = Make("a", "write");
  const pid_t runner = Fork(PipelineOf({a, Make("b", "hang", {a})}));
  const pid_t executor = WaitForHanging();
  kill(runner, SIGKILL);
  Wait(runner);
  EXPECT_TRUE(Gone(executor));
  EXPECT_EQ(Store()->GetExecutions()->at(1).last_known_state(), ml_metadata::Execution::RUNNING);

  const auto result = Run(PipelineOf({a, Make("b", "write", {a})}));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->ok());
  EXPECT_EQ(result->Find("a")->state, NodeState::kCached);
  EXPECT_EQ(Store()->GetExecutions()->at(1).last_known_state(), ml_metadata::Execution::FAILED);
  ExpectConsistent();
}

// Killed at 60 instants spread over the run: before, while and after metadata is written and artifacts are moved.
TEST_F(InterruptionTest, ARunCanBeKilledAtAnyInstant) {
  auto a = Make("a", "slow");
  auto b = Make("b", "slow", {a});
  const Pipeline pipeline = PipelineOf({a, b, Make("c", "slow", {a}), Make("d", "slow", {b})});
  int killed = 0;
  for (int i = 0; i < 60; ++i) {
    const pid_t runner = Fork(pipeline);
    usleep(i * 3'000);  // Another moment each time; whichever it is, nothing may be left half done.
    kill(runner, SIGKILL);
    if (WIFSIGNALED(Wait(runner))) ++killed;
  }
  EXPECT_GT(killed, 5) << "the instants did not meet the run";
  const auto result = Run(pipeline);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->ok());
  ExpectConsistent();
}

TEST_F(InterruptionTest, AnArtifactMovedIntoPlaceButNotRecordedIsClearedAway) {
  auto a = Make("a", "write");
  const pid_t runner = Fork(PipelineOf({Make("a", "hang")}));
  WaitForHanging();
  kill(runner, SIGKILL);
  Wait(runner);
  ASSERT_TRUE(io::MakeDirs(Path("pipeline_root/a/examples/1")).ok());
  ASSERT_TRUE(Run(PipelineOf({a}))->ok());
  ExpectConsistent();
}

TEST_F(InterruptionTest, WhatAKilledExecutorWasWritingIsClearedAway) {
  auto a = Make("a", "write");
  const pid_t runner = Fork(PipelineOf({Make("a", "hang")}));
  WaitForHanging();
  kill(runner, SIGKILL);
  Wait(runner);
  const std::string half = Path("pipeline_root/a/.system/executor_execution/1/.result.pb.1.1.tmp");
  ASSERT_TRUE(io::WriteFile(half, "half").ok());
  ASSERT_TRUE(Run(PipelineOf({a}))->ok());
  EXPECT_FALSE(io::Exists(half));
}

TEST_F(InterruptionTest, AnInterruptedRunEndsCleanly) {
  auto a = Make("a", "hang");
  const pid_t runner = Fork(PipelineOf({a, Make("b", "write", {a})}));
  const pid_t executor = WaitForHanging();
  kill(runner, SIGINT);
  const int status = Wait(runner);
  EXPECT_EQ(WEXITSTATUS(status), 128 + SIGINT);
  EXPECT_TRUE(Gone(executor));
  EXPECT_TRUE(io::ListDir(Path("making"))->empty());
  EXPECT_EQ(Store()->GetExecutions()->at(0).last_known_state(), ml_metadata::Execution::CANCELED);
  ExpectConsistent();
  EXPECT_EQ(Executions("b"), 0);
}

TEST_F(InterruptionTest, ASignalThatTheProgramWasStartedToIgnoreIsIgnored) {
  const pid_t runner = Fork(PipelineOf({Make("a", "hang")}), SIGHUP);
  WaitForHanging();
  kill(runner, SIGHUP);
  kill(runner, SIGTERM);
  EXPECT_EQ(WEXITSTATUS(Wait(runner)), 128 + SIGTERM);
}

// Inside somebody else's program: it says when to end, and its own signals stay as they are.
TEST_F(InterruptionTest, ALibraryCallIsCancelledByItsCallerAndLeavesSignalsAlone) {
  Cancellation cancellation;
  struct sigaction during[3];
  std::thread canceller([&] {
    WaitForHanging();
    int i = 0;
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaction(number, nullptr, &during[i++]);
    cancellation.Cancel();
  });
  auto a = Make("a", "hang");
  ::testing::internal::CaptureStdout();
  const auto result = Run(PipelineOf({a, Make("b", "write", {a})}), {.cancellation = &cancellation});
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "");
  canceller.join();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->interrupted);
  EXPECT_EQ(result->signal, 0);
  EXPECT_EQ(result->Find("a")->state, NodeState::kCanceled);
  EXPECT_EQ(result->Find("b")->state, NodeState::kCanceled);
  for (const struct sigaction& action : during) EXPECT_EQ(action.sa_handler, SIG_DFL);
  ExpectConsistent();
}

TEST_F(InterruptionTest, ARunCancelledBeforeItBeginsRunsNothing) {
  Cancellation cancellation;
  cancellation.Cancel(SIGTERM);
  const auto result = Run(PipelineOf({Make("a", "write")}), {.cancellation = &cancellation});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->signal, SIGTERM);
  EXPECT_EQ(result->Find("a")->state, NodeState::kCanceled);
  EXPECT_EQ(Executions("a"), 0);
}

TEST_F(InterruptionTest, AnExecutorThatIsKilledFailsItsNode) {
  const pid_t waiter = fork();
  if (waiter == 0) {
    kill(WaitForHanging(), SIGKILL);
    _exit(0);
  }
  const auto result = Run(PipelineOf({Make("a", "hang")}));
  Wait(waiter);
  EXPECT_EQ(result->nodes[0].state, NodeState::kFailed);
  EXPECT_TRUE(absl::StrContains(result->nodes[0].status.message(), "SIGKILL")) << result->nodes[0].status;
  EXPECT_TRUE(absl::StrContains(result->nodes[0].status.message(), "memory")) << result->nodes[0].status;
}

TEST_F(InterruptionTest, ASecondRunOnTheSameStoreIsRefused) {
  const pid_t runner = Fork(PipelineOf({Make("a", "hang")}));
  WaitForHanging();
  const auto second = Run(PipelineOf({Make("b", "write")}));
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(absl::StrContains(second.status().message(), absl::StrCat("another run (process ", runner, ")")))
      << second.status();
  kill(runner, SIGKILL);
  Wait(runner);
  EXPECT_TRUE(Run(PipelineOf({Make("b", "write")}))->ok());
}

TEST_F(InterruptionTest, AStoreOfANewerVersionIsRefused) {
  {
    ASSERT_TRUE(Run(PipelineOf({Make("a", "write")}))->ok());
  }
  ASSERT_TRUE((*database::Open(Path("metadata.db"), database::Mode::kReadWrite))
                  ->Execute("UPDATE `MLMDEnv` SET `schema_version` = 11")
                  .ok());
  const auto result = Run(PipelineOf({Make("a", "write")}));
  EXPECT_EQ(result.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Executions("a"), 1);
}

}  // namespace
}  // namespace tfxm
