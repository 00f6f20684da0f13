// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/quantize/masked_softmax.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tflite_generated.h"
#include "tfxm/litert/internal/schema_util.h"
#include "tfxm/litert/test_models.h"
#include "tfxm/rewriting/test_saved_models.h"
#include "tfxm/rewriting/tflite_rewriter.h"
#include "tfxm/testing/temp_dir.h"
#include "tfxm/util/io.h"

namespace tfxm::rewriting {
namespace {

using litert::testing::ModelBuilder;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// y = softmax(logits OP mask).
struct Masked {
  std::shared_ptr<const litert::ModelFile> file;
  int logits, mask, masked;
};
Masked Add(float large, bool subtracts = false) {
  ModelBuilder b;
  Masked out;
  out.logits = b.Tensor("logits", schema::TensorType_FLOAT32, {-1, 3});
  out.mask = b.Constant<float>("mask", schema::TensorType_FLOAT32, {3}, {0, 0, large});
  out.masked = b.Tensor("masked", schema::TensorType_FLOAT32, {-1, 3});
  const int y = b.Tensor("y", schema::TensorType_FLOAT32, {-1, 3});
  if (subtracts) {
    b.Op(schema::BuiltinOperator_SUB, schema::SubOptionsT(), {out.logits, out.mask}, {out.masked});
  } else {
    b.Op(schema::BuiltinOperator_ADD, schema::AddOptionsT(), {out.logits, out.mask}, {out.masked});
  }
  b.Op(schema::BuiltinOperator_SOFTMAX, schema::SoftmaxOptionsT(), {out.masked}, {y});
  b.InputsOutputs({out.logits}, {y});
  out.file = *litert::ModelFile::FromBytes(b.Finish(), "masked");
  return out;
}

TEST(CutMaskedSoftmaxTest, TheMaskSaturates) {
  for (const bool subtracts : {false, true}) {
    const Masked model = Add(subtracts ? 1e9 : -1e9, subtracts);
    Ranges ranges = {{{0, model.logits}, {-3, 5}}, {{0, model.masked}, {-1e9, 5}}};
    Ranges of_int8 = ranges;
    EXPECT_THAT(CutMaskedSoftmax(model.file->model(), &ranges, /*int16=*/true), ElementsAre("masked"));
    EXPECT_EQ((ranges[{0, model.masked}].min), -35);
    EXPECT_EQ((ranges[{0, model.masked}].max), 5);
    EXPECT_EQ((ranges[{0, model.logits}].min), -3);
    // Three places of exp(-d) are a quarter of one of 256 steps.
    EXPECT_THAT(CutMaskedSoftmax(model.file->model(), &of_int8, /*int16=*/false), ElementsAre("masked"));
    EXPECT_FLOAT_EQ((of_int8[{0, model.masked}].min), -3 - std::log(3 * 1024.0f));
  }
}

// It adds 1e9 to the logits.
TEST(CutMaskedSoftmaxTest, ASubtractionOfTheNegativeIsNoMask) {
  const Masked model = Add(-1e9, /*subtracts=*/true);
  Ranges ranges = {{{0, model.logits}, {-3, 5}}, {{0, model.masked}, {-3, 1e9}}};
  EXPECT_THAT(CutMaskedSoftmax(model.file->model(), &ranges, /*int16=*/false), IsEmpty());
  EXPECT_EQ((ranges[{0, model.masked}].max), 1e9f);
}

// LiteRT's QUANTIZE makes the lowest int32 of the mask and adds the zero point: of a negative one it would be the largest.
TEST(CutMaskedSoftmaxTest, TheZeroPointIsNotNegative) {
  const Masked model = Add(-1e9);
  Ranges ranges = {{{0, model.logits}, {20, 40}}, {{0, model.masked}, {-1e9, 40}}};
  CutMaskedSoftmax(model.file->model(), &ranges, /*int16=*/false);
  EXPECT_EQ((ranges[{0, model.masked}].min), -40);
  EXPECT_EQ((ranges[{0, model.masked}].max), 40);
}

TEST(CutMaskedSoftmaxTest, AnOrdinaryBiasIsNoMask) {
  const Masked model = Add(-20);
  Ranges ranges = {{{0, model.logits}, {-3, 5}}, {{0, model.masked}, {-23, 5}}};
  EXPECT_THAT(CutMaskedSoftmax(model.file->model(), &ranges, /*int16=*/false), IsEmpty());
  EXPECT_EQ((ranges[{0, model.masked}].min), -23);
}

// y = softmax(see ? logits : logits - large), as Keras's Attention has it.
Masked Choose(float large) {
  ModelBuilder b;
  Masked out;
  const int see = b.Tensor("see", schema::TensorType_BOOL, {-1, 3});
  out.logits = b.Tensor("logits", schema::TensorType_FLOAT32, {-1, 3});
  const int constant = b.Constant<float>("large", schema::TensorType_FLOAT32, {}, {large});
  out.mask = b.Tensor("mask", schema::TensorType_FLOAT32, {-1, 3});
  out.masked = b.Tensor("masked", schema::TensorType_FLOAT32, {-1, 3});
  const int y = b.Tensor("y", schema::TensorType_FLOAT32, {-1, 3});
  b.Op(schema::BuiltinOperator_SUB, schema::SubOptionsT(), {out.logits, constant}, {out.mask});
  b.Op(schema::BuiltinOperator_SELECT_V2, schema::SelectV2OptionsT(), {see, out.logits, out.mask}, {out.masked});
  b.Op(schema::BuiltinOperator_SOFTMAX, schema::SoftmaxOptionsT(), {out.masked}, {y});
  b.InputsOutputs({see, out.logits}, {y});
  out.file = *litert::ModelFile::FromBytes(b.Finish(), "masked");
  return out;
}

std::vector<schema::BuiltinOperator> Kinds(absl::string_view bytes) {
  const schema::Model& model = *schema::GetModel(bytes.data());
  std::vector<schema::BuiltinOperator> kinds;
  for (const auto* op : *model.subgraphs()->Get(0)->operators()) {
    kinds.push_back(litert::KindOf(*model.operator_codes()->Get(op->opcode_index())));
  }
  return kinds;
}

TEST(ConstantMasksTest, WhatHidesLogitsIsAConstant) {
  EXPECT_THAT(Kinds(ConstantMasks(std::string(Choose(1e9).file->bytes()))),
              ElementsAre(schema::BuiltinOperator_SELECT_V2, schema::BuiltinOperator_SOFTMAX));
}

TEST(ConstantMasksTest, WhatFloatCanTellApartStays) {
  const Masked model = Choose(1e4);
  EXPECT_EQ(ConstantMasks(std::string(model.file->bytes())), model.file->bytes());
}

// y = softmax(see ? logits : -infinity)
TEST(ConstantMasksTest, AnInfinityIsAsMuchAsAFloatHides) {
  ModelBuilder b;
  const int see = b.Tensor("see", schema::TensorType_BOOL, {-1, 3});
  const int logits = b.Tensor("logits", schema::TensorType_FLOAT32, {-1, 3});
  const int constant = b.Constant<float>("large", schema::TensorType_FLOAT32, {3},
                                         std::vector<float>(3, -std::numeric_limits<float>::infinity()));
  const int masked = b.Tensor("masked", schema::TensorType_FLOAT32, {-1, 3});
  const int y = b.Tensor("y", schema::TensorType_FLOAT32, {-1, 3});
  b.Op(schema::BuiltinOperator_SELECT_V2, schema::SelectV2OptionsT(), {see, logits, constant}, {masked});
  b.Op(schema::BuiltinOperator_SOFTMAX, schema::SoftmaxOptionsT(), {masked}, {y});
  b.InputsOutputs({see, logits}, {y});
  const std::string changed = ConstantMasks(b.Finish());
  const schema::Model& model = *schema::GetModel(changed.data());
  const schema::SubGraph& graph = *model.subgraphs()->Get(0);
  const schema::Tensor& mask = *graph.tensors()->Get(graph.operators()->Get(0)->inputs()->Get(2));
  ASSERT_EQ(model.buffers()->Get(mask.buffer())->data()->size(), 3 * sizeof(float));
  float value;
  std::memcpy(&value, model.buffers()->Get(mask.buffer())->data()->data(), sizeof(value));
  EXPECT_EQ(value, -1e9f);
}

// y = softmax(see ? logits : broadcast_to(-3.4e38, sizes)). FILL is as good.
TEST(ConstantMasksTest, ATensorOfOneConstantIsThatConstant) {
  for (const int columns : {3, 1}) {
    SCOPED_TRACE(columns);
    ModelBuilder b;
    const int see = b.Tensor("see", schema::TensorType_BOOL, {-1, 3});
    const int logits = b.Tensor("logits", schema::TensorType_FLOAT32, {-1, columns});
    const int sizes = b.Tensor("sizes", schema::TensorType_INT32, {2});
    const int lowest = b.Constant<float>("lowest", schema::TensorType_FLOAT32, {1, 1}, {-3.4e38f});
    const int filled = b.Tensor("filled", schema::TensorType_FLOAT32, {-1, 3});
    const int masked = b.Tensor("masked", schema::TensorType_FLOAT32, {-1, 3});
    const int y = b.Tensor("y", schema::TensorType_FLOAT32, {-1, 3});
    b.Op(schema::BuiltinOperator_BROADCAST_TO, schema::BroadcastToOptionsT(), {lowest, sizes}, {filled});
    b.Op(schema::BuiltinOperator_SELECT_V2, schema::SelectV2OptionsT(), {see, logits, filled}, {masked});
    b.Op(schema::BuiltinOperator_SOFTMAX, schema::SoftmaxOptionsT(), {masked}, {y});
    b.InputsOutputs({see, logits, sizes}, {y});
    const std::vector<schema::BuiltinOperator> kinds = Kinds(ConstantMasks(b.Finish()));
    if (columns == 3) {
      EXPECT_THAT(kinds, ElementsAre(schema::BuiltinOperator_SELECT_V2, schema::BuiltinOperator_SOFTMAX));
    } else {  // It says how large the result is.
      EXPECT_EQ(kinds.size(), 3);
    }
  }
}

TEST(CutMaskedSoftmaxTest, TheSubtractionBehindAChoiceStaysFloat) {
  const Masked model = Choose(1e4);
  Ranges ranges = {{{0, model.logits}, {-3, 5}}, {{0, model.mask}, {-10003, -9995}}, {{0, model.masked}, {-10003, 5}}};
  EXPECT_THAT(CutMaskedSoftmax(model.file->model(), &ranges, /*int16=*/true), ElementsAre("mask"));
  EXPECT_EQ((ranges[{0, model.masked}].min), -35);
}

// A model as a whole: what is selected, and what is added.
class MaskedModelTest : public ::testing::TestWithParam<std::tuple<std::string, QuantizationMode>> {};

TEST_P(MaskedModelTest, KeepsItsAccuracy) {
  const auto& [op, mode] = GetParam();
  const TempDir temporary;
  const std::string& dir = temporary.path();
  ops::Graph graph;
  const ops::Tensor x = ops::Placeholder(graph, DataType::kFloat, {-1, 8}, "x");
  const ops::Tensor mask = ops::Placeholder(graph, DataType::kFloat, {-1, 8}, "mask");
  Tensor keep(DataType::kBool, {8}), hide(DataType::kFloat, {1, 8});
  for (int i = 0; i < 8; ++i) {
    keep.values<bool>()[i] = i % 3 != 0;
    hide.values<float>()[i] = i % 3 != 0 ? 0 : -1e9f;
  }
  const ops::Tensor logits = ops::MatMul(x, ops::Constant(graph, testing::Weights({8, 8})));
  const ops::Tensor masked =
      op == "AddV2" ? ops::Op(graph, op, {logits, mask})
      : op == "Sub" ? ops::Op(graph, op, {logits, mask * ops::Constant(graph, -1.0f)})
      : op != "SelectV2"
          ? ops::Op(graph, "SelectV2",
                    {ops::Constant(graph, keep), logits,
                     ops::Op(graph, "Sub",
                             {logits, ops::Constant(graph, std::vector<float>{op == "SubOf1e9" ? 1e9f : 1e4f})})})
          : ops::Op(graph, op, {ops::Constant(graph, keep), logits, ops::Constant(graph, std::vector<float>{-1e9f})});
  SavedModelBuilder builder;
  builder.AddSignature("serving_default", {{"x", x}, {"mask", mask}}, {{"y", ops::Softmax(masked)}});
  ASSERT_EQ(builder.Write(dir + "/model"), absl::OkStatus());
  RewriterOptions options{.name = "masked", .quantization = mode};
  options.representative_dataset.samples = testing::Samples("x", {1, 8}, 30);
  for (Sample& sample : options.representative_dataset.samples) sample["mask"] = hide;
  TfliteRewriter rewriter(options);
  ASSERT_EQ(RewriteSavedModel(dir + "/model", dir + "/out", rewriter, ModelType::kTfliteModel), absl::OkStatus());
  EXPECT_GT(rewriter.report().comparison->outputs[0].sqnr_db, 22) << rewriter.report().Render();
  io::RemoveAll(dir).IgnoreError();
}

INSTANTIATE_TEST_SUITE_P(All, MaskedModelTest,
                         ::testing::Combine(::testing::Values("AddV2", "Sub", "SelectV2", "SubOf1e9", "SubOf1e4"),
                                            ::testing::Values(QuantizationMode::kInt8, QuantizationMode::kInt16x8)),
                         [](const auto& info) {
                           return std::get<0>(info.param) + "_" +
                                  std::string(QuantizationName(std::get<1>(info.param)));
                         });

}  // namespace
}  // namespace tfxm::rewriting
