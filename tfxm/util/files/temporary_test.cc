// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/files/temporary.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tfxm/util/files/clean_up.h"
#include "tfxm/util/io.h"

namespace tfxm::io {
namespace {

class TemporaryTest : public testing::Test {
 protected:
  // Runs `body` in a process that is then killed.
  static void InKilledProcess(const std::function<void()>& body) {
    const pid_t child = fork();
    if (child == 0) {
      body();
      kill(getpid(), SIGKILL);
    }
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  }
  std::vector<std::string> Names() const { return *ListDir(dir_); }
  const std::string dir_ = *MakeTempDir(testing::TempDir(), "temporary");
};

TEST_F(TemporaryTest, AFolderLastsAsLongAsTheScope) {
  {
    const auto temporary = *TempDir::Make(JoinPath(dir_, "new"), ".making-");
    ASSERT_TRUE(WriteFile(JoinPath(temporary->path(), "a"), "x").ok());
    struct stat info;
    ASSERT_EQ(stat(temporary->path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0700);
    EXPECT_NE((*TempDir::Make(JoinPath(dir_, "new"), ".making-"))->path(), temporary->path());
  }
  EXPECT_TRUE(ListDir(JoinPath(dir_, "new"))->empty());
}

// The instant is another one each time, also that between a folder's or file's appearance and the return of what made it.
TEST_F(TemporaryTest, AnInterruptionAtAnyInstantLeavesNothing) {
  for (int i = 0; i < 200; ++i) {
    int ready[2];
    ASSERT_EQ(pipe(ready), 0);
    const pid_t child = fork();
    if (child == 0) {
      HandleInterrupts();
      if (write(ready[1], "x", 1) != 1) _exit(8);
      while (true) {
        const auto temporary = TempDir::Make(dir_, ".making-");
        if (!temporary.ok() || !WriteFile(JoinPath(dir_, "written"), "x").ok()) _exit(8);
      }
    }
    char x;
    ASSERT_EQ(read(ready[0], &x, 1), 1);
    close(ready[0]), close(ready[1]);
    usleep(500 + 17 * i);
    kill(child, SIGTERM);
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM) << status;
    for (const std::string& name : Names()) EXPECT_EQ(name, "written");
  }
}

TEST_F(TemporaryTest, AFolderMayBecomeSomethingLasting) {
  const mode_t umask_before = umask(022);
  {
    const auto temporary = *TempDir::Make(dir_, ".making-", TempDir::Rights::kUmask);
    ASSERT_TRUE(WriteFile(JoinPath(temporary->path(), "a"), "x").ok());
    ASSERT_TRUE(Rename(temporary->path(), JoinPath(dir_, "made")).ok());
  }
  umask(umask_before);
  struct stat info;
  ASSERT_EQ(stat(JoinPath(dir_, "made").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0755);
  EXPECT_EQ(Names(), std::vector<std::string>{"made"});
}

TEST_F(TemporaryTest, WhatAKilledProcessLeavesGoesWithTheNextOne) {
  InKilledProcess([&] {
    const auto temporary = *TempDir::Make(dir_, ".making-");
    WriteFile(JoinPath(temporary->path(), "a"), "x").IgnoreError();
    kill(getpid(), SIGKILL);
  });
  ASSERT_EQ(Names().size(), 1);
  ASSERT_TRUE(TempDir::Make(dir_, ".other-").ok());
  EXPECT_EQ(Names().size(), 1) << "of another kind";
  ASSERT_TRUE(TempDir::Make(dir_, ".making-").ok());
  EXPECT_TRUE(Names().empty());
}

TEST_F(TemporaryTest, OfAChildThatWasKilledEverythingGoes) {
  const auto kept = *TempDir::Make(dir_, ".making-");
  const pid_t child = fork();
  if (child == 0) {
    const auto a = *TempDir::Make(dir_, ".making-"), b = *TempDir::Make(dir_, "other-");
    kill(getpid(), SIGKILL);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_EQ(Names().size(), 3);
  RemoveTemporariesOf(child, dir_);
  EXPECT_EQ(Names(), std::vector<std::string>{Basename(kept->path())});
}

TEST_F(TemporaryTest, WhatALivingProcessMakesStays) {
  int made[2], go_on[2];
  ASSERT_EQ(pipe(made), 0);
  ASSERT_EQ(pipe(go_on), 0);
  const pid_t child = fork();
  if (child == 0) {
    const auto temporary = *TempDir::Make(dir_, ".making-");
    char x = write(made[1], "x", 1) == 1;
    if (read(go_on[0], &x, 1) != 1) _exit(1);
    _exit(WriteFile(JoinPath(temporary->path(), "a"), "x").ok() ? 0 : 1);
  }
  char x;
  EXPECT_EQ(read(made[0], &x, 1), 1);
  EXPECT_TRUE(TempDir::Make(dir_, ".making-").ok());
  EXPECT_EQ(write(go_on[1], "x", 1), 1);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0) << "its folder was taken away";
  for (const int fd : {made[0], made[1], go_on[0], go_on[1]}) close(fd);
}

TEST_F(TemporaryTest, AFileThatAKilledProcessWasWritingGoesWithTheNextWrite) {
  InKilledProcess([&] {
    const std::string half = JoinPath(dir_, internal::TemporaryName(".a."));
    FILE* const file = fopen(half.c_str(), "w");
    if (file == nullptr || !internal::LockTemporary(fileno(file), half)) _exit(1);
    kill(getpid(), SIGKILL);
  });
  ASSERT_EQ(Names().size(), 1);
  ASSERT_TRUE(WriteFile(JoinPath(dir_, "a"), "x").ok());
  EXPECT_EQ(Names(), std::vector<std::string>{"a"});
}

TEST_F(TemporaryTest, NamesOfOthersAreLeftAlone) {
  for (const char* name : {".making-.tmp", ".making-x.tmp", ".making-1.1.tmp~", "making-1.1.tmp", ".a.x.tmp"}) {
    ASSERT_TRUE(WriteFile(JoinPath(dir_, name), "x").ok());
  }
  RemoveAbandoned(dir_, ".making-");
  RemoveAbandoned(dir_, ".a.");
  RemoveAbandoned(dir_);
  EXPECT_EQ(Names().size(), 5);
}

TEST_F(TemporaryTest, OfAnyPrefix) {
  for (const char* name : {".a.1.2.tmp", ".making-3.4.tmp", "b5.6.tmp"}) {
    ASSERT_TRUE(WriteFile(JoinPath(dir_, name), "x").ok());
  }
  RemoveAbandoned(dir_);
  EXPECT_EQ(Names(), std::vector<std::string>{"b5.6.tmp"});
}

}  // namespace
}  // namespace tfxm::io
