// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/fold/fold_dilation.h"

#include <cmath>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tfxm/litert/compiled_model.h"
#include "tfxm/litert/inspect.h"
#include "tfxm/litert/internal/schema_util.h"
#include "tfxm/litert/test_models.h"

namespace tfxm::rewriting {
namespace {

using litert::testing::ModelBuilder;
using ::testing::ElementsAre;
using ::testing::Pointwise;

MATCHER_P(IsNear, tolerance, "") { return std::abs(std::get<0>(arg) - std::get<1>(arg)) <= tolerance; }

std::vector<float> Waves(size_t n) {
  std::vector<float> out(n);
  for (size_t i = 0; i < n; ++i) out[i] = std::sin(1.7f * static_cast<float>(i) + 0.3f);
  return out;
}

class FoldDilationsTest : public ::testing::Test {
 protected:
  int Float(const std::string& name, std::vector<int> shape) {
    return b_.Tensor(name, schema::TensorType_FLOAT32, std::move(shape));
  }
  int Weights(const std::string& name, const std::vector<int>& shape) {
    size_t n = 1;
    for (int side : shape) n *= side;
    return b_.Constant<float>(name, schema::TensorType_FLOAT32, shape, Waves(n));
  }
  int Integers(const std::vector<int>& shape, const std::vector<int>& values) {
    return b_.Constant<int>("c", schema::TensorType_INT32, shape, values);
  }
  // `to_batch` -> a CONV_2D of 2x2 with dilation 2 and what is around it; x is [n, 5, 6, 2].
  int Dilated(int x, const std::vector<int>& paddings, std::vector<int> result, bool depthwise = false) {
    const int block = Integers({2}, {2, 2}), crops = Integers({2, 2}, {0, 1, 0, 0});
    const int split = Float("split", {-1, 4, 4, 2}), conv = Float("conv", {-1, 3, 3, 2});
    const int y = Float("y", std::move(result));
    b_.Op(schema::BuiltinOperator_SPACE_TO_BATCH_ND, schema::SpaceToBatchNDOptionsT(),
          {x, block, Integers({2, 2}, paddings)}, {split});
    if (depthwise) {
      schema::DepthwiseConv2DOptionsT options;
      options.padding = schema::Padding_VALID;
      options.stride_h = options.stride_w = options.depth_multiplier = 1;
      b_.Op(schema::BuiltinOperator_DEPTHWISE_CONV_2D, options, {split, Weights("w", {1, 2, 2, 2}), bias_}, {conv});
    } else {
      schema::Conv2DOptionsT options;
      options.padding = schema::Padding_VALID;
      options.stride_h = options.stride_w = 1;
      b_.Op(schema::BuiltinOperator_CONV_2D, options, {split, Weights("w", {2, 2, 2, 2}), bias_}, {conv});
    }
    b_.Op(schema::BuiltinOperator_BATCH_TO_SPACE_ND, schema::BatchToSpaceNDOptionsT(), {conv, block, crops}, {y});
    return y;
  }
  // The operators after folding; what they compute is checked.
  std::vector<std::string> Fold(int x, const Shape& shape, int y) {
    b_.InputsOutputs({x}, {y});
    b_.Signature("s", {{"x", x}}, {{"y", y}});
    const std::string before = b_.Finish();
    const std::string after = FoldDilations(before);
    std::vector<std::vector<float>> outputs;
    std::vector<std::string> ops;
    for (const std::string& bytes : {before, after}) {
      auto file = litert::ModelFile::FromBytes(bytes, "model");
      EXPECT_TRUE(file.ok()) << file.status();
      ops.clear();
      for (const auto* op : litert::Each((*file)->model().subgraphs()->Get(0)->operators())) {
        ops.push_back(litert::OpName((*file)->model(), *op));
      }
      auto model = litert::CompiledModel::Create(*file);
      EXPECT_TRUE(model.ok()) << model.status();
      Tensor input(DataType::kFloat, shape);
      const std::vector<float> values = Waves(static_cast<size_t>(input.num_elements()));
      std::copy(values.begin(), values.end(), input.values<float>().begin());
      auto out = (*model)->Run({{"x", input}});
      EXPECT_TRUE(out.ok()) << out.status();
      const auto result = out->at("y").values<float>();
      outputs.emplace_back(result.begin(), result.end());
    }
    EXPECT_THAT(outputs[1], Pointwise(IsNear(1e-5f), outputs[0]));
    return ops;
  }

