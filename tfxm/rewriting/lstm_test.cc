// SPDX-License-Identifier: Apache-2.0

// LSTMs as Keras 2 writes them: with a batch that is known TensorFlow's converter makes one operator of them; with an
// open batch they are a loop.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "tfxm/litert/compiled_model.h"
#include "tfxm/rewriting/test_saved_models.h"
#include "tfxm/rewriting/tflite_rewriter.h"
#include "tfxm/saved_model/saved_model.h"
#include "tfxm/testing/temp_dir.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

using rewriting::testing::Weights;

std::string Output(const std::string& name, QuantizationMode mode) {
  static const TempDir dir;
  return dir / (name + std::to_string(static_cast<int>(mode)));
}

// Rewrites a model of testdata/make_models.py. The report compares SavedModel and file on the samples.
RewriteReport Rewrite(const std::string& name, QuantizationMode mode, const std::vector<Sample>& samples,
                      int batch_size = 0) {
  RewriterOptions options{.name = name, .quantization = mode, .batch_size = batch_size};
  options.representative_dataset.samples = samples;
  TfliteRewriter rewriter(options);
  EXPECT_EQ(RewriteSavedModel("tfxm/rewriting/testdata/" + name, Output(name, mode), rewriter, ModelType::kTfliteModel),
            absl::OkStatus());
  return rewriter.report();
}

// Of a cell that counts to 20 and is then halved four times.
std::vector<Sample> CounterSamples() {
  constexpr int kSteps = 24, kUp = 20;
  std::vector<Sample> samples;
  for (int ones = 0; ones <= kUp; ++ones) {
    Tensor x(DataType::kFloat, {1, kSteps, 1});
    for (int t = 0; t < kSteps; ++t) x.values<float>()[t] = t >= kUp - ones && t < kUp ? 1 : -1;
    samples.push_back({{"x", x}});
  }
  return samples;
}

TEST(FusedLstmTest, OneOfBatch1IsOneOperator) {
  for (const auto& [mode, least_sqnr] : {std::pair{QuantizationMode::kNone, 100.0},
                                         {QuantizationMode::kFloat16, 50.0},
                                         {QuantizationMode::kDynamicRange, 30.0},
                                         {QuantizationMode::kInt8, 15.0}}) {
    SCOPED_TRACE(static_cast<int>(mode));
    const RewriteReport report = Rewrite("keras_counter", mode, CounterSamples());
    const auto lstm = report.model.ops.find("UNIDIRECTIONAL_SEQUENCE_LSTM");
    ASSERT_NE(lstm, report.model.ops.end());
    EXPECT_EQ(lstm->second.count, 1);
    EXPECT_EQ(lstm->second.quantized, 0);  // Its int8 kernel needs more than a calibration knows: it stays in float.
    ASSERT_TRUE(report.comparison.has_value()) << report.not_compared;
    EXPECT_GT(report.comparison->outputs[0].sqnr_db, least_sqnr);
  }
}

// Clipped at 10, as the converter has it, the answer would be another.
TEST(FusedLstmTest, TheCellMayGrowAndShrinkAgain) {
  const RewriteReport plain = Rewrite("keras_counter", QuantizationMode::kNone, CounterSamples());
  ASSERT_TRUE(plain.comparison.has_value()) << plain.not_compared;
  EXPECT_NEAR(plain.comparison->outputs[0].max, std::tanh(20.0 / 16), 1e-4);
  EXPECT_LT(plain.comparison->outputs[0].max_abs_error, 1e-5);
}

// What a file and its SavedModel compute on one object, at batches up and down: the largest difference.
double LargestError(const std::string& file, const SavedModel& saved_model, const Shape& example,
                    const std::vector<int64_t>& batches = {1, 3, 33, 2, 1}) {
  const auto model = litert::CompiledModel::Load(file);
  const auto signature = saved_model.FindSignature("serving_default");
  EXPECT_TRUE(model.ok() && signature.ok()) << model.status() << signature.status();
  double largest = 0;
  int run = 0;
  for (const int64_t batch : batches) {
    const Tensor x = Weights({batch, example[0], example[1]}, 2, static_cast<int>(batch) + run++);
    const auto expected = saved_model.Run(**signature, {{"x", x}});
    EXPECT_TRUE(expected.ok()) << expected.status();
    EXPECT_EQ((*model)->ResizeBatch(batch), absl::OkStatus());
    std::memcpy((*model)->input(0).data(), x.bytes().data(), x.bytes().size());
    EXPECT_EQ((*model)->Run(), absl::OkStatus());
    const Tensor& y = expected->begin()->second;
    EXPECT_EQ((*model)->output_shape(0), y.shape());
    if ((*model)->output_shape(0) != y.shape()) return HUGE_VAL;
    const auto* values = reinterpret_cast<const float*>((*model)->output(0).data());
    for (int64_t k = 0; k < y.num_elements(); ++k) {
      largest = std::max<double>(largest, std::abs(values[k] - y.values<float>()[k]));
    }
  }
  return largest;
}

