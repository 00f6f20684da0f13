// SPDX-License-Identifier: Apache-2.0

// Trainings whose numbers are Keras's, where they are easily others: testdata/training_goldens.json.
#include <gmock/gmock.h>
#include <google/protobuf/struct.pb.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tfxm/nn/golden/test_goldens.h"
#include "tfxm/nn/nn.h"
#include "tfxm/ops/ops.h"
#include "tfxm/ops/session.h"

namespace tfxm::nn {
namespace {

using google::protobuf::Value;
using ::testing::ElementsAreArray;

const google::protobuf::Struct& Goldens() {
  static const auto* const goldens = new google::protobuf::Struct(ReadGoldens("training_goldens.json"));
  return *goldens;
}
const google::protobuf::Map<std::string, Value>& Goldens(const std::string& kind) {
  return Goldens().fields().at(kind).struct_value().fields();
}

Tensor Scalar(double value) { return Floats({1}, {static_cast<float>(value)}); }

// make_training_goldens.py's cases.
struct Saturated {
  int units;
  const char* activation;  // Of the Dense.
  std::vector<LayerRef> after;
  Loss loss;
  Tensor labels;
};

std::map<std::string, Saturated> SaturatedCases() {
  using namespace layers;  // NOLINT
  const Tensor zeros = Floats({2, 1}, {0, 0}), classes = Ints({2}, {1, 2});
  const Tensor one_hot = Floats({2, 3}, {0, 1, 0, 0, 0, 1});
  return {
      {"sigmoid_binary", {1, "sigmoid", {}, "binary_crossentropy", zeros}},
      {"sigmoid_binary_smoothed", {1, "sigmoid", {}, losses::BinaryCrossentropy({.label_smoothing = 0.2}), zeros}},
      {"sigmoid_layer_binary", {1, "", {ActivationLayer("sigmoid")}, "binary_crossentropy", zeros}},
      {"sigmoid_from_logits_binary", {1, "sigmoid", {}, losses::BinaryCrossentropy({.from_logits = true}), zeros}},
      {"three_sigmoids_binary", {3, "sigmoid", {}, "binary_crossentropy", one_hot}},
      {"softmax_binary", {3, "softmax", {}, "binary_crossentropy", one_hot}},
      {"sigmoid_focal", {1, "", {ActivationLayer("sigmoid")}, "binary_focal_crossentropy", zeros}},
      {"sigmoid_focal_balanced",
       {1,
        "sigmoid",
        {},
        losses::BinaryFocalCrossentropy({.apply_class_balancing = true, .label_smoothing = 0.1}),
        zeros}},
      {"logits_focal", {1, "", {}, losses::BinaryFocalCrossentropy({.from_logits = true}), zeros}},
      {"softmax_sparse", {3, "softmax", {}, "sparse_categorical_crossentropy", classes}},
      {"softmax_layer_sparse", {3, "", {Softmax()}, "sparse_categorical_crossentropy", classes}},
      {"softmax_from_logits_sparse",
       {3, "softmax", {}, losses::SparseCategoricalCrossentropy({.from_logits = true}), classes}},
      {"softmax_categorical", {3, "softmax", {}, "categorical_crossentropy", one_hot}},
      {"softmax_categorical_smoothed",
       {3, "softmax", {}, losses::CategoricalCrossentropy({.label_smoothing = 0.3}), one_hot}},
      {"sigmoid_categorical", {3, "sigmoid", {}, "categorical_crossentropy", one_hot}},
      {"steps_softmax_sparse",
       {3, "", {Reshape({1, 3}), ActivationLayer("softmax")}, "sparse_categorical_crossentropy", Ints({2, 1}, {1, 2})}},
      {"steps_softmax_categorical",
       {3,
        "",
        {Reshape({1, 3}), ActivationLayer("softmax")},
        "categorical_crossentropy",
        Floats({2, 1, 3}, {0, 1, 0, 0, 0, 1})}},
      {"sigmoid_reshaped", {1, "sigmoid", {Reshape({1})}, "binary_crossentropy", zeros}},
      {"sigmoid_pixels_without_channel",
       {1, "", {Reshape({1, 1}), ActivationLayer("sigmoid")}, losses::BinaryCrossentropy(), zeros}},
  };
}

TEST(TrainingGoldenTest, SaturatedOutputsLearnFromTheirLogits) {
  const std::vector<float> kernel = {20, -20, 5, 10, -10, 2};
  const auto cases = SaturatedCases();
  for (const auto& [name, golden] : Goldens("saturated")) {
    SCOPED_TRACE(name);
    ASSERT_EQ(cases.count(name), 1);
    const Saturated& c = cases.at(name);
    std::vector<float> columns;
    for (const int row : {0, 1}) columns.insert(columns.end(), &kernel[3 * row], &kernel[3 * row] + c.units);
    Sequential model({layers::InputLayer({2}, {.name = "x"}), layers::Dense(c.units, {.activation = c.activation})});
    for (const LayerRef& layer : c.after) model.Add(layer);
    const auto& fields = golden.struct_value().fields();
    const std::vector<double> metric = Numbers(fields.at("metric"));
    std::vector<Metric> metrics;
    if (!metric.empty()) metrics.push_back(c.loss.name());
    ASSERT_EQ(model.Compile({.optimizer = optimizers::SGD({.learning_rate = 1.0}), .loss = c.loss, .metrics = metrics}),
              absl::OkStatus());
    ASSERT_EQ(model.SetWeights({{"dense/kernel", Floats({2, c.units}, columns)}}), absl::OkStatus());
    Batch batch{.features = {{"x", Floats({2, 2}, {1, 1, 2, 1})}}, .labels = {{"", c.labels}}};
    const auto logs = model.TrainOnBatch(batch);
    ASSERT_TRUE(logs.ok()) << logs.status();
    ExpectNear(Scalar((*logs)[0].second), Numbers(fields.at("loss")), "loss");
    if (!metric.empty()) ExpectNear(Scalar((*logs)[1].second), metric, "metric");
    ExpectNear(model.GetWeights()->at("dense/kernel"), Numbers(fields.at("kernel")), "kernel");
    ExpectNear(model.GetWeights()->at("dense/bias"), Numbers(fields.at("bias")), "bias");
  }
  EXPECT_EQ(cases.size(), Goldens("saturated").size());
}

template <typename T>
Tensor Make(DataType dtype, Shape shape, const std::vector<T>& values) {
  Tensor tensor(dtype, std::move(shape));
  std::copy(values.begin(), values.end(), tensor.values<T>().begin());
  return tensor;
}

TEST(TrainingGoldenTest, SampleWeightsOfAnyTypeAndShape) {
  Tensor bools(DataType::kBool, {4});
  const std::vector<bool> values = {true, false, true, true};
  std::copy(values.begin(), values.end(), bools.bytes().begin());
  struct Case {
    int64_t steps;  // 0: one prediction per example.
    Tensor weight;
  };
  const std::map<std::string, Case> cases = {
      {"int", {0, Ints({4}, {1, 2, 0, 4})}},
      {"double", {0, Make<double>(DataType::kDouble, {4}, {0.5, 2, 0, 4})}},
      {"column", {0, Make<int32_t>(DataType::kInt32, {4, 1}, {1, 2, 0, 4})}},
      {"bool", {0, bools}},
      {"steps", {3, Floats({4, 3}, {1, 0, 2, 0, 0, 1, 3, 1, 1, 1, 1, 1})}},
      {"steps_column", {3, Floats({4, 1}, {1, 2, 0, 4})}},
  };
  for (const auto& [name, golden] : Goldens("weights")) {
    SCOPED_TRACE(name);
    ASSERT_EQ(cases.count(name), 1);
    const Case& c = cases.at(name);
    const int units = c.steps > 0 ? static_cast<int>(c.steps) : 1;
    Sequential model({layers::InputLayer({2}, {.name = "x"}), layers::Dense(units)});
    if (c.steps > 0) model.Add(layers::Reshape({c.steps, 1}));
    ASSERT_EQ(model.Compile({.optimizer = optimizers::SGD({.learning_rate = 0.1}),
                             .loss = "mse",
                             .metrics = {"mae"},
                             .weighted_metrics = {"mae"}}),
              absl::OkStatus());
    ASSERT_EQ(model.SetWeights({{"dense/kernel", Wave({2, units}, 1)}}), absl::OkStatus());
    // The same from a dataset as from a batch.
    const Tensor x = Wave({4, 2}, 3), y = Wave(c.steps > 0 ? Shape{4, c.steps, 1} : Shape{4, 1}, 2);
    const Dataset data =
        *Dataset::FromTensors({{"x", x}, {"y", y}, {"w", c.weight}},
                              {.batch_size = 4, .label_key = "y", .weight_key = "w", .shuffle = false});
    const auto& fields = golden.struct_value().fields();
    const auto evaluated = model.Evaluate(data);
    ASSERT_TRUE(evaluated.ok()) << evaluated.status();
    ExpectNear(Scalar((*evaluated)[0].second), Numbers(fields.at("loss")), "loss of the dataset");
    const auto logs = model.TrainOnBatch({.features = {{"x", x}}, .labels = {{"", y}}, .weight = c.weight});
    ASSERT_TRUE(logs.ok()) << logs.status();
    ExpectNear(Scalar((*logs)[0].second), Numbers(fields.at("loss")), "loss");
    ExpectNear(model.GetWeights()->at("dense/kernel"), Numbers(fields.at("kernel")), "kernel");
  }
  EXPECT_EQ(cases.size(), Goldens("weights").size());
}

TEST(TrainingGoldenTest, DataThatEndsBeforeTheStepsDo) {
  for (const Value& golden : Goldens().fields().at("run_out").list_value().values()) {
    const auto& fields = golden.struct_value().fields();
    const auto number = [&](const char* name) { return static_cast<int64_t>(fields.at(name).number_value()); };
    SCOPED_TRACE(golden.ShortDebugString());
    Sequential model({layers::InputLayer({1}, {.name = "x"}), layers::Dense(1)});
    ASSERT_EQ(model.Compile({.loss = "mse"}), absl::OkStatus());
    const int64_t n = 2 * number("batches");
    const Dataset data =
        *Dataset::FromTensors({{"x", Tensor(DataType::kFloat, {n, 1})}, {"y", Tensor(DataType::kFloat, {n, 1})}},
                              {.batch_size = 2, .label_key = "y"});
    std::vector<double> counts;
    const auto count = callbacks::LambdaCallback({.on_epoch_begin = [&](FitState&) { counts.push_back(0); },
                                                  .on_train_batch_end = [&](FitState&) { ++counts.back(); }});
    const auto history = model.Fit(data, {.epochs = static_cast<int>(number("epochs")),
                                          .steps_per_epoch = number("steps"),
                                          .callbacks = {count},
                                          .verbose = 0});
    ASSERT_TRUE(history.ok()) << history.status();
    EXPECT_THAT(counts, ElementsAreArray(Numbers(fields.at("counts"))));
    EXPECT_EQ(history->epochs.size(), counts.size());
  }
}

TEST(TrainingGoldenTest, SoftmaxOfSteps) {
  for (const auto& [name, golden] : Goldens("last_axis")) {
    SCOPED_TRACE(name);
    ops::Graph graph;
    const ops::Tensor x = ops::Constant(graph, Wave({2, 3, 4}, 1, 4)), y = Activation(name)(x);
    const auto gradients = ops::Gradients({ops::ReduceSum(y * ops::Constant(graph, Wave({2, 3, 4}, 99)))}, {x});
    ASSERT_TRUE(gradients.ok()) << gradients.status();
    auto session = ops::Session::Create(graph);
    ASSERT_TRUE(session.ok()) << session.status();
    auto function = (*session)->MakeFunction({}, {y, (*gradients)[0]});
    ASSERT_TRUE(function.ok()) << function.status();
    const auto outputs = (*function)->Run({});
    ASSERT_TRUE(outputs.ok()) << outputs.status();
    ExpectNear((*outputs)[0], Numbers(golden.struct_value().fields().at("output")), "output");
    ExpectNear((*outputs)[1], Numbers(golden.struct_value().fields().at("gradient")), "gradient");
  }
}

// A base that is called with training = false: frozen for two steps, then not for two, it keeps its averages and drops
// nothing.
TEST(TrainingGoldenTest, FineTuningABaseThatWorksAsInInference) {
  using namespace layers;  // NOLINT
  const KerasTensor image = Input({4, 4, 2}, {.name = "image"});
  KerasTensor y = Conv2D(3, 2, {.dilation_rate = 2, .name = "conv"})(image);
  y = BatchNormalization({.name = "norm"})(y);
  Model base({image}, {Dropout(0.5)(ReLU()(y))});
  const KerasTensor x = Input({4, 4, 2}, {.name = "x"});
  y = GlobalAveragePooling2D()(base(x, {.training = false}));
  Model model({x}, {Dense(1, {.name = "head"})(y)});
  const std::vector<std::pair<std::string, Shape>> weights = {
      {"conv/kernel", {2, 2, 2, 3}}, {"conv/bias", {3}},
      {"norm/gamma", {3}},           {"norm/beta", {3}},
      {"norm/moving_mean", {3}},     {"norm/moving_variance", {3}},
      {"head/kernel", {3, 1}},       {"head/bias", {1}}};
  std::map<std::string, Tensor> values;
  for (size_t i = 0; i < weights.size(); ++i) {
    Tensor value = Wave(weights[i].second, static_cast<double>(i));
    if (weights[i].first == "norm/moving_variance") {
      for (float& v : value.values<float>()) v = std::abs(v) + 0.5f;
    }
    values[weights[i].first] = value;
  }
  ASSERT_EQ(model.SetWeights(values), absl::OkStatus());
  const auto& golden = Goldens("fine_tuning");
  std::vector<double> losses;
  for (const bool trainable : {false, true}) {
    base.set_trainable(trainable);
    ASSERT_EQ(model.Compile({.optimizer = optimizers::SGD({.learning_rate = 0.1}), .loss = "mse"}), absl::OkStatus());
    for (const int step : {0, 1}) {
      const auto logs =
          model.TrainOnBatch({.features = {{"x", Wave({3, 4, 4, 2}, step)}}, .labels = {{"", Wave({3, 1}, step + 5)}}});
      ASSERT_TRUE(logs.ok()) << logs.status();
      losses.push_back((*logs)[0].second);
    }
  }
  const std::vector<double> expected = Numbers(golden.at("losses"));
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(losses[i], expected[i], 1e-5) << i;
  const auto trained = model.GetWeights();
  ASSERT_TRUE(trained.ok()) << trained.status();
  for (const auto& [name, value] : golden.at("weights").struct_value().fields())
    ExpectNear(trained->at(name), Numbers(value), name);
}

TEST(TrainingGoldenTest, MaskedStepsCountInNoMean) {
  const KerasTensor tokens = Input({5}, {.name = "tokens", .dtype = DataType::kInt64});
  Model model({tokens},
              {layers::Dense(3, {.activation = "softmax"})(layers::Embedding(7, 4, {.mask_zero = true})(tokens))});
  ASSERT_EQ(
      model.SetWeights(
          {{"embedding/embeddings", Wave({7, 4}, 0)}, {"dense/kernel", Wave({4, 3}, 1)}, {"dense/bias", Wave({3}, 2)}}),
      absl::OkStatus());
  ASSERT_EQ(model.Compile({.loss = "sparse_categorical_crossentropy",
                           .metrics = {"accuracy", "sparse_categorical_crossentropy"},
                           .weighted_metrics = {"accuracy"}}),
            absl::OkStatus());
  const std::map<std::string, Tensor> weights = {
      {"plain", Tensor()}, {"steps", Floats({3, 5}, {1, 0, 2, 1, 1, 3, 1, 1, 1, 1, 0.5, 1, 1, 2, 2})}};
  for (const auto& [name, golden] : Goldens("masked")) {
    SCOPED_TRACE(name);
    Batch batch{.features = {{"tokens", Ints({3, 5}, {1, 2, 3, 0, 0, 4, 0, 0, 0, 0, 1, 5, 6, 2, 0})}},
                .labels = {{"", Ints({3, 5}, {0, 1, 2, 0, 0, 1, 1, 1, 1, 1, 2, 0, 1, 0, 2})}},
                .weight = weights.at(name)};
    const auto logs = model.TestOnBatch(batch);
    ASSERT_TRUE(logs.ok()) << logs.status();
    for (const auto& [log, value] : golden.struct_value().fields()) {
      const auto actual = FindLog(*logs, log);
      ASSERT_TRUE(actual.has_value()) << log;
      EXPECT_NEAR(*actual, Numbers(value)[0], 1e-5) << log;
    }
  }
}

TEST(TrainingGoldenTest, MetricsSayWhichWayIsBetter) {
  for (const auto& [name, golden] : Goldens("directions")) {
    const Metric::Direction direction = Metric(name).direction();
    EXPECT_EQ(direction, golden.string_value() == "up" ? Metric::Direction::kUp : Metric::Direction::kDown) << name;
  }
}

}  // namespace
}  // namespace tfxm::nn
