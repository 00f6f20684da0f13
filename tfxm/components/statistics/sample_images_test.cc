// SPDX-License-Identifier: Apache-2.0

#include "tfxm/components/statistics/sample_images.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tfxm/testing/example_builder.h"
#include "tfxm/testing/temp_dir.h"

namespace tfxm {
namespace {

// As far as its head goes.
std::string Png(absl::string_view width) {
  return absl::StrCat(absl::string_view("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16), width, absl::string_view("\0\0\0\2", 4));
}

TEST(SampleImagesTest, TakesTheFirstFewPicturesAndPixels) {
  const TempDir dir;
  std::vector<std::string> records;
  for (int i = 0; i < 100; ++i) {
    records.push_back(ExampleBuilder()
                          .Bytes("image/encoded", {i == 1 ? "no image" : Png(std::string("\0\0\0\3", 4))})
                          .Bytes("name", {"a word"})
                          .Floats("pixels", std::vector<float>(784, 0.5F))
                          .Floats("age", {7})
                          .Serialize());
  }
  const auto images = SampleImages({WriteRecords(dir / "data.gz", records)});
  ASSERT_TRUE(images.ok()) << images.status();
  ASSERT_EQ(images->size(), 24);
  EXPECT_EQ((*images)[0].feature, "image/encoded");
  EXPECT_EQ((*images)[0].encoded, Png(std::string("\0\0\0\3", 4)));
  EXPECT_EQ((*images)[1].example, 2) << "the second one is none";
  EXPECT_EQ((*images)[23].feature, "pixels");
  EXPECT_EQ((*images)[23].width, 28);
  EXPECT_EQ((*images)[23].pixels.size(), 784);
}

TEST(SampleImagesTest, WhatIsTooLargeIsLeftOut) {
  const TempDir dir;
  std::vector<std::string> records = {
      ExampleBuilder().Bytes("a", {Png(std::string("\x7f\xff\xff\xff", 4))}).Serialize(),
      ExampleBuilder().Bytes("a", {Png(std::string("\0\0\0\3", 4)) + std::string(600 << 10, 'x')}).Serialize(),
      "not a tf.Example"};
  for (int i = 0; i < 10; ++i) {
    records.push_back(
        ExampleBuilder().Bytes("a", {Png(std::string("\0\0\0\3", 4)) + std::string(500 << 10, 'x')}).Serialize());
  }
  const auto images = SampleImages({WriteRecords(dir / "data.gz", records)});
  ASSERT_TRUE(images.ok()) << images.status();
  EXPECT_EQ(images->size(), 4) << "2 MB in all";
  EXPECT_EQ((*images)[0].example, 3);
  EXPECT_FALSE(SampleImages({dir / "none"}).ok());
  EXPECT_TRUE(SampleImages({})->empty());
}

}  // namespace
}  // namespace tfxm
