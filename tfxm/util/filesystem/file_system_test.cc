// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/filesystem/file_system.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tfxm/testing/memory_store.h"
#include "tfxm/testing/status_matchers.h"
#include "tfxm/util/files/file_hashes.h"
#include "tfxm/util/files/file_manifest.h"
#include "tfxm/util/files/fingerprint.h"
#include "tfxm/util/files/temporary.h"
#include "tfxm/util/filesystem/input_file.h"
#include "tfxm/util/filesystem/local_copy.h"
#include "tfxm/util/io.h"

namespace tfxm::io {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(SchemeTest, IsWhatStandsBeforeColonAndSlashes) {
  EXPECT_EQ(Scheme("s3://bucket/a"), "s3");
  EXPECT_EQ(Scheme("a+b.c-1://x"), "a+b.c-1");
  for (const char* local : {"", "a", "/a/b", "a:/b", "://a", "1a://b", "dir/s3://b", "C:\\x"}) {
    EXPECT_EQ(Scheme(local), "") << local;
  }
}

TEST(SchemeTest, AnotherOneIsNamedAndWhatThereIsInstead) {
  for (const absl::Status& status :
       {Glob("hdfs://host/a/*").status(), ReadFile("hdfs://host/a").status(), WriteFile("hdfs://host/a", ""),
        FileSize("hdfs://host/a").status(), InputFile::Open("hdfs://host/a").status()}) {
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnimplemented,
                                 AllOf(HasSubstr("hdfs://host/a"), HasSubstr("s3://BUCKET/KEY and gs://BUCKET/KEY"))));
  }
}

TEST(SchemeTest, AKeyInAPathIsRefusedAndNotRepeated) {
  for (const char* path : {"s3://AKIA:canary@bucket/a", "gs://canary@bucket", "hdfs://me:canary@host/a"}) {
    EXPECT_THAT(ReadFile(path).status(), StatusIs(absl::StatusCode::kInvalidArgument,
                                                  AllOf(HasSubstr("environment"), Not(HasSubstr("canary")))));
  }
  EXPECT_THAT(CheckNoSecrets("s3://bucket/me@home"), IsOk());
}

class StoreTest : public testing::Test {
 protected:
  MemoryStore& store_ = MemoryStore::Fresh();
  const std::string dir_ = *MakeTempDir(testing::TempDir(), "store");
};

TEST_F(StoreTest, PathsKeepTheirScheme) {
  EXPECT_EQ(JoinPath("mem://b/a", "c"), "mem://b/a/c");
  EXPECT_EQ(JoinPath("/local", "mem://b/a"), "mem://b/a");
  EXPECT_EQ(AbsolutePath("mem://b/a//"), "mem://b/a");
  EXPECT_EQ(Basename("mem://b/a/c"), "c");
  EXPECT_EQ(Dirname("mem://b/a/c"), "mem://b/a");
  EXPECT_TRUE(IsInside("mem://b/a/c", "mem://b/a/"));
  EXPECT_FALSE(IsInside("mem://b/ab", "mem://b/a"));
  EXPECT_FALSE(IsInside("/b/a", "mem://b/a"));
}

TEST_F(StoreTest, FilesAreReadAndWritten) {
  ASSERT_THAT(WriteFile("mem://b/x/a", "alpha"), IsOk());
  EXPECT_THAT(ReadFile("mem://b/x/a"), IsOkAndHolds(std::string("alpha")));
  EXPECT_THAT(FileSize("mem://b/x/a"), IsOkAndHolds(5));
  EXPECT_TRUE(Exists("mem://b/x/a"));
  EXPECT_TRUE(IsDirectory("mem://b/x/"));
  EXPECT_FALSE(Exists("mem://b/y"));
  EXPECT_TRUE(IsSameFile("mem://b/x/a", "mem://b/x/a"));
  ASSERT_THAT(RemoveAll("mem://b/x"), IsOk());
  EXPECT_TRUE(store_.files.empty());
  EXPECT_THAT(FileSize("mem://b/x/a"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("mem://b/x/a")));
}

