// SPDX-License-Identifier: Apache-2.0

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "tfxm/ops/ops.h"
#include "tfxm/ops/session.h"

namespace tfxm::ops {
namespace {

// A picture of `height` x `width` that is red on the left half and blue on the right, encoded by `operation`.
std::string Encoded(const char* operation, int64_t height, int64_t width) {
  tfxm::Tensor pixels(DataType::kUint8, {height, width, 3});
  auto values = pixels.values<uint8_t>();
  for (int64_t i = 0; i < height * width; ++i) values[3 * i + (i % width < width / 2 ? 0 : 2)] = 255;
  Graph graph;
  const Tensor encoded = Op(operation, {Constant(graph, pixels)});
  auto session = Session::Create(graph);
  EXPECT_TRUE(session.ok()) << session.status();
  return (*(*(*session)->MakeFunction({}, {encoded}))->Run({}))[0].strings()[0];
}

absl::StatusOr<tfxm::Tensor> Decode(const std::vector<std::string>& images, const DecodeImagesOptions& options) {
  Graph graph;
  const Tensor contents = Placeholder(graph, DataType::kString, {-1, 1});
  const Tensor pixels = DecodeImages(contents, options);
  if (!graph.status().ok()) return graph.status();
  EXPECT_EQ(pixels.shape().back(), options.channels);
  auto session = Session::Create(graph);
  EXPECT_TRUE(session.ok()) << session.status();
  auto function = (*session)->MakeFunction({contents}, {pixels});
  EXPECT_TRUE(function.ok()) << function.status();
  tfxm::Tensor strings(DataType::kString, {static_cast<int64_t>(images.size()), 1});
  strings.strings() = images;
  auto outputs = (*function)->Run({strings});
  if (!outputs.ok()) return outputs.status();
  return (*outputs)[0];
}

TEST(DecodeImagesTest, ImagesOfSeveralFormatsAndSizesAreOneBatch) {
  const auto pixels = Decode({Encoded("EncodePng", 4, 8), Encoded("EncodeJpeg", 32, 32)}, {.height = 2, .width = 2});
  ASSERT_TRUE(pixels.ok()) << pixels.status();
  ASSERT_EQ(pixels->shape(), (Shape{2, 2, 2, 3}));
  const auto values = pixels->values<float>();
  for (int pixel = 0; pixel < 8; ++pixel) {
    EXPECT_NEAR(values[3 * pixel], pixel % 2 == 0 ? 255 : 0, 4) << pixel;
    EXPECT_NEAR(values[3 * pixel + 1], 0, 4) << pixel;
    EXPECT_NEAR(values[3 * pixel + 2], pixel % 2 == 0 ? 0 : 255, 4) << pixel;
  }
}

TEST(DecodeImagesTest, Gray) {
  const auto pixels = Decode({Encoded("EncodePng", 4, 8)}, {.height = 1, .width = 2, .channels = 1});
  ASSERT_TRUE(pixels.ok()) << pixels.status();
  EXPECT_EQ(pixels->shape(), (Shape{1, 1, 2, 1}));
  EXPECT_GT(pixels->values<float>()[0], pixels->values<float>()[1]);  // Red is brighter than blue.
}

TEST(DecodeImagesTest, WhatIsNoImageIsAnError) {
  EXPECT_FALSE(Decode({"no image"}, {.height = 2, .width = 2}).ok());
  const absl::Status no_size = Decode({}, {.height = 2}).status();
  EXPECT_TRUE(absl::StrContains(no_size.message(), "needs a height and a width")) << no_size;
}

}  // namespace
}  // namespace tfxm::ops
