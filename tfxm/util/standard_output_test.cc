// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/standard_output.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <string>

#include "gtest/gtest.h"

namespace tfxm {
namespace {

// 0 if `work` is true of a process whose standard output is `fd`.
int InChildWithStdout(int fd, const std::function<bool()>& work) {
  const pid_t child = fork();
  if (child == 0) {
    if (fd >= 0) dup2(fd, STDOUT_FILENO);
    if (fd < 0) close(STDOUT_FILENO);
    _exit(work() ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

TEST(StandardOutputTest, AFullDiskIsAnError) {
  const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(full, 0);
  EXPECT_EQ(InChildWithStdout(full,
                              [] {
                                const absl::Status printed = Print("a little"), flushed = FlushStandardOutput();
                                return printed.ok() && flushed.message().find("No space left") != std::string::npos;
                              }),
            0);
  EXPECT_EQ(
      InChildWithStdout(full, [] { return !Print(std::string(1 << 20, 'x')).ok() && !FlushStandardOutput().ok(); }), 0);
  close(full);
}

TEST(StandardOutputTest, AClosedOutputIsAnErrorAndNoFileTakesItsPlace) {
  EXPECT_EQ(InChildWithStdout(-1,
                              [] {
                                OpenStandardStreams();
                                const int file = open("/dev/null", O_WRONLY | O_CLOEXEC);
                                (void)Print("lost");
                                return file > STDERR_FILENO && !FlushStandardOutput().ok();
                              }),
            0);
}

}  // namespace
}  // namespace tfxm
