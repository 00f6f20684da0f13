// SPDX-License-Identifier: Apache-2.0

#include "tfxm/litert/inspect.h"

#include <string>

#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tfxm/litert/test_models.h"

namespace tfxm::litert {
namespace {

using ::testing::HasSubstr;
using testing::ModelBuilder;

TEST(InspectTest, CountsWhatIsInARealModel) {
  auto file = ModelFile::Read("tfxm/litert/testdata/mnist_dynamic_range.tflite");
  ASSERT_TRUE(file.ok()) << file.status();
  const Inspection in = Inspect(**file);
  EXPECT_EQ(in.file_bytes, 59640);
  EXPECT_EQ(in.ops.at("FULLY_CONNECTED").count, 3);
  EXPECT_EQ(in.ops.at("FULLY_CONNECTED").kind, OpKind::kBuiltin);
  EXPECT_EQ(in.ops.at("SOFTMAX").count, 1);
  // 784*64 + 64*64 int8 weights; the last layer is too small to be quantized.
  EXPECT_EQ(in.weights_by_type.at("INT8"), 784 * 64 + 64 * 64);
  EXPECT_EQ(in.weights_by_type.at("FLOAT32"), 4 * (64 + 64 + 10 + 640));
  EXPECT_EQ(in.weight_bytes, in.weights_by_type.at("INT8") + in.weights_by_type.at("FLOAT32"));
  EXPECT_EQ(in.multiply_adds, 784 * 64 + 64 * 64 + 64 * 10);
  // The input and both hidden layers.
  EXPECT_EQ(in.arena_bytes, 784 * 4 + 2 * 64 * 4);
  EXPECT_FALSE(in.min_runtime_version.empty());
}

TEST(InspectTest, TellsKindsAndQuantizationOfOperators) {
  ModelBuilder b;
  const int x = b.Tensor("x", schema::TensorType_INT8, {1, 4});
  const int y = b.Tensor("y", schema::TensorType_INT8, {1, 4});
  const int z = b.Tensor("z", schema::TensorType_FLOAT32, {1, 4});
  b.Quantize(x, 0.5, 0);
  b.Quantize(y, 0.25, 0);
  b.Op(schema::BuiltinOperator_ADD, schema::AddOptionsT(), {x, x}, {y});
  b.CustomOp("FlexErf", {y}, {z});
  b.CustomOp("Mine", {z}, {z});
  b.InputsOutputs({x}, {z});
  auto file = ModelFile::FromBytes(b.Finish(), "kinds.tflite");
  ASSERT_TRUE(file.ok()) << file.status();
  const Inspection in = Inspect(**file);
  EXPECT_EQ(in.ops.at("ADD").quantized, 1);
  EXPECT_EQ(in.ops.at("FlexErf").kind, OpKind::kSelectTf);
  EXPECT_EQ(in.ops.at("Mine").kind, OpKind::kCustom);
  EXPECT_EQ(in.ops.at("Mine").quantized, 0);
  EXPECT_THAT(Render(in), AllOf(HasSubstr("kinds.tflite"), HasSubstr("Select TF"), HasSubstr("custom"),
                                HasSubstr("scale 0.5, zero point 0"), HasSubstr("no signature")));
}

TEST(InspectTest, FormatsForProgramsAndByLayer) {
  ModelBuilder b;
  const int x = b.Tensor("x", schema::TensorType_INT8, {-1, 4});
  const int y = b.Tensor("block/add", schema::TensorType_INT8, {-1, 4});
  b.Quantize(x, 0.5, 3);
  b.Op(schema::BuiltinOperator_ADD, schema::AddOptionsT(), {x, x}, {y});
  b.InputsOutputs({x}, {y});
  b.Signature("s", {{"in", x}}, {{"out", y}});
  auto file = ModelFile::FromBytes(b.Finish(), "f.tflite");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_THAT(ToJson(Inspect(**file)), AllOf(HasSubstr(R"("name": "in")"), HasSubstr(R"("zero_point": 3)"),
                                             HasSubstr(R"("kind": "builtin")"), HasSubstr(R"("ADD": {)")));
  EXPECT_THAT(RenderLayers(**file),
              AllOf(HasSubstr("ADD"), HasSubstr("INT8"), HasSubstr("[None, 4]"), HasSubstr("block/add")));
}

TEST(InspectTest, NarrowScreensAreNotWrittenBeyond) {
  constexpr int kWidth = 40;
  ModelBuilder b;
  const int x = b.Tensor("x", schema::TensorType_INT8, {-1, 4});
  const int y = b.Tensor("a block with a long name/add", schema::TensorType_INT8, {-1, 4});
  b.Quantize(x, 0.5, 3);
  b.Op(schema::BuiltinOperator_ADD, schema::AddOptionsT(), {x, x}, {y});
  b.InputsOutputs({x}, {y});
  b.Signature("s", {{"an input with a long name", x}}, {{"out", y}});
  auto file = ModelFile::FromBytes(b.Finish(), "f.tflite");
  ASSERT_TRUE(file.ok()) << file.status();
  const std::string text = Render(Inspect(**file), kWidth) + RenderLayers(**file, kWidth);
  for (const absl::string_view line : absl::StrSplit(text, '\n')) EXPECT_LE(line.size(), kWidth) << line;
  EXPECT_THAT(text, AllOf(HasSubstr("an input with a long name"), HasSubstr("scale 0.5, zero point 3"),
                          HasSubstr("name: a block with a long name/add")));
}

TEST(InspectTest, AWeightThatIsSharedCountsOnce) {
  ModelBuilder b;
  const int x = b.Tensor("x", schema::TensorType_FLOAT32, {4});
  const int c = b.Constant<float>("c", schema::TensorType_FLOAT32, {4}, {1, 2, 3, 4});
  const int y = b.Tensor("y", schema::TensorType_FLOAT32, {4});
  const int z = b.Tensor("z", schema::TensorType_FLOAT32, {4});
  b.Op(schema::BuiltinOperator_ADD, schema::AddOptionsT(), {x, c}, {y});
  b.Op(schema::BuiltinOperator_MUL, schema::MulOptionsT(), {y, c}, {z});
  b.InputsOutputs({x}, {z});
  const Inspection in = Inspect(**ModelFile::FromBytes(b.Finish(), "shared"));
  EXPECT_EQ(in.weight_bytes, 16);
  EXPECT_EQ(in.ops.at("ADD").weight_bytes, 16);
  EXPECT_EQ(in.ops.at("MUL").weight_bytes, 0);
}

}  // namespace
}  // namespace tfxm::litert
