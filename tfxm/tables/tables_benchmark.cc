// SPDX-License-Identifier: Apache-2.0

// How fast CSV becomes columns (data::ExampleBatch), on one thread: with types that are inferred, for which the cells are
// gone through twice, and given. bytes = the file's.
//   build/benchmarks/tfxm_tables_benchmark
#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "benchmark/benchmark.h"
#include "tfxm/data/example_batch.h"
#include "tfxm/tables/tables.h"
#include "tfxm/util/io.h"

namespace tfxm::tables {
namespace {

constexpr int kRows = 200'000, kBatchRows = 1000;

// Ten columns as of taxi rides: four of integers, five of decimals, one of 2,000 words; 62 bytes a row.
std::string Rides() {
  std::mt19937 random(1);
  std::string text = "id,fare,miles,company,payment,hour,day,lat,lon,tips\n";
  for (int i = 0; i < kRows; ++i) {
    absl::StrAppendFormat(&text, "%d,%.2f,%.3f,w%d,%d,%d,%d,%.6f,%.6f,%.2f\n", i, random() % 5000 / 100.0,
                          random() % 30000 / 1000.0, random() % 2000, random() % 3, random() % 24, random() % 7,
                          41 + random() % 1'000'000 / 1e6, -87 - random() % 1'000'000 / 1e6, random() % 900 / 100.0);
  }
  return text;
}

void Run(benchmark::State& state, const CsvOptions& options) {
  setenv("TFXM_NUM_THREADS", "1", 1);
  const std::string dir = *io::MakeTempDir("/tmp", "tables_benchmark"), file = io::JoinPath(dir, "rides.csv");
  const std::string text = Rides();
  if (!io::WriteFile(file, text).ok()) std::abort();
  for (auto _ : state) {
    auto source = OpenCsv({file}, options);
    if (!source.ok()) std::abort();
    data::ExampleBatch batch;
    while (true) {
      auto block = (*source)->Next();
      if (!block.ok()) std::abort();
      if (*block == nullptr) break;
      for (int i = 0; i < (*block)->size(); i += kBatchRows) {
        batch.Clear();
        if (!(*block)->AppendTo(i, std::min((*block)->size(), i + kBatchRows), &batch).ok()) std::abort();
      }
    }
  }
  state.SetItemsProcessed(state.iterations() * kRows);
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(text.size()));
  io::RemoveAll(dir).IgnoreError();
}

void BM_CsvInferred(benchmark::State& state) { Run(state, {}); }
BENCHMARK(BM_CsvInferred)->Unit(benchmark::kMillisecond);

void BM_CsvTyped(benchmark::State& state) {
  CsvOptions options;
  for (const char* const name : {"id", "payment", "hour", "day"}) options.types[name] = data::ValueType::kInt;
  for (const char* const name : {"fare", "miles", "lat", "lon", "tips"}) options.types[name] = data::ValueType::kFloat;
  options.types["company"] = data::ValueType::kBytes;
  options.types_are_complete = true;
  Run(state, options);
}
BENCHMARK(BM_CsvTyped)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tfxm::tables
