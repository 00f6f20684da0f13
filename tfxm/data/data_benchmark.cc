// SPDX-License-Identifier: Apache-2.0

// How fast examples can be read: the limit of every pass over data. Bytes are those of the decompressed file.
//
//   build/benchmarks/tfxm_data_benchmark
#include <zlib.h>

#include <cstdlib>

#include "benchmark/benchmark.h"
#include "tensorflow/core/example/example.pb.h"
#include "tensorflow/core/example/feature.pb.h"
#include "tfxm/data/example_batch.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/util/io.h"

namespace tfxm::data {
namespace {

constexpr int kExamples = 20000;

// Records like MNIST's: 784 floats, of which 4 in 5 are the background, and a label.
const std::vector<std::string>& Records() {
  static const auto* const records = [] {
    auto* r = new std::vector<std::string>;
    uint32_t state = 1;
    for (int i = 0; i < kExamples; ++i) {
      tensorflow::Example example;
      auto& features = *example.mutable_features()->mutable_feature();
      features["image_class"].mutable_int64_list()->add_value(i % 10);
      for (int p = 0; p < 784; ++p) {
        state = state * 1664525u + 1013904223u;
        const int pixel = p % 28 < 8 || p % 28 > 20 || p < 100 || p > 700 ? 0 : static_cast<int>(state >> 24);
        features["image_floats"].mutable_float_list()->add_value(static_cast<float>(pixel / 255.0 - 0.5));
      }
      r->push_back(io::SerializeDeterministically(example));
    }
    return r;
  }();
  return *records;
}

std::string File(const std::string& name) {
  const std::string path = io::JoinPath(*io::MakeTempDir("/tmp", "tfxm-benchmark"), name);
  auto writer = *TFRecordWriter::Create(path);
  for (const std::string& record : Records()) (void)writer->Write(record);
  (void)writer->Close();
  return path;
}

int64_t TotalBytes() {
  int64_t bytes = 0;
  for (const std::string& record : Records()) bytes += static_cast<int64_t>(record.size()) + 16;
  return bytes;
}

void Finish(benchmark::State& state, const std::string& path) {
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * TotalBytes());
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * kExamples);
  (void)io::RemoveAll(io::Dirname(path));
}

void BM_ReadTFRecord(benchmark::State& state, const std::string& name) {
  const std::string path = File(name);
  for (auto _ : state) {
    (void)ForEachRecord({path}, [](absl::string_view) { return absl::OkStatus(); });
  }
  Finish(state, path);
}
BENCHMARK_CAPTURE(BM_ReadTFRecord, plain, std::string("a.tfrecord"))->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_ReadTFRecord, gzip, std::string("a.gz"))->Unit(benchmark::kMillisecond);

// The same bytes through zlib alone, without records or CRC: what TensorFlow's reader starts from.
void BM_ZlibInflate(benchmark::State& state) {
  const std::string path = File("a.gz");
  std::vector<char> buffer(1 << 20);
  for (auto _ : state) {
    gzFile file = gzopen(path.c_str(), "rb");
    while (gzread(file, buffer.data(), static_cast<unsigned>(buffer.size())) > 0) {
    }
    gzclose(file);
  }
  Finish(state, path);
}
BENCHMARK(BM_ZlibInflate)->Unit(benchmark::kMillisecond);

void BM_ReadAndDecode(benchmark::State& state, const std::string& name) {
  const std::string path = File(name);
  for (auto _ : state) {
    ExampleBatch batch;
    (void)ForEachRecord({path}, [&](absl::string_view record) {
      if (batch.num_examples() == 1024) batch.Clear();
      return batch.Append(record);
    });
  }
  Finish(state, path);
}
BENCHMARK_CAPTURE(BM_ReadAndDecode, plain, std::string("a.tfrecord"))->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_ReadAndDecode, gzip, std::string("a.gz"))->Unit(benchmark::kMillisecond);

void BM_ParseWithProtobuf(benchmark::State& state) {
  for (auto _ : state) {
    tensorflow::Example example;
    for (const std::string& record : Records()) benchmark::DoNotOptimize(example.ParseFromString(record));
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * TotalBytes());
}
BENCHMARK(BM_ParseWithProtobuf)->Unit(benchmark::kMillisecond);

void BM_Write(benchmark::State& state, const std::string& name) {
  for (auto _ : state) {
    const std::string path = File(name);
    state.PauseTiming();
    (void)io::RemoveAll(io::Dirname(path));
    state.ResumeTiming();
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * TotalBytes());
}
BENCHMARK_CAPTURE(BM_Write, plain, std::string("a.tfrecord"))->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_Write, gzip, std::string("a.gz"))->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tfxm::data
