// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/graph/rolls.h"

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tfxm/ops/ops.h"
#include "tfxm/rewriting/test_saved_models.h"
#include "tfxm/rewriting/tflite_rewriter.h"
#include "tfxm/rewriting/validation/comparison.h"
#include "tfxm/saved_model/saved_model.h"
#include "tfxm/saved_model/saved_model_builder.h"
#include "tfxm/testing/temp_dir.h"

namespace tfxm::rewriting {
namespace {

ops::Tensor Roll(const ops::Tensor& x, const std::vector<int32_t>& shifts, const std::vector<int32_t>& axes) {
  ops::Graph& graph = *x.graph();
  if (shifts.size() > 1) return ops::Op("Roll", {x, ops::Constant(graph, shifts), ops::Constant(graph, axes)});
  return ops::Op("Roll", {x, ops::Constant(graph, shifts[0]), ops::Constant(graph, axes[0])});
}

TEST(RollsTest, WhatEachRollGivesIsTheSame) {
  const TempDir dir;
  ops::Graph graph;
  const ops::Tensor x = ops::Placeholder(graph, DataType::kFloat, {-1, -1, 3}, "x");
  std::map<std::string, ops::Tensor> outputs;
  for (const int32_t shift : {-2, -1, 0, 1, 2}) {
    for (const int32_t axis : {-3, -2, -1, 0, 1, 2}) {
      outputs.emplace("one" + std::to_string(outputs.size()), Roll(x, {shift}, {axis}));
      outputs.emplace("two" + std::to_string(outputs.size()), Roll(x, {shift, -1}, {axis, 1}));
    }
  }
  SavedModelBuilder builder;
  builder.AddSignature("serving_default", {{"x", x}}, {outputs.begin(), outputs.end()});
  ASSERT_EQ(builder.Write(dir.path()), absl::OkStatus());
  const auto rolled = WithRollsInParts(dir.path());
  ASSERT_TRUE(rolled.ok()) << rolled.status();
  ASSERT_NE(*rolled, nullptr);
  std::vector<std::map<std::string, Tensor>> answers;
  for (const std::string& model : {dir.path(), (*rolled)->path()}) {
    const auto loaded = SavedModel::Load(model);
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    const auto signature = (*loaded)->FindSignature("serving_default");
    ASSERT_TRUE(signature.ok()) << signature.status();
    const auto answer = (*loaded)->Run(**signature, {{"x", testing::Weights({4, 5, 3})}});
    ASSERT_TRUE(answer.ok()) << answer.status();
    answers.push_back(*answer);
  }
  for (const auto& [name, output] : outputs) {
    EXPECT_EQ(answers[1].at(name).shape(), answers[0].at(name).shape());
    EXPECT_TRUE(SameBytes(answers[1].at(name), answers[0].at(name))) << name;
  }
}

// Windows that are shifted, as Swin's are; and a shift beyond the size, which is refused.
TEST(RollsTest, AModelIsRewrittenOrRefused) {
  for (const int32_t shift : {-2, 5}) {
    const TempDir dir;
    ops::Graph graph;
    const ops::Tensor x = ops::Placeholder(graph, DataType::kFloat, {-1, 4, 4, 2}, "x");
    SavedModelBuilder builder;
    builder.AddSignature("serving_default", {{"x", x}},
                         {{"y", Roll(x, {shift, shift}, {1, 2}) * ops::Constant(graph, 2.0f)}});
    ASSERT_EQ(builder.Write(dir / "saved"), absl::OkStatus());
    TfliteRewriter rewriter({.name = "test", .quantization = QuantizationMode::kNone});
    const absl::Status status = RewriteKeepingSource(dir / "saved", dir / "lite", rewriter, ModelType::kTfliteModel);
    if (shift == 5) {
      EXPECT_FALSE(status.ok());
      continue;
    }
    EXPECT_EQ(status, absl::OkStatus());
    EXPECT_THAT(rewriter.report().batch, ::testing::HasSubstr("each example is answered as alone"));
  }
}

}  // namespace
}  // namespace tfxm::rewriting
