// SPDX-License-Identifier: Apache-2.0

// Examples per second of the guide's MNIST classifier (784 -> 64 -> 64 -> 10, float) on one core, by batch size: what
// an evaluation of a TFLite model is measured against.
#include <benchmark/benchmark.h>

#include <cstring>
#include <string>
#include <vector>

#include "tfxm/litert/compiled_model.h"
#include "tfxm/litert/inspect.h"
#include "tfxm/litert/test_models.h"

namespace tfxm::litert {
namespace {

std::string Mnist() {
  testing::ModelBuilder b;
  int x = b.Tensor("image_floats", schema::TensorType_FLOAT32, {-1, 784});
  const int input = x;
  int width = 784;
  for (int units : {64, 64, 10}) {
    std::vector<float> weights(units * width);
    for (size_t i = 0; i < weights.size(); ++i) weights[i] = static_cast<float>(i % 17) / 100 - 0.08f;
    const int w = b.Constant<float>("w", schema::TensorType_FLOAT32, {units, width}, weights);
    const int c = b.Constant<float>("b", schema::TensorType_FLOAT32, {units}, std::vector<float>(units, 0.1f));
    const int y = b.Tensor("y", schema::TensorType_FLOAT32, {-1, units});
    schema::FullyConnectedOptionsT options;
    if (units == 64) options.fused_activation_function = schema::ActivationFunctionType_RELU;
    b.Op(schema::BuiltinOperator_FULLY_CONNECTED, std::move(options), {x, w, c}, {y});
    x = y;
    width = units;
  }
  const int y = b.Tensor("probabilities", schema::TensorType_FLOAT32, {-1, 10});
  schema::SoftmaxOptionsT softmax;
  softmax.beta = 1;
  b.Op(schema::BuiltinOperator_SOFTMAX, std::move(softmax), {x}, {y});
  b.InputsOutputs({input}, {y});
  b.Signature("serving_default", {{"image_floats", input}}, {{"probabilities", y}});
  return b.Finish();
}

void BM_Run(benchmark::State& state) {
  auto model = CompiledModel::Create(*ModelFile::FromBytes(Mnist(), "mnist"));
  const int batch = state.range(0);
  if (!model.ok() || !(*model)->ResizeBatch(batch).ok()) return state.SkipWithError("no model");
  std::vector<float> pixels(batch * 784, 0.25f);
  for (auto _ : state) {
    std::memcpy((*model)->input(0).data(), pixels.data(), pixels.size() * sizeof(float));
    if (!(*model)->Run().ok()) return state.SkipWithError("run failed");
    benchmark::DoNotOptimize((*model)->output(0).data());
  }
  state.SetItemsProcessed(state.iterations() * batch);
}
BENCHMARK(BM_Run)->Arg(1)->Arg(32)->Arg(256)->Arg(1024);

void BM_Load(benchmark::State& state) {
  const std::string bytes = Mnist();
  for (auto _ : state) benchmark::DoNotOptimize(CompiledModel::Create(*ModelFile::FromBytes(bytes, "mnist")));
}
BENCHMARK(BM_Load)->Unit(benchmark::kMillisecond);

void BM_Inspect(benchmark::State& state) {
  auto file = ModelFile::FromBytes(Mnist(), "mnist");
  for (auto _ : state) benchmark::DoNotOptimize(Render(Inspect(**file)));
}
BENCHMARK(BM_Inspect)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace tfxm::litert
