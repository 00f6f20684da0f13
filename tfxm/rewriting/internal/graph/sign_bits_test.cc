// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/graph/sign_bits.h"

#include <cstdint>
#include <limits>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tfxm/ops/ops.h"
#include "tfxm/rewriting/test_saved_models.h"
#include "tfxm/rewriting/tflite_rewriter.h"
#include "tfxm/saved_model/saved_model.h"
#include "tfxm/saved_model/saved_model_builder.h"
#include "tfxm/testing/temp_dir.h"

namespace tfxm::rewriting {
namespace {

// As Keras's argmax: which of x is the largest, where -0.0 is less than 0.0.
void WriteArgMax(const std::string& dir) {
  ops::Graph graph;
  const ops::Tensor x = ops::Placeholder(graph, DataType::kFloat, {-1, 4}, "x");
  const ops::Tensor bits = ops::Op("Bitcast", {x}, {{"type", DataType::kInt32}});
  const ops::Tensor masked = ops::Op("BitwiseAnd", {bits, ops::Constant(graph, std::numeric_limits<int32_t>::min())});
  const ops::Tensor is_negative_zero = ops::Op(
      "LogicalAnd",
      {ops::Op("Equal", {x, ops::Constant(graph, 0.0f)}), ops::Op("Less", {masked, ops::Constant(graph, int32_t{0})})});
  const ops::Tensor less =
      ops::Op("SelectV2", {is_negative_zero, ops::Constant(graph, -std::numeric_limits<float>::min()), x});
  SavedModelBuilder builder;
  builder.AddSignature(
      "serving_default", {{"x", x}},
      {{"largest", ops::Op("ArgMax", {less, ops::Constant(graph, int32_t{-1})}, {{"output_type", DataType::kInt32}})}});
  ASSERT_EQ(builder.Write(dir), absl::OkStatus());
}

TEST(SignBitsTest, TheSameForEveryNumber) {
  const TempDir dir;
  WriteArgMax(dir.path());
  const auto edited = WithSignsOfBits(dir.path());
  ASSERT_TRUE(edited.ok()) << edited.status();
  ASSERT_NE(*edited, nullptr);
  Tensor x(DataType::kFloat, {3, 4});
  int i = 0;
  for (const float value : {-0.0f, 0.0f, -1.0f, -0.0f, -2.0f, -1.0f, -3.0f, -4.0f, 1.0f, 5.0f, 2.0f, 0.0f}) {
    x.values<float>()[i++] = value;
  }
  for (const std::string& model : {dir.path(), (*edited)->path()}) {
    const auto loaded = SavedModel::Load(model);
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    const auto answer = (*loaded)->Run(**(*loaded)->FindSignature("serving_default"), {{"x", x}});
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_THAT(answer->at("largest").values<int32_t>(), ::testing::ElementsAre(1, 1, 1));
  }
}

TEST(SignBitsTest, AModelIsRewritten) {
  const TempDir dir;
  WriteArgMax(dir / "saved");
  for (const QuantizationMode mode : {QuantizationMode::kNone, QuantizationMode::kInt8}) {
    RewriterOptions options{.name = "test", .quantization = mode};
    options.representative_dataset.samples = testing::Samples("x", {1, 4}, 50);
    TfliteRewriter rewriter(options);
    EXPECT_EQ(RewriteKeepingSource(dir / "saved", dir / "lite", rewriter, ModelType::kTfliteModel), absl::OkStatus());
  }
}

}  // namespace
}  // namespace tfxm::rewriting
