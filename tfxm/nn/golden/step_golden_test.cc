// SPDX-License-Identifier: Apache-2.0

// Metrics, losses and optimizers against Keras's values in testdata/step_goldens.json.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tfxm/nn/golden/test_goldens.h"
#include "tfxm/nn/nn.h"
#include "tfxm/nn/test_util.h"
#include "tfxm/ops/ops.h"

namespace tfxm::nn {
namespace {

using testing::HasSubstr;

const google::protobuf::Struct& Goldens(const std::string& kind) {
  static const auto* const goldens = new google::protobuf::Struct(ReadGoldens("step_goldens.json"));
  return goldens->fields().at(kind).struct_value();
}

Metric Unweighted(const Metric& metric) {
  return Metric(
      metric.name(),
      [metric](const ops::Tensor& y_true, const ops::Tensor& y_pred, const ops::Tensor&) {
        return metric.Add(y_true, y_pred, ops::Tensor());
      },
      [metric](const std::vector<std::vector<double>>& state) { return metric.Value(state); });
}

Metric MetricCase(const std::string& name) {
  using namespace metrics;  // NOLINT
  if (name == "false_positives") return FalsePositives(0.2);
  if (name == "precision_at_recall") return PrecisionAtRecall(0.7);
  if (name == "recall_at_precision") return RecallAtPrecision(0.4);
  if (name == "sensitivity_at_specificity") return SensitivityAtSpecificity(0.6, 50);
  if (name == "specificity_at_sensitivity") return SpecificityAtSensitivity(0.6);
  if (name == "f1_macro") return F1Score();
  if (name == "f1_micro") return F1Score({.average = "micro", .threshold = 0.3});
  if (name == "f1_weighted") return F1Score({.average = "weighted", .threshold = 0.3});
  if (name == "fbeta") return FBetaScore(2);
  if (name == "r2_weighted") return R2Score({.class_aggregation = "variance_weighted_average"});
  if (name == "precision_class") return Precision({.class_id = 3});
  if (name == "precision_top_k") return Precision({.top_k = 2});
  if (name == "precision_top_k_class") return Precision({.threshold = 0.3, .top_k = 2, .class_id = 0});
  if (name == "recall_class") return Recall({.threshold = 0.2, .class_id = 1});
  if (name == "recall_top_k") return Recall({.top_k = 1});
  if (name == "recall_top_k_class") return Recall({.top_k = 3, .class_id = 2});
  const IoUOptions one_hot{.sparse_y_true = false, .sparse_y_pred = false};
  if (name == "mean_iou") return MeanIoU(4, one_hot);
  if (name == "mean_iou_ignored")
    return MeanIoU(5, {.ignore_class = 3, .sparse_y_true = false, .sparse_y_pred = false});
  if (name == "iou") return IoU(4, {0, 2}, one_hot);
  if (name == "one_hot_mean_iou") return OneHotMeanIoU(4);
  if (name == "binary_iou") return Unweighted(BinaryIoU({0, 1}, 0.3));
  if (name == "binary_iou_class") return Unweighted(BinaryIoU({1}, 0.2));
  return Metric(name);
}

TEST(StepGoldenTest, MetricsOverTwoWeightedBatches) {
  for (const auto& [name, golden] : Goldens("metrics").fields()) {
    SCOPED_TRACE(name);
    const double value = ValueOverTwoBatches(MetricCase(name), [](int batch) { return OneHot(ClassesOf(batch)); });
    const double expected = Numbers(golden)[0];
    EXPECT_NEAR(value, expected, 1e-5 * std::max(1.0, expected));
  }
}

TEST(StepGoldenTest, MetricsAreCalledAsTheyWereAskedFor) {
  for (const char* name : {"mape", "MSE", "bce", "Precision", "f1_score"})
    EXPECT_EQ(Metric(name).Check(), absl::OkStatus());
}

TEST(StepGoldenTest, MetricsOfClassesSayWhatTheyNeed) {
  using namespace metrics;  // NOLINT
  EXPECT_THAT(std::string(Precision({.top_k = 0}).Check().message()), HasSubstr("top_k must be positive, got 0"));
  EXPECT_THAT(std::string(Recall({.class_id = -1}).Check().message()), HasSubstr("class_id counts from 0, got -1"));
  EXPECT_THAT(std::string(IoU(3, {3}).Check().message()), HasSubstr("target_class_ids are in [0, 3), got 3"));
  EXPECT_THAT(std::string(MeanIoU(0).Check().message()), HasSubstr("num_classes must be positive"));
  Sequential model({layers::InputLayer({2}, {.name = "x"}), layers::Dense(3)});
  ASSERT_EQ(model.Compile({.loss = "mse", .metrics = {Precision({.class_id = 3})}}), absl::OkStatus());
  const Batch batch{.features = {{"x", Wave({2, 2}, 0)}}, .labels = {{"", Wave({2, 3}, 1)}}};
  EXPECT_THAT(std::string(model.TestOnBatch(batch).status().message()),
              HasSubstr("at least 4 classes; they are [None, 3]"));
}

// Pixels of classes, with labels of a class that there is not.
TEST(StepGoldenTest, AreasOfClassNumbers) {
  const auto value = [](const Metric& metric, const Tensor& labels, const Tensor& predictions) {
    ops::Graph graph;
    const auto outputs =
        Evaluate(graph, metric.Add(ops::Constant(graph, labels), ops::Constant(graph, predictions), ops::Tensor()));
    std::vector<std::vector<double>> state(1);
    for (int64_t k = 0; k < outputs[0].num_elements(); ++k) state[0].push_back(outputs[0].ValueAsDouble(k));
    return metric.Value(state);
  };
  // Class 0: 1 of 3. Class 1: 1 of 3. 7 is no class.
  const Tensor labels = Ints({1, 2, 3}, {0, 0, 1, 1, 7, 7}), classes = Ints({1, 2, 3}, {0, 1, 1, 0, 0, 2});
  EXPECT_NEAR(value(metrics::MeanIoU(3), labels, classes), 1 / 3.0, 1e-6);
  // Of scores.
  Tensor scores(DataType::kFloat, {1, 2, 3, 3});
  for (int64_t i = 0; i < 6; ++i) scores.values<float>()[3 * i + classes.values<int64_t>()[i]] = 1;
  EXPECT_NEAR(value(metrics::MeanIoU(3, {.sparse_y_pred = false}), labels, scores), 1 / 3.0, 1e-6);
  Tensor with_channel = Ints({1, 2, 3, 1}, {0, 0, 1, 1, 7, 7});
  EXPECT_NEAR(value(metrics::MeanIoU(3, {.sparse_y_pred = false}), with_channel, scores), 1 / 3.0, 1e-6);
}

TEST(StepGoldenTest, Losses) {
  using namespace losses;  // NOLINT
  const std::map<std::string, Loss> cases = {
      {"categorical_focal", CategoricalFocalCrossentropy()},
      {"categorical_focal_logits",
       CategoricalFocalCrossentropy({.gamma = 1.5, .from_logits = true, .label_smoothing = 0.1})},
      {"dice", "dice"},
      {"dice_axis", Dice({.axis = {1}})},
      {"tversky", Tversky({.alpha = 0.3, .beta = 0.7})},
      {"tversky_axis", Tversky({.axis = {1}})},
  };
  EXPECT_EQ(cases.size(), Goldens("losses").fields_size());
  for (const auto& [name, golden] : Goldens("losses").fields()) {
    SCOPED_TRACE(name);
    ops::Graph graph;
    const Tensor logits = Wave({5, 4}, 1, 2);
    const ops::Tensor x = ops::Constant(graph, absl::EndsWith(name, "logits") ? logits : Softmax(logits));
    const auto each = cases.at(name).Call(ops::Constant(graph, OneHot({0, 3, 1, 2, 3})), x);
    ASSERT_TRUE(each.ok()) << each.status();
    const ops::Tensor loss = ops::ReduceMean(*each);
    const auto gradients = ops::Gradients({loss}, {x});
    ASSERT_TRUE(gradients.ok()) << gradients.status();
    const auto outputs = Evaluate(graph, {loss, (*gradients)[0]});
    ASSERT_EQ(outputs.size(), 2);
    ExpectNear(outputs[0], Numbers(golden.struct_value().fields().at("value")), "value");
    ExpectNear(outputs[1], Numbers(golden.struct_value().fields().at("gradient")), "gradient");
  }
}

std::map<std::string, Optimizer> OptimizerCases() {
  using namespace optimizers;  // NOLINT
  return {
      {"adamax", Adamax({.learning_rate = 0.01})},
      {"adadelta", Adadelta({.learning_rate = 0.5})},
      {"lion", Lion({.learning_rate = 0.01, .weight_decay = 0.1})},
      {"ftrl", Ftrl({.learning_rate = 0.1})},
      {"ftrl_options", Ftrl({.learning_rate = 0.1,
                             .learning_rate_power = -0.6,
                             .l1_regularization_strength = 0.05,
                             .l2_regularization_strength = 0.1,
                             .l2_shrinkage_regularization_strength = 0.01,
                             .beta = 0.2})},
      {"excluded", AdamW({.learning_rate = 0.01, .weight_decay = 0.5, .exclude_from_weight_decay = {"w"}})},
      {"ema", SGD({.learning_rate = 0.1, .use_ema = true, .ema_momentum = 0.8})},
      {"ema_overwrite",
       Adam({.learning_rate = 0.01, .use_ema = true, .ema_momentum = 0.8, .ema_overwrite_frequency = 3})},
      {"accumulation", Adam({.learning_rate = 0.01, .clipnorm = 0.5, .gradient_accumulation_steps = 3})},
      {"accumulation_ema", SGD({.learning_rate = schedules::ExponentialDecay(
                                    {.initial_learning_rate = 0.1, .decay_steps = 2, .decay_rate = 0.5}),
                                .momentum = 0.9,
                                .use_ema = true,
                                .ema_momentum = 0.5,
                                .gradient_accumulation_steps = 2})},
  };
}

TEST(StepGoldenTest, Optimizers) {
  const auto cases = OptimizerCases();
  EXPECT_EQ(cases.size(), Goldens("optimizers").fields_size());
  for (const auto& [name, golden] : Goldens("optimizers").fields()) {
    SCOPED_TRACE(name);
    ExpectSteps(FreeModel(cases.at(name)), 7, golden);
  }
}

TEST(StepGoldenTest, Constraints) {
  using namespace constraints;  // NOLINT
  using optimizers::SGD;
  const std::map<std::string, std::pair<Constraint, Optimizer>> cases = {
      {"max_norm", {MaxNorm(0.5), SGD({.learning_rate = 0.1})}},
      {"non_neg", {NonNeg(), optimizers::Adam({.learning_rate = 0.05})}},
      {"unit_norm", {UnitNorm(), SGD({.learning_rate = 0.1, .momentum = 0.9})}},
      {"min_max_norm", {MinMaxNorm(0.2, 0.7, 0.5), SGD({.learning_rate = 0.1})}},
      {"ema", {MaxNorm(0.5), SGD({.learning_rate = 0.1, .use_ema = true, .ema_momentum = 0.8})}},
      {"accumulation", {MinMaxNorm(0.2, 0.7, 0.5), SGD({.learning_rate = 0.1, .gradient_accumulation_steps = 3})}},
  };
  EXPECT_EQ(cases.size(), Goldens("constraints").fields_size());
  for (const auto& [name, golden] : Goldens("constraints").fields()) {
    SCOPED_TRACE(name);
    const auto& [constraint, optimizer] = cases.at(name);
    ExpectSteps(FreeModel(optimizer, constraint), 7, golden);
  }
}

TEST(StepGoldenTest, LayersConstrainTheirWeights) {
  using namespace layers;  // NOLINT
  const Constraint c = constraints::NonNeg();
  const std::map<std::string, std::vector<LayerRef>> cases = {
      {"dense", {InputLayer({3, 4}), Dense(2, {.kernel_constraint = c, .bias_constraint = c})}},
      {"conv1d", {InputLayer({3, 4}), Conv1D(2, 2, {.kernel_constraint = c, .bias_constraint = c})}},
      {"conv2d", {InputLayer({3, 3, 4}), Conv2D(2, 2, {.kernel_constraint = c, .bias_constraint = c})}},
      {"transpose", {InputLayer({3, 3, 4}), Conv2DTranspose(2, 2, {.kernel_constraint = c, .bias_constraint = c})}},
      {"depthwise", {InputLayer({3, 3, 4}), DepthwiseConv2D(2, {.depthwise_constraint = c, .bias_constraint = c})}},
      {"depthwise1d", {InputLayer({3, 4}), DepthwiseConv1D(2, {.depthwise_constraint = c, .bias_constraint = c})}},
      {"separable",
       {InputLayer({3, 3, 4}),
        SeparableConv2D(2, 2, {.depthwise_constraint = c, .pointwise_constraint = c, .bias_constraint = c})}},
      {"norm", {InputLayer({3, 4}), BatchNormalization({.beta_constraint = c, .gamma_constraint = c})}},
      {"lstm",
       {InputLayer({3, 4}), LSTM(2, {.kernel_constraint = c, .recurrent_constraint = c, .bias_constraint = c})}},
      {"gru", {InputLayer({3, 4}), GRU(2, {.kernel_constraint = c, .recurrent_constraint = c, .bias_constraint = c})}},
      {"rnn",
       {InputLayer({3, 4}), SimpleRNN(2, {.kernel_constraint = c, .recurrent_constraint = c, .bias_constraint = c})}},
  };
  for (const auto& [name, parts] : cases) {
    SCOPED_TRACE(name);
    Sequential model(parts);
    const Loss sum("sum", [](const ops::Tensor&, const ops::Tensor& y_pred) {
      return ops::ReduceSum(ops::Reshape(y_pred, Shape{5, -1}), {-1});
    });
    ASSERT_EQ(model.Compile({.optimizer = optimizers::SGD({.learning_rate = 0.3}), .loss = sum}), absl::OkStatus());
    Shape shape = model.inputs()[0].shape;
    shape[0] = 5;
    Batch batch;
    batch.features["x"] = Wave(shape, 1);
    batch.labels[""] = Floats({5}, {0, 0, 0, 0, 0});
    ASSERT_TRUE(model.TrainOnBatch(batch).ok());
    const auto weights = model.GetWeights();
    ASSERT_TRUE(weights.ok()) << weights.status();
    for (const auto& [weight, value] : *weights) {
      if (absl::StrContains(weight, "moving_")) continue;
      for (const float v : value.values<float>()) EXPECT_GE(v, 0) << weight;
    }
  }
}

TEST(StepGoldenTest, FitEndsWithTheAverageOfTheWeights) {
  const auto cases = OptimizerCases();
  Tensor x(DataType::kFloat, {7, 4});
  for (int step = 0; step < 7; ++step) {
    const Tensor row = Wave({1, 4}, 20 + step);
    std::copy(row.values<float>().begin(), row.values<float>().end(), x.values<float>().begin() + 4 * step);
  }
  const auto data = Dataset::FromTensors({{"x", x}, {"y", Floats({7}, std::vector<float>(7))}},
                                         {.batch_size = 1, .label_key = "y", .shuffle = false});
  ASSERT_TRUE(data.ok()) << data.status();
  for (const char* name : {"adamax", "ema", "ema_overwrite", "accumulation_ema"}) {
    SCOPED_TRACE(name);
    Sequential model = FreeModel(cases.at(name));
    const auto history = model.Fit(*data, {.verbose = 0});
    ASSERT_TRUE(history.ok()) << history.status();
    ExpectNear(model.GetWeights()->at("free_weights/w"),
               Numbers(Goldens("optimizers").fields().at(name).list_value().values(7)), "after training");
  }
}

}  // namespace
}  // namespace tfxm::nn
