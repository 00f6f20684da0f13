// SPDX-License-Identifier: Apache-2.0

// The numbers are Keras's: values and gradients against testdata/keras_goldens.json.
#include <gmock/gmock.h>
#include <google/protobuf/struct.pb.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tfxm/nn/golden/test_goldens.h"
#include "tfxm/nn/nn.h"
#include "tfxm/nn/test_util.h"
#include "tfxm/ops/ops.h"

namespace tfxm::nn {
namespace {

const google::protobuf::Struct& Goldens(const std::string& kind) {
  static const auto* const goldens = new google::protobuf::Struct(ReadGoldens("keras_goldens.json"));
  return goldens->fields().at(kind).struct_value();
}

ops::Node Sum(const ops::Tensor& x, const Tensor& factors) {
  return ops::Op("Identity", {ops::ReduceSum(x * ops::Constant(*x.graph(), factors))});
}

struct LayerCase {
  LayerRef layer;
  std::vector<Shape> shapes;
};

std::map<std::string, LayerCase> LayerCases() {
  using namespace layers;  // NOLINT
  std::map<std::string, LayerCase> cases = {
      {"dense", {Dense(4, {.activation = "tanh"}), {{3, 5}}}},
      {"dense_3d", {Dense(2), {{2, 3, 4}}}},
      {"conv2d_valid", {Conv2D(2, 3, {.strides = 2}), {{2, 6, 7, 3}}}},
      {"conv2d_same", {Conv2D(2, {3, 2}, {.strides = 2, .padding = "same", .activation = "relu"}), {{2, 5, 6, 3}}}},
      {"conv2d_dilated", {Conv2D(2, 2, {.dilation_rate = 2, .use_bias = false}), {{1, 5, 5, 2}}}},
      {"conv2d_transpose_same", {Conv2DTranspose(2, 3, {.strides = 2, .padding = "same"}), {{1, 3, 4, 3}}}},
      {"conv2d_transpose_valid", {Conv2DTranspose(2, 3, {.strides = 2}), {{1, 3, 4, 3}}}},
      {"conv1d_same", {Conv1D(3, 3, {.padding = "same"}), {{2, 6, 2}}}},
      {"conv1d_causal", {Conv1D(2, 2, {.padding = "causal", .dilation_rate = 2}), {{1, 6, 2}}}},
      {"depthwise", {DepthwiseConv2D(3, {.strides = 2, .padding = "same", .depth_multiplier = 2}), {{1, 5, 5, 2}}}},
      {"separable", {SeparableConv2D(3, 3, {.padding = "same"}), {{1, 5, 5, 2}}}},
      {"max_pooling", {MaxPooling2D(2), {{1, 5, 4, 2}}}},
      {"max_pooling_same", {MaxPooling2D(3, {.strides = 2, .padding = "same"}), {{1, 5, 5, 2}}}},
      {"average_pooling", {AveragePooling2D(2, {.strides = 1, .padding = "same"}), {{1, 4, 4, 2}}}},
      {"max_pooling1d", {MaxPooling1D(2), {{1, 6, 2}}}},
      {"average_pooling1d", {AveragePooling1D(3, {.strides = 1}), {{1, 6, 2}}}},
      {"global_average", {GlobalAveragePooling2D(), {{2, 3, 3, 2}}}},
      {"global_max", {GlobalMaxPooling2D({.keepdims = true}), {{2, 3, 3, 2}}}},
      {"batch_norm_image_training", {BatchNormalization({.momentum = 0.9}), {{2, 3, 3, 2}}}},
      {"batch_norm_image", {BatchNormalization(), {{2, 3, 3, 2}}}},
      {"batch_norm_training", {BatchNormalization({.scale = false}), {{6, 3}}}},
      {"batch_norm", {BatchNormalization(), {{6, 3}}}},
      {"layer_norm", {LayerNormalization(), {{3, 5}}}},
      {"zero_padding", {ZeroPadding2D(Margins{{{1, 2}, {0, 1}}}), {{1, 2, 2, 2}}}},
      {"cropping", {Cropping2D(Margins{{{1, 0}, {1, 1}}}), {{1, 4, 4, 2}}}},
      {"up_sampling", {UpSampling2D({2, 3}), {{1, 2, 2, 2}}}},
      {"up_sampling_bilinear", {UpSampling2D(2, {.interpolation = "bilinear"}), {{1, 3, 2, 2}}}},
      {"prelu", {PReLU({.shared_axes = {1, 2}}), {{1, 3, 3, 2}}}},
      {"relu_options", {ReLU({.max_value = 0.8, .negative_slope = 0.1, .threshold = 0.2}), {{4, 5}}}},
      {"leaky_relu", {LeakyReLU(), {{4, 5}}}},
      {"elu", {ELU(0.5), {{4, 5}}}},
      {"permute", {Permute({2, 1}), {{1, 2, 3}}}},
      {"repeat_vector", {RepeatVector(2), {{2, 3}}}},
      {"rescaling", {Rescaling(2.0, -0.5), {{2, 3}}}},
      {"add", {Add(), {{2, 3}, {2, 3}, {2, 3}}}},
      {"subtract", {Subtract(), {{2, 3}, {2, 3}}}},
      {"multiply", {Multiply(), {{2, 3}, {2, 3}}}},
      {"average", {Average(), {{2, 3}, {2, 3}}}},
      {"maximum", {Maximum(), {{2, 3}, {2, 3}}}},
      {"concatenate", {Concatenate(), {{2, 3}, {2, 1}}}},
      {"conv1d_transpose_same",
       {Conv1DTranspose(3, 4, {.strides = 2, .padding = "same", .activation = "tanh"}), {{2, 5, 2}}}},
      {"conv1d_transpose_valid", {Conv1DTranspose(2, 3, {.strides = 2, .use_bias = false}), {{1, 4, 3}}}},
      {"separable1d",
       {SeparableConv1D(4, 3, {.padding = "same", .depth_multiplier = 2, .activation = "relu"}), {{2, 6, 2}}}},
      {"cropping1d", {Cropping1D(1, 2), {{2, 5, 2}}}},
      {"up_sampling1d", {UpSampling1D(3), {{2, 2, 2}}}},
      {"dot", {Dot(1), {{3, 4}, {3, 4}}}},
      {"dot_normalized", {Dot(-1, {.normalize = true}), {{3, 4}, {3, 4}}}},
      {"dot_attention", {Dot({2, 2}), {{2, 3, 4}, {2, 5, 4}}}},
      {"dot_weighted", {Dot({1, 1}), {{2, 3}, {2, 3, 4}}}},
      {"dot_images", {Dot({3, 1}, {.normalize = true}), {{2, 2, 3, 4}, {2, 4, 2, 2}}}},
  };
  for (const char* name :
       {"relu",        "relu6",      "elu",      "selu",        "gelu",      "sigmoid",     "hard_sigmoid",
        "tanh",        "softmax",    "softplus", "softsign",    "swish",     "hard_swish",  "exponential",
        "log_softmax", "leaky_relu", "mish",     "log_sigmoid", "hard_tanh", "tanh_shrink", "squareplus"}) {
    cases.insert({std::string("activation_") + name, {ActivationLayer(name), {{4, 5}}}});
  }
  return cases;
}

TEST(KerasGoldenTest, Layers) {
  const auto cases = LayerCases();
  for (const auto& [name, golden] : Goldens("layers").fields()) {
    SCOPED_TRACE(name);
    ASSERT_EQ(cases.count(name), 1);
    const LayerCase& layer_case = cases.at(name);
    Layer& layer = *layer_case.layer;
    ASSERT_EQ(layer.EnsureBuilt(layer_case.shapes), absl::OkStatus());
    ops::Graph graph;
    // Layers without a mode are taken as they are trained.
    CallContext context(graph, absl::EndsWith(name, "_training") || !absl::StartsWith(name, "batch_norm"));
    std::vector<ops::Tensor> inputs;
    for (size_t i = 0; i < layer_case.shapes.size(); ++i) {
      const double scale = absl::StartsWith(name, "activation_") ? 4 : 1;
      inputs.push_back(ops::Constant(graph, Wave(layer_case.shapes[i], static_cast<double>(i), scale)));
    }
    std::vector<ops::Node> assigns;
    std::vector<ops::Tensor> xs = inputs;
    double phase = 10;
    for (const auto& weight : layer.weights()) {
      Tensor value = Wave(weight->shape, phase++, 0.5);
      for (float& v : value.values<float>()) v = absl::StrContains(weight->name, "variance") ? std::fabs(v) + 0.5f : v;
      assigns.push_back(ops::AssignVariable(ops::VarHandle(graph, weight->full_name(), DataType::kFloat, weight->shape),
                                            ops::Constant(graph, value)));
      if (weight->trainable()) xs.push_back(context.Read(weight.get()));
    }
    const ops::Tensor y = layer.Call(context, inputs);
    ASSERT_EQ(graph.status(), absl::OkStatus());
    const auto& fields = golden.struct_value().fields();
    const auto gradients = ops::Gradients({Sum(y, Wave(y.shape(), 99))}, xs);
    ASSERT_TRUE(gradients.ok()) << gradients.status();
    std::vector<ops::Tensor> fetches = {y};
    fetches.insert(fetches.end(), gradients->begin(), gradients->end());
    for (const auto& [weight, value] : context.updates()) fetches.push_back(value);
    const auto outputs = Evaluate(graph, fetches, assigns);
    ASSERT_EQ(outputs.size(), fetches.size());
    ExpectNear(outputs[0], Numbers(fields.at("output")), "output");
    const auto& expected = fields.at("gradients").list_value().values();
    ASSERT_EQ(expected.size(), xs.size());
    for (int i = 0; i < expected.size(); ++i)
      ExpectNear(outputs[1 + i], Numbers(expected[i]), absl::StrCat("gradient ", i));
    for (size_t i = 0; i < context.updates().size(); ++i) {
      ExpectNear(outputs[1 + xs.size() + i], Numbers(fields.at("after").list_value().values(static_cast<int>(i))),
                 "moving average");
    }
  }
  EXPECT_EQ(cases.size(), Goldens("layers").fields_size());
}

std::pair<Tensor, Tensor> LossInputs(const std::string& name) {
  const Tensor logits = Wave({5, 4}, 1, 2), probabilities = Softmax(logits), other = Wave({5, 4}, 2, 2);
  const std::vector<int64_t> classes = {0, 3, 1, 2, 3};
  const bool is_logits = absl::EndsWith(name, "logits");
  if (absl::StartsWith(name, "sparse")) return {Ints({5}, classes), is_logits ? logits : probabilities};
  if (name == "kl_divergence") return {Softmax(other), probabilities};
  if (absl::StartsWith(name, "mean") || name == "huber" || name == "log_cosh" || name == "cosine_similarity")
    return {other, logits};
  if (name == "poisson") {
    Tensor positive = other;
    for (float& v : positive.values<float>()) v = std::fabs(v);
    return {positive, probabilities};
  }
  const bool takes_logits = is_logits || name == "binary_focal_balanced" || absl::EndsWith(name, "hinge");
  return {OneHot(classes), takes_logits ? logits : probabilities};
}

Loss LossCase(const std::string& name) {
  if (name == "binary_crossentropy_logits")
    return losses::BinaryCrossentropy({.from_logits = true, .label_smoothing = 0.1});
  if (name == "binary_focal_balanced") {
    return losses::BinaryFocalCrossentropy({.apply_class_balancing = true, .from_logits = true});
  }
  if (name == "categorical_crossentropy_logits") {
    return losses::CategoricalCrossentropy({.from_logits = true, .label_smoothing = 0.2});
  }
  if (name == "sparse_categorical_crossentropy_logits")
    return losses::SparseCategoricalCrossentropy({.from_logits = true});
  return Loss(name);
}

TEST(KerasGoldenTest, Losses) {
  for (const auto& [name, golden] : Goldens("losses").fields()) {
    SCOPED_TRACE(name);
    const auto [y_true, y_pred] = LossInputs(name);
    const auto& fields = golden.struct_value().fields();
    for (const bool weighted : {false, true}) {
      ops::Graph graph;
      const ops::Tensor x = ops::Constant(graph, y_pred);
      const auto each = LossCase(name).Call(ops::Constant(graph, y_true), x);
      ASSERT_TRUE(each.ok()) << each.status();
      const ops::Tensor loss =
          ops::ReduceMean(weighted ? *each * ops::Constant(graph, Floats({5}, {1, 2, 0, 0.5, 3})) : *each);
      const auto gradients = ops::Gradients({loss}, {x});
      ASSERT_TRUE(gradients.ok()) << gradients.status();
      const auto outputs = Evaluate(graph, {loss, (*gradients)[0]});
      ASSERT_EQ(outputs.size(), 2);
      const std::string key = weighted ? "weighted" : "plain";
      ExpectNear(outputs[0], Numbers(fields.at(key)), key);
      ExpectNear(outputs[1], Numbers(fields.at(key + "_gradient")), key + " gradient");
    }
  }
}

Metric MetricCase(const std::string& name) {
  if (name == "top_k_categorical_accuracy") return metrics::TopKCategoricalAccuracy(2);
  if (name == "sparse_top_k_categorical_accuracy") return metrics::SparseTopKCategoricalAccuracy(2);
  if (name == "auc_pr") return metrics::AUC({.curve = "PR"});
  if (name == "auc_multi_label") return metrics::AUC({.multi_label = true});
  return Metric(name);
}

TEST(KerasGoldenTest, MetricsOverTwoWeightedBatches) {
  for (const auto& [name, golden] : Goldens("metrics").fields()) {
    SCOPED_TRACE(name);
    const double value = ValueOverTwoBatches(MetricCase(name), [&name = name](int batch) {
      return absl::StartsWith(name, "sparse") ? Ints({6}, ClassesOf(batch)) : OneHot(ClassesOf(batch));
    });
    EXPECT_NEAR(value, Numbers(golden)[0], 1e-5);
  }
}

std::map<std::string, Optimizer> OptimizerCases() {
  using namespace optimizers;  // NOLINT
  return {{"sgd", SGD({.learning_rate = 0.1})},
          {"sgd_momentum", SGD({.learning_rate = 0.1, .momentum = 0.9})},
          {"sgd_nesterov", SGD({.learning_rate = 0.1, .momentum = 0.9, .nesterov = true})},
          {"rmsprop", RMSprop({.learning_rate = 0.01})},
          {"rmsprop_momentum", RMSprop({.learning_rate = 0.01, .momentum = 0.5})},
          {"rmsprop_centered", RMSprop({.learning_rate = 0.01, .centered = true})},
          {"adagrad", Adagrad({.learning_rate = 0.1})},
          {"adam", Adam({.learning_rate = 0.01})},
          {"adam_amsgrad", Adam({.learning_rate = 0.01, .amsgrad = true})},
          {"adamw", AdamW({.learning_rate = 0.01, .weight_decay = 0.1})},
          {"nadam", Nadam({.learning_rate = 0.01})},
          {"clipnorm", SGD({.learning_rate = 0.1, .clipnorm = 0.5})},
          {"clipvalue", SGD({.learning_rate = 0.1, .clipvalue = 0.3})},
          {"global_clipnorm", SGD({.learning_rate = 0.1, .global_clipnorm = 0.5})},
          {"schedule", SGD({.learning_rate = schedules::ExponentialDecay(
                                {.initial_learning_rate = 0.1, .decay_steps = 2, .decay_rate = 0.5})})}};
}

TEST(KerasGoldenTest, OptimizersOverFiveSteps) {
  const auto cases = OptimizerCases();
  for (const auto& [name, golden] : Goldens("optimizers").fields()) {
    SCOPED_TRACE(name);
    ASSERT_EQ(cases.count(name), 1);
    ExpectSteps(FreeModel(cases.at(name)), 5, golden);
  }
  EXPECT_EQ(cases.size(), Goldens("optimizers").fields_size());
  // A decay of 0 is one that was asked for.
  ExpectSteps(FreeModel(optimizers::AdamW({.learning_rate = 0.01, .weight_decay = 0})), 5,
              Goldens("optimizers").fields().at("adam"));
}

TEST(KerasGoldenTest, Schedules) {
  using namespace schedules;  // NOLINT
  const ExponentialDecayOptions decay{.initial_learning_rate = 0.1, .decay_steps = 10, .decay_rate = 0.5};
  ExponentialDecayOptions staircase = decay;
  staircase.staircase = true;
  const std::map<std::string, LearningRate> cases = {
      {"exponential", ExponentialDecay(decay)},
      {"exponential_staircase", ExponentialDecay(staircase)},
      {"inverse_time", InverseTimeDecay(decay)},
      {"polynomial",
       PolynomialDecay({.initial_learning_rate = 0.1, .decay_steps = 20, .end_learning_rate = 0.01, .power = 2})},
      {"polynomial_cycle",
       PolynomialDecay({.initial_learning_rate = 0.1, .decay_steps = 20, .end_learning_rate = 0.01, .cycle = true})},
      {"cosine", CosineDecay({.initial_learning_rate = 0.1, .decay_steps = 20, .alpha = 0.1})},
      {"cosine_warmup",
       CosineDecay({.initial_learning_rate = 0, .decay_steps = 20, .warmup_target = 0.1, .warmup_steps = 10})},
      {"piecewise", PiecewiseConstantDecay({10, 20}, {1.0, 0.5, 0.1})},
  };
  const std::vector<int64_t> steps = {0, 1, 5, 10, 11, 15, 20, 21, 35, 60};
  for (const auto& [name, golden] : Goldens("schedules").fields()) {
    ASSERT_EQ(cases.count(name), 1) << name;
    const std::vector<double> expected = Numbers(golden);
    for (size_t i = 0; i < steps.size(); ++i)
      EXPECT_NEAR(cases.at(name).At(steps[i]), expected[i], 1e-6) << name << steps[i];
  }
}

}  // namespace
}  // namespace tfxm::nn