TEST_F(StoreTest, PatternsMatchAsThoseOfLocalFilesDo) {
  for (const char* name : {"a-1.gz", "a-2.gz", ".hidden", "sub/a-3.gz", "sub/deep/a-4.gz", "b*", "_SUCCESS"}) {
    store_.files[absl::StrCat("mem://b/x/", name)] = "";
    ASSERT_THAT(MakeDirs(Dirname(JoinPath(dir_, name))), IsOk());
    ASSERT_THAT(WriteFile(JoinPath(dir_, name), ""), IsOk());
  }
  for (const char* pattern :
       {"*", "a-?.gz", "a-[2-9].gz", "*/a-3.gz", "*/*/*", "sub/a*", "b\\*", ".*", "none*", "sub"}) {
    std::vector<std::string> here = *Glob(JoinPath(EscapeGlob(dir_), pattern));
    for (std::string& file : here) file = "mem://b/x/" + file.substr(dir_.size() + 1);
    EXPECT_EQ(*Glob(absl::StrCat("mem://b/x/", pattern)), here) << pattern;
  }
  EXPECT_THAT(ListFiles("mem://b/x"),
              IsOkAndHolds(ElementsAre("mem://b/x/_SUCCESS", "mem://b/x/a-1.gz", "mem://b/x/a-2.gz", "mem://b/x/b*")));
  EXPECT_THAT(ListDir("mem://b/x/sub"), IsOkAndHolds(ElementsAre("a-3.gz", "deep")));
  EXPECT_THAT(Glob("mem://*/x"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("bucket")));
}

TEST_F(StoreTest, AnErrorOfTheStoreIsNotTakenForNothing) {
  store_.files["mem://b/x/a"] = "a";
  store_.broken = "mem://b/x";
  EXPECT_THAT(Glob("mem://b/x/*"), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("mem://b/x")));
  EXPECT_THAT(KindOf("mem://b/x/a").status(), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("mem://b/x/a")));
}

TEST_F(StoreTest, TreesAreCopiedBothWays) {
  ASSERT_THAT(MakeDirs(JoinPath(dir_, "model/variables")), IsOk());
  ASSERT_THAT(WriteFile(JoinPath(dir_, "model/saved_model.pb"), "graph"), IsOk());
  ASSERT_THAT(WriteFile(JoinPath(dir_, "model/variables/v"), std::string(3 << 20, 'v')), IsOk());
  ASSERT_THAT(CopyTree(JoinPath(dir_, "model"), "mem://b/1"), IsOk());
  EXPECT_THAT(TreeSize("mem://b/1"), IsOkAndHolds(5 + (3 << 20)));
  EXPECT_THAT(FingerprintPath("mem://b/1"), IsOkAndHolds(*FingerprintPath(JoinPath(dir_, "model"))));
  ASSERT_THAT(CopyTree("mem://b/1", JoinPath(dir_, "back")), IsOk());
  EXPECT_THAT(SameTree(JoinPath(dir_, "model"), JoinPath(dir_, "back")), IsOkAndHolds(true));
  EXPECT_THAT(CopyTree("mem://b/none", JoinPath(dir_, "none")),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("none")));
}

TEST_F(StoreTest, AKeyThatLeadsOutOfTheFolderIsNotCopied) {
  store_.files["mem://b/1/../../evil"] = "x";
  EXPECT_THAT(CopyTree("mem://b/1", JoinPath(dir_, "to")),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("evil")));
  EXPECT_FALSE(Exists(JoinPath(dir_, "evil")));
}

TEST_F(StoreTest, ALocalCopyIsMadeOnce) {
  store_.files["mem://b/once/model.tflite"] = "TFL3";
  const std::string copy = *LocalCopy("mem://b/once/model.tflite");
  EXPECT_EQ(Basename(copy), "model.tflite");
  EXPECT_THAT(ReadFile(copy), IsOkAndHolds(std::string("TFL3")));
  EXPECT_THAT(LocalCopy("mem://b/once/model.tflite"), IsOkAndHolds(copy));
  EXPECT_EQ(store_.asked.size(), 1u);
  EXPECT_THAT(LocalCopy(dir_), IsOkAndHolds(dir_));
  EXPECT_THAT(LocalCopy("mem://b/none").status(), StatusIs(absl::StatusCode::kNotFound, HasSubstr("mem://b/none")));
}

TEST_F(StoreTest, WhatOnlyLocalFilesHaveIsSaid) {
  for (const absl::Status& status : {Rename("mem://b/a", "mem://b/c"), MakeTempDir("mem://b", "x").status(),
                                     TempDir::Make("mem://b", ".x-").status()}) {
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnimplemented,
                                 AllOf(HasSubstr("mem://b"), HasSubstr("give a folder of this machine"))));
  }
}

