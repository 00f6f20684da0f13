// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/validation/layer_report.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tflite_generated.h"
#include "tfxm/litert/inspect.h"
#include "tfxm/litert/internal/schema_util.h"
#include "tfxm/litert/observe.h"
#include "tfxm/rewriting/internal/feed.h"
#include "tfxm/rewriting/validation/error_statistics.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/text.h"
#include "tfxm/util/text/text_table.h"

namespace tfxm::rewriting {
namespace {

// Enough values of a tensor, of one example.
constexpr int64_t kMostValues = 4096;

double NoiseToSignal(const ErrorPart& part) { return std::isinf(part.sqnr_db) ? 0 : std::pow(10, -part.sqnr_db / 10); }

}  // namespace

absl::StatusOr<std::vector<LayerError>> MeasureLayers(const std::shared_ptr<const litert::ModelFile>& float_model,
                                                      const std::shared_ptr<const litert::ModelFile>& quantized_model,
                                                      const std::string& signature,
                                                      const std::vector<Sample>& samples) {
  std::set<std::string> quantized_names;
  for (const auto* tensor : litert::Each(quantized_model->model().subgraphs()->Get(0)->tensors())) {
    quantized_names.insert(tensor->name()->str());
  }
  const auto main_graph = [](const litert::ObservedTensor& t) { return t.subgraph == 0; };
  ASSIGN_OR_RETURN(
      auto reference,
      litert::ObservedModel::Create(float_model, {.signature = signature}, [&](const litert::ObservedTensor& t) {
        return main_graph(t) && t.type == schema::TensorType_FLOAT32 && quantized_names.count(t.name);
      }));
  std::map<std::string, int> place;  // In the reference's tensors.
  for (size_t k = 0; k < reference->tensors().size(); ++k) place[reference->tensors()[k].name] = k;
  ASSIGN_OR_RETURN(auto observed, litert::ObservedModel::Create(quantized_model, {.signature = signature},
                                                                [&](const litert::ObservedTensor& t) {
                                                                  return main_graph(t) && place.count(t.name);
                                                                }));

  std::vector<std::vector<float>> activations(reference->tensors().size());
  std::vector<Shape> shapes(reference->tensors().size());
  std::vector<ErrorStatistics> statistics(observed->tensors().size(), ErrorStatistics(kMostValues));
  for (const Sample& sample : samples) {
    RETURN_IF_ERROR(Feed(reference->model(), sample));
    RETURN_IF_ERROR(reference->Run([&](int k, const Shape& shape, std::span<const float> values) {
      activations[k].assign(values.begin(), values.end());
      shapes[k] = shape;
    }));
    RETURN_IF_ERROR(Feed(observed->model(), sample));
    RETURN_IF_ERROR(observed->Run([&](int k, const Shape&, std::span<const float> values) {
      const int reference_k = place[observed->tensors()[k].name];
      const int64_t examples = shapes[reference_k].empty() ? 1 : shapes[reference_k][0];
      statistics[k].Add(examples, shapes[reference_k], activations[reference_k], values);
    }));
  }

  // The quantized model's operators, so that each result finds the noise of what it was made from.
  const schema::Model& model = quantized_model->model();
  const schema::SubGraph& graph = *model.subgraphs()->Get(0);
  std::map<int, int> seen;  // tensor -> its place in summaries
  std::vector<ErrorSummary> summaries;
  for (size_t k = 0; k < statistics.size(); ++k) {
    seen[observed->tensors()[k].tensor] = k;
    summaries.push_back(statistics[k].Finish());
  }
  std::map<int, const schema::Operator*> producer;
  for (const auto* op : litert::Each(graph.operators())) {
    for (int t : litert::Each(op->outputs())) producer[t] = op;
  }
  std::vector<LayerError> out;
  for (const auto& [t, k] : seen) {
    const ErrorSummary& s = summaries[k];
    const auto made = producer.find(t);
    if (s.num_values == 0 || made == producer.end()) continue;
    LayerError layer;
    layer.op = litert::OpName(model, *made->second);
    layer.tensor = observed->tensors()[k].name;
    layer.quantized = observed->tensors()[k].type != schema::TensorType_FLOAT32;
    layer.scale = observed->tensors()[k].quantization.scale;
    // A result that is only converted back to float is that of the integer operator before.
    const schema::Operator* op = made->second;
    if (layer.op == "DEQUANTIZE") {
      const int integer = op->inputs()->Get(0);
      const auto before = producer.find(integer);
      if (before == producer.end()) continue;
      op = before->second;
      layer.op = litert::OpName(model, *op);
      layer.quantized = true;
      const auto* q = graph.tensors()->Get(integer)->quantization();
      if (q != nullptr && q->scale() != nullptr && q->scale()->size() > 0) layer.scale = q->scale()->Get(0);
    }
    layer.min = s.min;
    layer.max = s.max;
    layer.rmse = std::sqrt(s.mean_squared_error);
    layer.sqnr_db = s.Worst().sqnr_db;
    layer.part = s.Worst().name;
    double before = 0;
    for (int input : litert::Each(op->inputs())) {
      if (const auto it = seen.find(input); it != seen.end())
        before = std::max(before, NoiseToSignal(summaries[it->second].Worst()));
    }
    layer.added_noise = NoiseToSignal(s.Worst()) - before;
    out.push_back(std::move(layer));
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const LayerError& a, const LayerError& b) { return a.added_noise > b.added_noise; });
  return out;
}

