// SPDX-License-Identifier: Apache-2.0

// Training in slices of the batch: the numbers of the whole model, on any machine.
#include "tfxm/nn/internal/towers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tfxm/nn/nn.h"
#include "tfxm/nn/test_util.h"
#include "tfxm/ops/ops.h"
#include "tfxm/util/io.h"

namespace tfxm::nn {
namespace {

using testing::HasSubstr;

int TowersOf(const KerasTensor& input, const KerasTensor& output) {
  const auto network = Network::Create({input}, {output});
  EXPECT_TRUE(network.ok()) << network.status();
  return DefaultNumTowers(*network);
}

KerasTensor Cnn(const KerasTensor& image) {
  KerasTensor x = layers::MaxPooling2D(2)(layers::Conv2D(32, 3, {.activation = "relu"})(image));
  x = layers::MaxPooling2D(2)(layers::Conv2D(64, 3, {.activation = "relu"})(x));
  return layers::Dense(10)(layers::Dropout(0.5)(layers::Flatten()(x)));
}

TEST(TowersTest, TheModelSaysHowMany) {
  const KerasTensor image = Input({28, 28, 1}), steps = Input({50, 8}), words = Input({50}), vector = Input({784});
  EXPECT_EQ(TowersOf(image, Cnn(image)), 4);
  EXPECT_EQ(TowersOf(steps, layers::Dense(10)(layers::LSTM(64)(steps))), 2);
  EXPECT_EQ(TowersOf(steps, layers::Dense(10)(layers::LSTM(32)(steps))), 1);
  EXPECT_EQ(TowersOf(image, layers::Conv2D(32, 3)(image)), 2);
  // Dense models, whatever their size, and tables of words: little to do for each weight.
  EXPECT_EQ(TowersOf(vector, layers::Dense(10)(layers::Dense(64)(vector))), 1);
  EXPECT_EQ(TowersOf(vector, layers::Dense(10)(layers::Dense(4096)(vector))), 1);
  EXPECT_EQ(TowersOf(words, layers::Dense(10)(layers::LSTM(64)(layers::Embedding(20000, 64)(words)))), 1);
}

// A convolution and a layer after it.
int TowersWith(const LayerRef& layer) {
  const KerasTensor image = Input({28, 28, 1});
  return TowersOf(image, layer(layers::Conv2D(32, 5)(image)));
}

TEST(TowersTest, WhatLooksAcrossTheBatchIsLeftWhole) {
  EXPECT_GT(TowersWith(layers::ReLU()), 1);
  EXPECT_EQ(TowersWith(layers::BatchNormalization()), 1);
  EXPECT_EQ(TowersWith(layers::ActivityRegularization(regularizers::L2())), 1);
  EXPECT_EQ(TowersWith(layers::Lambda([](const std::vector<ops::Tensor>& x) { return x[0]; })), 1);
  EXPECT_EQ(TowersWith(layers::ActivationLayer({"mine", [](const ops::Tensor& x) { return ops::Square(x); }})), 1);
  LayerRef frozen = layers::BatchNormalization();
  frozen->set_trainable(false);
  EXPECT_GT(TowersWith(frozen), 1);
  // Also within a model that is a layer.
  Sequential inner({layers::InputLayer({24, 24, 32}), layers::BatchNormalization()});
  const KerasTensor image = Input({28, 28, 1});
  EXPECT_EQ(TowersOf(image, inner(layers::Conv2D(32, 5)(image))), 1);

  Sequential model({layers::InputLayer({8, 8, 1}), layers::Conv2D(4, 3), layers::BatchNormalization({.name = "norm"})});
  const absl::Status status = model.Compile({.optimizer = "sgd", .loss = "mse", .num_towers = 2});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("the output of layer \"norm\" (BatchNormalization)"));
  EXPECT_EQ(model.Compile({.optimizer = "sgd", .loss = "mse", .num_towers = -1}).code(),
            absl::StatusCode::kInvalidArgument);
}

struct Trained {
  std::vector<double> logs;
  std::map<std::string, Tensor> weights;
};

// Three steps, of 19, 16 and 5 examples, or of what `batches` says.
Trained Train(const std::function<Model()>& make, CompileOptions options, const std::function<Batch(int64_t)>& batch,
              const std::vector<int64_t>& batches = {19, 16, 5}) {
  SetRandomSeed(1);
  Model model = make();
  EXPECT_EQ(model.Compile(std::move(options)), absl::OkStatus());
  Trained trained;
  for (const int64_t n : batches) {
    const auto logs = model.TrainOnBatch(batch(n));
    EXPECT_TRUE(logs.ok()) << logs.status();
    if (!logs.ok()) return trained;
    for (const auto& [name, value] : *logs) trained.logs.push_back(value);
  }
  trained.weights = *model.GetWeights();
  return trained;
}

void ExpectSame(const Trained& a, const Trained& b, double tolerance) {
  ASSERT_EQ(a.logs.size(), b.logs.size());
  for (size_t i = 0; i < a.logs.size(); ++i) EXPECT_NEAR(a.logs[i], b.logs[i], tolerance * std::max(1.0, a.logs[i]));
  ASSERT_EQ(a.weights.size(), b.weights.size());
  for (const auto& [name, weight] : a.weights) {
    const std::vector<float> x = FloatValues(weight), y = FloatValues(b.weights.at(name));
    ASSERT_EQ(x.size(), y.size());
    for (size_t i = 0; i < x.size(); ++i) ASSERT_NEAR(x[i], y[i], tolerance) << name;
  }
}

struct Case {
  std::string name;
  std::function<Model()> make;
  Shape input;
  DataType dtype = DataType::kFloat;
  Loss loss = losses::SparseCategoricalCrossentropy();
  int64_t classes = 3;  // 0: the labels are numbers, one for each of six steps.
};

std::vector<Case> Cases() {
  const auto classes = [](const KerasTensor& x) { return layers::Dense(3, {.activation = "softmax"})(x); };
  std::vector<Case> cases;
  const auto add = [&](std::string name, Shape shape, std::function<KerasTensor(const KerasTensor&)> body,
                       DataType dtype = DataType::kFloat) {
    cases.push_back({name,
                     [=] {
                       const KerasTensor x = Input(shape, {.name = "x", .dtype = dtype});
                       return Model({x}, {body(x)});
                     },
                     shape, dtype});
  };
  add("convolutions", {8, 8, 2}, [=](const KerasTensor& x) {
    KerasTensor y = layers::Conv2D(4, 3, {.activation = "relu", .kernel_regularizer = regularizers::L2()})(x);
    y = layers::SeparableConv2D(6, 3, {.padding = "same"})(y);
    y = layers::MaxPooling2D(2)(layers::GroupNormalization(2)(y));
    return classes(layers::GlobalAveragePooling2D()(layers::Conv2DTranspose(4, 2, {.strides = 2})(y)));
  });
  add("sequence convolutions", {9, 4}, [=](const KerasTensor& x) {
    const KerasTensor y = layers::Conv1D(5, 3, {.padding = "causal", .dilation_rate = 2})(x);
    return classes(layers::Flatten()(layers::Concatenate()({y, layers::LayerNormalization()(x)})));
  });
  add(
      "masked words", {6},
      [=](const KerasTensor& x) {
        const KerasTensor y = layers::Embedding(7, 4, {.mask_zero = true})(x);
        return classes(layers::GRU(3)(layers::Bidirectional(layers::LSTM(5, {.return_sequences = true}))(y)));
      },
      DataType::kInt64);
  add(
      "masked outputs", {6},
      [=](const KerasTensor& x) {
        return layers::Dense(1)(
            layers::SimpleRNN(4, {.return_sequences = true})(layers::Embedding(7, 4, {.mask_zero = true})(x)));
      },
      DataType::kInt64);
  cases.back().loss = "mse";
  cases.back().classes = 0;
  add("attention", {5, 6}, [=](const KerasTensor& x) {
    const KerasTensor y = layers::MultiHeadAttention(2, 3, {.use_causal_mask = true})({x, x});
    return classes(layers::GlobalAveragePooling1D()(layers::Add()({x, y})));
  });
  add("a model as a layer", {8, 8, 2}, [=](const KerasTensor& x) {
    Sequential inner({layers::InputLayer({8, 8, 2}), layers::Conv2D(3, 3, {.activation = "tanh"}), layers::Flatten()});
    return classes(inner(x));
  });
  add("a sigmoid", {4, 4, 1}, [=](const KerasTensor& x) {
    return layers::Dense(1, {.activation = "sigmoid"})(layers::Flatten()(layers::Rescaling(255)(x)));
  });
  cases.back().loss = losses::BinaryCrossentropy();
  cases.back().classes = 2;
  return cases;
}

Batch BatchOf(const Case& c, int64_t n) {
  Shape shape = c.input;
  shape.insert(shape.begin(), n);
  Batch batch;
  Tensor x = Wave(shape, static_cast<double>(n));
  if (c.dtype == DataType::kInt64) {
    std::vector<int64_t> ints;
    for (int64_t i = 0; i < NumElements(shape); ++i) ints.push_back((i * i + i / 6) % 7 * (i % 6 > i / 6 % 4 ? 0 : 1));
    x = Ints(shape, ints);
  }
  batch.features["x"] = x;
  if (c.classes == 0) {
    batch.labels[""] = Wave({n, 6, 1}, 2);
    return batch;
  }
  std::vector<int64_t> labels;
  for (int64_t i = 0; i < n; ++i) labels.push_back(i * i % c.classes);
  batch.labels[""] = Ints({n, 1}, labels);
  return batch;
}

TEST(TowersTest, EachKindOfLayerTrainsAsWithoutThem) {
  for (const Case& c : Cases()) {
    SCOPED_TRACE(c.name);
    const auto train = [&](int towers) {
      return Train(c.make,
                   {.optimizer = optimizers::SGD({.learning_rate = 0.1, .momentum = 0.9}),
                    .loss = c.loss,
                    .metrics = {c.classes == 0 ? "mae" : "accuracy"},
                    .num_towers = towers},
                   [&](int64_t n) { return BatchOf(c, n); });
    };
    ExpectSame(train(1), train(2), 2e-5);
  }
}

// Passes its input on, and counts how often it is put into a graph for training.
class Counting : public Layer {
 public:
  Counting(int* calls, bool per_example) : Layer("Counting"), calls_(calls), per_example_(per_example) {}
  ops::Tensor Call(CallContext& context, const std::vector<ops::Tensor>& inputs) override {
    if (context.training()) ++*calls_;
    return inputs[0];
  }
  bool per_example() const override { return per_example_; }

