// SPDX-License-Identifier: Apache-2.0

// Models of recurrent and attention layers become TFLite models of builtin operators, at any batch.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "tfxm/litert/compiled_model.h"
#include "tfxm/nn/nn.h"
#include "tfxm/nn/test_util.h"
#include "tfxm/rewriting/rewriter.h"
#include "tfxm/rewriting/tflite_rewriter.h"
#include "tfxm/testing/temp_dir.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

namespace layers = nn::layers;

struct Case {
  nn::KerasTensor input, output;
};

std::map<std::string, Case> Cases() {
  std::map<std::string, Case> cases;
  const auto add = [&](const std::string& name, auto make) {
    const nn::KerasTensor x = nn::Input({6, 3}, {.name = "x"});
    cases[name] = {x, make(x)};
  };
  using nn::KerasTensor;
  add("lstm", [](const KerasTensor& x) { return layers::LSTM(4)(x); });
  add("lstm_sequences", [](const KerasTensor& x) { return layers::LSTM(4, {.return_sequences = true})(x); });
  add("fused_lstm", [](const KerasTensor& x) { return layers::LSTM(4, {.fused = true})(x); });
  add("gru", [](const KerasTensor& x) { return layers::GRU(4)(x); });
  add("gru_reset_before", [](const KerasTensor& x) { return layers::GRU(4, {.reset_after = false})(x); });
  add("simple_rnn", [](const KerasTensor& x) { return layers::SimpleRNN(4)(x); });
  add("bidirectional",
      [](const KerasTensor& x) { return layers::Bidirectional(layers::LSTM(4, {.return_sequences = true}))(x); });
  add("masked", [](const KerasTensor& x) { return layers::LSTM(4)(layers::Masking()(x)); });
  add("attention", [](const KerasTensor& x) { return layers::MultiHeadAttention(2, 4)({x, x}); });
  add("causal_attention",
      [](const KerasTensor& x) { return layers::MultiHeadAttention(2, 4, {.use_causal_mask = true})({x, x}); });
  add("group_normalization", [](const KerasTensor& x) { return layers::GroupNormalization(3)(x); });
  add("depthwise_conv1d", [](const KerasTensor& x) { return layers::DepthwiseConv1D(3)(x); });
  return cases;
}

TEST(SequenceModelsTest, ConvertAtAnyBatch) {
  const TempDir dir;
  for (const auto& [name, made] : Cases()) {
    SCOPED_TRACE(name);
    nn::Model model({made.input}, {made.output});
    const std::string saved_model = dir / name;
    const std::string tflite = saved_model + "_tflite";
    ASSERT_EQ(model.Save(saved_model), absl::OkStatus());
    const auto rewriter = CreateRewriter(kTfliteRewriter, {.name = name});
    ASSERT_TRUE(rewriter.ok()) << rewriter.status();
    ASSERT_EQ(RewriteSavedModel(saved_model, tflite, **rewriter, ModelType::kTfliteModel), absl::OkStatus());
    const auto compiled = litert::CompiledModel::Load(io::JoinPath(tflite, "tflite"));
    ASSERT_TRUE(compiled.ok()) << compiled.status();
    for (const int64_t batch : {1, 5}) {
      Tensor x(DataType::kFloat, {batch, 6, 3});
      float i = 0;
      for (float& value : x.values<float>()) value = std::sin(i++);
      std::fill_n(x.values<float>().begin() + 3 * (6 * batch - 2), 6, 0.0f);  // For the mask.
      const auto expected = model.Predict({{"x", x}});
      ASSERT_TRUE(expected.ok()) << expected.status();
      ASSERT_EQ((*compiled)->ResizeBatch(batch), absl::OkStatus());
      std::memcpy((*compiled)->input(0).data(), x.bytes().data(), x.bytes().size());
      ASSERT_EQ((*compiled)->Run(), absl::OkStatus());
      EXPECT_EQ((*compiled)->output_shape(0), (*expected)[0].shape());
      const auto* values = reinterpret_cast<const float*>((*compiled)->output(0).data());
      for (int64_t k = 0; k < (*expected)[0].num_elements(); ++k) {
        ASSERT_NEAR(values[k], (*expected)[0].values<float>()[k], 1e-5) << k;
      }
    }
  }
}

