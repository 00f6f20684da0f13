// SPDX-License-Identifier: Apache-2.0

// Part of every test program: what its tests and their processes write into testing::TempDir() or TMPDIR is in a folder
// of this run, which goes at the end. After a crash it stays, to be looked at.
#include <stdlib.h>

#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>

#include "gtest/gtest.h"

namespace tfxm {
namespace {

class TemporaryFiles : public testing::Environment {
 public:
  void SetUp() override {
    std::string folder = (std::filesystem::temp_directory_path() / "tfxm_tests-XXXXXX").string();
    if (mkdtemp(folder.data()) == nullptr) {
      std::perror(folder.c_str());
      std::exit(1);
    }
    folder_ = folder;
    setenv("TEST_TMPDIR", folder_.c_str(), 1);
    setenv("TMPDIR", folder_.c_str(), 1);
  }
  void TearDown() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

 private:
  std::string folder_;
};

[[maybe_unused]] const testing::Environment* const temporary_files =
    testing::AddGlobalTestEnvironment(new TemporaryFiles);

}  // namespace
}  // namespace tfxm
