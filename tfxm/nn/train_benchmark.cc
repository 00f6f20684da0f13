// Training steps per second of the models that issue reports compare with Keras: one Fit of random data in memory.
#include <benchmark/benchmark.h>

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

void Train(benchmark::State& state, Model& model, const Dataset& data, int num_threads) {
  if (!model.Compile({.optimizer = optimizers::RMSprop({.learning_rate = 0.0015}),
                      .loss = losses::SparseCategoricalCrossentropy({.from_logits = true}),
                      .metrics = {"sparse_categorical_accuracy"},
                      .num_threads = num_threads})
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
    const int64_t n = 200;
    if (!model.Fit(endless, {.steps_per_epoch = n, .verbose = 0}).ok()) state.SkipWithError("does not train");
    steps += n;
  }
  state.counters["steps/s"] = benchmark::Counter(static_cast<double>(steps), benchmark::Counter::kIsRate);
}

// The guide's MNIST model at its batch size of 40.
void BM_MnistMlp(benchmark::State& state) {
  Sequential model({layers::InputLayer({784}), layers::Dense(64, {.activation = "relu"}), layers::Dropout(0.2),
                    layers::Dense(64, {.activation = "relu"}), layers::Dropout(0.2), layers::Dense(10)});
  Train(state, model, RandomData(4000, {784}, 10, 40), static_cast<int>(state.range(0)));
}
BENCHMARK(BM_MnistMlp)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace tfxm::nn