 private:
  int* const calls_;
  const bool per_example_;
};

Batch Vectors(int64_t n) {
  Batch batch;
  batch.features["x"] = Wave({n, 4}, 0);
  batch.labels[""] = Wave({n, 1}, 1);
  return batch;
}

TEST(TowersTest, SmallBatchesAndUnknownLayersAreWhole) {
  int calls = 0;
  Sequential model({layers::InputLayer({4}), MakeLayer<Counting>(&calls, true), layers::Dense(1)});
  ASSERT_EQ(model.Compile({.optimizer = "adam", .loss = "mse", .num_towers = 3}), absl::OkStatus());
  ASSERT_TRUE(model.TrainOnBatch(Vectors(3 * kMinExamplesPerTower)).ok());
  EXPECT_EQ(calls, 3);
  ASSERT_TRUE(model.TrainOnBatch(Vectors(3 * kMinExamplesPerTower - 1)).ok());
  EXPECT_EQ(calls, 4);
  ASSERT_TRUE(model.TrainOnBatch(Vectors(1)).ok());
  ASSERT_TRUE(model.TrainOnBatch(Vectors(100)).ok());
  EXPECT_EQ(calls, 4);  // Both graphs were there.
  // A custom layer that says nothing.
  Sequential whole({layers::InputLayer({4}), MakeLayer<Counting>(&calls, false), layers::Dense(1)});
  EXPECT_EQ(whole.Compile({.optimizer = "adam", .loss = "mse", .num_towers = 2}).code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(TowersTest, ANormalizationThatIsTrainedAgainIsNotSliced) {
  const auto train = [](int towers) {
    SetRandomSeed(1);
    LayerRef norm = layers::BatchNormalization();
    norm->set_trainable(false);
    Sequential model({layers::InputLayer({4}), norm, layers::Dense(1)});
    EXPECT_EQ(model.Compile({.optimizer = "sgd", .loss = "mse", .num_towers = towers}), absl::OkStatus());
    norm->set_trainable(true);
    Trained trained;
    trained.logs = {model.TrainOnBatch(Vectors(32))->front().second};
    trained.weights = *model.GetWeights();
    return trained;
  };
  ExpectSame(train(1), train(2), 1e-6);
}

TEST(TowersTest, SeveralInputsOutputsAndWeights) {
  const auto make = [] {
    const KerasTensor image = Input({6, 6, 1}, {.name = "image"}), more = Input({2}, {.name = "more"});
    const KerasTensor x = layers::Concatenate()({layers::Flatten()(layers::Conv2D(2, 3)(image)), more});
    return Model({image, more}, {layers::Dense(1, {.name = "size"})(x),
                                 layers::Dense(3, {.activation = "softmax", .name = "kind"})(x)});
  };
  const auto batch = [](int64_t n) {
    Batch batch;
    batch.features = {{"image", Wave({n, 6, 6, 1}, 1)}, {"more", Wave({n, 2}, 2)}};
    std::vector<int64_t> kinds(n);
    std::vector<float> weights(n);
    for (int64_t i = 0; i < n; ++i) {
      kinds[i] = i % 3;
      weights[i] = static_cast<float>(i % 4);
    }
    batch.labels = {{"size", Wave({n, 1}, 3)}, {"kind", Ints({n, 1}, kinds)}};
    batch.weight = Floats({n}, weights);
    return batch;
  };
  const auto train = [&](int towers) {
    return Train(make,
                 {.optimizer = optimizers::SGD({.learning_rate = 0.1}),
                  .losses = {{"size", "mse"}, {"kind", "sparse_categorical_crossentropy"}},
                  .loss_weights = {{"kind", 0.5}},
                  .output_metrics = {{"kind", {"accuracy"}}},
                  .num_towers = towers},
                 batch, {35, 32, 9});
  };
  ExpectSame(train(1), train(4), 2e-5);
}

TEST(TowersTest, EachDrawsItsOwnRandomNumbers) {
  // The same vector 16 times; the loss is that of one example alone, which its dropout decides.
  const auto loss_of = [](int64_t example) {
    const auto batch = [&](int64_t n) {
      Batch batch;
      Tensor x(DataType::kFloat, {n, 64});
      for (int64_t i = 0; i < n * 64; ++i) x.values<float>()[i] = static_cast<float>(std::sin(i % 64));
      batch.features["x"] = x;
      batch.labels[""] = Floats({n, 1}, std::vector<float>(n));
      std::vector<float> weights(n);
      weights[example] = 1;
      batch.weight = Floats({n}, weights);
      return batch;
    };
    const auto make = [] {
      return Sequential({layers::InputLayer({64}, {.name = "x"}), layers::Dropout(0.5),
                         layers::Dense(1, {.kernel_initializer = "ones"})});
    };
    return Train(make, {.optimizer = "sgd", .loss = "mse", .num_towers = 2}, batch, {16}).logs[0];
  };
  EXPECT_EQ(loss_of(0), loss_of(0));
  EXPECT_NE(loss_of(0), loss_of(8));  // The first of each tower.
  EXPECT_NE(loss_of(0), loss_of(1));
}

// The guide's kind of CNN, with the towers that it gets by itself.
Model MnistCnn(int num_threads) {
  SetRandomSeed(1);
  const KerasTensor image = Input({28, 28, 1}, {.name = "x"});
  Model model({image}, {Cnn(image)});
  EXPECT_EQ(model.Compile({.optimizer = "adam",
                           .loss = losses::SparseCategoricalCrossentropy({.from_logits = true}),
                           .num_threads = num_threads}),
            absl::OkStatus());
  return model;
}

// 132 examples by 64: the last batch is whole.
Dataset Images() {
  const Pictures pictures = MakePictures(132, 784, 5);
  Tensor images(DataType::kFloat, {132, 28, 28, 1});
  std::ranges::copy(pictures.images.values<float>(), images.values<float>().begin());
  return *Dataset::FromTensors({{"x", images}, {"y", pictures.labels}}, {.batch_size = 64, .label_key = "y"});
}

TEST(TowersTest, TheSameBytesForAnyNumberOfThreads) {
  std::map<std::string, Tensor> first;
  for (const int threads : {2, 3, 7}) {
    for (const char* cores : {"1", "3", "7"}) {
      setenv("TFXM_NUM_THREADS", cores, 1);
      Model model = MnistCnn(threads);
      const auto history = model.Fit(Images(), {.steps_per_epoch = 2, .verbose = 0});
      ASSERT_TRUE(history.ok()) << history.status();
      const std::map<std::string, Tensor> weights = *model.GetWeights();
      if (first.empty()) first = weights;
      for (const auto& [name, tensor] : weights)
        EXPECT_TRUE(std::ranges::equal(tensor.bytes(), first.at(name).bytes())) << name << ", " << threads;
    }
  }
  unsetenv("TFXM_NUM_THREADS");
}

// Nodes that run at the same time read and write the same variables only in the order that is meant.
TEST(TowersTest, UpdatesComeOutTheSameEachTime) {
  using namespace optimizers;  // NOLINT
  const std::map<std::string, Optimizer> cases = {
      {"ftrl", Ftrl({.learning_rate = 0.1, .l2_shrinkage_regularization_strength = 0.1})},
      {"ema", AdamW({.learning_rate = 0.01, .use_ema = true, .ema_momentum = 0.8, .ema_overwrite_frequency = 2})},
      {"accumulation", SGD({.learning_rate = 0.1, .momentum = 0.9, .gradient_accumulation_steps = 2})},
      {"nadam", Nadam({.learning_rate = 0.01})},
  };
  const auto make = [] {
    return Sequential({layers::InputLayer({4}, {.name = "x"}),
                       layers::Dense(64, {.activation = "relu", .kernel_constraint = constraints::MaxNorm(0.5)}),
                       layers::Dense(64, {.kernel_constraint = constraints::MaxNorm(0.5)}), layers::Dense(1)});
  };
  for (const auto& [name, optimizer] : cases) {
    SCOPED_TRACE(name);
    std::map<std::string, Tensor> first;
    for (const char* cores : {"1", "4", "4", "4"}) {
      setenv("TFXM_NUM_THREADS", cores, 1);
      const Trained trained =
          Train(make, {.optimizer = optimizer, .loss = "mse", .num_towers = 4}, Vectors, std::vector<int64_t>(20, 64));
      if (first.empty()) first = trained.weights;
      for (const auto& [weight, tensor] : trained.weights)
        EXPECT_TRUE(std::ranges::equal(tensor.bytes(), first.at(weight).bytes())) << weight << ", " << cores;
    }
  }
  unsetenv("TFXM_NUM_THREADS");
}

TEST(TowersTest, ABrokenTrainingGoesOnToTheSameBytes) {
  const std::string dir = io::JoinPath(*io::MakeTempDir(::testing::TempDir(), "towers"), "backup");
  const auto train = [&](int64_t kill_at, bool backup) {
    Model model = MnistCnn(0);
    std::vector<CallbackRef> callbacks = {std::make_shared<KillAt>(kill_at)};
    if (backup) callbacks.insert(callbacks.begin(), callbacks::BackupAndRestore({.backup_dir = dir, .save_freq = 1}));
    const auto history = model.Fit(Images(), {.epochs = 3, .callbacks = callbacks, .verbose = 0});
    EXPECT_EQ(history.ok(), kill_at < 0) << history.status();
    return *model.GetWeights();
  };
  const auto unbroken = train(-1, false);
  train(2, true);  // Before the batch that is whole, and after it.
  train(6, true);
  const auto resumed = train(-1, true);
  for (const auto& [name, value] : unbroken)
    EXPECT_TRUE(std::ranges::equal(value.bytes(), resumed.at(name).bytes())) << name;
}

}  // namespace
}  // namespace tfxm::nn
