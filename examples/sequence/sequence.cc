// SPDX-License-Identifier: Apache-2.0

// A recurrent model for a phone that has its readings one at a time: an LSTM is trained on whole series of 50 readings,
// and then made a model of one step, whose state goes in and comes out. As an int8 file it is run step by step, as an
// app would.
//
//   build/sequence_example OUTPUT_DIR
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tfxm/litert/compiled_model.h"
#include "tfxm/nn/nn.h"
#include "tfxm/rewriting/rewriter.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

using namespace tfxm;
namespace layers = nn::layers;

constexpr int kSteps = 50, kAxes = 3, kKinds = 4, kUnits = 24;

// Movements of an accelerometer with noise: at rest, shaken, circling, lifted.
struct Series {
  Tensor readings;  // [n, kSteps, kAxes]
  Tensor kinds;     // [n, 1]
};
static Series MakeSeries(int64_t n, uint64_t seed) {
  nn::Random random(seed);
  Series series{Tensor(DataType::kFloat, {n, kSteps, kAxes}), Tensor(DataType::kInt64, {n, 1})};
  auto values = series.readings.values<float>().begin();
  for (int64_t i = 0; i < n; ++i) {
    const auto kind = static_cast<int64_t>(random.Below(kKinds));
    series.kinds.values<int64_t>()[i] = kind;
    const double phase = 6.28 * random.Uniform(), speed = 0.8 + 0.4 * random.Uniform();
    for (int t = 0; t < kSteps; ++t) {
      double axes[kAxes] = {0, 0, 0};
      if (kind == 1) axes[0] = std::sin(phase + 1.5 * speed * t);
      if (kind == 2) axes[0] = std::sin(phase + 0.3 * speed * t), axes[1] = std::cos(phase + 0.3 * speed * t);
      if (kind == 3) axes[2] = speed * t / kSteps;
      for (const double axis : axes) *values++ = static_cast<float>(axis + 0.4 * random.Normal());
    }
  }
  return series;
}

// Reading `t` of every series: [n, 1, kAxes].
static Tensor ReadingsAt(const Tensor& readings, int t) {
  const int64_t n = readings.shape()[0];
  Tensor at(DataType::kFloat, {n, 1, kAxes});
  for (int64_t i = 0; i < n; ++i) {
    std::copy_n(readings.values<float>().begin() + (i * kSteps + t) * kAxes, kAxes,
                at.values<float>().begin() + i * kAxes);
  }
  return at;
}

// What the step model meets in use, for the ranges of its int8 version: readings, and the states that come before them.
static absl::StatusOr<std::vector<Sample>> MakeSamples(nn::Model& step, const Tensor& readings) {
  const int64_t n = readings.shape()[0];
  std::vector<Sample> samples;
  Tensor h(DataType::kFloat, {n, kUnits}), c(DataType::kFloat, {n, kUnits});
  for (int t = 0; t < kSteps; ++t) {
    samples.push_back({{"reading", ReadingsAt(readings, t)}, {"h", h}, {"c", c}});
    ASSIGN_OR_RETURN(auto outputs, step.Predict(samples.back()));
    h = std::move(outputs[1]);
    c = std::move(outputs[2]);
  }
  return samples;
}

// The app's side: nothing of TensorFlow, and a state that it keeps from reading to reading.
static absl::StatusOr<double> AccuracyStepByStep(const std::string& tflite_file, const Series& series) {
  ASSIGN_OR_RETURN(const auto model, litert::CompiledModel::Load(tflite_file));
  RETURN_IF_ERROR(model->ResizeBatch(1));
  std::map<std::string, int> inputs, outputs;
  for (size_t i = 0; i < model->inputs().size(); ++i) inputs[model->inputs()[i].name] = static_cast<int>(i);
  for (size_t i = 0; i < model->outputs().size(); ++i) outputs[model->outputs()[i].name] = static_cast<int>(i);
  const auto input = [&](const char* name) { return model->input(inputs.at(name)); };
  int64_t right = 0;
  const int64_t n = series.readings.shape()[0];
  for (int64_t i = 0; i < n; ++i) {
    for (const char* state : {"h", "c"}) std::memset(input(state).data(), 0, input(state).size());
    for (int t = 0; t < kSteps; ++t) {
      std::memcpy(input("reading").data(), &series.readings.values<float>()[(i * kSteps + t) * kAxes],
                  input("reading").size());
      RETURN_IF_ERROR(model->Run());
      for (const char* state : {"h", "c"}) {
        const auto next = model->output(outputs.at(absl::StrCat("next_", state)));
        std::memcpy(input(state).data(), next.data(), next.size());
      }
    }
    const auto* scores = reinterpret_cast<const float*>(model->output(outputs.at("scores")).data());
    right += std::max_element(scores, scores + kKinds) - scores == series.kinds.values<int64_t>()[i];
  }
  return static_cast<double>(right) / static_cast<double>(n);
}