// Also a loop over the batch, which calibration, one example at a time, sees once.
TEST(RecurrentLayerTest, RunsAtAnyBatchInEveryMode) {
  for (const auto& [name, example] :
       std::map<std::string, Shape>{{"keras_lstm", {5, 2}}, {"recurrent", {4, 2}}, {"mapped", {4, 2}}}) {
    const auto saved_model = SavedModel::Load("tfxm/rewriting/testdata/" + name);
    ASSERT_TRUE(saved_model.ok()) << saved_model.status();
    std::vector<Sample> samples;
    for (int i = 0; i < 100; ++i) samples.push_back({{"x", Weights({1, example[0], example[1]}, 2, i)}});
    for (const auto& [mode, most] : {std::pair{QuantizationMode::kNone, 1e-6},
                                     {QuantizationMode::kFloat16, 5e-3},
                                     {QuantizationMode::kDynamicRange, 0.05},
                                     {QuantizationMode::kInt8, 0.1},
                                     {QuantizationMode::kInt16x8, 0.05}}) {
      SCOPED_TRACE(name + " " + std::string(QuantizationName(mode)));
      const RewriteReport report = Rewrite(name, mode, samples);
      EXPECT_EQ(report.model.ops.at("WHILE").count, 1);
      if (mode == QuantizationMode::kInt8) {
        EXPECT_EQ(report.model.ops.at("FULLY_CONNECTED").quantized, report.model.ops.at("FULLY_CONNECTED").count);
      }
      EXPECT_LT(LargestError(io::JoinPath(Output(name, mode), "tflite"), **saved_model, example), most);
    }
  }
}

std::vector<Sample> LstmSamples() {
  std::vector<Sample> samples;
  for (int i = 0; i < 100; ++i) samples.push_back({{"x", Weights({1, 5, 2}, 2, i)}});
  return samples;
}

TEST(FusedLstmTest, ABatchSizeMakesOneOperatorOfAnOpenBatch) {
  const auto saved_model = SavedModel::Load("tfxm/rewriting/testdata/keras_lstm");
  ASSERT_TRUE(saved_model.ok()) << saved_model.status();
  for (const int batch : {1, 3, 33}) {
    for (const auto& [mode, most] : {std::pair{QuantizationMode::kNone, 1e-6},
                                     {QuantizationMode::kFloat16, 5e-3},
                                     {QuantizationMode::kDynamicRange, 0.05},
                                     {QuantizationMode::kInt8, 0.1},
                                     {QuantizationMode::kInt16x8, 0.05}}) {
      if (batch != 3 && mode != QuantizationMode::kNone) continue;
      SCOPED_TRACE(std::to_string(batch) + " " + std::string(QuantizationName(mode)));
      const RewriteReport report = Rewrite("keras_lstm", mode, LstmSamples(), batch);
      ASSERT_EQ(report.model.ops.count("UNIDIRECTIONAL_SEQUENCE_LSTM"), 1);
      EXPECT_EQ(report.model.ops.count("WHILE"), 0);
      EXPECT_TRUE(report.comparison.has_value()) << report.not_compared;
      // One series after the other on one object.
      const std::string file = io::JoinPath(Output("keras_lstm", mode), "tflite");
      EXPECT_LT(LargestError(file, **saved_model, {5, 2}, {batch, batch, batch}), most);
    }
  }
}

TEST(FusedLstmTest, TheReportOfAnOpenBatchSaysHow) {
  const auto advises = [](const RewriteReport& report) {
    return std::any_of(report.notes.begin(), report.notes.end(),
                       [](const std::string& note) { return absl::StrContains(note, "--batch_size=1 (batch_size)"); });
  };
  EXPECT_TRUE(advises(Rewrite("keras_lstm", QuantizationMode::kNone, {})));
  const RewriteReport followed = Rewrite("keras_lstm", QuantizationMode::kNone, {}, 1);
  EXPECT_FALSE(advises(followed));
  EXPECT_EQ(followed.model.ops.count("UNIDIRECTIONAL_SEQUENCE_LSTM"), 1);
  EXPECT_TRUE(std::any_of(followed.notes.begin(), followed.notes.end(), [](const std::string& note) {
    return absl::StrContains(note, "sets it back before each example");
  }));
  EXPECT_FALSE(advises(Rewrite("recurrent", QuantizationMode::kNone, {})));  // It cannot be one operator.
}

TEST(FusedLstmTest, ABatchSizeIsForAnOpenBatch) {
  for (const auto& [batch, message] : std::map<int, std::string>{
           {3,
            "batch_size 3: the SavedModel was exported with a batch of its own; signature \"serving_default\" takes "
            "\"x\" float32 [1, 24, 1]"},
           {-1, "batch_size must be positive, got -1"}}) {
    TfliteRewriter rewriter({.name = "fixed", .batch_size = batch});
    const absl::Status status =
        RewriteSavedModel("tfxm/rewriting/testdata/keras_counter", Output("fixed", QuantizationMode::kNone), rewriter,
                          ModelType::kTfliteModel);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_TRUE(absl::StrContains(status.message(), message)) << status;
  }
}

}  // namespace
}  // namespace tfxm
