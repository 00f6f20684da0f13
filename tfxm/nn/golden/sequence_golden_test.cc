// SPDX-License-Identifier: Apache-2.0

// Models of sequences train as Keras's: losses, outputs and weights against testdata/sequence_goldens.json.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tfxm/nn/golden/test_goldens.h"
#include "tfxm/nn/nn.h"
#include "tfxm/nn/test_util.h"

namespace tfxm::nn {
namespace {

struct Case {
  Model model;
  std::vector<Tensor> inputs;
  // Where Keras drops the mask: the outputs of masked steps are its own business.
  bool real_steps_only = false;
};

KerasTensor FloatInput(const Shape& shape) { return Input(Shape(shape.begin() + 1, shape.end())); }

// A stack of layers on [batch, …].
Case Of(const std::vector<LayerRef>& stack, const Shape& shape) {
  const KerasTensor x = FloatInput(shape);
  KerasTensor y = x;
  for (const LayerRef& layer : stack) y = layer(y);
  return {Model({x}, {y}), {Wave(shape, 0)}};
}
Case Of(const LayerRef& layer, const Shape& shape) { return Of(std::vector<LayerRef>{layer}, shape); }

Case WithState(const LayerRef& layer, const Shape& shape, int num_states) {
  std::vector<KerasTensor> inputs = {FloatInput(shape)};
  std::vector<Tensor> values = {Wave(shape, 0)};
  for (int i = 0; i < num_states; ++i) {
    inputs.push_back(Input({3}));
    values.push_back(Wave({shape[0], 3}, 1 + i));
  }
  return {Model(inputs, layer.Outputs(inputs)), values};
}

// Sequences of 1 + (2 * i) % steps tokens, the rest is 0.
Tensor Tokens(const Shape& shape) {
  Tensor tokens(DataType::kInt64, shape);
  for (int64_t i = 0; i < shape[0]; ++i) {
    for (int64_t t = 0; t < shape[1]; ++t) {
      tokens.values<int64_t>()[i * shape[1] + t] = t < 1 + (2 * i) % shape[1] ? (3 * i + 2 * t) % 6 + 1 : 0;
    }
  }
  return tokens;
}

Case Embedded(const std::function<KerasTensor(const KerasTensor&)>& make) {
  const KerasTensor x = Input({5}, {.dtype = DataType::kInt64});
  return {Model({x}, {make(layers::Embedding(7, 4, {.mask_zero = true})(x))}), {Tokens({3, 5})}};
}

Case Encoded(const std::string& mode, int64_t steps = 5) {
  const KerasTensor x = Input({steps}, {.dtype = DataType::kInt64});
  return {Model({x}, {layers::Dense(2)(layers::CategoryEncoding(7, {.output_mode = mode})(x))}), {Tokens({3, steps})}};
}

Case MaskedWithState(const LayerRef& layer, int num_states) {
  std::vector<KerasTensor> inputs = {Input({5}, {.dtype = DataType::kInt64})};
  std::vector<Tensor> values = {Tokens({3, 5})};
  std::vector<KerasTensor> arguments = {layers::Embedding(7, 4, {.mask_zero = true})(inputs[0])};
  for (int i = 0; i < num_states; ++i) {
    inputs.push_back(Input({3}));
    arguments.push_back(inputs.back());
    values.push_back(Wave({3, 3}, 1 + i));
  }
  return {Model(inputs, layer.Outputs(arguments)), values};
}

Case Masked() {
  Case made = Of({layers::Masking(0.5), layers::GRU(3, {.return_sequences = true})}, {2, 5, 3});
  for (int i = 2 * 3; i < 5 * 3; ++i) made.inputs[0].values<float>()[i] = 0.5f;
  return made;
}

Case Attention(const LayerRef& layer, const std::vector<Shape>& shapes) {
  std::vector<KerasTensor> inputs;
  std::vector<Tensor> values;
  for (const Shape& shape : shapes) {
    inputs.push_back(FloatInput(shape));
    values.push_back(Wave(shape, static_cast<double>(inputs.size()) - 1));
  }
  if (inputs.size() == 1) return {Model(inputs, {layer({inputs[0], inputs[0]})}), values};
  return {Model(inputs, {layer(inputs)}), values};
}

Case AttentionMask() {
  Case made = Attention(layers::MultiHeadAttention(2, 3, {.attention_mask = true}), {{2, 4, 6}, {2, 5, 3}, {2, 4, 5}});
  int i = 0;
  for (float& value : made.inputs[2].values<float>()) value = i++ % 3 > 0 ? 1 : 0;
  return made;
}

Case Siamese() {
  const KerasTensor a = Input({3}), x = Input({3}), y = Input({3});
  const Model base({a}, {layers::BatchNormalization({.momentum = 0.8})(layers::Dense(4)(a))});
  return {Model({x, y}, {layers::Dense(1)(layers::Subtract()({base(x), base(y)}))}),
          {Wave({5, 3}, 0), Wave({5, 3}, 1)}};
}

std::map<std::string, std::function<Case()>> Cases() {
  using namespace layers;  // NOLINT
  return {
      {"lstm", [] { return Of(LSTM(3), {2, 5, 4}); }},
      {"lstm_sequences_backwards",
       [] { return Of(LSTM(3, {.return_sequences = true, .go_backwards = true}), {2, 5, 4}); }},
      {"lstm_options",
       [] {
         return Of(LSTM(3, {.activation = "softsign", .recurrent_activation = "hard_sigmoid", .use_bias = false}),
                   {2, 5, 4});
       }},
      {"lstm_state", [] { return WithState(LSTM(3, {.return_state = true}), {2, 4, 2}, 2); }},
      {"gru", [] { return Of(GRU(3), {2, 5, 4}); }},
      {"gru_sequences", [] { return Of(GRU(3, {.return_sequences = true}), {2, 4, 2}); }},
      {"gru_reset_before", [] { return Of(GRU(3, {.reset_after = false}), {2, 5, 4}); }},
      {"gru_no_bias", [] { return Of(GRU(3, {.use_bias = false}), {2, 5, 4}); }},
      {"gru_state", [] { return WithState(GRU(3, {.return_state = true}), {2, 4, 2}, 1); }},
      {"simple_rnn", [] { return Of(SimpleRNN(3), {2, 5, 4}); }},
      {"bidirectional", [] { return Of(Bidirectional(LSTM(3)), {2, 5, 4}); }},
      {"bidirectional_sum",
       [] { return Of(Bidirectional(GRU(2, {.return_sequences = true}), {.merge_mode = "sum"}), {2, 4, 3}); }},
      {"stacked", [] { return Of({LSTM(3, {.return_sequences = true}), LSTM(2)}, {2, 5, 4}); }},
      {"embedding_lstm", [] { return Embedded([](const KerasTensor& x) { return LSTM(3)(x); }); }},
      {"embedding_bidirectional",
       [] { return Embedded([](const KerasTensor& x) { return Bidirectional(GRU(2))(x); }); }},
      {"embedding_gru_dense",
       [] { return Embedded([](const KerasTensor& x) { return Dense(2)(GRU(3, {.return_sequences = true})(x)); }); }},
      {"embedding_average",
       [] {
         return Embedded(
             [](const KerasTensor& x) { return GlobalAveragePooling1D()(Dense(3, {.activation = "tanh"})(x)); });
       }},
      {"embedding_attention",
       [] {
         return Embedded(
             [](const KerasTensor& x) { return GlobalAveragePooling1D()(MultiHeadAttention(2, 3)({x, x})); });
       }},
      {"gru_state_mask", [] { return MaskedWithState(GRU(3, {.return_sequences = true}), 1); }},
      {"lstm_state_mask", [] { return MaskedWithState(LSTM(3, {.return_state = true}), 2); }},
      {"bidirectional_state_mask",
       [] { return MaskedWithState(Bidirectional(GRU(3, {.return_sequences = true})), 2); }},
      {"gru_state_dropped_mask",
       [] {
         Case made = MaskedWithState(GRU(3, {.return_sequences = true}), 1);
         made.real_steps_only = true;
         return made;
       }},
      {"masking", Masked},
      {"time_distributed", [] { return Of(TimeDistributed(Conv2D(2, 2)), {2, 3, 4, 4, 2}); }},
      {"time_distributed_batches",
       [] { return Of(TimeDistributed(BatchNormalization({.momentum = 0.7})), {4, 3, 2}); }},
      {"time_distributed_model",
       [] {
         const Sequential inner({InputLayer({4, 2}), LSTM(3), Dense(2)});
         return Of({TimeDistributed(inner), GRU(2)}, {2, 3, 4, 2});
       }},
      {"time_distributed_mask",
       [] {
         return Embedded(
             [](const KerasTensor& x) { return GRU(2)(TimeDistributed(Dense(3, {.activation = "tanh"}))(x)); });
       }},
      {"siamese", Siamese},
      {"multi_hot", [] { return Encoded("multi_hot"); }},
      {"count", [] { return Encoded("count"); }},
      {"one_hot", [] { return Encoded("one_hot", 1); }},
      {"attention", [] { return Attention(MultiHeadAttention(2, 3), {{2, 4, 6}}); }},
      {"attention_cross",
       [] {
         return Attention(MultiHeadAttention(2, 3, {.value_dim = 2, .output_dim = 5}),
                          {{2, 4, 6}, {2, 5, 3}, {2, 5, 2}});
       }},
      {"attention_causal",
       [] { return Attention(MultiHeadAttention(3, 2, {.use_bias = false, .use_causal_mask = true}), {{2, 4, 6}}); }},
      {"attention_mask", AttentionMask},
      {"group_normalization", [] { return Of(GroupNormalization(2), {2, 3, 2, 4}); }},
      {"depthwise_conv1d",
       [] { return Of(DepthwiseConv1D(3, {.strides = 2, .padding = "same", .depth_multiplier = 2}), {2, 7, 3}); }},
      {"depthwise_conv1d_dilated", [] { return Of(DepthwiseConv1D(2, {.dilation_rate = 2}), {2, 7, 3}); }},
      {"zero_padding1d", [] { return Of({ZeroPadding1D(1, 2), Conv1D(2, 2)}, {2, 3, 2}); }},
      {"activity_regularization",
       [] { return Of({Dense(3), ActivityRegularization(regularizers::L1L2(0.02, 0.01)), Dense(2)}, {2, 4}); }},
  };
}

// In the order of the layers, as Keras's model.weights.
std::vector<const Weight*> WeightsOf(const Model& model) {
  std::vector<const Weight*> weights;
  for (const auto& layer : model.layers()) {
    for (const Weight* weight : layer->AllWeights()) weights.push_back(weight);
  }
  return weights;
}

TEST(SequenceGoldenTest, TrainsLikeKeras) {
  const auto cases = Cases();
  const google::protobuf::Struct goldens = ReadGoldens("sequence_goldens.json");
  EXPECT_EQ(cases.size(), goldens.fields_size());
  for (const auto& [name, golden] : goldens.fields()) {
    SCOPED_TRACE(name);
    ASSERT_EQ(cases.count(name), 1);
    Case made = cases.at(name)();
    Model& model = made.model;
    ASSERT_EQ(model.status(), absl::OkStatus());
    std::map<std::string, Tensor> weights;
    double phase = 10;
    for (const Weight* weight : WeightsOf(model)) {
      Tensor& value = weights[weight->full_name()] = Wave(weight->shape, phase++, 0.5);
      if (weight->name != "moving_variance") continue;
      for (float& v : value.values<float>()) v = std::fabs(v) + 0.5f;
    }
    ASSERT_EQ(model.SetWeights(weights), absl::OkStatus());
    ASSERT_EQ(model.Compile({.optimizer = optimizers::SGD({.learning_rate = 0.1}), .loss = "mse"}), absl::OkStatus());
    Batch batch;
    for (size_t i = 0; i < made.inputs.size(); ++i) batch.features[model.inputs()[i].name] = made.inputs[i];
    phase = 50;
    for (const TensorSpec& output : model.outputs()) {
      Shape shape = output.shape;
      shape[0] = made.inputs[0].shape()[0];
      batch.labels[output.name] = Wave(shape, phase++);
    }
    const auto& fields = golden.struct_value().fields();
    for (const double expected : Numbers(fields.at("losses"))) {
      const auto logs = model.TrainOnBatch(batch);
      ASSERT_TRUE(logs.ok()) << logs.status();
      EXPECT_NEAR(*FindLog(*logs, "loss"), expected, 1e-5 * std::max(1.0, expected));
    }
    const auto outputs = model.Predict(batch.features);
    ASSERT_TRUE(outputs.ok()) << outputs.status();
    const auto& expected_outputs = fields.at("outputs").list_value();
    ASSERT_EQ(outputs->size(), expected_outputs.values_size());
    for (size_t i = 0; i < outputs->size(); ++i) {
      std::vector<double> expected = Numbers(expected_outputs.values(static_cast<int>(i)));
      if (made.real_steps_only) {
        const auto tokens = made.inputs[0].values<int64_t>();
        const size_t units = expected.size() / tokens.size();
        for (size_t k = 0; k < expected.size(); ++k) {
          if (tokens[k / units] == 0) expected[k] = (*outputs)[i].values<float>()[k];
        }
      }
      ExpectNear((*outputs)[i], expected, absl::StrCat("output ", i));
    }
    const auto after = model.GetWeights();
    ASSERT_TRUE(after.ok()) << after.status();
    int i = 0;
    for (const Weight* weight : WeightsOf(model)) {
      ExpectNear(after->at(weight->full_name()), Numbers(fields.at("weights").list_value().values(i++)),
                 weight->full_name());
    }
  }
}

}  // namespace
}  // namespace tfxm::nn