TEST_F(StoreTest, AReaderThatGoesOnGetsMoreAndMoreAtATime) {
  std::string content(40 << 20, '\0');
  for (size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 2654435761u >> 13);
  store_.files["mem://b/large"] = content;
  auto file = *InputFile::Open("mem://b/large");
  std::string read, block(300'001, '\0');
  while (true) {
    const size_t n = *file->Read(block.data(), block.size());
    read.append(block, 0, n);
    if (n < block.size()) break;
  }
  EXPECT_TRUE(read == content);
  EXPECT_THAT(store_.asked, ElementsAre("read mem://b/large 0+262144", "read mem://b/large 262144+524288",
                                        "read mem://b/large 786432+1048576", "read mem://b/large 1835008+2097152",
                                        "read mem://b/large 3932160+4194304", "read mem://b/large 8126464+8388608",
                                        "read mem://b/large 16515072+8388608", "read mem://b/large 24903680+8388608",
                                        "read mem://b/large 33292288+8388608", "read mem://b/large 41680896+262144"));
}

TEST_F(StoreTest, AReaderThatLooksHereAndThereGetsLittle) {
  store_.files["mem://b/large"] = std::string(8 << 20, 'x') + "footer";
  auto file = *InputFile::Open("mem://b/large");
  char block[6];
  ASSERT_THAT(file->Seek(8 << 20), IsOk());
  EXPECT_THAT(file->Read(block, 6), IsOkAndHolds(6u));
  EXPECT_EQ(std::string(block, 6), "footer");
  ASSERT_THAT(file->Seek(1000), IsOk());
  EXPECT_THAT(file->Read(block, 6), IsOkAndHolds(6u));
  ASSERT_THAT(file->Seek(9 << 20), IsOk());
  EXPECT_THAT(file->Read(block, 6), IsOkAndHolds(0u)) << "behind the end";
  EXPECT_THAT(store_.asked, ElementsAre("read mem://b/large 8388608+6", "read mem://b/large 1000+262144"));
}

TEST_F(StoreTest, AnErrorInTheMiddleIsOneOfTheRead) {
  store_.files["mem://b/large"] = std::string(4 << 20, 'x');
  auto file = *InputFile::Open("mem://b/large");
  std::string block(4 << 20, '\0');
  ASSERT_THAT(file->Read(block.data(), 1000), IsOkAndHolds(1000u));
  store_.broken = "mem://b/large";
  EXPECT_THAT(file->Read(block.data(), block.size()).status(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("mem://b/large")));
}

TEST_F(StoreTest, TheIdentityOfAFileIsToldWithoutReadingIt) {
  FileHashes hashes(JoinPath(dir_, "hashes"));
  store_.files["mem://b/a"] = "alpha";
  const std::string before = *hashes.Identity("mem://b/a");
  EXPECT_THAT(store_.asked, IsEmpty());
  store_.files["mem://b/a"] = "gamma";  // As many bytes, at the same time.
  EXPECT_NE(*hashes.Identity("mem://b/a"), before);
  EXPECT_THAT(hashes.Identity(JoinPath(dir_, "none")).status(),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("none")));
}

TEST_F(StoreTest, AHashIsThatOfTheContentAndRemembered) {
  store_.files["mem://b/a"] = "alpha";
  {
    FileHashes hashes(JoinPath(dir_, "hashes"));
    EXPECT_THAT(hashes.Hash("mem://b/a"), IsOkAndHolds(Sha256::HexHash("alpha")));
    ASSERT_THAT(hashes.Save(), IsOk());
  }
  EXPECT_EQ(store_.asked.size(), 1u);
  FileHashes hashes(JoinPath(dir_, "hashes"));
  EXPECT_THAT(hashes.Hash("mem://b/a"), IsOkAndHolds(Sha256::HexHash("alpha")));
  EXPECT_EQ(store_.asked.size(), 1u) << "it is remembered";
  store_.files["mem://b/a"] = "gamma";
  EXPECT_THAT(hashes.Hash("mem://b/a"), IsOkAndHolds(Sha256::HexHash("gamma")));
}

TEST_F(StoreTest, AFolderIsComparedWithItsManifest) {
  store_.files["mem://b/1/tflite"] = "TFL3";
  const FileManifest manifest = *MakeFileManifest("mem://b/1");
  EXPECT_THAT(CompareWithManifest("mem://b/1", manifest), IsOkAndHolds(IsEmpty()));
  store_.files["mem://b/1/tflite"] = "TFL4";
  EXPECT_THAT(CompareWithManifest("mem://b/1", manifest), IsOkAndHolds(ElementsAre(HasSubstr("another content"))));
}

}  // namespace
}  // namespace tfxm::io
