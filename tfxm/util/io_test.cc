#include "tfxm/util/io.h"

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

TEST(FileTest, AFullDiskIsResourceExhausted) {
  // /dev/full takes no temporary beside it; the error of a write is what matters here.
  EXPECT_FALSE(WriteFile("/dev/full/x", "x").ok());
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
}

}  // namespace
}  // namespace tfxm::io
