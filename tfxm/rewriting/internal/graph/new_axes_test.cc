// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/graph/new_axes.h"

#include <cstdint>
#include <map>
#include <string>
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

// Entries of a slice: ':', 's' for 1:3, '0' for an index, 'n' for tf.newaxis, '.' for an ellipsis.
ops::Tensor Slice(const ops::Tensor& x, const std::string& entries) {
  std::vector<int32_t> begin, end, strides;
  int64_t begin_mask = 0, end_mask = 0, ellipsis = 0, new_axis = 0, shrink = 0;
  for (size_t i = 0; i < entries.size(); ++i) {
    const int64_t bit = int64_t{1} << i;
    begin.push_back(entries[i] == 's' ? 1 : 0);
    end.push_back(entries[i] == 's' ? 3 : entries[i] == '0' ? 1 : 0);
    strides.push_back(1);
    if (entries[i] == ':') begin_mask |= bit, end_mask |= bit;
    if (entries[i] == '.') ellipsis |= bit;
    if (entries[i] == 'n') new_axis |= bit;
    if (entries[i] == '0') shrink |= bit;
  }
  ops::Graph& graph = *x.graph();
  return ops::Op("StridedSlice",
                 {x, ops::Constant(graph, begin), ops::Constant(graph, end), ops::Constant(graph, strides)},
                 {{"begin_mask", begin_mask},
                  {"end_mask", end_mask},
                  {"ellipsis_mask", ellipsis},
                  {"new_axis_mask", new_axis},
                  {"shrink_axis_mask", shrink}});
}

// All slices of up to four entries that three dimensions take.
void Enumerate(const std::string& entries, std::vector<std::string>* out) {
  int taken = 0, ellipses = 0;
  for (const char entry : entries) taken += entry == ':' || entry == 's' || entry == '0', ellipses += entry == '.';
  if (taken > 3 || ellipses > 1) return;
  if (entries.find('n') != std::string::npos) out->push_back(entries);
  if (entries.size() == 4) return;
  for (const char entry : std::string(":s0n.")) Enumerate(entries + entry, out);
}

TEST(NewAxesTest, WhatEachSliceGivesIsTheSame) {
  std::vector<std::string> all;
  Enumerate("", &all);
  ASSERT_GT(all.size(), 300);
  const TempDir dir;
  ops::Graph graph;
  const ops::Tensor x = ops::Placeholder(graph, DataType::kFloat, {-1, -1, -1}, "x");
  std::map<std::string, ops::Tensor> outputs;
  for (size_t i = 0; i < all.size(); ++i) outputs.emplace("y" + std::to_string(i), Slice(x, all[i]));
  SavedModelBuilder builder;
  builder.AddSignature("serving_default", {{"x", x}}, {outputs.begin(), outputs.end()});
  ASSERT_EQ(builder.Write(dir.path()), absl::OkStatus());

  const auto expanded = WithNewAxesExpanded(dir.path());
  ASSERT_TRUE(expanded.ok()) << expanded.status();
  ASSERT_NE(*expanded, nullptr);
  std::vector<std::map<std::string, Tensor>> answers;
  for (const std::string& model : {dir.path(), (*expanded)->path()}) {
    const auto loaded = SavedModel::Load(model);
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    const auto signature = (*loaded)->FindSignature("serving_default");
    ASSERT_TRUE(signature.ok()) << signature.status();
    const auto answer = (*loaded)->Run(**signature, {{"x", testing::Weights({4, 5, 3})}});
    ASSERT_TRUE(answer.ok()) << answer.status();
    answers.push_back(*answer);
  }
  for (size_t i = 0; i < all.size(); ++i) {
    const Tensor &before = answers[0].at("y" + std::to_string(i)), &after = answers[1].at("y" + std::to_string(i));
    EXPECT_EQ(after.shape(), before.shape()) << all[i];
    EXPECT_TRUE(SameBytes(after, before)) << all[i];
  }
}

TEST(NewAxesTest, SlicesWithoutThemAreLeft) {
  const TempDir dir;
  ops::Graph graph;
  const ops::Tensor x = ops::Placeholder(graph, DataType::kFloat, {-1, -1, -1}, "x");
  SavedModelBuilder builder;
  builder.AddSignature("serving_default", {{"x", x}}, {{"y", Slice(x, ":s")}});
  ASSERT_EQ(builder.Write(dir.path()), absl::OkStatus());
  const auto expanded = WithNewAxesExpanded(dir.path());
  ASSERT_TRUE(expanded.ok()) << expanded.status();
  EXPECT_EQ(*expanded, nullptr);
}

// An attention mask for sentences of any length.
TEST(NewAxesTest, AModelWithOpenSidesIsRewritten) {
  const TempDir dir;
  ops::Graph graph;
  const ops::Tensor x = ops::Placeholder(graph, DataType::kFloat, {-1, -1}, "x");
  SavedModelBuilder builder;
  builder.AddSignature("serving_default", {{"x", x}}, {{"y", Slice(x, ":nn:") * ops::Constant(graph, 2.0f)}});
  ASSERT_EQ(builder.Write(dir / "saved"), absl::OkStatus());
  TfliteRewriter rewriter({.name = "test", .quantization = QuantizationMode::kNone});
  EXPECT_EQ(RewriteKeepingSource(dir / "saved", dir / "lite", rewriter, ModelType::kTfliteModel), absl::OkStatus());
  ASSERT_TRUE(rewriter.report().comparison.has_value());
  EXPECT_THAT(rewriter.report().batch, ::testing::HasSubstr("each example is answered as alone"));
}

}  // namespace
}  // namespace tfxm::rewriting
