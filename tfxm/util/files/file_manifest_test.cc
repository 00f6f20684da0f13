// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/files/file_manifest.h"

#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tfxm/testing/temp_dir.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class FileManifestTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(io::MakeDirs(Path("assets")).ok());
    ASSERT_TRUE(io::WriteFile(Path("tflite"), "abc").ok());
    ASSERT_TRUE(io::WriteFile(Path("assets/words"), "").ok());
  }
  std::string Path(absl::string_view name) const { return io::JoinPath(dir_, name); }
  const TempDir temporary_;
  const std::string& dir_ = temporary_.path();
};

TEST_F(FileManifestTest, IsTheSameBytesForTheSameFiles) {
  const std::string json = ManifestJson(*MakeFileManifest(dir_));
  EXPECT_EQ(json,
            "{\n \"files\": {\n"
            "  \"assets/words\": {\n   \"size\": 0,\n"
            "   \"sha256\": \"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"\n  },\n"
            "  \"tflite\": {\n   \"size\": 3,\n"
            "   \"sha256\": \"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"\n  }\n }\n}\n");
  ASSERT_TRUE(io::WriteFile(Path(kManifestFile), json).ok());
  EXPECT_EQ(ManifestJson(*MakeFileManifest(dir_)), json);  // It is not in itself.
  EXPECT_EQ(ReadFileManifest(Path(kManifestFile))->files, MakeFileManifest(dir_)->files);
}

TEST_F(FileManifestTest, EachKindOfDifferenceIsNamed) {
  const FileManifest manifest = *MakeFileManifest(dir_);
  EXPECT_THAT(*CompareWithManifest(dir_, manifest), ElementsAre());
  ASSERT_TRUE(io::WriteFile(Path("tflite"), "abd").ok());
  ASSERT_TRUE(io::WriteFile(Path("assets/words"), "x").ok());
  ASSERT_TRUE(io::WriteFile(Path("other"), "x").ok());
  EXPECT_THAT(*CompareWithManifest(dir_, manifest),
              ElementsAre("assets/words has 1 bytes instead of 0", "other is not in the manifest",
                          "tflite has another content (its SHA-256 differs)"));
  EXPECT_EQ(CompareWithManifest(dir_, manifest, /*with_others=*/false)->size(), 2u);
  ASSERT_TRUE(io::RemoveAll(Path("tflite")).ok());
  ASSERT_EQ(symlink("/etc/passwd", Path("tflite").c_str()), 0);
  EXPECT_THAT(CompareWithManifest(dir_, manifest)->back(), HasSubstr("tflite is no longer a file"));
  EXPECT_FALSE(MakeFileManifest(dir_).ok());
  ASSERT_TRUE(io::RemoveAll(Path("tflite")).ok());
  EXPECT_EQ(CompareWithManifest(dir_, manifest)->back(), "tflite is missing");
}

TEST(ParseFileManifestTest, NothingOfOthersIsTrusted) {
  constexpr char kFile[] =
      R"({"size": 1, "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"})";
  for (const char* path : {"/etc/passwd", "../x", "a/../../x", "", "a//b", "."}) {
    EXPECT_THAT(
        std::string(ParseFileManifest(absl::StrCat("{\"files\": {\"", path, "\": ", kFile, "}}")).status().message()),
        HasSubstr("not a path inside"))
        << path;
  }
  for (const char* json :
       {"", "[]", "{}", R"({"files": []})", R"({"files": {"a": 1}})", R"({"files": {"a": {"size": -1, "sha256": ""}}})",
        R"({"files": {"a": {"size": 1.5, "sha256": ""}}})", R"({"files": {"a": {"size": 1, "sha256": "ba78"}}})"}) {
    EXPECT_EQ(ParseFileManifest(json).status().code(), absl::StatusCode::kDataLoss) << json;
  }
  EXPECT_TRUE(ParseFileManifest(absl::StrCat("{\"files\": {\"a/b\": ", kFile, "}}")).ok());
}

}  // namespace
}  // namespace tfxm
