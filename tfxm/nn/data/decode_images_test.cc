// SPDX-License-Identifier: Apache-2.0

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tfxm/nn/nn.h"
#include "tfxm/nn/test_util.h"
#include "tfxm/ops/ops.h"
#include "tfxm/ops/session.h"

namespace tfxm::nn {
namespace {

using testing::HasSubstr;

// A picture of one color.
std::string Png(uint8_t color, int64_t size) {
  Tensor pixels(DataType::kUint8, {size, size, 1});
  std::ranges::fill(pixels.values<uint8_t>(), color);
  ops::Graph graph;
  const ops::Tensor encoded = ops::Op("EncodePng", {ops::Constant(graph, pixels)});
  auto session = ops::Session::Create(graph);
  EXPECT_TRUE(session.ok()) << session.status();
  return (*(*(*session)->MakeFunction({}, {encoded}))->Run({}))[0].strings()[0];
}

absl::StatusOr<Dataset> Images(const std::vector<std::string>& images, const char* feature) {
  Tensor strings(DataType::kString, {static_cast<int64_t>(images.size()), 1});
  strings.strings() = images;
  auto data = Dataset::FromTensors({{feature, strings}}, {.batch_size = 2, .shuffle = false});
  if (!data.ok()) return data.status();
  auto decode = DecodeImages({.height = 2, .width = 2, .channels = 1, .scale = 1.0 / 255, .offset = -0.5});
  if (!decode.ok()) return decode.status();
  return data->Map(*decode);
}

TEST(DecodeImagesTest, PutsPixelsInThePlaceOfStrings) {
  const auto data = Images({Png(0, 3), Png(255, 5)}, "image");
  ASSERT_TRUE(data.ok()) << data.status();
  auto iterator = data->MakeIterator(0);
  ASSERT_TRUE(iterator.ok()) << iterator.status();
  Batch batch;
  const auto more = (*iterator)->Next(&batch);
  ASSERT_TRUE(more.ok()) << more.status();
  const Tensor& pixels = batch.features.at("image");
  EXPECT_EQ(pixels.shape(), (Shape{2, 2, 2, 1}));
  EXPECT_THAT(FloatValues(pixels),
              testing::Pointwise(testing::FloatNear(1e-6f), {-0.5f, -0.5f, -0.5f, -0.5f, 0.5f, 0.5f, 0.5f, 0.5f}));
}

TEST(DecodeImagesTest, ErrorsNameTheFeature) {
  Batch batch;
  auto broken = *Images({"no image"}, "image")->MakeIterator(0);
  EXPECT_THAT(std::string(broken->Next(&batch).status().message()), HasSubstr("feature \"image\""));
  auto missing = *Images({Png(0, 3)}, "picture")->MakeIterator(0);
  EXPECT_THAT(std::string(missing->Next(&batch).status().message()), HasSubstr("no feature \"image\""));
}

}  // namespace
}  // namespace tfxm::nn
