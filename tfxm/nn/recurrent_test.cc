// SPDX-License-Identifier: Apache-2.0

// Recurrent layers beyond Keras's numbers (sequence_golden_test.cc): states, messages, randomness.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "tfxm/nn/nn.h"
#include "tfxm/nn/test_util.h"

namespace tfxm::nn {
namespace {

using testing::FloatNear;
using testing::HasSubstr;
using testing::Pointwise;

std::string ErrorOf(const KerasTensor& tensor) { return std::string(tensor.node()->status.message()); }

TEST(RecurrentTest, StepByStepIsTheWholeSeries) {
  constexpr int64_t kSteps = 5;
  const LayerRef lstm = layers::LSTM(3, {.return_state = true});
  const KerasTensor series = Input({kSteps, 2}, {.name = "series"});
  Model whole({series}, lstm.Outputs({series}));
  const KerasTensor reading = Input({1, 2}, {.name = "reading"});
  const KerasTensor h = Input({3}, {.name = "h"}), c = Input({3}, {.name = "c"});
  const std::vector<KerasTensor> next = lstm.Outputs({reading, h, c});
  ASSERT_EQ(next.size(), 3);
  EXPECT_EQ(next[2].shape(), (Shape{-1, 3}));
  Model step({reading, h, c}, {{"output", next[0]}, {"next_h", next[1]}, {"next_c", next[2]}});

  const Tensor values = Wave({1, kSteps, 2}, 0);
  const auto expected = whole.Predict({{"series", values}});
  ASSERT_TRUE(expected.ok()) << expected.status();
  std::vector<Tensor> outputs = {Tensor(), Floats({1, 3}, {0, 0, 0}), Floats({1, 3}, {0, 0, 0})};
  for (int64_t t = 0; t < kSteps; ++t) {
    const auto made = step.Predict(
        {{"reading", Floats({1, 1, 2}, {values.values<float>()[2 * t], values.values<float>()[2 * t + 1]})},
         {"h", outputs[1]},
         {"c", outputs[2]}});
    ASSERT_TRUE(made.ok()) << made.status();
    outputs = *made;
  }
  for (int i = 0; i < 3; ++i)
    EXPECT_THAT(FloatValues(outputs[i]), Pointwise(FloatNear(1e-6f), FloatValues((*expected)[i]))) << i;
}

TEST(RecurrentTest, DropoutIsOfTrainingOnly) {
  Sequential model({layers::InputLayer({4, 6}), layers::GRU(8, {.dropout = 0.5, .recurrent_dropout = 0.5})});
  ASSERT_EQ(model.Compile({.optimizer = optimizers::SGD({.learning_rate = 1e-12}), .loss = "mse"}), absl::OkStatus());
  Batch batch;
  batch.features["x"] = Wave({16, 4, 6}, 0);
  batch.labels[""] = Wave({16, 8}, 1);
  const double plain = *FindLog(*model.TestOnBatch(batch), "loss");
  const double first = *FindLog(*model.TrainOnBatch(batch), "loss"),
               second = *FindLog(*model.TrainOnBatch(batch), "loss");
  EXPECT_DOUBLE_EQ(*FindLog(*model.TestOnBatch(batch), "loss"), plain);
  EXPECT_NE(first, plain);
  EXPECT_NE(first, second);
}

TEST(RecurrentTest, RecurrentKernelsStartOrthogonalAndForgetGatesOpen) {
  Sequential model({layers::InputLayer({2, 3}), layers::LSTM(4, {.name = "lstm"})});
  const auto weights = model.GetWeights();
  ASSERT_TRUE(weights.ok()) << weights.status();
  const std::vector<float> kernel = FloatValues(weights->at("lstm/lstm_cell/recurrent_kernel"));
  for (int i = 0; i < 4; ++i) {
    for (int k = 0; k < 4; ++k) {
      double product = 0;
      for (int n = 0; n < 16; ++n) product += kernel[16 * i + n] * kernel[16 * k + n];
      EXPECT_NEAR(product, i == k ? 1 : 0, 1e-5) << i << " " << k;
    }
  }
  EXPECT_EQ(FloatValues(weights->at("lstm/lstm_cell/bias")),
            (std::vector<float>{0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0}));
}

TEST(RecurrentTest, Messages) {
  using namespace layers;  // NOLINT
  const KerasTensor x = Input({5, 2});
  EXPECT_THAT(ErrorOf(LSTM(3)(Input({-1, 2}))), HasSubstr("pad sequences of several lengths"));
  EXPECT_THAT(ErrorOf(LSTM(3)(Input({2}))), HasSubstr("[batch, steps, features]"));
  EXPECT_THAT(ErrorOf(GRU(0)(x)), HasSubstr("units must be positive"));
  EXPECT_THAT(ErrorOf(GRU(2, {.dropout = 1})(x)), HasSubstr("a rate must be in [0, 1)"));
  EXPECT_THAT(ErrorOf(LSTM(3)({x, Input({3})})), HasSubstr("2 initial states or none"));
  EXPECT_THAT(ErrorOf(Bidirectional(Dense(3))(x)), HasSubstr("takes an LSTM, GRU or SimpleRNN"));
  EXPECT_THAT(ErrorOf(Bidirectional(LSTM(3), {.merge_mode = "max"})(x)), HasSubstr("merge_mode"));
  EXPECT_THAT(ErrorOf(Bidirectional(LSTM(3), {.backward_layer = LSTM(3)})(x)), HasSubstr("the other go_backwards"));
  EXPECT_THAT(ErrorOf(LSTM(3, {.return_state = true, .fused = true})(x)), HasSubstr("no states that come out"));
  EXPECT_THAT(ErrorOf(LSTM(3, {.activation = "relu", .fused = true})(x)), HasSubstr("tanh and sigmoid"));
  const KerasTensor tokens = Input({5}, {.name = "tokens", .dtype = DataType::kInt64});
  Model masked({tokens}, {LSTM(3, {.fused = true})(Embedding(7, 2, {.mask_zero = true})(tokens))});
  EXPECT_THAT(std::string(masked.Predict({{"tokens", Ints({1, 5}, {1, 2, 3, 0, 0})}}).status().message()),
              HasSubstr("fused: TFLite's operator takes no mask"));
  EXPECT_THAT(ErrorOf(MultiHeadAttention(2, 3)(x)), HasSubstr("{query, value}"));
  EXPECT_THAT(ErrorOf(MultiHeadAttention(2, 3)({x, Input({-1, 2})})), HasSubstr("steps and features known"));
}

}  // namespace
}  // namespace tfxm::nn
