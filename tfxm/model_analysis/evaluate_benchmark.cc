// SPDX-License-Identifier: Apache-2.0

// Evaluations of the guide's MNIST classifier (784 -> 64 -> 64 -> 10) beside what bounds them: reading and decoding the
// records, and the bare loop of the same model. The files are made anew: random images, an untrained model.
#include <benchmark/benchmark.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/substitute.h"
#include "tfxm/compute/pass.h"
#include "tfxm/litert/compiled_model.h"
#include "tfxm/model_analysis/evaluate.h"
#include "tfxm/model_analysis/test_examples.h"
#include "tfxm/nn/nn.h"
#include "tfxm/rewriting/tflite_rewriter.h"
#include "tfxm/saved_model/saved_model.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

constexpr int kPixels = 784, kExamples = 70000, kShards = 4, kBatch = 256;
constexpr char kConfig[] = R"pb(
  model_specs { label_key: "image_class" model_type: "$0" }
  slicing_specs {}
  slicing_specs { feature_keys: "image_class" }
  metrics_specs {
    metrics { class_name: "ExampleCount" }
    metrics { class_name: "SparseCategoricalAccuracy" }
    metrics { class_name: "SparseCategoricalCrossentropy" }
    metrics { class_name: "SparseTopKCategoricalAccuracy" config: '"k": 3' }
    metrics { class_name: "MultiClassConfusionMatrixAtThresholds" }
  }
  metrics_specs {
    binarize { class_ids { values: [ 0 ] } }
    metrics { class_name: "AUC" }
    metrics { class_name: "Precision" }
    metrics { class_name: "Recall" }
    metrics { class_name: "MeanLabel" }
    metrics { class_name: "MeanPrediction" }
  })pb";

class Files {
 public:
  Files() {
    nn::Random random(1);
    std::vector<std::vector<std::string>> shards(kShards);
    for (int i = 0; i < kExamples; ++i) {
      std::vector<float> pixels(kPixels);
      // One pixel in five is not black, as in MNIST: what gzip makes of it matters.
      for (float& pixel : pixels) pixel = random.Below(5) == 0 ? static_cast<float>(random.Below(256)) / 255 : 0;
      ExampleBuilder example;
      example.Floats("image_floats", pixels).Ints("image_class", {static_cast<int64_t>(random.Below(10))});
      shards[i % kShards].push_back(example.Serialize());
    }
    for (int s = 0; s < kShards; ++s)
      paths.push_back(WriteRecords(dir / absl::StrCat("examples-", s, ".gz"), shards[s]));
    nn::Sequential model({nn::layers::InputLayer({kPixels}, {.name = "image_floats"}),
                          nn::layers::Dense(64, {.activation = "relu"}), nn::layers::Dense(64, {.activation = "relu"}),
                          nn::layers::Dense(10, {.activation = "softmax"})});
    status = model.Save(dir / "saved_model");
    if (status.ok()) {
      TfliteRewriter rewriter({.name = "float"});
      status = RewriteSavedModel(dir / "saved_model", dir / "tflite", rewriter, ModelType::kTfliteModel);
    }
  }

  const TempDir dir;
  std::vector<std::string> paths;
  absl::Status status;
};

const Files& TheFiles() {
  static const Files files;
  return files;
}

struct Nothing {
  absl::Status Add(const data::ExampleBatch& batch) {
    benchmark::DoNotOptimize(batch.num_examples());
    return absl::OkStatus();
  }
  absl::Status Merge(Nothing&&) { return absl::OkStatus(); }
  void Save(StateWriter*) const {}
  void Load(StateReader*) {}
  static constexpr StateKind kStateKind = {"nothing", 1};
};

bool Failed(benchmark::State& state, const absl::Status& status) {
  if (!status.ok()) state.SkipWithError(status.ToString().c_str());
  return !status.ok();
}

void BM_ReadAndDecode(benchmark::State& state) {
  TheFiles();
  for (auto _ : state) {
    const compute::PassOptions options{.num_threads = static_cast<int>(state.range(0)), .batch_size = kBatch};
    if (Failed(state, compute::Accumulate<Nothing>(TheFiles().paths, [] { return Nothing(); }, options).status()))
      return;
  }
  state.SetItemsProcessed(state.iterations() * kExamples);
}

void BM_LoadSavedModel(benchmark::State& state) {
  TheFiles();
  for (auto _ : state) {
    if (Failed(state, SavedModel::Load(TheFiles().dir / "saved_model", {.num_threads = 1}).status())) return;
  }
}

void BM_BareSavedModel(benchmark::State& state) {
  const auto model = SavedModel::Load(TheFiles().dir / "saved_model", {.num_threads = 1});
  if (Failed(state, TheFiles().status) || Failed(state, model.status())) return;
  const Signature* const signature = *(*model)->FindSignature("serving_default");
  std::map<std::string, Tensor> inputs;
  inputs.emplace(signature->inputs[0].name, Tensor(DataType::kFloat, {kBatch, kPixels}));
  for (auto _ : state) {
    if (Failed(state, compute::ParallelFor(
                          kExamples / kBatch, [&](int) { return (*model)->Run(*signature, inputs).status(); },
                          static_cast<int>(state.range(0))))) {
      return;
    }
  }
  state.SetItemsProcessed(state.iterations() * (kExamples / kBatch) * kBatch);
}

void BM_BareTflite(benchmark::State& state) {
  const int threads = static_cast<int>(state.range(0));
  std::vector<std::unique_ptr<litert::CompiledModel>> models;
  for (int t = 0; t < threads; ++t) {
    auto file = litert::ModelFile::Read(TheFiles().dir / "tflite/tflite");
    if (Failed(state, file.status())) return;
    auto model = litert::CompiledModel::Create(*std::move(file));
    if (Failed(state, model.status()) || Failed(state, (*model)->ResizeBatch(kBatch))) return;
    models.push_back(*std::move(model));
  }
  const std::vector<float> pixels(kBatch * kPixels, 0.25f);
  for (auto _ : state) {
    (void)compute::ParallelFor(
        threads,
        [&](int t) {
          for (int i = t; i < kExamples / kBatch; i += threads) {
            std::copy(pixels.begin(), pixels.end(), reinterpret_cast<float*>(models[t]->input(0).data()));
            RETURN_IF_ERROR(models[t]->Run());
          }
          return absl::OkStatus();
        },
        threads);
  }
  state.SetItemsProcessed(state.iterations() * (kExamples / kBatch) * kBatch);
}

// The whole of Evaluate, loading the model and writing the files included.
void BM_Evaluate(benchmark::State& state, const std::string& model_type, const std::string& model) {
  EvaluateOptions options;
  options.eval_config = Config(absl::Substitute(kConfig, model_type));
  options.files = TheFiles().paths;
  options.models = {{"", TheFiles().dir / model}};
  options.num_threads = static_cast<int>(state.range(0));
  options.batch_size = kBatch;
  options.output_dir = TheFiles().dir / "evaluation";
  for (auto _ : state) {
    if (Failed(state, TheFiles().status) || Failed(state, Evaluate(options).status())) return;
  }
  state.SetItemsProcessed(state.iterations() * kExamples);
}

BENCHMARK(BM_ReadAndDecode)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(BM_BareTflite)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(BM_Evaluate, tflite, "tf_lite", "tflite")
    ->Arg(1)
    ->Arg(2)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK(BM_LoadSavedModel)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(BM_BareSavedModel)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(BM_Evaluate, saved_model, "saved_model", "saved_model")
    ->Arg(1)
    ->Arg(2)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
}  // namespace tfxm::model_analysis
