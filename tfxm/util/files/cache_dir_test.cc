// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/files/cache_dir.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tfxm/testing/temp_dir.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class CacheDirTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"TFXM_CACHE", "HOME"}) {
      const char* value = std::getenv(name);
      before_.emplace_back(name, value == nullptr ? "" : value);
      unsetenv(name);
    }
  }
  void TearDown() override {
    for (const auto& [name, value] : before_) value.empty() ? unsetenv(name) : setenv(name, value.c_str(), 1);
  }
  const TempDir temporary_;
  const std::string& dir_ = temporary_.path();
  std::vector<std::pair<const char*, std::string>> before_;
};

TEST_F(CacheDirTest, TheVariableThenHomeThenTheListOfUsers) {
  const passwd* const user = getpwuid(geteuid());
  if (user != nullptr && io::IsDirectory(user->pw_dir)) {
    EXPECT_EQ(*CacheDir(), io::JoinPath(user->pw_dir, ".cache/tfxm"));
  }
  setenv("HOME", dir_.c_str(), 1);
  EXPECT_EQ(*CacheDir(), io::JoinPath(dir_, ".cache/tfxm"));
  setenv("TFXM_CACHE", "/somewhere/else", 1);
  EXPECT_EQ(*CacheDir(), "/somewhere/else");
}

TEST_F(CacheDirTest, WithoutAHomeTheMessageSaysWhatToDo) {
  setenv("HOME", "/nonexistent", 1);
  EXPECT_THAT(std::string(CacheDir().status().message()),
              AllOf(HasSubstr("/nonexistent"), HasSubstr("set HOME"), HasSubstr("TFXM_CACHE")));
}

TEST_F(CacheDirTest, WhatOthersMayWriteToIsRefused) {
  setenv("TFXM_CACHE", io::JoinPath(dir_, "cache").c_str(), 1);
  const mode_t before = umask(0);
  EXPECT_TRUE(MakeCacheDir("modules").ok()) << MakeCacheDir("modules").status();  // Whatever the umask.
  umask(before);
  for (const char* name : {"cache", "cache/modules"}) {
    const std::string path = io::JoinPath(dir_, name);
    ASSERT_EQ(chmod(path.c_str(), 0777), 0);
    EXPECT_THAT(std::string(MakeCacheDir("modules").status().message()),
                AllOf(HasSubstr(path), HasSubstr("all users"), HasSubstr("0777"), HasSubstr("TFXM_CACHE")));
    ASSERT_EQ(chmod(path.c_str(), 0755), 0);
  }
  EXPECT_TRUE(MakeCacheDir("modules").ok());
}

TEST_F(CacheDirTest, WhatAnotherUserHasMadeIsRefused) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a folder away";
  setenv("TFXM_CACHE", dir_.c_str(), 1);
  ASSERT_EQ(chown(dir_.c_str(), 65534, 65534), 0);
  EXPECT_THAT(std::string(MakeCacheDir("modules").status().message()), HasSubstr("belongs to user 65534"));
}

}  // namespace
}  // namespace tfxm