std::string RenderLayers(const std::vector<LayerError>& layers, int most, int64_t num_samples, int width) {
  std::string out = "Where the loss comes from, worst first (quantized against float, same inputs)\n";
  constexpr TextTable::Alignment kRight = TextTable::kRight;
  TextTable table({{"operator"},
                   {"SQNR dB", kRight},
                   {"added dB", kRight},
                   {"RMSE/scale", kRight},
                   {"range", kRight},
                   {"scale", kRight},
                   {"tensor"}});
  std::vector<double> ranges;
  for (const LayerError& layer : layers) ranges.push_back(layer.max - layer.min);
  std::sort(ranges.begin(), ranges.end());
  const double median_range = ranges.empty() ? 0 : ranges[ranges.size() / 2];
  std::vector<std::string> notes;
  int shown = 0;
  int kept_float = 0;
  for (const LayerError& layer : layers) {
    if (!layer.quantized) ++kept_float;
    if (shown++ >= most) continue;
    // What this operator alone would leave: the ratio of its own noise to its signal.
    const std::string added =
        layer.added_noise <= 0 ? "-" : absl::StrFormat("%.1f", -10 * std::log10(layer.added_noise));
    table.AddRow({PrintableText(layer.op), std::isinf(layer.sqnr_db) ? "exact" : absl::StrFormat("%.1f", layer.sqnr_db),
                  added, absl::StrFormat("%.2f", layer.RmseOverScale()),
                  absl::StrFormat("[%.3g, %.3g]", layer.min, layer.max), absl::StrFormat("%.3g", layer.scale),
                  PrintableText(layer.tensor)});
    const double range = layer.max - layer.min;
    if (layer.quantized && layer.added_noise > 0.01 && !layer.part.empty()) {
      notes.push_back(absl::StrFormat("%s \"%s\" has one scale for [%.3g, %.3g], with which %s %s %.1f dB.", layer.op,
                                      layer.tensor, layer.min, layer.max, layer.part,
                                      absl::StartsWith(layer.part, "column ") ? "has" : "have", layer.sqnr_db));
    } else if (layer.quantized && layer.sqnr_db < 20 && median_range > 0 && range > 10 * median_range) {
      notes.push_back(
          absl::StrFormat("%s \"%s\" ranges over [%.3g, %.3g], %.3g times the median of the layers: few "
                          "values, spread thin over the integers.",
                          layer.op, layer.tensor, layer.min, layer.max, range / median_range));
    }
  }
  absl::StrAppend(&out, table.Text({.width = width, .indent = "  "}));
  if (static_cast<int>(layers.size()) > most) absl::StrAppend(&out, "  … ", layers.size() - most, " more\n");
  if (num_samples < 20) {
    notes.push_back(absl::StrCat("Only ", num_samples,
                                 " samples calibrate the ranges; 100 or more of real data are usual (sample_size)."));
  }
  if (kept_float > 0) {
    notes.push_back(absl::StrCat(kept_float,
                                 " of the results are computed in float: those operators have no integer kernel or "
                                 "were asked to stay, and each border costs a conversion."));
  }
  if (!notes.empty()) absl::StrAppend(&out, "To be noted\n");
  for (const std::string& note : notes) absl::StrAppend(&out, "  - ", PrintableText(note), "\n");
  return WrapLines(out, width);
}

}  // namespace tfxm::rewriting
