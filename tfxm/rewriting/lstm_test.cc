// SPDX-License-Identifier: Apache-2.0

// LSTMs that TensorFlow's converter fuses, as those of Keras 2, whose files have a batch of 1.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "tfxm/rewriting/test_saved_models.h"
#include "tfxm/rewriting/tflite_rewriter.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

using rewriting::testing::Weights;

// Rewrites a model of testdata/make_models.py. The report compares SavedModel and file on the samples.
RewriteReport Rewrite(const std::string& name, QuantizationMode mode, const std::vector<Sample>& samples) {
  RewriterOptions options{.name = name, .quantization = mode};
  options.representative_dataset.samples = samples;
  TfliteRewriter rewriter(options);
  const std::string output =
      io::JoinPath(testing::TempDir(), "fused_lstm", name + std::to_string(static_cast<int>(mode)));
  EXPECT_EQ(RewriteSavedModel("tfxm/rewriting/testdata/" + name, output, rewriter, ModelType::kTfliteModel),
            absl::OkStatus());
  return rewriter.report();
}

TEST(FusedLstmTest, IsOneOperator) {
  std::vector<Sample> samples;
  for (int i = 0; i < 50; ++i) samples.push_back({{"x", Weights({1, 5, 2}, 2, i)}});
  for (const auto& [mode, least_sqnr] : {std::pair{QuantizationMode::kNone, 100.0},
                                         {QuantizationMode::kFloat16, 50.0},
                                         {QuantizationMode::kDynamicRange, 30.0},
                                         {QuantizationMode::kInt8, 20.0}}) {
    SCOPED_TRACE(static_cast<int>(mode));
    const RewriteReport report = Rewrite("keras_lstm", mode, samples);
    const auto lstm = report.model.ops.find("UNIDIRECTIONAL_SEQUENCE_LSTM");
    ASSERT_NE(lstm, report.model.ops.end());
    EXPECT_EQ(lstm->second.count, 1);
    EXPECT_EQ(lstm->second.quantized, 0);  // Its int8 kernel needs more than a calibration knows: it stays in float.
    ASSERT_TRUE(report.comparison.has_value()) << report.not_compared;
    EXPECT_GT(report.comparison->outputs[0].sqnr_db, least_sqnr);
  }
}

// A cell that counts to 20 and is then halved four times. Clipped at 10, as the converter has it, the answer would be
// another.
TEST(FusedLstmTest, TheCellMayGrowAndShrinkAgain) {
  constexpr int kSteps = 24, kUp = 20;
  std::vector<Sample> samples;
  for (int ones = 0; ones <= kUp; ++ones) {
    Tensor x(DataType::kFloat, {1, kSteps, 1});
    for (int t = 0; t < kSteps; ++t) x.values<float>()[t] = t >= kUp - ones && t < kUp ? 1 : -1;
    samples.push_back({{"x", x}});
  }
  const RewriteReport plain = Rewrite("keras_counter", QuantizationMode::kNone, samples);
  ASSERT_TRUE(plain.comparison.has_value()) << plain.not_compared;
  EXPECT_NEAR(plain.comparison->outputs[0].max, std::tanh(20.0 / 16), 1e-4);
  EXPECT_LT(plain.comparison->outputs[0].max_abs_error, 1e-5);
}

}  // namespace
}  // namespace tfxm
