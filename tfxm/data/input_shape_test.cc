// SPDX-License-Identifier: Apache-2.0

#include "tfxm/data/input_shape.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tfxm {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

Shape Of(Shape shape, int64_t values) {
  const auto out = ShapeOfExample({"image", DataType::kFloat, std::move(shape)}, values);
  return out.ok() ? *out : Shape{-999};
}
std::string Error(Shape shape, int64_t values) {
  return std::string(ShapeOfExample({"image", DataType::kFloat, std::move(shape)}, values).status().message());
}

TEST(InputShapeTest, OpenDimensionsTakeTheirSizeFromTheData) {
  EXPECT_EQ(Of({-1, 4}, 4), (Shape{1, 4}));
  EXPECT_EQ(Of({-1, -1, 3}, 12), (Shape{1, 4, 3}));
  EXPECT_EQ(Of({-1, -1, -1, 3}, 300), (Shape{1, 10, 10, 3}));
  EXPECT_EQ(Of({-1}, 1), (Shape{1}));
  EXPECT_EQ(Of({}, 1), Shape());
  EXPECT_EQ(Of({8, 4}, 4), (Shape{1, 4}));  // One of eight examples that go in together.
  EXPECT_EQ(Of({8, 4}, 32), (Shape{8, 4}));
  EXPECT_THAT(Error({-1, 4}, 5), AllOf(HasSubstr("\"image\" has 5 values"), HasSubstr("[None, 4]")));
  EXPECT_THAT(Error({-1, -1, -1, 3}, 330), AllOf(HasSubstr("not a square image"), HasSubstr("--input_shape=image:1,")));
  EXPECT_THAT(Error({-1, -1, -1, -1}, 300), HasSubstr("--input_shape=image:1,"));
}

TEST(InputShapeTest, GivenSizesAreTaken) {
  InputShapes given;
  ASSERT_TRUE(ParseInputShape("image:1,11,10,3", &given).ok());
  const TensorSpec image = {"image", DataType::kFloat, {-1, -1, -1, 3}};
  EXPECT_EQ(WithInputShape(image, given).shape, (Shape{-1, 11, 10, 3}));
  EXPECT_EQ(*ShapeOfExample(WithInputShape(image, given), 330), (Shape{1, 11, 10, 3}));
  EXPECT_TRUE(CheckInputShapes(given, {image}).ok());
  ASSERT_TRUE(ParseInputShape("serving:x:1,-1", &given).ok());
  EXPECT_EQ(given["serving:x"], (Shape{1, -1}));
}

TEST(InputShapeTest, SizesThatAreNoneAreRefused) {
  InputShapes given;
  for (const char* text : {"image", "image:", ":1,2", "image:1,0", "image:1,x", "image:1,-2", "image:1,3000000000"}) {
    EXPECT_THAT(std::string(ParseInputShape(text, &given).message()), HasSubstr("image:1,224,320,3")) << text;
  }
  EXPECT_TRUE(given.empty());
  const TensorSpec image = {"image", DataType::kFloat, {-1, -1, 3}};
  EXPECT_THAT(std::string(CheckInputShapes({{"picture", {1, 2, 3}}}, {image}).message()),
              AllOf(HasSubstr("\"picture\""), HasSubstr("\"image\"")));
  EXPECT_THAT(std::string(CheckInputShapes({{"image", {1, 2, 4}}}, {image}).message()),
              AllOf(HasSubstr("[None, None, 3]"), HasSubstr("[1, 2, 4]")));
}

}  // namespace
}  // namespace tfxm
