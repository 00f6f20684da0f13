// SPDX-License-Identifier: Apache-2.0

#include "tfxm/litert/observe.h"

#include <map>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tflite_generated.h"
#include "tfxm/litert/test_models.h"

namespace tfxm::litert {
namespace {

using testing::ModelBuilder;

// A RESHAPE by a computed shape makes its output dynamic, which the runtime cannot give out otherwise.
TEST(ObservedModelTest, ShowsIntermediateAndDynamicTensors) {
  ModelBuilder b;
  const int x = b.Tensor("x", schema::TensorType_FLOAT32, {-1, 2});
  const int doubled = b.Tensor("doubled", schema::TensorType_FLOAT32, {-1, 2});
  const int shape = b.Tensor("shape", schema::TensorType_INT32, {1});
  const int flat = b.Tensor("flat", schema::TensorType_FLOAT32, {-1});
  const int y = b.Tensor("y", schema::TensorType_FLOAT32, {-1});
  b.Op(schema::BuiltinOperator_ADD, schema::AddOptionsT(), {x, x}, {doubled});
  b.Op(schema::BuiltinOperator_RESHAPE, schema::ReshapeOptionsT(), {doubled, shape}, {flat});
  b.Op(schema::BuiltinOperator_NEG, schema::NegOptionsT(), {flat}, {y});
  b.InputsOutputs({x, shape}, {doubled});
  auto file = ModelFile::FromBytes(b.Finish(), "reshape");
  ASSERT_TRUE(file.ok()) << file.status();
  auto observed = ObservedModel::Create(*file, {}, {});
  ASSERT_TRUE(observed.ok()) << observed.status();
  CompiledModel& model = (*observed)->model();
  ASSERT_TRUE(model.ResizeInput(0, {3, 2}).ok());
  for (int i = 0; i < 6; ++i) reinterpret_cast<float*>(model.input(0).data())[i] = i;
  reinterpret_cast<int32_t*>(model.input(1).data())[0] = 6;
  std::map<std::string, std::vector<float>> seen;
  const absl::Status status = (*observed)->Run([&](int k, const Shape& shape, std::span<const float> given) {
    seen[(*observed)->tensors()[k].name].assign(given.begin(), given.end());
    EXPECT_EQ(NumElements(shape), given.size());
  });
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(seen["x"], (std::vector<float>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(seen["doubled"], (std::vector<float>{0, 2, 4, 6, 8, 10}));
  EXPECT_EQ(seen["flat"], seen["doubled"]);
  EXPECT_EQ(seen["y"], (std::vector<float>{-0.0f, -2, -4, -6, -8, -10}));
  EXPECT_EQ(seen.count("shape"), 0);  // not a float
  EXPECT_EQ(reinterpret_cast<const float*>(model.output(0).data())[5], 10);
}

TEST(ObservedModelTest, SeesTensorsWithoutValues) {
  ModelBuilder b;
  const int x = b.Tensor("x", schema::TensorType_FLOAT32, {4});
  const int size = b.Tensor("size", schema::TensorType_INT32, {1});
  const int begin = b.Constant<int32_t>("begin", schema::TensorType_INT32, {1}, {0});
  const int part = b.Tensor("part", schema::TensorType_FLOAT32, {-1});
  const int y = b.Tensor("y", schema::TensorType_FLOAT32, {-1});
  b.Op(schema::BuiltinOperator_SLICE, schema::SliceOptionsT(), {x, begin, size}, {part});
  b.Op(schema::BuiltinOperator_CONCATENATION, schema::ConcatenationOptionsT(), {part, x}, {y});
  b.InputsOutputs({x, size}, {x});
  auto observed = ObservedModel::Create(*ModelFile::FromBytes(b.Finish(), "slice"), {}, {});
  ASSERT_TRUE(observed.ok()) << observed.status();
  for (int rows : {0, 2, 0}) {
    for (int i = 0; i < 4; ++i) reinterpret_cast<float*>((*observed)->model().input(0).data())[i] = i;
    reinterpret_cast<int32_t*>((*observed)->model().input(1).data())[0] = rows;
    std::map<std::string, std::vector<float>> seen;
    const absl::Status status = (*observed)->Run([&](int k, const Shape&, std::span<const float> given) {
      seen[(*observed)->tensors()[k].name].assign(given.begin(), given.end());
    });
    ASSERT_TRUE(status.ok()) << status;
    EXPECT_EQ(seen["part"].size(), rows);
    EXPECT_EQ(seen["y"].size(), rows + 4);
    EXPECT_EQ(seen["y"].back(), 3);
    EXPECT_EQ(seen["x"], (std::vector<float>{0, 1, 2, 3}));
  }
}

}  // namespace
}  // namespace tfxm::litert
