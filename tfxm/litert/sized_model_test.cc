// SPDX-License-Identifier: Apache-2.0

#include "tfxm/litert/sized_model.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tflite_generated.h"
#include "tfxm/litert/test_models.h"

namespace tfxm::litert {
namespace {

using ::testing::HasSubstr;
using testing::ModelBuilder;

// A 3x3 convolution over an image of any size, 1 channel to 2, SAME.
std::shared_ptr<const ModelFile> Convolution() {
  ModelBuilder b;
  const int image = b.Tensor("image", schema::TensorType_FLOAT32, {-1, -1, -1, 1});
  const int kernel = b.Constant<float>("kernel", schema::TensorType_FLOAT32, {2, 3, 3, 1}, std::vector<float>(18, 1));
  const int bias = b.Constant<float>("bias", schema::TensorType_FLOAT32, {2}, {0, 0});
  const int y = b.Tensor("y", schema::TensorType_FLOAT32, {-1, -1, -1, 2});
  schema::Conv2DOptionsT options;
  options.stride_h = options.stride_w = 1;
  b.Op(schema::BuiltinOperator_CONV_2D, std::move(options), {image, kernel, bias}, {y});
  b.InputsOutputs({image}, {y});
  b.Signature("serving_default", {{"image", image}}, {{"y", y}});
  return *ModelFile::FromBytes(b.Finish(), "test.tflite");
}

TEST(SizedModelTest, CostsAreThoseOfTheSizes) {
  const auto file = Convolution();
  EXPECT_EQ(Inspect(*file).multiply_adds, 9 * 2);
  const auto at = InspectAt(file, "", {{"image", {1, 8, 6, 1}}});
  ASSERT_TRUE(at.ok()) << at.status();
  EXPECT_EQ(at->multiply_adds, 8 * 6 * 9 * 2);
  EXPECT_EQ(at->arena_bytes, (8 * 6 + 8 * 6 * 2) * 4);
  EXPECT_EQ(at->file_bytes, Inspect(*file).file_bytes);
}

TEST(SizedModelTest, SizesOfNoInputAreRefused) {
  EXPECT_THAT(std::string(InspectAt(Convolution(), "", {{"picture", {1, 8, 8, 1}}}).status().message()),
              HasSubstr("\"image\""));
  EXPECT_THAT(std::string(InspectAt(Convolution(), "", {{"image", {1, 8, 8, 3}}}).status().message()),
              HasSubstr("cannot be made [1, 8, 8, 3]"));
}

}  // namespace
}  // namespace tfxm::litert
