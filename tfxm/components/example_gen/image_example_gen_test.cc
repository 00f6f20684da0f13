// SPDX-License-Identifier: Apache-2.0

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "tensorflow/core/example/example.pb.h"
#include "tensorflow/core/example/feature.pb.h"
#include "tfxm/components/driver.h"
#include "tfxm/components/example_gen/image_source.h"
#include "tfxm/components/executor.h"
#include "tfxm/data/examples.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

using testing::HasSubstr;

constexpr char kName[] = "tfxm.components.example_gen.image_example_gen.executor.Executor";

// A PNG of 3 x 2 pixels as far as its header goes.
std::string Png(int width = 3, int height = 2) {
  std::string out("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16);
  for (const int size : {width, height}) out += {'\0', '\0', static_cast<char>(size >> 8), static_cast<char>(size)};
  return out;
}
// The head of a JPEG: SOI, an APP0 segment, SOF2 of 5 x 4 pixels.
std::string Jpeg() { return std::string("\xFF\xD8\xFF\xE0\0\x04xx\xFF\xC2\0\x11\x08\0\x04\0\x05\x03", 18); }

TEST(ImageInfoTest, SizesAreThoseOfTheHead) {
  const auto png = ReadImageInfo(Png(300, 2));
  ASSERT_TRUE(png.ok());
  EXPECT_EQ(png->format, "png");
  EXPECT_EQ(png->width, 300);
  EXPECT_EQ(png->height, 2);
  const auto jpeg = ReadImageInfo(Jpeg());
  ASSERT_TRUE(jpeg.ok()) << jpeg.status();
  EXPECT_EQ(jpeg->format, "jpeg");
  EXPECT_EQ(jpeg->width, 5);
  EXPECT_EQ(jpeg->height, 4);
}

TEST(ImageInfoTest, WhatIsCutOffOrSomethingElseIsAnError) {
  for (const std::string& whole : {Png(), Jpeg()}) {
    for (size_t n = 0; n + 2 < whole.size(); ++n) EXPECT_FALSE(ReadImageInfo(whole.substr(0, n)).ok()) << n;
  }
  EXPECT_FALSE(ReadImageInfo(Png(0, 2)).ok());
  EXPECT_THAT(std::string(ReadImageInfo("GIF89a").status().message()), HasSubstr("neither a PNG nor a JPEG"));
  EXPECT_FALSE(ReadImageInfo(std::string("\xFF\xD8\xFF\xE0\0\0\xFF\xE0\0\0", 10)).ok());  // Segments without a length.
}

class ImageExampleGenTest : public testing::Test {
 protected:
  void SetUp() override {
    input_ = *io::MakeTempDir(testing::TempDir(), "input");
    output_ = *io::MakeTempDir(testing::TempDir(), "output");
    properties_ = {{"input_base", input_},
                   {"input_config", R"({"splits": [{"name": "all", "pattern": "*/*"}]})"},
                   {"output_config", R"({"split_config": {"splits": [{"name": "all", "hash_buckets": 1}]}})"}};
  }
  void TearDown() override {
    EXPECT_TRUE(io::RemoveAll(input_).ok());
    EXPECT_TRUE(io::RemoveAll(output_).ok());
  }
  void Write(const std::string& name, const std::string& bytes) {
    ASSERT_TRUE(io::MakeDirs(io::Dirname(io::JoinPath(input_, name))).ok());
    ASSERT_TRUE(io::WriteFile(io::JoinPath(input_, name), bytes).ok());
  }
  absl::Status Run() {
    if (auto status = (*DriverRegistry::Get().Create(kName))->ResolveExecProperties(&properties_); !status.ok())
      return status;
    ArtifactDict outputs = {{"examples", {Artifact{.type_name = "Examples", .uri = output_}}}};
    ExecutorContext context;
    context.progress = [](absl::string_view, double) {};
    return (*ExecutorRegistry::Get().Create(kName))->Do({}, properties_, context, &outputs);
  }
  // "class=number WIDTHxHEIGHT format", sorted.
  std::vector<std::string> Images(const std::string& split) {
    std::vector<std::string> out;
    EXPECT_TRUE(data::ForEachRecord(*data::SplitFiles(output_, split), [&](absl::string_view r) {
                  tensorflow::Example example;
                  EXPECT_TRUE(example.ParseFromString(std::string(r)));
                  const auto& f = example.features().feature();
                  out.push_back(absl::StrCat(f.at("image/class/text").bytes_list().value(0), "=",
                                             f.at("image/class/label").int64_list().value(0), " ",
                                             f.at("image/width").int64_list().value(0), "x",
                                             f.at("image/height").int64_list().value(0), " ",
                                             f.at("image/format").bytes_list().value(0)));
                  return absl::OkStatus();
                }).ok());
    std::sort(out.begin(), out.end());
    return out;
  }

  std::string input_, output_;
  Properties properties_;
};

TEST_F(ImageExampleGenTest, FoldersAreClasses) {
  Write("tulip/1.png", Png());
  Write("rose/1.jpg", Jpeg());
  Write("rose/2.jpg", Png(7, 8));
  Write("rose/.DS_Store", "hidden");
  ASSERT_EQ(Run(), absl::OkStatus());
  EXPECT_THAT(Images("all"), testing::ElementsAre("rose=0 5x4 jpeg", "rose=0 7x8 png", "tulip=1 3x2 png"));
}

TEST_F(ImageExampleGenTest, ClassesAreNumberedOverAllSplits) {
  Write("train/b/1.png", Png());
  Write("eval/a/1.png", Png());
  properties_["input_config"] =
      R"({"splits": [{"name": "train", "pattern": "train/*/*"}, {"name": "eval", "pattern": "eval/*/*"}]})";
  properties_["output_config"] = "{}";
  ASSERT_EQ(Run(), absl::OkStatus());
  EXPECT_THAT(Images("train"), testing::ElementsAre("b=1 3x2 png"));
  EXPECT_THAT(Images("eval"), testing::ElementsAre("a=0 3x2 png"));
}

TEST_F(ImageExampleGenTest, AFileGivesTheLabels) {
  Write("1.png", Png());
  Write("2.png", Png());
  Write("labels.csv", "file,label\n1.png,7\n2.png,3\n");
  properties_["input_config"] = R"({"splits": [{"name": "all", "pattern": "*"}]})";
  properties_["labels_file"] = io::JoinPath(input_, "labels.csv");
  ASSERT_EQ(Run(), absl::OkStatus());
  EXPECT_THAT(Images("all"), testing::ElementsAre("3=0 3x2 png", "7=1 3x2 png"));
  Write("3.png", Png());
  EXPECT_THAT(std::string(Run().message()), AllOf(HasSubstr("3.png has no label in"), HasSubstr("labels.csv")));
}

TEST_F(ImageExampleGenTest, WhatIsNoPictureIsNamed) {
  Write("a/1.png", "text");
  EXPECT_THAT(std::string(Run().message()), AllOf(HasSubstr("a/1.png"), HasSubstr("neither a PNG nor a JPEG file")));
}

}  // namespace
}  // namespace tfxm
