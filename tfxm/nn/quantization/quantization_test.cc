// SPDX-License-Identifier: Apache-2.0

// Quantization-aware training: what the model computes, what is saved.
#include "tfxm/nn/quantization/quantization.h"

#include <gmock/gmock.h>
#include <google/protobuf/struct.pb.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tfxm/nn/nn.h"
#include "tfxm/nn/test_util.h"
#include "tfxm/ops/ops.h"
#include "tfxm/ops/session.h"
#include "tfxm/testing/temp_dir.h"
#include "tfxm/util/io.h"

namespace tfxm::nn {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatEq;
using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

std::vector<std::string> LayerNames(const Model& model) {
  std::vector<std::string> names;
  for (const auto& layer : model.layers()) names.push_back(layer->name());
  return names;
}

std::vector<std::string> RangeNames(const Model& model) {
  std::vector<std::string> names;
  const auto weights = model.GetWeights();
  EXPECT_TRUE(weights.ok()) << weights.status();
  for (const auto& [name, value] : *weights) {
    if (name.size() > 4 && name.substr(name.size() - 4) == "_max") names.push_back(name);
  }
  return names;
}

// y = FakeQuant(x) in [min, max] as TensorFlow defines it (8 bits): the range is moved so that 0 is a step.
std::vector<float> FakeQuant(const std::vector<float>& xs, double min, double max, bool narrow) {
  const double low = narrow ? 1 : 0, high = 255;
  const float scale = static_cast<float>((max - min) / (high - low));
  const double zero = std::round(std::clamp<double>(low - min / scale, low, high));
  const double from = (low - zero) * scale, to = (high - zero) * scale;
  std::vector<float> ys;
  for (const float x : xs) {
    const double clamped = std::clamp<double>(x, from, to);
    ys.push_back(static_cast<float>(std::floor((clamped - from) / scale + 0.5) * scale + from));
  }
  return ys;
}

TEST(QuantizationTest, ConvolutionNormalizationAndReluAreQuantizedAsOne) {
  Sequential model({layers::InputLayer({8, 8, 1}, {.name = "image"}), layers::Conv2D(4, 3),
                    layers::BatchNormalization(), layers::ActivationLayer("relu6"), layers::DepthwiseConv2D(3),
                    layers::BatchNormalization(), layers::ReLU(), layers::MaxPooling2D(2), layers::Flatten(),
                    layers::Dense(3, {.activation = "softmax"})});
  auto quantized = QuantizeModel(model);
  ASSERT_TRUE(quantized.ok()) << quantized.status();
  EXPECT_THAT(LayerNames(*quantized),
              ElementsAre("image", "quantize_layer", "quant_conv2d", "quant_batch_normalization", "quant_activation",
                          "quant_depthwise_conv2d", "quant_batch_normalization_1", "quant_re_lu", "max_pooling2d",
                          "flatten", "quant_dense"));
  // After the input, each ReLU and before the softmax; nowhere between.
  EXPECT_THAT(RangeNames(*quantized), UnorderedElementsAre("quantize_layer/input_max", "quant_activation/output_max",
                                                           "quant_re_lu/output_max", "quant_dense/pre_activation_max"));
}

TEST(QuantizationTest, WhereBranchesMeetEachValueIsQuantizedOnce) {
  const KerasTensor x = Input({8, 8, 2}, {.name = "x"});
  const KerasTensor a = layers::Conv2D(4, 3, {.padding = "same", .activation = "relu", .name = "a"})(x);
  const KerasTensor b = layers::Conv2D(4, 3, {.padding = "same", .name = "b"})(a);
  const KerasTensor sum = layers::ReLU({.name = "relu"})(layers::Add({.name = "add"})({a, b}));
  const KerasTensor c = layers::Conv2D(2, 1, {.name = "c"})(sum);
  const KerasTensor d = layers::Conv2D(2, 1, {.name = "d"})(sum);
  Model model({x}, {layers::Concatenate(-1, {.name = "concat"})({c, d})});
  auto quantized = QuantizeModel(model);
  ASSERT_TRUE(quantized.ok()) << quantized.status();
  // b's own, as it goes into the sum; none for the sum, which the ReLU is part of; one for all that is concatenated.
  EXPECT_THAT(RangeNames(*quantized),
              UnorderedElementsAre("quantize_layer/input_max", "quant_a/output_max", "quant_b/output_max",
                                   "quant_relu/output_max", "quant_concat/output_max"));
}

TEST(QuantizationTest, OnlyAnnotatedLayersAreQuantized) {
  Sequential model({layers::InputLayer({4}, {.name = "x"}),
                    layers::Dense(5, {.activation = "exponential", .name = "first"}),
                    QuantizeAnnotateLayer(layers::Dense(3, {.name = "last"}))});
  auto quantized = QuantizeApply(model, {.quantized_layer_name_prefix = ""});
  ASSERT_TRUE(quantized.ok()) << quantized.status();
  EXPECT_THAT(LayerNames(*quantized), ElementsAre("x", "first", "quantize_layer", "last"));
  EXPECT_THAT(RangeNames(*quantized), UnorderedElementsAre("quantize_layer/input_max", "last/output_max"));
  EXPECT_EQ(quantized->outputs()[0].name, "last");
}

TEST(QuantizationTest, WhatCannotBeQuantizedIsNamed) {
  Sequential custom({layers::InputLayer({4}), layers::Lambda([](const auto& xs) { return xs[0]; }, {.name = "mine"})});
  EXPECT_THAT(std::string(QuantizeModel(custom).status().message()),
              AllOf(HasSubstr("\"mine\" (Lambda)"), HasSubstr("QuantizeConfig")));
  EXPECT_THAT(std::string(QuantizeApply(custom).status().message()), HasSubstr("no layer is annotated"));
  Sequential normalized(
      {layers::InputLayer({4}), layers::Dense(3, {.activation = "relu"}), layers::BatchNormalization()});
  EXPECT_THAT(std::string(QuantizeModel(normalized).status().message()), HasSubstr("does not follow a convolution"));
  Sequential with_config(
      {layers::InputLayer({4}),
       QuantizeAnnotateLayer(layers::Lambda([](const auto& xs) { return xs[0]; }), {.output = false})});
  EXPECT_TRUE(QuantizeModel(with_config).ok());
}

TEST(QuantizationTest, WeightsAreCopiedAndKeepTheirNames) {
  Sequential model({layers::InputLayer({4}), layers::Dense(3)});
  Tensor kernel(DataType::kFloat, {4, 3});
  std::fill(kernel.values<float>().begin(), kernel.values<float>().end(), 0.5f);
  ASSERT_EQ(model.SetWeights({{"dense/kernel", kernel}}), absl::OkStatus());
  auto quantized = QuantizeModel(model);
  ASSERT_TRUE(quantized.ok()) << quantized.status();
  EXPECT_EQ(FloatValues(quantized->GetWeights()->at("dense/kernel")), FloatValues(kernel));
  EXPECT_EQ(quantized->CountParams(), model.CountParams() + 4);
}

TEST(QuantizationTest, IsNotSavedBeforeItIsTrained) {
  Sequential model({layers::InputLayer({4}, {.name = "x"}), layers::Dense(3)});
  auto quantized = QuantizeModel(model);
  ASSERT_TRUE(quantized.ok()) << quantized.status();
  const TempDir temporary;
  const std::string& dir = temporary.path();
  EXPECT_THAT(std::string(quantized->Save(dir).message()),
              HasSubstr("\"quantize_layer\" has seen no values yet (or only 0)"));
  ASSERT_EQ(quantized->Compile({.loss = "mse"}), absl::OkStatus());
  Batch batch;
  batch.features["x"] = Floats({1, 4}, {1, 2, 3, 4});
  batch.labels[""] = Floats({1, 3}, {1, 2, 3});
  ASSERT_TRUE(quantized->TrainOnBatch(batch).ok());
  EXPECT_EQ(quantized->Save(dir), absl::OkStatus());
  EXPECT_EQ(io::RemoveAll(dir), absl::OkStatus());
}

// A wrapped layer's value and gradients, with ranges given.
struct Outcome {
  std::vector<float> y, dx, dkernel;
};
Outcome RunWrapped(const LayerRef& layer, const Tensor& x, const Tensor& kernel, double min, double max) {
  Sequential model({layers::InputLayer(Shape(x.shape().begin() + 1, x.shape().end()), {.name = "x"}), layer});
  auto quantized = QuantizeModel(model, {.quantized_layer_name_prefix = ""});
  EXPECT_TRUE(quantized.ok()) << quantized.status();
  const auto& layers = quantized->layers();
  ops::Graph graph;
  CallContext context(graph, /*training=*/false);
  std::vector<ops::Node> assigns;
  std::vector<ops::Tensor> xs = {ops::Constant(graph, x)};
  for (const Weight* weight : layers.back()->AllWeights()) {
    Tensor value = Floats({}, {static_cast<float>(weight->name == "output_min" ? min : max)});
    if (weight->layer != layers.back().get()) {
      value = kernel;
      xs.push_back(context.Read(weight));
    }
    assigns.push_back(ops::AssignVariable(ops::VarHandle(graph, weight->full_name(), DataType::kFloat, weight->shape),
                                          ops::Constant(graph, value)));
  }
  const ops::Tensor y = layers.back()->Call(context, {xs[0]});
  auto gradients = ops::Gradients({ops::ReduceSum(y)}, xs);
  EXPECT_TRUE(gradients.ok()) << gradients.status();
  auto session = ops::Session::Create(graph);
  EXPECT_TRUE((*(*session)->MakeFunction({}, {}, assigns))->Run({}).ok());
  auto outputs = (*(*session)->MakeFunction({}, {y, (*gradients)[0], (*gradients)[1]}))->Run({});
  EXPECT_TRUE(outputs.ok()) << outputs.status();
  return {FloatValues((*outputs)[0]), FloatValues((*outputs)[1]), FloatValues((*outputs)[2])};
}

TEST(QuantizationTest, DenseHasOneScaleForItsWeights) {
  // One input at a time shows the weights; the widest, 2, sets the scale of all.
  const Tensor x = Floats({2, 2}, {1, 0, 0, 1}), kernel = Floats({2, 2}, {0.1f, -2, 0.004f, 0.3f});
  const Outcome outcome = RunWrapped(layers::Dense(2, {.use_bias = false}), x, kernel, -1.9, 3);
  const std::vector<float> weights = FakeQuant({0.1f, -2, 0.004f, 0.3f}, -2, 2, /*narrow=*/true);
  EXPECT_EQ(weights[2], 0);  // Less than half a step.
  const std::vector<float> expected = FakeQuant(weights, -1.9, 3, false);
  for (size_t i = 0; i < 4; ++i) EXPECT_NEAR(outcome.y[i], expected[i], 1e-6) << i;
  // Gradients go straight through, but not for what is cut off: the result -2.
  EXPECT_THAT(outcome.dkernel, ElementsAre(1, 0, 1, 1));
  EXPECT_NEAR(outcome.dx[0], weights[0], 1e-6);
}

TEST(QuantizationTest, ConvolutionsHaveAScalePerChannel) {
  const Tensor x = Floats({1, 1, 1, 2}, {1, 1}), kernel = Floats({1, 1, 2, 1}, {0.004f, 2});
  const Outcome depthwise = RunWrapped(layers::DepthwiseConv2D(1, {.use_bias = false}), x, kernel, -1, 100);
  EXPECT_THAT(depthwise.y, ElementsAre(FakeQuant({0.004f}, -1, 100, false)[0], FakeQuant({2}, -1, 100, false)[0]));
  EXPECT_NEAR(depthwise.dx[0], 0.004, 1e-6);  // With one scale it would be 0 or 0.0157.
  const Outcome conv = RunWrapped(layers::Conv2D(1, 1, {.use_bias = false}), x, kernel, -3, 3);
  EXPECT_THAT(conv.dx, ElementsAre(0, 2));
  const Outcome conv1d = RunWrapped(layers::Conv1D(2, 1, {.use_bias = false}), Floats({1, 1, 1}, {1}),
                                    Floats({1, 1, 2}, {0.004f, 2}), -3, 3);
  EXPECT_NEAR(conv1d.dx[0], 2.004, 1e-6);
}

TEST(QuantizationTest, DenseIsQuantizedAsItsNormalizationScalesIt) {
  Sequential model(
      {layers::InputLayer({2}, {.name = "x"}), layers::Dense(2), layers::BatchNormalization({.epsilon = 0})});
  // Channels of very different size, which the normalization makes alike.
  ASSERT_EQ(model.SetWeights({{"dense/kernel", Floats({2, 2}, {100, 0.01f, 50, 0.003f})},
                              {"dense/bias", Floats({2}, {100, 0.01f})},
                              {"batch_normalization/moving_variance", Floats({2}, {10000, 0.0001f})},
                              {"batch_normalization/moving_mean", Floats({2}, {100, 0})}}),
            absl::OkStatus());
  auto quantized = QuantizeModel(model, {.initial_range = 8});
  ASSERT_TRUE(quantized.ok()) << quantized.status();
  ASSERT_EQ(quantized->SetWeights(
                {{"quantize_layer/input_min", Floats({}, {-1})}, {"quantize_layer/input_max", Floats({}, {1})}}),
            absl::OkStatus());
  // Folded: [1, 1; 0.5, 0.3], biases 1 and 1, the first less its mean.
  const auto outputs = quantized->Predict({{"x", Floats({1, 2}, {1, 1})}});
  ASSERT_TRUE(outputs.ok()) << outputs.status();
  EXPECT_THAT(FloatValues((*outputs)[0]), ElementsAre(FloatNear(1.5f, 0.04f), FloatNear(2.3f, 0.04f)));

  // Training normalizes by the batch, so that these two examples become -1 and 1.
  ASSERT_EQ(quantized->Compile({.optimizer = optimizers::SGD({.learning_rate = 1}),
                                .loss = Loss("first",
                                             [](const auto&, const auto& y) {
                                               return ops::Square(ops::Slice(y, {0, 0}, {-1, 1}) - 1.0);
                                             })}),
            absl::OkStatus());
  Batch batch;
  batch.features["x"] = Floats({2, 2}, {1, 1, -1, -1});
  batch.labels[""] = Floats({2}, {0, 0});
  const auto logs = quantized->TrainOnBatch(batch);
  ASSERT_TRUE(logs.ok()) << logs.status();
  EXPECT_NEAR((*logs)[0].second, (0 + 4) / 2.0, 0.1);
  EXPECT_NE(FloatValues(quantized->GetWeights()->at("batch_normalization/beta")), std::vector<float>({0, 0}));
}

TEST(QuantizationTest, RangesFollowTheBatches) {
  Sequential model({layers::InputLayer({2}, {.name = "x"}), layers::ReLU(), layers::Dense(1)});
  auto quantized = QuantizeModel(model, {.ema_decay = 0.9});
  ASSERT_TRUE(quantized.ok()) << quantized.status();
  ASSERT_EQ(quantized->Compile({.loss = "mse"}), absl::OkStatus());
  const auto train = [&](const std::vector<float>& x) {
    Batch batch;
    batch.features["x"] = Floats({1, 2}, x);
    batch.labels[""] = Floats({1, 1}, {0});
    EXPECT_TRUE(quantized->TrainOnBatch(batch).ok());
    const auto weights = quantized->GetWeights();
    std::vector<float> ranges;
    for (const char* name : {"quantize_layer/input_min", "quantize_layer/input_max", "quant_re_lu/output_max"}) {
      ranges.push_back(weights->at(name).values<float>()[0]);
    }
    return ranges;
  };
  // 0 is always in them. The input has seen all its values; the other is a tenth of the way from the 3 to the 1.
  EXPECT_THAT(train({1, 3}), ElementsAre(0, 3, 3));
  EXPECT_THAT(train({-2, 1}), ElementsAre(FloatEq(-2), FloatEq(3), FloatNear(2.8f, 0.02f)));
}

TEST(QuantizationTest, StepsAreThoseOfTensorFlowModelOptimization) {
  google::protobuf::Struct goldens;
  const auto json = io::ReadFile("tfxm/nn/testdata/quantization_goldens.json");
  ASSERT_TRUE(json.ok() && io::ParseJson(*json, &goldens).ok());
  Sequential model({layers::InputLayer({6, 6, 2}, {.name = "image"}), layers::Conv2D(3, 3, {.use_bias = false}),
                    layers::BatchNormalization(), layers::ActivationLayer("relu"), layers::Flatten(),
                    layers::Dense(4)});
  ASSERT_EQ(model.SetWeights({{"conv2d/kernel", Wave({3, 3, 2, 3}, 10, 0.5)},
                              {"dense/kernel", Wave({48, 4}, 11, 0.5)},
                              {"dense/bias", Wave({4}, 12, 0.5)}}),
            absl::OkStatus());
  auto quantized = QuantizeModel(model, {.initial_range = 6});
  ASSERT_TRUE(quantized.ok()) << quantized.status();
  ASSERT_EQ(quantized->Compile({.optimizer = optimizers::SGD({.learning_rate = 0.1}), .loss = "mse"}),
            absl::OkStatus());
  const auto& losses = goldens.fields().at("losses").list_value().values();
  for (int step = 0; step < losses.size(); ++step) {
    Batch batch;
    batch.features["image"] = Wave({4, 6, 6, 2}, step, 3);
    batch.labels[""] = Wave({4, 4}, 20 + step);
    const auto logs = quantized->TrainOnBatch(batch);
    ASSERT_TRUE(logs.ok()) << logs.status();
    EXPECT_NEAR((*logs)[0].second, losses[step].number_value(), 1e-5 * losses[step].number_value()) << step;
  }
  const auto weights = quantized->GetWeights();
  for (const auto& [name, golden] : goldens.fields().at("weights").struct_value().fields()) {
    ASSERT_EQ(weights->count(name), 1) << name;
    const std::vector<float> values = FloatValues(weights->at(name));
    ASSERT_EQ(values.size(), golden.list_value().values_size()) << name;
    for (size_t i = 0; i < values.size(); ++i) {
      EXPECT_NEAR(values[i], golden.list_value().values(static_cast<int>(i)).number_value(), 1e-5)
          << name << "[" << i << "]";
    }
  }
}

}  // namespace
}  // namespace tfxm::nn
