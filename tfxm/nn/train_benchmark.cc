// SPDX-License-Identifier: Apache-2.0

// Training steps per second of the models that issue reports compare with Keras: one Fit of random data in memory.
#include <benchmark/benchmark.h>

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tfxm/nn/nn.h"

namespace tfxm::nn {
namespace {

// `examples` of uniform noise and labels in [0, classes).
Dataset RandomData(int64_t examples, const Shape& shape, int64_t classes, int64_t batch_size) {
  Shape all = shape;
  all.insert(all.begin(), examples);
  Tensor x(DataType::kFloat, all), y(DataType::kInt64, {examples});
  Random random(1);
  for (float& value : x.values<float>()) value = static_cast<float>(random.Uniform());
  for (int64_t& value : y.values<int64_t>()) value = static_cast<int64_t>(random.Below(classes));
  return *Dataset::FromTensors({{"x", x}, {"y", y}}, {.batch_size = batch_size, .label_key = "y"});
}

void Train(benchmark::State& state, Model& model, const Dataset& data, int num_threads, int64_t steps_per_fit,
           int num_towers = 0) {
  if (!model
           .Compile({.optimizer = optimizers::RMSprop({.learning_rate = 0.0015}),
                     .loss = losses::SparseCategoricalCrossentropy({.from_logits = true}),
                     .metrics = {"sparse_categorical_accuracy"},
                     .num_threads = num_threads,
                     .num_towers = num_towers})
           .ok()) {
    state.SkipWithError("does not compile");
    return;
  }
  const Dataset endless = data.Repeat();
  if (const auto warm = model.Fit(endless, {.steps_per_epoch = 5, .verbose = 0}); !warm.ok()) {
    state.SkipWithError(warm.status().ToString().c_str());
    return;
  }
  int64_t steps = 0;
  for (auto _ : state) {
    const int64_t n = steps_per_fit;
    if (!model.Fit(endless, {.steps_per_epoch = n, .verbose = 0}).ok()) state.SkipWithError("does not train");
    steps += n;
  }
  state.counters["steps/s"] = benchmark::Counter(static_cast<double>(steps), benchmark::Counter::kIsRate);
}

// The guide's MNIST model at its batch size of 40.
void BM_MnistMlp(benchmark::State& state) {
  Sequential model({layers::InputLayer({784}), layers::Dense(64, {.activation = "relu"}), layers::Dropout(0.2),
                    layers::Dense(64, {.activation = "relu"}), layers::Dropout(0.2), layers::Dense(10)});
  Train(state, model, RandomData(4000, {784}, 10, 40), static_cast<int>(state.range(0)), 200);
}
BENCHMARK(BM_MnistMlp)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime()->UseRealTime();

// Two convolutions and a dense layer on 28 x 28 pictures, batch 64.
void BM_MnistCnn(benchmark::State& state) {
  Sequential model({layers::InputLayer({28, 28, 1}), layers::Conv2D(32, 3, {.activation = "relu"}),
                    layers::MaxPooling2D(2), layers::Conv2D(64, 3, {.activation = "relu"}), layers::MaxPooling2D(2),
                    layers::Flatten(), layers::Dropout(0.5), layers::Dense(10)});
  Train(state, model, RandomData(640, {28, 28, 1}, 10, 64), 0, 20, static_cast<int>(state.range(0)));
}
// With the towers that follow from the model, and as a whole.
BENCHMARK(BM_MnistCnn)->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime()->UseRealTime();

// An LSTM of 64 units over 50 steps of 8 features, batch 64.
void BM_Lstm(benchmark::State& state) {
  Sequential model({layers::InputLayer({50, 8}), layers::LSTM(64), layers::Dense(10)});
  Train(state, model, RandomData(640, {50, 8}, 10, 64), 0, 20, static_cast<int>(state.range(0)));
}
BENCHMARK(BM_Lstm)->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime()->UseRealTime();

// Thirteen numbers and four ids; each id has a weight for each class (wide) and an embedding (deep). Batch 64.
constexpr int64_t kIds[] = {10, 50, 100, 1000};

Dataset RandomRows(int64_t examples, int64_t batch_size) {
  std::map<std::string, Tensor> features;
  Random random(1);
  Tensor numbers(DataType::kFloat, {examples, 13}), y(DataType::kInt64, {examples});
  for (float& value : numbers.values<float>()) value = static_cast<float>(random.Uniform());
  for (int64_t& value : y.values<int64_t>()) value = static_cast<int64_t>(random.Below(10));
  features["numbers"] = numbers;
  features["y"] = y;
  for (const int64_t size : kIds) {
    Tensor id(DataType::kInt64, {examples, 1});
    for (int64_t& value : id.values<int64_t>()) value = static_cast<int64_t>(random.Below(size));
    features[absl::StrCat("id", size)] = id;
  }
  return *Dataset::FromTensors(features, {.batch_size = batch_size, .label_key = "y"});
}

void BM_WideAndDeep(benchmark::State& state) {
  const KerasTensor numbers = Input({13}, {.name = "numbers"});
  std::vector<KerasTensor> inputs = {numbers}, wide, deep = {numbers};
  for (const int64_t size : kIds) {
    const KerasTensor id = Input({1}, {.name = absl::StrCat("id", size), .dtype = DataType::kInt64});
    inputs.push_back(id);
    wide.push_back(layers::Flatten()(layers::Embedding(size, 10)(id)));
    deep.push_back(layers::Flatten()(layers::Embedding(size, 8)(id)));
  }
  KerasTensor x = layers::Concatenate()(deep);
  x = layers::Dense(64, {.activation = "relu"})(x);
  x = layers::Dense(32, {.activation = "relu"})(x);
  wide.push_back(layers::Dense(10)(x));
  Model model(inputs, {layers::Add()(wide)});
  Train(state, model, RandomRows(6400, 64), static_cast<int>(state.range(0)), 100);
}
BENCHMARK(BM_WideAndDeep)->Arg(1)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime()->UseRealTime();

// MobileNetV2 (width 1, 10 classes) at 96 x 96, batch 32.
KerasTensor InvertedResidual(KerasTensor input, int filters, int stride, int expansion) {
  const int channels = static_cast<int>(input.shape().back());
  const auto normalize = [] { return layers::BatchNormalization({.momentum = 0.999, .epsilon = 1e-3}); };
  KerasTensor x = input;
  if (expansion > 1) {
    x = layers::Conv2D(expansion * channels, 1, {.padding = "same", .use_bias = false})(x);
    x = layers::ReLU({.max_value = 6})(normalize()(x));
  }
  x = layers::DepthwiseConv2D(3, {.strides = stride, .padding = "same", .use_bias = false})(x);
  x = layers::ReLU({.max_value = 6})(normalize()(x));
  x = normalize()(layers::Conv2D(filters, 1, {.padding = "same", .use_bias = false})(x));
  return stride == 1 && channels == filters ? layers::Add()({input, x}) : x;
}

void BM_MobileNetV2(benchmark::State& state) {
  const KerasTensor image = Input({96, 96, 3});
  KerasTensor x = layers::Conv2D(32, 3, {.strides = 2, .padding = "same", .use_bias = false})(image);
  x = layers::ReLU({.max_value = 6})(layers::BatchNormalization({.momentum = 0.999})(x));
  struct Block {
    int expansion, filters, repeats, stride;
  };
  for (const Block& block : {Block{1, 16, 1, 1},
                             {6, 24, 2, 2},
                             {6, 32, 3, 2},
                             {6, 64, 4, 2},
                             {6, 96, 3, 1},
                             {6, 160, 3, 2},
                             {6, 320, 1, 1}}) {
    for (int i = 0; i < block.repeats; ++i)
      x = InvertedResidual(x, block.filters, i == 0 ? block.stride : 1, block.expansion);
  }
  x = layers::Conv2D(1280, 1, {.use_bias = false})(x);
  x = layers::ReLU({.max_value = 6})(layers::BatchNormalization({.momentum = 0.999})(x));
  Model model({image}, {layers::Dense(10)(layers::GlobalAveragePooling2D()(x))});
  Train(state, model, RandomData(64, {96, 96, 3}, 10, 32), 0, 2);
}
BENCHMARK(BM_MobileNetV2)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime()->UseRealTime()->Iterations(4);

}  // namespace
}  // namespace tfxm::nn