static absl::Status Run(const std::string& output) {
  const nn::LayerRef lstm = layers::LSTM(kUnits, {.return_state = true, .name = "lstm"});
  const nn::LayerRef scores = layers::Dense(kKinds, {.name = "scores"});
  const nn::KerasTensor whole = nn::Input({kSteps, kAxes}, {.name = "series"});
  nn::Model model({whole}, {scores(lstm.Outputs({whole})[0])});

  const Series train = MakeSeries(2000, 1), test = MakeSeries(500, 2);
  ASSIGN_OR_RETURN(const nn::Dataset train_data,
                   nn::Dataset::FromTensors({{"series", train.readings}, {"kind", train.kinds}},
                                            {.batch_size = 32, .label_key = "kind"}));
  ASSIGN_OR_RETURN(const nn::Dataset test_data,
                   nn::Dataset::FromTensors({{"series", test.readings}, {"kind", test.kinds}},
                                            {.batch_size = 100, .label_key = "kind", .shuffle = false}));
  RETURN_IF_ERROR(model.Compile({.optimizer = nn::optimizers::Adam({.learning_rate = 0.005}),
                                 .loss = nn::losses::SparseCategoricalCrossentropy({.from_logits = true}),
                                 .metrics = {"accuracy"}}));
  RETURN_IF_ERROR(model.Fit(train_data, {.epochs = 8, .validation_data = &test_data}).status());
  ASSIGN_OR_RETURN(const nn::Logs logs, model.Evaluate(test_data));

  // The same layers, and so the same weights, for one reading at a time.
  const nn::KerasTensor reading = nn::Input({1, kAxes}, {.name = "reading"});
  const nn::KerasTensor h = nn::Input({kUnits}, {.name = "h"}), c = nn::Input({kUnits}, {.name = "c"});
  const std::vector<nn::KerasTensor> next = lstm.Outputs({reading, h, c});
  nn::Model step({reading, h, c}, {{"scores", scores(next[0])}, {"next_h", next[1]}, {"next_c", next[2]}});
  const std::string saved_model = io::JoinPath(output, "saved_model"), tflite = io::JoinPath(output, "int8");
  RETURN_IF_ERROR(step.Save(saved_model));

  RewriterOptions options{.name = "step", .quantization = QuantizationMode::kInt8};
  ASSIGN_OR_RETURN(options.representative_dataset.samples, MakeSamples(step, MakeSeries(20, 3).readings));
  ASSIGN_OR_RETURN(const auto rewriter, CreateRewriter(kTfliteRewriter, options));
  RETURN_IF_ERROR(RewriteSavedModel(saved_model, tflite, *rewriter, ModelType::kTfliteModel));

  const std::string file = io::JoinPath(tflite, "tflite");
  ASSIGN_OR_RETURN(const double accuracy, AccuracyStepByStep(file, test));
  std::printf("whole series, float: accuracy %.3f\nstep by step, int8:  accuracy %.3f (%s)\n",
              *nn::FindLog(logs, "accuracy"), accuracy, file.c_str());
  if (accuracy > 0.9) return absl::OkStatus();
  return absl::InternalError("the int8 model, run step by step, is not as accurate as it should be");
}

int main(int argc, char** argv) {
  const absl::Status status = Run(argc > 1 ? argv[1] : "runs/sequence");
  if (!status.ok()) std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return status.ok() ? 0 : 1;
}
