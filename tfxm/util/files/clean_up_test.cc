// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/files/clean_up.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "gtest/gtest.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

TEST(CleanUpTest, UndoesAtTheEndOfTheScopeUnlessCancelled) {
  std::string done;
  {
    CleanUp a([&] { done += 'a'; });
    CleanUp b([&] { done += 'b'; });
    CleanUp c([&] { done += 'c'; });
    b.Cancel();
  }
  EXPECT_EQ(done, "ca");
}

// A program that has made a folder with a file in it, is signalled, and does not end by itself.
int StatusOfInterrupted(const std::string& dir, int signal) {
  int ready[2];
  EXPECT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    HandleInterrupts();
    io::NewDirs made(io::JoinPath(dir, "a/b"));
    if (!made.Make().ok()) _exit(8);
    const std::string staging = io::MakeTempDir(io::JoinPath(dir, "a/b"), ".writing-").value();
    CleanUp remove_staging([&] { (void)io::RemoveAll(staging); });
    if (!io::WriteFile(io::JoinPath(staging, "half"), "x").ok() || write(ready[1], "x", 1) != 1) _exit(8);
    while (true) pause();
  }
  char x;
  EXPECT_EQ(read(ready[0], &x, 1), 1);
  kill(child, signal);
  int status = 0;
  waitpid(child, &status, 0);
  close(ready[0]), close(ready[1]);
  return status;
}

TEST(HandleInterruptsTest, AnInterruptedProgramLeavesNothingAndEndsByTheSignal) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    const std::string dir = *io::MakeTempDir(testing::TempDir(), "interrupted");
    const int status = StatusOfInterrupted(dir, signal);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == signal) << signal << ": " << status;
    EXPECT_TRUE(io::ListDir(dir)->empty()) << signal;
  }
}

TEST(HandleInterruptsTest, WhatIsIgnoredStaysIgnored) {
  const std::string dir = *io::MakeTempDir(testing::TempDir(), "interrupted");
  const auto before = signal(SIGHUP, SIG_IGN);
  const pid_t child = fork();
  if (child == 0) {
    HandleInterrupts();
    raise(SIGHUP);
    _exit(7);
  }
  int status = 0;
  waitpid(child, &status, 0);
  signal(SIGHUP, before);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7) << status;
}

}  // namespace
}  // namespace tfxm
