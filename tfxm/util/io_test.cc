// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/io.h"

#include <sys/stat.h>
#include <unistd.h>

#include "google/protobuf/struct.pb.h"
#include "gtest/gtest.h"

namespace tfxm::io {
namespace {

TEST(PathTest, JoinPath) {
  EXPECT_EQ(JoinPath("a", "b/c"), "a/b/c");
  EXPECT_EQ(JoinPath("a/", "b"), "a/b");
  EXPECT_EQ(JoinPath("", "b"), "b");
  EXPECT_EQ(JoinPath("a", "/b"), "/b");
  EXPECT_EQ(JoinPath("a", "b", "c", "d"), "a/b/c/d");
}

TEST(PathTest, AbsolutePathIsNormal) { EXPECT_EQ(AbsolutePath("/a/./b/../c/"), "/a/c"); }

TEST(FileTest, WriteThenReadAndNoTemporaryIsLeft) {
  const std::string dir = *MakeTempDir(testing::TempDir(), "io");
  const std::string path = JoinPath(dir, "file");
  ASSERT_TRUE(WriteFile(path, "first").ok());
  ASSERT_TRUE(WriteFile(path, std::string("se\0cond", 7)).ok());
  EXPECT_EQ(*ReadFile(path), std::string("se\0cond", 7));
  EXPECT_EQ(*ListDir(dir), std::vector<std::string>{"file"});
  EXPECT_EQ(*TreeSize(dir), 7);
}

TEST(FileTest, ErrorsNameThePath) {
  EXPECT_EQ(ReadFile("/no/such/file").status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(ReadFile("/no/such/file").status().message().find("/no/such/file") != std::string::npos);
  EXPECT_FALSE(ReadFile("/tmp").ok());
  EXPECT_FALSE(WriteFile("/no/such/dir/file", "x").ok());
}

TEST(FileTest, TheUmaskDecidesWhoMayReadAFile) {
  const std::string dir = *MakeTempDir(testing::TempDir(), "umask");
  const mode_t before = umask(077);
  ASSERT_TRUE(WriteFile(JoinPath(dir, "private"), "x").ok());
  umask(022);
  ASSERT_TRUE(WriteFile(JoinPath(dir, "public"), "x").ok());
  umask(before);
  struct stat info;
  ASSERT_EQ(stat(JoinPath(dir, "private").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600);
  ASSERT_EQ(stat(JoinPath(dir, "public").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0644);
}

TEST(PathTest, SameAndInsideAreOfTheFilesNotOfTheirNames) {
  const std::string dir = *MakeTempDir(testing::TempDir(), "inside");
  ASSERT_TRUE(MakeDirs(JoinPath(dir, "model/assets")).ok());
  ASSERT_EQ(symlink("model", JoinPath(dir, "link").c_str()), 0);
  EXPECT_TRUE(IsSameFile(JoinPath(dir, "link"), JoinPath(dir, "./model/")));
  EXPECT_FALSE(IsSameFile(JoinPath(dir, "none"), JoinPath(dir, "none")));
  EXPECT_TRUE(IsInside(JoinPath(dir, "link/assets"), JoinPath(dir, "model")));
  EXPECT_TRUE(IsInside(JoinPath(dir, "model/none/x"), JoinPath(dir, "link/")));
  EXPECT_TRUE(IsInside(dir, dir));
  EXPECT_FALSE(IsInside(JoinPath(dir, "model2"), JoinPath(dir, "model")));
}

TEST(NewDirsTest, WhatIsNotKeptGoesWithItsParentsIfItIsEmpty) {
  const std::string dir = *MakeTempDir(testing::TempDir(), "new");
  {
    NewDirs made(JoinPath(dir, "a/b/c"));
    ASSERT_TRUE(made.Make().ok());
    ASSERT_TRUE(IsDirectory(JoinPath(dir, "a/b/c")));
  }
  EXPECT_TRUE(ListDir(dir)->empty());
  {
    NewDirs made(JoinPath(dir, "a/b/c"));
    ASSERT_TRUE(made.Make().ok());
    ASSERT_TRUE(WriteFile(JoinPath(dir, "a/somebodys"), "x").ok());
  }
  EXPECT_EQ(*ListDir(JoinPath(dir, "a")), std::vector<std::string>{"somebodys"});
  {
    NewDirs made(JoinPath(dir, "a/b"));
    ASSERT_TRUE(made.Make().ok());
    made.Keep();
  }
  EXPECT_TRUE(IsDirectory(JoinPath(dir, "a/b")));
}

TEST(GlobTest, SortedAndEmptyWhenNothingMatches) {
  const std::string dir = *MakeTempDir(testing::TempDir(), "glob");
  for (const char* name : {"b.gz", "a.gz", "c.txt"}) ASSERT_TRUE(WriteFile(JoinPath(dir, name), "").ok());
  EXPECT_EQ(*Glob(JoinPath(dir, "*.gz")), (std::vector<std::string>{JoinPath(dir, "a.gz"), JoinPath(dir, "b.gz")}));
  EXPECT_TRUE(Glob(JoinPath(dir, "*.none"))->empty());
}

TEST(ProtoTest, TextErrorsSayTheLine) {
  google::protobuf::Value value;
  const absl::Status status = ParseTextProto("\nnumber_value: x", &value);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(status.message().find("line 2") != std::string::npos) << status;
  // The parser is in the last line when it notices.
  const absl::Status of_value = ParseTextProto("list_value {\n  values {\n    null_value: NIL\n  }\n}\n", &value);
  EXPECT_TRUE(of_value.message().find("line 3, column 17: Unknown enumeration value of \"NIL\"") != std::string::npos)
      << of_value;
}

TEST(IoTest, APathInFrontOfAPatternIsNoPattern) {
  const std::string dir = *MakeTempDir(testing::TempDir(), "glob");
  const std::string odd = JoinPath(dir, "p[1]*?\\{x}");
  ASSERT_TRUE(MakeDirs(odd).ok());
  for (const char* name : {"a", "b[1]", ".hidden"}) ASSERT_TRUE(WriteFile(JoinPath(odd, name), "").ok());
  ASSERT_TRUE(MakeDirs(JoinPath(odd, "folder")).ok());
  const std::vector<std::string> both = {JoinPath(odd, "a"), JoinPath(odd, "b[1]")};
  EXPECT_EQ(*Glob(JoinPath(EscapeGlob(odd), "*")), both);
  EXPECT_EQ(*Glob(EscapeGlob(both[1])), std::vector<std::string>{both[1]});
  EXPECT_EQ(*ListFiles(odd), both);
  EXPECT_TRUE(ListFiles(JoinPath(odd, "none"))->empty());
}

}  // namespace
}  // namespace tfxm::io
