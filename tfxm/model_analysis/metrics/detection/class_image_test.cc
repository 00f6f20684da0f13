// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/metrics/detection/class_image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/escaping.h"

namespace tfxm::model_analysis {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Written by PIL.
std::string Png(absl::string_view base64) {
  std::string bytes;
  EXPECT_TRUE(absl::Base64Unescape(base64, &bytes));
  return bytes;
}
constexpr char kGray[] =
    "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAAAAAC4HznGAAAAEElEQVR4nGNkYGRkYmb8DwABLQEJGYYu8wAAAABJRU5ErkJggg==";
constexpr char kPalette[] =
    "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACAgMAAADgGo6JAAAADFBMVEUAAAD/AAAA/wAAAP+bwBPcAAAADElEQVR4nGOQYHgCAAEw"
    "AP1WzRxzAAAAAElFTkSuQmCC";
constexpr char kColors[] =
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAC0lEQVR4nGNgQAYAAA4AAamRc7EAAAAASUVORK5CYII=";

TEST(ClassImageTest, GrayAndPaletteImagesAreTheirClasses) {
  for (const char* png : {kGray, kPalette}) {
    const auto image = DecodeClassPng(Png(png));
    ASSERT_TRUE(image.ok()) << image.status();
    EXPECT_EQ(image->width, 3);
    EXPECT_EQ(image->height, 2);
    EXPECT_THAT(image->pixels, ElementsAre(0, 1, 2, 3, 2, 1));
  }
}

TEST(ClassImageTest, OtherBytesAreExplained) {
  EXPECT_THAT(std::string(DecodeClassPng(Png(kColors)).status().message()), HasSubstr("one channel"));
  EXPECT_THAT(std::string(DecodeClassPng("\xff\xd8\xff\xe0").status().message()), HasSubstr("not a JPEG"));
  EXPECT_FALSE(DecodeClassPng("").ok());
  const std::string png = Png(kGray);
  for (size_t n = 0; n + 12 < png.size(); ++n) EXPECT_FALSE(DecodeClassPng(png.substr(0, n)).ok()) << n;
}

// 65,536 x 65,536 pixels are said to be in 90 bytes, with the right CRCs (Python's zlib).
TEST(ClassImageTest, AFileThatCannotHoldItsPixelsTakesNoMemory) {
  const auto image = DecodeClassPng(
      Png("iVBORw0KGgoAAAANSUhEUgABAAAAAQAACAAAAABJ728/AAAADElEQVR4nGNgoD0AAABkAAGGZDw1AAAAAElFTkSuQmCC"));
  EXPECT_THAT(std::string(image.status().message()), HasSubstr("cannot hold 65536 x 65536 pixels"));
}

// One bit of the pixels, which only the CRC tells.
TEST(ClassImageTest, DamageIsSeen) {
  std::string png = Png(kGray);
  png[png.size() - 20] ^= 1;
  EXPECT_THAT(std::string(DecodeClassPng(png).status().message()), HasSubstr("broken"));
}

}  // namespace
}  // namespace tfxm::model_analysis