// With the layer's option and a batch that is known, an LSTM is TFLite's operator, each direction of a Bidirectional one.
TEST(SequenceModelsTest, LstmsAreFusedWhereTheyShallBe) {
  const TempDir dir;
  const nn::KerasTensor x = nn::Input({6, 3}, {.name = "x"});
  const layers::LSTMOptions sequences{.return_sequences = true, .fused = true};
  struct Fused {
    nn::KerasTensor output;
    int operators;
  };
  const std::map<std::string, Fused> cases = {
      {"last", {layers::LSTM(4, {.fused = true})(x), 1}},
      {"backwards", {layers::LSTM(4, {.go_backwards = true, .fused = true})(x), 1}},
      {"two", {layers::LSTM(4, {.fused = true})(layers::LSTM(5, sequences)(x)), 2}},
      {"bidirectional", {layers::Bidirectional(layers::LSTM(4, sequences))(x), 2}},
      {"bidirectional_sum", {layers::Bidirectional(layers::LSTM(4, {.fused = true}), {.merge_mode = "sum"})(x), 2}},
  };
  std::vector<Sample> samples;
  for (int i = 0; i < 60; ++i) samples.push_back({{"x", nn::Wave({1, 6, 3}, i)}});
  for (const auto& [name, fused] : cases) {
    nn::Model model({x}, {fused.output});
    const std::string saved_model = dir / name;
    ASSERT_EQ(model.Save(saved_model), absl::OkStatus());
    for (const auto& [mode, most] : {std::pair{QuantizationMode::kNone, 1e-5},
                                     {QuantizationMode::kFloat16, 5e-3},
                                     {QuantizationMode::kDynamicRange, 0.05},
                                     {QuantizationMode::kInt8, 0.1},
                                     {QuantizationMode::kInt16x8, 0.05}}) {
      for (const int batch : {1, 3}) {
        if (name == "bidirectional" ? batch == 1 : mode != QuantizationMode::kNone) continue;
        SCOPED_TRACE(name + " " + std::string(QuantizationName(mode)) + " " + std::to_string(batch));
        RewriterOptions options{.name = name, .quantization = mode, .batch_size = batch};
        options.representative_dataset.samples = samples;
        TfliteRewriter rewriter(options);
        const std::string tflite = saved_model + "_tflite";
        ASSERT_EQ(RewriteSavedModel(saved_model, tflite, rewriter, ModelType::kTfliteModel), absl::OkStatus());
        const auto& ops = rewriter.report().model.ops;
        ASSERT_EQ(ops.count("UNIDIRECTIONAL_SEQUENCE_LSTM"), 1);
        EXPECT_EQ(ops.at("UNIDIRECTIONAL_SEQUENCE_LSTM").count, fused.operators);
        const auto compiled = litert::CompiledModel::Load(io::JoinPath(tflite, "tflite"));
        ASSERT_TRUE(compiled.ok()) << compiled.status();
        for (const int run : {0, 1, 2}) {
          const Tensor values = nn::Wave({batch, 6, 3}, run);
          const auto expected = model.Predict({{"x", values}});
          ASSERT_TRUE(expected.ok()) << expected.status();
          const auto made = (*compiled)->Run({{"x", values}});
          ASSERT_TRUE(made.ok()) << made.status();
          ASSERT_EQ(made->begin()->second.shape(), (*expected)[0].shape());
          for (int64_t k = 0; k < (*expected)[0].num_elements(); ++k) {
            ASSERT_NEAR(made->begin()->second.values<float>()[k], (*expected)[0].values<float>()[k], most) << run;
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace tfxm
