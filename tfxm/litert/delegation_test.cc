// SPDX-License-Identifier: Apache-2.0

#include "tfxm/litert/delegation.h"

#include <algorithm>
#include <map>
#include <string>

#include "gtest/gtest.h"
#include "tflite_generated.h"
#include "tfxm/litert/compiled_model.h"
#include "tfxm/litert/test_models.h"

namespace tfxm::litert {
namespace {

using testing::ModelBuilder;

TEST(DelegationTest, XnnpackTakesAWholeClassifier) {
  auto model = CompiledModel::Load("tfxm/litert/testdata/mnist_dynamic_range.tflite");
  ASSERT_TRUE(model.ok()) << model.status();
  const auto delegation = FindDelegation(**model, "");
  ASSERT_TRUE(delegation.ok()) << delegation.status();
  EXPECT_EQ(delegation->operators, 4);
  EXPECT_TRUE(delegation->own.empty());
  EXPECT_EQ(delegation->share(), 1);
}

TEST(DelegationTest, NamesTheOperatorsThatAreNotTaken) {
  // CUMSUM has no kernel in XNNPACK.
  ModelBuilder b;
  const int x = b.Tensor("x", schema::TensorType_FLOAT32, {1, 4});
  const int p = b.Tensor("p", schema::TensorType_FLOAT32, {1, 4});
  const int q = b.Tensor("q", schema::TensorType_FLOAT32, {1, 4});
  const int y = b.Tensor("y", schema::TensorType_FLOAT32, {1, 4});
  const int axis = b.Constant<int32_t>("axis", schema::TensorType_INT32, {}, {1});
  b.Op(schema::BuiltinOperator_MUL, schema::MulOptionsT(), {x, x}, {p});
  b.Op(schema::BuiltinOperator_CUMSUM, schema::CumsumOptionsT(), {p, axis}, {q});
  b.Op(schema::BuiltinOperator_ADD, schema::AddOptionsT(), {q, x}, {y});
  b.InputsOutputs({x}, {y});
  auto model = CompiledModel::Create(*ModelFile::FromBytes(b.Finish(), "cumsum.tflite"));
  ASSERT_TRUE(model.ok()) << model.status();
  const auto delegation = FindDelegation(**model, "");
  ASSERT_TRUE(delegation.ok()) << delegation.status();
  EXPECT_EQ(delegation->operators, 3);
  EXPECT_EQ(delegation->own, (std::map<std::string, int>{{"CUMSUM", 1}}));
  EXPECT_NEAR(delegation->share(), 2.0 / 3, 1e-12);
}

TEST(DelegationTest, OutputsWhoseShapesOnlyRunningTells) {
  ModelBuilder b;
  const int x = b.Tensor("x", schema::TensorType_FLOAT32, {-1});
  const int doubled = b.Tensor("doubled", schema::TensorType_FLOAT32, {-1});
  const int zero = b.Constant<float>("zero", schema::TensorType_FLOAT32, {}, {0});
  const int positive = b.Tensor("positive", schema::TensorType_BOOL, {-1});
  const int places = b.Tensor("places", schema::TensorType_INT64, {-1, 1});
  b.Op(schema::BuiltinOperator_ADD, schema::AddOptionsT(), {x, x}, {doubled});
  b.Op(schema::BuiltinOperator_GREATER, schema::GreaterOptionsT(), {doubled, zero}, {positive});
  b.Op(schema::BuiltinOperator_WHERE, schema::WhereOptionsT(), {positive}, {places});
  b.InputsOutputs({x}, {places});
  auto model = CompiledModel::Create(*ModelFile::FromBytes(b.Finish(), "where.tflite"));
  ASSERT_TRUE(model.ok()) << model.status();
  ASSERT_TRUE((*model)->ResizeBatch(3).ok());
  std::fill_n(reinterpret_cast<float*>((*model)->input(0).data()), 3, 1.0f);
  const auto delegation = FindDelegation(**model, "");
  ASSERT_TRUE(delegation.ok()) << delegation.status();
  EXPECT_EQ(delegation->operators, 3);
  EXPECT_EQ(delegation->own.at("WHERE"), 1);
}

TEST(DelegationTest, ProfilingMustBeAskedFor) {
  auto model = CompiledModel::Create(*ModelFile::FromBytes(testing::AddModel(), "add.tflite"));
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ((*model)->RunProfiled().status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(DelegationTest, WithoutXnnpackEveryOperatorIsTflites) {
  auto model = CompiledModel::Create(*ModelFile::FromBytes(testing::AddModel(), "add.tflite"),
                                     {.xnnpack = false, .profile = true});
  ASSERT_TRUE(model.ok()) << model.status();
  ASSERT_TRUE((*model)->ResizeBatch(5).ok());
  const auto own = (*model)->RunProfiled();
  ASSERT_TRUE(own.ok()) << own.status();
  EXPECT_EQ(*own, (std::set<std::pair<int, int>>{{0, 0}}));
}

}  // namespace
}  // namespace tfxm::litert
