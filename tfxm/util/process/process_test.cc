// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/process/process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

namespace tfxm {
namespace {

using testing::HasSubstr;

// What a shell's script prints, and how it ends.
std::string OutputOf(const std::string& script, SpawnOptions options, int* status) {
  auto pipe = MakePipe();
  options.files[STDOUT_FILENO] = pipe->write.get();
  const auto child = Spawn({"sh", "-c", script}, options);
  EXPECT_EQ(child.status(), absl::OkStatus());
  if (!child.ok()) return "";
  pipe->write.Close();
  std::string output = ReadAll(pipe->read.get());
  *status = WaitFor(*child);
  return output;
}

TEST(ProcessTest, TheChildHasTheFilesItIsGiven) {
  int status = -1;
  auto pipe = MakePipe();
  ASSERT_TRUE(WriteAll(pipe->write.get(), "for you\n"));
  pipe->write.Close();
  // 3 and 4 are likely to be the pipes' own numbers.
  EXPECT_EQ(OutputOf("cat <&4; exit 7", {.files = {{3, pipe->read.get()}, {4, pipe->read.get()}}}, &status),
            "for you\n");
  EXPECT_EQ(DescribeExit(status), "exit status 7");
}

TEST(ProcessTest, AFileThatIsNotGivenIsNotInherited) {
  int status = -1;
  auto pipe = MakePipe();
  EXPECT_EQ(OutputOf("test -e /proc/self/fd/" + std::to_string(pipe->read.get()), {}, &status), "");
  EXPECT_NE(status, 0);
}

TEST(ProcessTest, ASignalIsNamed) {
  int status = -1;
  OutputOf("kill -ABRT $$", {}, &status);
  EXPECT_THAT(DescribeExit(status), HasSubstr("signal 6 (SIGABRT, "));
}

TEST(ProcessTest, AMissingProgramIsNotFound) {
  const auto child = Spawn({"no-such-program"});
  EXPECT_EQ(child.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(child.status().message(), HasSubstr("cannot start no-such-program"));
}

TEST(ProcessTest, AnotherProgramMayRunUnderAName) {
  int status = -1;
  EXPECT_EQ(OutputOf("echo $0", {.program = "/bin/sh"}, &status), "sh\n");
}

TEST(ProcessTest, AGroupOfItsOwnEndsAsAWhole) {
  auto pipe = MakePipe();
  // The grandchild keeps the pipe open as long as it lives.
  const auto child = Spawn({"sh", "-c", "sleep 1000 & echo started; wait"},
                           {.files = {{STDOUT_FILENO, pipe->write.get()}}, .own_group = true});
  ASSERT_EQ(child.status(), absl::OkStatus());
  pipe->write.Close();
  char first = 0;
  ASSERT_EQ(read(pipe->read.get(), &first, 1), 1);
  kill(-*child, SIGKILL);
  EXPECT_EQ(ReadAll(pipe->read.get()), "tarted\n");
  EXPECT_TRUE(WIFSIGNALED(WaitFor(*child)));
}

TEST(ProcessTest, ABlockedSignalReachesAProgram) {
  sigset_t block, before;
  sigemptyset(&block);
  sigaddset(&block, SIGTERM);
  sigprocmask(SIG_BLOCK, &block, &before);
  int status = -1;
  OutputOf("kill -TERM $$; exit 0", {}, &status);
  sigprocmask(SIG_SETMASK, &before, nullptr);
  EXPECT_THAT(DescribeExit(status), HasSubstr("SIGTERM"));
}

TEST(ProcessTest, AForkedCopyEndsWithItsExitStatus) {
  const auto child = Fork([] { return 5; });
  ASSERT_EQ(child.status(), absl::OkStatus());
  EXPECT_EQ(DescribeExit(WaitFor(*child)), "exit status 5");
}

TEST(ProcessTest, ATailHasWholeLines) {
  const FileDescriptor file(memfd_create("tail", 0));
  ASSERT_TRUE(WriteAll(file.get(), "first\nsecond\nthird\n"));
  EXPECT_EQ(ReadTail(file.get(), 100), "first\nsecond\nthird\n");
  EXPECT_EQ(ReadTail(file.get(), 10), "third\n");
}

TEST(ProcessTest, WhatCannotBeWrittenIsSaid) {
  const FileDescriptor full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  ASSERT_GE(full.get(), 0);
  EXPECT_FALSE(WriteAll(full.get(), "x"));
}

}  // namespace
}  // namespace tfxm
