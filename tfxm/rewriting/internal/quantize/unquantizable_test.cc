// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/quantize/unquantizable.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tfxm/litert/test_models.h"

namespace tfxm::rewriting {
namespace {

using litert::testing::ModelBuilder;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr auto kFloat = schema::TensorType_FLOAT32;

class FindUnquantizableTest : public ::testing::Test {
 protected:
  // WHERE(GREATER(x, y))
  void Where(int x, int y) {
    const int greater = b_.Tensor("greater", schema::TensorType_BOOL, {1, 4});
    const int where = b_.Tensor("where", schema::TensorType_INT64, {1, 2});
    b_.Op(schema::BuiltinOperator_GREATER, schema::GreaterOptionsT(), {x, y}, {greater});
    b_.Op(schema::BuiltinOperator_WHERE, schema::WhereOptionsT(), {greater}, {where});
    b_.InputsOutputs({x_}, {where});
  }
  std::vector<std::pair<std::string, std::string>> Find() {
    const std::string bytes = b_.Finish();
    return FindUnquantizable(*schema::GetModel(bytes.data()), {}, /*int16=*/false);
  }

  ModelBuilder b_;
  int x_ = b_.Tensor("x", kFloat, {1, 4});
};

TEST_F(FindUnquantizableTest, WhatDecidesFromTheInputsAndAVariable) {
  const int handle = b_.Tensor("handle", schema::TensorType_RESOURCE, {});
  const int value = b_.Tensor("value", kFloat, {1, 4});
  b_.Op(schema::BuiltinOperator_VAR_HANDLE, schema::VarHandleOptionsT(), {}, {handle});
  b_.Op(schema::BuiltinOperator_READ_VARIABLE, schema::ReadVariableOptionsT(), {handle}, {value});
  Where(x_, value);
  EXPECT_THAT(Find(), ElementsAre(Pair("greater", "GREATER that decides which values come out")));
}

// Behind weights, all is rounded anyway.
TEST_F(FindUnquantizableTest, NotWhatDecidesFromSomethingComputedWithWeights) {
  const int w = b_.Constant<float>("w", kFloat, {4, 4}, std::vector<float>(16, 0.5f));
  const int dense = b_.Tensor("dense", kFloat, {1, 4});
  b_.Op(schema::BuiltinOperator_FULLY_CONNECTED, schema::FullyConnectedOptionsT(), {x_, w, -1}, {dense});
  Where(dense, x_);
  EXPECT_THAT(Find(), IsEmpty());
}

// Prices, not masks.
TEST_F(FindUnquantizableTest, ALargeNumberBesideASmallOneIsNoMask) {
  const int choice = b_.Tensor("choice", schema::TensorType_BOOL, {1, 4});
  const int one = b_.Constant<float>("one", kFloat, {}, {1});
  const int chosen = b_.Tensor("chosen", kFloat, {1, 4});
  b_.Op(schema::BuiltinOperator_SELECT_V2, schema::SelectV2OptionsT(), {choice, x_, one}, {chosen});
  b_.InputsOutputs({choice, x_}, {chosen});
  const std::string bytes = b_.Finish();
  const auto find = [&](float most) {
    return FindUnquantizable(*schema::GetModel(bytes.data()), {{{0, x_}, {0, most}}, {{0, chosen}, {0, most}}}, false);
  };
  EXPECT_THAT(find(1e6f), IsEmpty());
  EXPECT_THAT(find(1e9f), ElementsAre(Pair("chosen", ::testing::StartsWith("SELECT_V2: a mask is among values"))));
}

// TFLite's kernel fails over a divisor that is 0 as an integer.
TEST_F(FindUnquantizableTest, ADivisorThatMayBeZero) {
  const int by = b_.Tensor("by", kFloat, {1, 4});
  const int ratio = b_.Tensor("ratio", kFloat, {1, 4});
  b_.Op(schema::BuiltinOperator_DIV, schema::DivOptionsT(), {x_, by}, {ratio});
  b_.InputsOutputs({x_, by}, {ratio});
  const std::string bytes = b_.Finish();
  const auto find = [&](float min, float max) {
    return FindUnquantizable(*schema::GetModel(bytes.data()), {{{0, x_}, {0, 1}}, {{0, by}, {min, max}}}, false);
  };
  EXPECT_THAT(find(0.2f, 2), IsEmpty());
  EXPECT_THAT(find(-2, -0.2f), IsEmpty());
  EXPECT_THAT(find(0.001f, 2), ElementsAre(Pair("ratio", ::testing::StartsWith("DIV by values of [0.001, 2]"))));
  EXPECT_THAT(find(-2, -0.001f), ::testing::SizeIs(1));
  EXPECT_THAT(find(-1, 1), ::testing::SizeIs(1));
}

// x - x == 0 asks whether x is a finite number.
TEST_F(FindUnquantizableTest, ATensorLessItselfThatIsComparedIsZeroInAnyScale) {
  const int self = b_.Tensor("self", kFloat, {1, 4});
  const int finite = b_.Tensor("finite", schema::TensorType_BOOL, {1, 4});
  const int used = b_.Tensor("used", kFloat, {1, 4});
  const int other = b_.Tensor("other", kFloat, {1, 4});
  const int y = b_.Tensor("y", kFloat, {1, 4});
  b_.Op(schema::BuiltinOperator_SUB, schema::SubOptionsT(), {x_, x_}, {self});
  const int shape = b_.Tensor("shape", schema::TensorType_INT32, {2});
  const int wide = b_.Tensor("wide", kFloat, {1, 4});
  b_.Op(schema::BuiltinOperator_SHAPE, schema::ShapeOptionsT(), {self}, {shape});
  b_.Op(schema::BuiltinOperator_BROADCAST_TO, schema::BroadcastToOptionsT(), {self, shape}, {wide});
  b_.Op(schema::BuiltinOperator_EQUAL, schema::EqualOptionsT(), {wide, y}, {finite});
  b_.Op(schema::BuiltinOperator_SUB, schema::SubOptionsT(), {x_, x_}, {used});
  b_.Op(schema::BuiltinOperator_SUB, schema::SubOptionsT(), {x_, y}, {other});
  b_.InputsOutputs({x_, y}, {finite, used, other});
  const std::string bytes = b_.Finish();
  const schema::Model& model = *schema::GetModel(bytes.data());
  for (const bool int16 : {false, true}) {
    Ranges ranges = {
        {{0, x_}, {-1, 3}}, {{0, y}, {-1, 3}}, {{0, self}, {0, 0}}, {{0, used}, {0, 0}}, {{0, other}, {0, 0}}};
    WidenSelfDifferences(model, &ranges);
    EXPECT_EQ((ranges[{0, self}].min), -1);
    EXPECT_EQ((ranges[{0, self}].max), 3);
    EXPECT_THAT(FindUnquantizable(model, ranges, int16),
                ElementsAre(Pair("used", ::testing::StartsWith("SUB of values up to 3 whose result is at most 0")),
                            Pair("other", ::testing::StartsWith("SUB of values up to 3 whose result is at most 0"))));
  }
}

}  // namespace
}  // namespace tfxm::rewriting
