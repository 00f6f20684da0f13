// SPDX-License-Identifier: Apache-2.0

// Rewriting the small classifier of the tests in every way, and calibration against the plain loop over the same
// samples.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "tfxm/litert/compiled_model.h"
#include "tfxm/rewriting/internal/convert/converter.h"
#include "tfxm/rewriting/internal/feed.h"
#include "tfxm/rewriting/internal/quantize/calibration.h"
#include "tfxm/rewriting/test_saved_models.h"
#include "tfxm/rewriting/tflite_rewriter.h"
#include "tfxm/util/io.h"

namespace tfxm::rewriting {
namespace {

std::string ImageModelDir() {
  static const std::string* const dir = [] {
    auto* made = new std::string(io::MakeTempDir("/tmp", "rewriting_benchmark").value());
    if (!testing::WriteImageModel(*made + "/model").ok()) std::abort();
    return made;
  }();
  return *dir + "/model";
}

void BM_Rewrite(benchmark::State& state) {
  const auto mode = static_cast<QuantizationMode>(state.range(0));
  state.SetLabel(std::string(QuantizationName(mode)));
  RewriterOptions options{.name = "benchmark", .quantization = mode};
  options.representative_dataset.samples = testing::Samples("image", {1, 8, 8, 2}, 100);
  const std::string out = ImageModelDir() + "_out";
  for (auto _ : state) {
    TfliteRewriter rewriter(options);
    if (!RewriteSavedModel(ImageModelDir(), out, rewriter, ModelType::kTfliteModel).ok()) {
      return state.SkipWithError("failed");
    }
  }
}
BENCHMARK(BM_Rewrite)->DenseRange(0, 4)->Unit(benchmark::kMillisecond)->UseRealTime();

// The small model of the tests, or the float TFLite file named by TFXM_BENCHMARK_MODEL.
std::shared_ptr<const litert::ModelFile> FloatModel() {
  if (const char* path = std::getenv("TFXM_BENCHMARK_MODEL")) return *litert::ModelFile::Read(path);
  auto bytes =
      ConvertSavedModel(ImageModelDir(), {.signature = "serving_default", .quantization = QuantizationMode::kInt8});
  return *litert::ModelFile::FromBytes(*bytes, "image");
}

std::vector<Sample> SamplesOf(const litert::ModelFile& model, int n) {
  const litert::SignatureInfo& signature = **model.FindSignature("");
  std::vector<Sample> samples(n);
  for (int i = 0; i < n; ++i) {
    for (const litert::SignatureTensor& input : signature.inputs) {
      Shape shape = input.spec.shape;
      for (int64_t& dim : shape) dim = dim < 0 ? 1 : dim;
      samples[i][input.spec.name] = testing::Weights(shape, 1, 100 + i);
    }
  }
  return samples;
}

// CPU time of the whole process: threads do not hide work.
void BM_Calibrate(benchmark::State& state) {
  const auto model = FloatModel();
  SampleSet samples{.samples = SamplesOf(*model, state.range(0))};
  samples.names.resize(samples.samples.size());
  for (auto _ : state) benchmark::DoNotOptimize(Calibrate(model, "serving_default", samples, {}, {}));
  state.SetItemsProcessed(state.iterations() * samples.samples.size());
}
BENCHMARK(BM_Calibrate)->Arg(100)->Arg(2000)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime();

void BM_PlainLoop(benchmark::State& state) {
  const auto file = FloatModel();
  const auto samples = SamplesOf(*file, state.range(0));
  for (auto _ : state) {
    auto model = litert::CompiledModel::Create(file);
    for (const Sample& sample : samples) {
      if (!Feed(**model, sample).ok() || !(*model)->Run().ok()) return state.SkipWithError("failed");
    }
  }
  state.SetItemsProcessed(state.iterations() * samples.size());
}
BENCHMARK(BM_PlainLoop)->Arg(100)->Arg(2000)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime();

}  // namespace
}  // namespace tfxm::rewriting