  ModelBuilder b_;
  int bias_ = b_.Constant<float>("bias", schema::TensorType_FLOAT32, {2}, {0.5f, -0.25f});
};

// 5 rows are padded by 1 before, by 1 after and by one more to fill the block, which is cropped again.
TEST_F(FoldDilationsTest, OneConvolutionWithWhatIsBehindIt) {
  const int x = Float("x", {-1, 5, 6, 2});
  const int y = Dilated(x, {1, 2, 1, 1}, {-1, 5, 6, 2});
  const int scaled = Float("scaled", {-1, 5, 6, 2}), shifted = Float("shifted", {-1, 5, 6, 2});
  b_.Op(schema::BuiltinOperator_MUL, schema::MulOptionsT(), {y, Weights("factor", {2})}, {scaled});
  schema::AddOptionsT add;
  add.fused_activation_function = schema::ActivationFunctionType_RELU6;
  b_.Op(schema::BuiltinOperator_ADD, add, {scaled, Weights("summand", {2})}, {shifted});
  EXPECT_THAT(Fold(x, {3, 5, 6, 2}, shifted), ElementsAre("CONV_2D"));
}

TEST_F(FoldDilationsTest, DepthwiseConvolutions) {
  const int x = Float("x", {-1, 5, 6, 2});
  const int y = Dilated(x, {1, 2, 1, 1}, {-1, 5, 6, 2}, /*depthwise=*/true);
  const int scaled = Float("scaled", {-1, 5, 6, 2});
  b_.Op(schema::BuiltinOperator_MUL, schema::MulOptionsT(), {y, Weights("factor", {2})}, {scaled});
  EXPECT_THAT(Fold(x, {3, 5, 6, 2}, scaled), ElementsAre("DEPTHWISE_CONV_2D"));
}

TEST_F(FoldDilationsTest, WithoutPadding) {
  const int x = Float("x", {-1, 7, 8, 2});
  EXPECT_THAT(Fold(x, {2, 7, 8, 2}, Dilated(x, {0, 1, 0, 0}, {-1, 5, 6, 2})), ElementsAre("CONV_2D"));
}

TEST_F(FoldDilationsTest, APaddingThatHasNoNameStays) {
  const int x = Float("x", {-1, 5, 6, 2});
  EXPECT_THAT(Fold(x, {3, 5, 6, 2}, Dilated(x, {2, 1, 1, 1}, {-1, 5, 6, 2})),
              ElementsAre("SPACE_TO_BATCH_ND", "CONV_2D", "BATCH_TO_SPACE_ND"));
}

TEST_F(FoldDilationsTest, WhatIsSeenInBetweenStays) {
  const int x = Float("x", {-1, 5, 6, 2});
  const int y = Dilated(x, {1, 2, 1, 1}, {-1, 5, 6, 2});
  const int twice = Float("twice", {-1, 5, 6, 2}), sum = Float("sum", {-1, 5, 6, 2});
  b_.Op(schema::BuiltinOperator_MUL, schema::MulOptionsT(), {y, Weights("factor", {2})}, {twice});
  b_.Op(schema::BuiltinOperator_ADD, schema::AddOptionsT(), {y, twice}, {sum});
  EXPECT_THAT(Fold(x, {3, 5, 6, 2}, sum), ElementsAre("CONV_2D", "MUL", "ADD"));
}

// Two convolutions over time, as a WaveNet has them, read one split input.
TEST_F(FoldDilationsTest, ConvolutionsOverTimeShareTheirInput) {
  const int x = Float("x", {-1, 8, 2});
  const int block = Integers({1}, {2}), paddings = Integers({1, 2}, {0, 0}), crops = Integers({1, 2}, {0, 0});
  const int split = Float("split", {-1, 4, 2}), high = Float("high", {-1, 1, 4, 2}), sum = Float("sum", {-1, 6, 2});
  b_.Op(schema::BuiltinOperator_SPACE_TO_BATCH_ND, schema::SpaceToBatchNDOptionsT(), {x, block, paddings}, {split});
  b_.Op(schema::BuiltinOperator_EXPAND_DIMS, schema::ExpandDimsOptionsT(), {split, Integers({}, {1})}, {high});
  const int shape = Integers({3}, {-1, 3, 2});
  std::vector<int> results;
  for (const char* name : {"a", "b"}) {
    const int conv = Float(name, {-1, 1, 3, 2}), flat = Float("flat", {-1, 3, 2}), y = Float("y", {-1, 6, 2});
    schema::Conv2DOptionsT options;
    options.padding = schema::Padding_VALID;
    options.stride_h = options.stride_w = 1;
    b_.Op(schema::BuiltinOperator_CONV_2D, options, {high, Weights("w", {2, 1, 2, 2}), bias_}, {conv});
    b_.Op(schema::BuiltinOperator_RESHAPE, schema::ReshapeOptionsT(), {conv, shape}, {flat});
    b_.Op(schema::BuiltinOperator_BATCH_TO_SPACE_ND, schema::BatchToSpaceNDOptionsT(), {flat, block, crops}, {y});
    results.push_back(y);
  }
  b_.Op(schema::BuiltinOperator_ADD, schema::AddOptionsT(), results, {sum});
  EXPECT_THAT(Fold(x, {3, 8, 2}, sum), ElementsAre("EXPAND_DIMS", "CONV_2D", "RESHAPE", "CONV_2D", "RESHAPE", "ADD"));
}

}  // namespace
}  // namespace tfxm::rewriting
