// Rewriting the small classifier of the tests in every way, and calibration against the plain loop over the same
// samples.
#include <benchmark/benchmark.h>

#include <string>

#include "tfxm/litert/compiled_model.h"
#include "tfxm/rewriting/internal/calibration.h"
#include "tfxm/rewriting/internal/converter.h"
#include "tfxm/rewriting/internal/feed.h"
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

std::shared_ptr<const litert::ModelFile> FloatModel() {
  auto bytes =
      ConvertSavedModel(ImageModelDir(), {.signature = "serving_default", .quantization = QuantizationMode::kInt8});
  return *litert::ModelFile::FromBytes(*bytes, "image");
}

void BM_Calibrate(benchmark::State& state) {
  const auto model = FloatModel();
  const auto samples = testing::Samples("image", {1, 8, 8, 2}, 2000);
  for (auto _ : state) benchmark::DoNotOptimize(Calibrate(model, "serving_default", samples));
  state.SetItemsProcessed(state.iterations() * samples.size());
}
BENCHMARK(BM_Calibrate)->Unit(benchmark::kMillisecond)->UseRealTime();

void BM_PlainLoop(benchmark::State& state) {
  auto model = litert::CompiledModel::Create(FloatModel());
  const auto samples = testing::Samples("image", {1, 8, 8, 2}, 2000);
  for (auto _ : state) {
    for (const Sample& sample : samples) {
      if (!Feed(**model, sample).ok() || !(*model)->Run().ok()) return state.SkipWithError("failed");
    }
  }
  state.SetItemsProcessed(state.iterations() * samples.size());
}
BENCHMARK(BM_PlainLoop)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace tfxm::rewriting
