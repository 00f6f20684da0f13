// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/files/file_hashes.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tfxm/testing/temp_dir.h"
#include "tfxm/util/files/fingerprint.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

class FileHashesTest : public testing::Test {
 protected:
  std::string Path(const std::string& name) const { return io::JoinPath(dir_, name); }
  std::string Write(const std::string& name, const std::string& content) {
    EXPECT_TRUE(io::WriteFile(Path(name), content).ok());
    return Path(name);
  }
  const TempDir temporary_;
  const std::string& dir_ = temporary_.path();
};

TEST_F(FileHashesTest, AHashIsThatOfTheContent) {
  FileHashes hashes;
  EXPECT_EQ(*hashes.Hash(Write("a", "abc")), Sha256::HexHash("abc"));
  EXPECT_EQ(*hashes.Hash(Write("empty", "")), Sha256::HexHash(""));
  EXPECT_EQ(hashes.Hash(Path("none")).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(FileHashesTest, AChangeIsSeenThoughSizeAndTimeOfModificationAreTheSame) {
  const std::string path = Write("a", "abc");
  usleep(200'000);  // So that the hash is remembered.
  FileHashes hashes;
  ASSERT_EQ(*hashes.Hash(path), Sha256::HexHash("abc"));
  struct stat before;
  ASSERT_EQ(stat(path.c_str(), &before), 0);
  const int fd = open(path.c_str(), O_WRONLY);
  ASSERT_EQ(write(fd, "xyz", 3), 3);
  const timespec times[2] = {before.st_atim, before.st_mtim};
  ASSERT_EQ(futimens(fd, times), 0);
  close(fd);
  EXPECT_EQ(*hashes.Hash(path), Sha256::HexHash("xyz"));
}

TEST_F(FileHashesTest, AFileThatHasNotChangedIsNotReadAgain) {
  const std::string path = Write("with space\nand line", "abc");
  usleep(200'000);
  {
    FileHashes hashes(Path("memory"));
    ASSERT_TRUE(hashes.Hash(path).ok());
    ASSERT_TRUE(hashes.Save().ok());
  }
  // A memory that says something else shows that it is asked.
  std::string memory = *io::ReadFile(Path("memory"));
  memory.replace(memory.find(Sha256::HexHash("abc")), 64, Sha256::HexHash("remembered"));
  ASSERT_TRUE(io::WriteFile(Path("memory"), memory).ok());
  EXPECT_EQ(*FileHashes(Path("memory")).Hash(path), Sha256::HexHash("remembered"));
}

TEST_F(FileHashesTest, ADamagedMemoryIsNone) {
  const std::string path = Write("a", "abc");
  for (const char* text : {"", "garbage", "tfxm file hashes 1\n1 2 3\n-1 x y z w v u\n"}) {
    Write("memory", text);
    EXPECT_EQ(*FileHashes(Path("memory")).Hash(path), Sha256::HexHash("abc"));
  }
}

}  // namespace
}  // namespace tfxm
