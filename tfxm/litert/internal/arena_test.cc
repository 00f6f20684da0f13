// SPDX-License-Identifier: Apache-2.0

#include "tfxm/litert/internal/arena.h"

#include <string>

#include "gtest/gtest.h"
#include "tflite_generated.h"
#include "tfxm/litert/flatbuffer.h"
#include "tfxm/litert/test_models.h"

namespace tfxm::litert {
namespace {

using testing::ModelBuilder;

int64_t Plan(ModelBuilder& b) {
  auto file = ModelFile::FromBytes(b.Finish(), "arena.tflite");
  EXPECT_TRUE(file.ok()) << file.status();
  return PlannedArenaBytes((*file)->model(), *(*file)->model().subgraphs()->Get(0));
}

int Floats(ModelBuilder& b, const std::string& name, int n) {
  return b.Tensor(name, schema::TensorType_FLOAT32, {1, n});
}

void Neg(ModelBuilder& b, int from, int to) { b.Op(schema::BuiltinOperator_NEG, schema::NegOptionsT(), {from}, {to}); }

TEST(ArenaTest, InputsLiveForTheWholeRunAndResultsUntilTheirLastReader) {
  ModelBuilder b;
  const int x = Floats(b, "x", 100), p = Floats(b, "p", 100), q = Floats(b, "q", 100), y = Floats(b, "y", 100);
  Neg(b, x, p);
  Neg(b, p, q);
  Neg(b, q, y);
  b.InputsOutputs({x}, {y});
  // x stays; p and y are never alive together; each is 400 bytes at a multiple of 64.
  EXPECT_EQ(Plan(b), 448 + 448 + 400);
}

TEST(ArenaTest, ALaterResultFillsAGap) {
  ModelBuilder b;
  const int x = Floats(b, "x", 16), big = Floats(b, "big", 1000), small = Floats(b, "small", 16),
            y = Floats(b, "y", 16);
  b.Op(schema::BuiltinOperator_TILE, schema::TileOptionsT(), {x}, {big});
  b.Op(schema::BuiltinOperator_SUM, schema::ReducerOptionsT(), {big}, {small});
  Neg(b, small, y);
  b.InputsOutputs({x}, {y});
  // y takes the place of big, which is dead by then.
  EXPECT_EQ(Plan(b), 64 + 4032 + 64);
}

TEST(ArenaTest, AViewSharesItsInputsMemory) {
  ModelBuilder b;
  const int x = Floats(b, "x", 256), p = Floats(b, "p", 256);
  const int view = b.Tensor("view", schema::TensorType_FLOAT32, {16, 16});
  const int y = b.Tensor("y", schema::TensorType_FLOAT32, {16, 16});
  Neg(b, x, p);
  b.Op(schema::BuiltinOperator_RESHAPE, schema::ReshapeOptionsT(), {p}, {view});
  Neg(b, view, y);
  b.InputsOutputs({x}, {y});
  EXPECT_EQ(Plan(b), 3 * 1024);
}

TEST(ArenaTest, WeightsAreNotInIt) {
  ModelBuilder b;
  const int x = Floats(b, "x", 16), y = Floats(b, "y", 16);
  const int c =
      b.Constant<float>("c", schema::TensorType_FLOAT32, {1, 16}, {1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8});
  b.Op(schema::BuiltinOperator_ADD, schema::AddOptionsT(), {x, c}, {y});
  b.InputsOutputs({x}, {y});
  EXPECT_EQ(Plan(b), 128);
}

}  // namespace
}  // namespace tfxm::litert
