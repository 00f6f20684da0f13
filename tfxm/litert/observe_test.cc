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

}  // namespace
}  // namespace tfxm::litert
