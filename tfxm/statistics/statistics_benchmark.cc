// SPDX-License-Identifier: Apache-2.0

// Throughput of StatisticsAccumulator::Add, one thread, batches of 1,024 decoded examples in memory. items = values;
// bytes = the values' own bytes.
//   build/benchmarks/tfxm_statistics_benchmark
#include <cstdint>
#include <functional>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"
#include "tensorflow/core/example/example.pb.h"
#include "tensorflow/core/example/feature.pb.h"
#include "tfxm/data/example_batch.h"
#include "tfxm/statistics/statistics_accumulator.h"

namespace tfxm::statistics {
namespace {

using Fill = std::function<void(std::mt19937&, tensorflow::Feature*)>;
constexpr int kBatchSize = 1024;

data::ExampleBatch MakeBatch(int num_values, const Fill& fill) {
  std::mt19937 random(1);
  data::ExampleBatch batch;
  for (int i = 0; i < kBatchSize; ++i) {
    tensorflow::Example example;
    tensorflow::Feature& feature = (*example.mutable_features()->mutable_feature())["x"];
    for (int k = 0; k < num_values; ++k) fill(random, &feature);
    if (!batch.Append(example.SerializeAsString()).ok()) std::abort();
  }
  return batch;
}

void Run(benchmark::State& state, int num_values, int bytes_per_value, const Fill& fill) {
  const data::ExampleBatch batch = MakeBatch(num_values, fill);
  StatisticsAccumulator accumulator;
  for (auto _ : state) {
    if (!accumulator.Add(batch).ok()) std::abort();
  }
  const int64_t values = state.iterations() * kBatchSize * num_values;
  state.SetItemsProcessed(values);
  state.SetBytesProcessed(values * bytes_per_value);
}

// 784 floats an example, 256 different values, four fifths of them 0, in runs: images.
void BM_Images(benchmark::State& state) {
  int run = 0;
  Run(state, 784, 4, [run](std::mt19937& random, tensorflow::Feature* feature) mutable {
    if (run == 0) run = static_cast<int>(random() % 80);
    feature->mutable_float_list()->add_value(--run > 12 ? 0.0f : static_cast<float>(random() % 256) / 255);
    if (run < 0) run = 0;
  });
}
BENCHMARK(BM_Images);

// 784 floats an example, all different: beyond the bound of distinct values.
void BM_DistinctFloats(benchmark::State& state) {
  Run(state, 784, 4, [](std::mt19937& random, tensorflow::Feature* feature) {
    feature->mutable_float_list()->add_value(std::normal_distribution<float>()(random));
  });
}
BENCHMARK(BM_DistinctFloats);

void BM_OneFloat(benchmark::State& state) {
  Run(state, 1, 4, [](std::mt19937& random, tensorflow::Feature* feature) {
    feature->mutable_float_list()->add_value(static_cast<float>(random() % 1000) / 4);
  });
}
BENCHMARK(BM_OneFloat);

void BM_OneInt(benchmark::State& state) {
  Run(state, 1, 8, [](std::mt19937& random, tensorflow::Feature* feature) {
    feature->mutable_int64_list()->add_value(random() % 1000);
  });
}
BENCHMARK(BM_OneInt);

void BM_OneString(benchmark::State& state) {
  Run(state, 1, 16, [](std::mt19937& random, tensorflow::Feature* feature) {
    feature->mutable_bytes_list()->add_value(absl::StrCat("a string ", 1000000 + random() % 1000));
  });
}
BENCHMARK(BM_OneString);

}  // namespace
}  // namespace tfxm::statistics
