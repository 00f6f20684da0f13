// SPDX-License-Identifier: Apache-2.0

#include "tfxm/data/examples.h"

#include <filesystem>

#include "gtest/gtest.h"
#include "tfxm/testing/memory_store.h"
#include "tfxm/util/io.h"

namespace tfxm::data {
namespace {

TEST(ExamplesTest, LayoutIsTfxs) {
  EXPECT_EQ(SplitDir("/pipelines/examples/1", "train"), "/pipelines/examples/1/Split-train");
  EXPECT_EQ(ShardName("data_tfrecord", 0, 2), "data_tfrecord-00000-of-00002.gz");
  EXPECT_EQ(EncodeSplitNames({"train", "eval"}), R"(["train", "eval"])");
  EXPECT_EQ(*DecodeSplitNames(R"(["train", "eval"])"), (std::vector<std::string>{"train", "eval"}));
  EXPECT_FALSE(DecodeSplitNames("train").ok());
  const std::vector<std::string> odd = {"a\\", "b, \"c\"\n", "größe"};
  EXPECT_EQ(EncodeSplitNames(odd), R"(["a\\", "b, \"c\"\n", "größe"])");
  EXPECT_EQ(*DecodeSplitNames(EncodeSplitNames(odd)), odd);
}

TEST(ExamplesTest, AMissingSplitNamesItsDirectory) {
  const auto files = SplitFiles("/no/such", "train");
  EXPECT_EQ(files.status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(files.status().message().find("/no/such/Split-train") != std::string::npos);
}

TEST(ExamplesTest, WhatExistsUnderAVeryNameIsNoGlob) {
  const std::string dir = io::JoinPath(*io::MakeTempDir(testing::TempDir(), "match"), "p[1], *q");
  ASSERT_TRUE(io::MakeDirs(dir).ok());
  const std::string a = io::JoinPath(dir, "a[1],b"), c = io::JoinPath(dir, "c");
  for (const std::string& file : {a, c}) ASSERT_TRUE(io::WriteFile(file, "").ok());
  EXPECT_EQ(*MatchFiles(a), std::vector<std::string>{a});
  EXPECT_EQ(*MatchFiles(dir), (std::vector<std::string>{a, c}));
  EXPECT_EQ(*MatchFiles(c + "," + a), (std::vector<std::string>{c, a})) << "in the order given";
  const absl::Status twice = MatchFiles(c + "," + dir).status();
  EXPECT_EQ(twice.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(twice.message().find(c + " is given twice, by " + c + " and by " + dir), absl::string_view::npos) << twice;
  EXPECT_FALSE(MatchFiles(c + "," + io::JoinPath(dir, "./c")).ok()) << "another spelling of the same file";
  // In a glob a comma separates.
  const std::string plain = io::JoinPath(*io::MakeTempDir(testing::TempDir(), "match"), "p[1] *q");
  ASSERT_TRUE(io::MakeDirs(plain).ok());
  ASSERT_TRUE(io::WriteFile(io::JoinPath(plain, "c"), "").ok());
  EXPECT_EQ(*MatchFiles(io::JoinPath(io::EscapeGlob(plain), "c*")), std::vector<std::string>{io::JoinPath(plain, "c")});
}

TEST(ExamplesTest, WhatIsNoDataIsLeftOutUnlessItIsNamed) {
  const std::string dir = *io::MakeTempDir(testing::TempDir(), "match");
  const std::string a = io::JoinPath(dir, "a"), success = io::JoinPath(dir, "_SUCCESS");
  for (const std::string& file : {a, success, io::JoinPath(dir, ".hidden")}) ASSERT_TRUE(io::WriteFile(file, "").ok());
  EXPECT_EQ(*MatchFiles(dir), std::vector<std::string>{a});
  EXPECT_EQ(*MatchFiles(io::JoinPath(dir, "*")), std::vector<std::string>{a});
  EXPECT_EQ(*MatchFiles(success), std::vector<std::string>{success});
  EXPECT_EQ(*MatchFiles(io::JoinPath(dir, "_*")), std::vector<std::string>{success});
  std::vector<std::string> left_out;
  EXPECT_EQ(*GlobFiles(io::JoinPath(dir, "*"), &left_out), std::vector<std::string>{a});
  EXPECT_EQ(left_out, std::vector<std::string>{success});
  EXPECT_EQ(MatchFiles(io::JoinPath(dir, "*S")).status().message(),
            "no file matches " + io::JoinPath(dir, "*S") + " but for names that begin with _, as " + success);
}

TEST(ExamplesTest, ALinkThatLeadsNowhereIsAnErrorAndNotLessData) {
  const std::string dir = *io::MakeTempDir(testing::TempDir(), "match");
  const std::string a = io::JoinPath(dir, "a"), link = io::JoinPath(dir, "b");
  ASSERT_TRUE(io::WriteFile(a, "").ok());
  std::filesystem::create_symlink(a, io::JoinPath(dir, "good"));
  EXPECT_FALSE(MatchFiles(dir).ok()) << "the same file twice";
  std::filesystem::create_symlink(io::JoinPath(dir, "nowhere"), link);
  for (const std::string& pattern : {dir, io::JoinPath(dir, "*"), link}) {
    const absl::Status status = MatchFiles(pattern).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
    EXPECT_NE(status.message().find(link + " is a link to a file that is not there"), absl::string_view::npos)
        << status;
  }
  EXPECT_EQ(*MatchFiles(io::JoinPath(dir, "a*")), std::vector<std::string>{a});
}

TEST(ExamplesTest, PatternsLeadIntoAStore) {
  MemoryStore& store = MemoryStore::Fresh();
  const std::string a = "mem://bucket/train/a", b = "mem://bucket/train/b";
  store.files = {{a, ""}, {b, ""}, {"mem://bucket/train/_SUCCESS", ""}, {"mem://bucket/sub/train/c", ""}};
  for (const std::string& patterns :
       {std::string("mem://bucket/train/*"), std::string("mem://bucket/train/"), std::string("mem://bucket/train"),
        std::string("mem://bucket/tr*"), a + "," + b}) {
    EXPECT_EQ(*MatchFiles(patterns), (std::vector<std::string>{a, b})) << patterns;
  }
  EXPECT_EQ(MatchFiles("mem://bucket/train/*," + a).status().code(), absl::StatusCode::kInvalidArgument) << "twice";
  EXPECT_EQ(MatchFiles("mem://bucket/none*").status().code(), absl::StatusCode::kNotFound);
  store.broken = "mem://bucket";
  EXPECT_EQ(MatchFiles(a).status().code(), absl::StatusCode::kUnavailable) << "which is not nothing";
}

TEST(ExamplesTest, AMissingSplitNamesThoseThereAre) {
  const std::string uri = io::JoinPath(*io::MakeTempDir(testing::TempDir(), "splits"), "o[1]*");
  ASSERT_TRUE(io::MakeDirs(SplitDir(uri, "training")).ok());
  ASSERT_TRUE(io::MakeDirs(SplitDir(uri, "test")).ok());
  ASSERT_TRUE(io::WriteFile(io::JoinPath(SplitDir(uri, "test"), ShardName("x", 0, 1)), "").ok());
  EXPECT_EQ(SplitFiles(uri, "test")->size(), 1u) << "folders may have any name";
  const absl::Status status = SplitFiles(uri, "train").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_NE(status.message().find("there are the splits \"test\", \"training\""), absl::string_view::npos) << status;
}

}  // namespace
}  // namespace tfxm::data
