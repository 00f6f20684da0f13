// SPDX-License-Identifier: Apache-2.0

// What integers cannot hold inside of a model whose answers are numbers: NaN, infinities, masks, divisors of zero.
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tfxm/rewriting/test_quantization.h"
#include "tfxm/rewriting/test_saved_models.h"

namespace tfxm {
namespace {

using rewriting::testing::Samples;
using rewriting::testing::Weights;
using ::testing::Contains;
using ::testing::HasSubstr;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

using BeyondIntegersTest = rewriting::testing::QuantizationTest;

// NaN and infinities inside of a model whose answers are numbers: what they pass through stays in float and is named,
// all examples calibrate.
TEST_F(BeyondIntegersTest, WhatIsNotFiniteInsideStaysFloat) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const auto dense = [](ops::Graph& graph, const ops::Tensor& x, int seed) {
    return ops::MatMul(x, ops::Constant(graph, Weights({8, 8}, 1, seed)));
  };
  // As shapes of a batch that is open make it.
  const auto filled_like = [](ops::Graph& graph, const ops::Tensor& x, float value) {
    return ops::BroadcastTo(ops::Constant(graph, value), ops::Op("Shape", {x}));
  };
  const auto select = [](const ops::Tensor& choice, const ops::Tensor& yes, const ops::Tensor& no) -> ops::Tensor {
    return ops::Op("SelectV2", {choice, yes, no});
  };
  const auto causal = [](ops::Graph& graph) {
    tfxm::Tensor see(DataType::kBool, {8});
    for (int i = 0; i < 8; ++i) see.values<bool>()[i] = i % 3 != 0;
    return ops::Constant(graph, see);
  };
  // A softmax as JAX writes it; the converter does not know it again.
  const auto softmax = [](ops::Graph& graph, const ops::Tensor& x) -> ops::Tensor {
    const ops::Tensor lowest = ops::Constant(graph, std::numeric_limits<float>::lowest());
    const ops::Tensor powers = ops::Op("Exp", {x - ops::Maximum(ops::ReduceMax(x, {-1}, true), lowest)});
    return powers / ops::ReduceSum(powers, {-1}, true);
  };
  struct Case {
    std::function<ops::Tensor(ops::Graph&, const ops::Tensor&)> body;
    std::string note;  // Which operator stays in float, and why
  };
  const std::map<std::string, Case> cases = {
      // jnp.take: NaN for what is out of range, which nothing is.
      {"gather_with_fill",
       {[&](ops::Graph& graph, const ops::Tensor& x) {
          const ops::Tensor ids = ops::Cast(ops::Op("ArgMax", {x, ops::Constant(graph, 1)}), DataType::kInt32);
          const ops::Tensor taken = ops::Gather(ops::Constant(graph, Weights({8, 8}, 1, 3)), ids);
          const ops::Tensor there = ops::Reshape(ops::Op("Less", {ids, ops::Constant(graph, 8)}),
                                                 ops::Constant(graph, std::vector<int32_t>{-1, 1}));
          return dense(graph, select(there, taken, filled_like(graph, taken, kNan)), 1);
        },
        "SELECT_V2: its input .* is NaN in places"}},
      {"constant_nan",
       {[&](ops::Graph& graph, const ops::Tensor& x) {
          const ops::Tensor there = ops::Op("Less", {x, ops::Constant(graph, 8.0f)});
          return dense(graph, select(there, ops::Tanh(x), ops::Constant(graph, kNan)), 1);
        },
        "SELECT_V2: its input .* is NaN in places"}},
      {"root_of_both_sides",
       {[&](ops::Graph& graph, const ops::Tensor& x) {
          const ops::Tensor zero = ops::Constant(graph, 0.0f), y = ops::Tanh(x);
          return dense(graph, select(ops::Op("Greater", {y, zero}), ops::Op("Sqrt", {y}), zero), 1);
        },
        "SQRT: its result .* is NaN in places"}},
      {"softmax_of_infinity",
       {[&](ops::Graph& graph, const ops::Tensor& x) {
          return ops::Softmax(select(causal(graph), dense(graph, x, 1), ops::Constant(graph, -kInfinity)));
        },
        ""}},
      {"softmax_of_infinity_added",
       {[&](ops::Graph& graph, const ops::Tensor& x) {
          const ops::Tensor y = dense(graph, x, 1);
          const ops::Tensor hidden = filled_like(graph, y, -kInfinity), seen = filled_like(graph, y, 0);
          return ops::Softmax(y + select(causal(graph), seen, hidden));
        },
        "SELECT_V2: its input .* is (as good as )?infinite in places"}},
      {"parts_of_a_softmax",
       {[&](ops::Graph& graph, const ops::Tensor& x) {
          return dense(graph,
                       softmax(graph, select(causal(graph), dense(graph, x, 1), ops::Constant(graph, -kInfinity))), 2);
        },
        "SUB: its input .* is (as good as )?infinite in places"}},
      {"parts_of_a_softmax_of_the_lowest",
       {[&](ops::Graph& graph, const ops::Tensor& x) {
          const ops::Tensor y = dense(graph, x, 1);
          const ops::Tensor hidden = filled_like(graph, y, std::numeric_limits<float>::lowest());
          return dense(graph, softmax(graph, select(causal(graph), y, hidden)), 2);
        },
        "SUB: its input .* is as good as infinite in places"}},
      {"parts_of_a_softmax_of_1e9",
       {[&](ops::Graph& graph, const ops::Tensor& x) {
          return dense(graph, softmax(graph, select(causal(graph), dense(graph, x, 1), ops::Constant(graph, -1e9f))),
                       2);
        },
        "SUB: a mask is among values up to"}},
  };
  for (const auto& [name, what] : cases) {
    const std::string src = Model(8, what.body);
    for (QuantizationMode mode : {QuantizationMode::kInt8, QuantizationMode::kInt16x8}) {
      SCOPED_TRACE(absl::StrCat(name, " ", QuantizationName(mode)));
      RewriterOptions options = Int8(Samples("x", {1, 8}, 40));
      options.quantization = mode;
      absl::Status status;
      const RewriteReport report = Rewrite(src, options, &status);
      EXPECT_EQ(status, absl::OkStatus()) << report.Render();
      ASSERT_TRUE(report.comparison.has_value()) << report.not_compared;
      EXPECT_GT(report.comparison->outputs[0].sqnr_db, 20) << report.Render();
      EXPECT_EQ(report.num_calibration_samples, 40);
      EXPECT_FALSE(report.nothing_quantized);
      if (what.note.empty()) continue;
      EXPECT_THAT(report.notes, Contains(::testing::ContainsRegex(absl::StrCat("stays in float: ", what.note))));
    }
  }
}

// The quantizer gives the scale of a result to an operand where an operator has one for both: not if it stays in float.
TEST_F(BeyondIntegersTest, WhatStaysInFloatGivesNoScale) {
  const std::string src = Model(8, [](ops::Graph& graph, const ops::Tensor& x) -> ops::Tensor {
    const ops::Tensor y = ops::MatMul(x, ops::Constant(graph, Weights({8, 8})));
    const ops::Tensor hidden = ops::Op("Greater", {x, ops::Constant(graph, 0.5f)});
    const ops::Tensor most = ops::ReduceMax(ops::Op("SelectV2", {hidden, ops::Constant(graph, -3e38f), y}), {-1}, true);
    return ops::Op("Tile", {most, ops::Constant(graph, std::vector<int32_t>{1, 8})}) * ops::Tanh(x);
  });
  absl::Status status;
  RewriteReport report = Rewrite(src, Int8(Samples("x", {1, 8}, 40)), &status);
  EXPECT_EQ(status, absl::OkStatus()) << report.Render();
  ASSERT_TRUE(report.comparison.has_value()) << report.not_compared;
  EXPECT_GT(report.comparison->outputs[0].sqnr_db, 20) << report.Render();
}

// An infinity that only an outlier leads to is an accident: it does not keep layers in float.
TEST_F(BeyondIntegersTest, AnInfinityOfAnOutlierIsLeftOut) {
  const std::string src = Model(8, [](ops::Graph& graph, const ops::Tensor& x) {
    const ops::Tensor powers = ops::Op("Exp", {ops::MatMul(x, ops::Constant(graph, Weights({8, 8})))}, {}, "powers");
    return ops::Op("Tanh", {powers});
  });
  std::vector<Sample> samples = Samples("x", {1, 8}, 40);
  for (float& v : samples[5].at("x").values<float>()) v = 1e4f;
  absl::Status status;
  const RewriteReport report = Rewrite(src, Int8(samples), &status);
  EXPECT_EQ(status, absl::OkStatus()) << report.Render();
  EXPECT_EQ(report.num_calibration_samples, 39);
  EXPECT_THAT(report.notes, Contains(HasSubstr("the activation \"powers\" is NaN or infinite in 1 of 40 examples")));
}

// TFLite's int8 kernel fails over a divisor that is 0 as an integer, as a deviation whose square is less than half a step.
TEST_F(BeyondIntegersTest, DivisorsThatMayBeZeroStayFloat) {
  const std::string src = Model(8, [](ops::Graph& graph, const ops::Tensor& x) {
    const ops::Tensor y = ops::MatMul(x, ops::Constant(graph, Weights({8, 8})));
    const ops::Tensor middle = y - ops::ReduceMean(y, {-1}, true);
    const ops::Tensor deviation = ops::Op("Sqrt", {ops::ReduceMean(ops::Op("Square", {middle}), {-1}, true)});
    return middle / (deviation + ops::Constant(graph, 1e-7f));
  });
  std::vector<Sample> samples = Samples("x", {1, 8}, 40);
  for (size_t s = 0; s < samples.size(); ++s) {
    for (float& v : samples[s].at("x").values<float>()) v *= s % 2 == 0 ? 0.02f : 1;
  }
  absl::Status status;
  const RewriteReport report = Rewrite(src, Int8(samples), &status);
  EXPECT_NE(status.code(), absl::StatusCode::kInternal) << status;
  EXPECT_THAT(report.notes, Contains(HasSubstr("stays in float: DIV by values of")));
  EXPECT_THAT(report.notes, Contains(HasSubstr("stays in float: SQRT of a divisor")));
}

}  // namespace
}  // namespace tfxm
