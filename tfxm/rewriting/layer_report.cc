#include "tfxm/rewriting/layer_report.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "tflite_generated.h"
#include "tfxm/litert/inspect.h"
#include "tfxm/litert/observe.h"
#include "tfxm/litert/schema_util.h"
#include "tfxm/rewriting/internal/feed.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::rewriting {
namespace {

struct Sums {
  double signal = 0, noise = 0;
  int64_t n = 0;
  double min = std::numeric_limits<double>::infinity(), max = -min;
  double NoiseToSignal() const { return signal == 0 ? (noise == 0 ? 0 : 1e9) : noise / signal; }
};

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
  std::vector<Sums> sums(observed->tensors().size());
  for (const Sample& sample : samples) {
    RETURN_IF_ERROR(Feed(reference->model(), sample));
    RETURN_IF_ERROR(reference->Run([&](int k, const Shape&, std::span<const float> values) {
      activations[k].assign(values.begin(), values.end());
    }));
    RETURN_IF_ERROR(Feed(observed->model(), sample));
    RETURN_IF_ERROR(observed->Run([&](int k, const Shape&, std::span<const float> values) {
      const std::vector<float>& want = activations[place[observed->tensors()[k].name]];
      if (want.size() != values.size()) return;
      Sums& s = sums[k];
      for (size_t i = 0; i < values.size(); ++i) {
        const double error = static_cast<double>(values[i]) - want[i];
        s.signal += static_cast<double>(want[i]) * want[i];
        s.noise += error * error;
        s.min = std::min<double>(s.min, want[i]);
        s.max = std::max<double>(s.max, want[i]);
      }
      s.n += values.size();
    }));
  }

  // The quantized model's operators, so that each result finds the noise of what it was made from.
  const schema::Model& model = quantized_model->model();
  const schema::SubGraph& graph = *model.subgraphs()->Get(0);
  std::map<int, int> seen;  // tensor -> its place in sums
  for (size_t k = 0; k < sums.size(); ++k) seen[observed->tensors()[k].tensor] = k;
  std::map<int, const schema::Operator*> producer;
  for (const auto* op : litert::Each(graph.operators())) {
    for (int t : litert::Each(op->outputs())) producer[t] = op;
  }
  std::vector<LayerError> out;
  for (const auto& [t, k] : seen) {
    const Sums& s = sums[k];
    const auto made = producer.find(t);
    if (s.n == 0 || made == producer.end()) continue;
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
    layer.rmse = std::sqrt(s.noise / s.n);
    layer.sqnr_db = s.noise == 0 ? std::numeric_limits<double>::infinity() : 10 * std::log10(s.signal / s.noise);
    double before = 0;
    for (int input : litert::Each(op->inputs())) {
      if (const auto it = seen.find(input); it != seen.end())
        before = std::max(before, sums[it->second].NoiseToSignal());
    }
    layer.added_noise = s.NoiseToSignal() - before;
    out.push_back(std::move(layer));
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const LayerError& a, const LayerError& b) { return a.added_noise > b.added_noise; });
  return out;
}

std::string RenderLayers(const std::vector<LayerError>& layers, int most, int64_t num_samples) {
  std::string out = "Where the loss comes from, worst first (quantized against float, same inputs)\n";
  absl::StrAppendFormat(&out, "  %-24s %8s %9s %11s %23s %10s  %s\n", "operator", "SQNR dB", "added dB", "RMSE/scale",
                        "range", "scale", "tensor");
  std::vector<double> ranges;
  for (const LayerError& layer : layers) ranges.push_back(layer.max - layer.min);
  std::sort(ranges.begin(), ranges.end());
  const double median_range = ranges.empty() ? 0 : ranges[ranges.size() / 2];
  std::vector<std::string> advice;
  int shown = 0;
  int kept_float = 0;
  for (const LayerError& layer : layers) {
    if (!layer.quantized) ++kept_float;
    if (shown++ >= most) continue;
    // What this operator alone would leave: the ratio of its own noise to its signal.
    const std::string added =
        layer.added_noise <= 0 ? "-" : absl::StrFormat("%.1f", -10 * std::log10(layer.added_noise));
    absl::StrAppendFormat(&out, "  %-24s %8s %9s %11.2f  [%9.3g, %9.3g] %10.3g  %s\n", layer.op,
                          std::isinf(layer.sqnr_db) ? "exact" : absl::StrFormat("%.1f", layer.sqnr_db), added,
                          layer.RmseOverScale(), layer.min, layer.max, layer.scale, layer.tensor);
    const double range = layer.max - layer.min;
    if (layer.quantized && layer.sqnr_db < 20 && median_range > 0 && range > 10 * median_range) {
      advice.push_back(
          absl::StrFormat("\"%s\" ranges over [%.3g, %.3g], %.0f times the median of the layers: few values, spread "
                          "thin over int8. Bound it "
                          "(ReLU6, normalization), or keep it in float: --keep_float=\"%s\".",
                          layer.tensor, layer.min, layer.max, range / median_range, layer.tensor));
    } else if (layer.quantized && layer.added_noise > 0.01 && layer.sqnr_db < 20) {
      advice.push_back(absl::StrFormat("%s \"%s\" adds much noise (SQNR %.1f dB): int16x8, or --keep_float=\"%s\".",
                                       layer.op, layer.tensor, layer.sqnr_db, layer.tensor));
    }
  }
  if (static_cast<int>(layers.size()) > most) absl::StrAppend(&out, "  … ", layers.size() - most, " more\n");
  if (num_samples < 20) {
    advice.push_back(absl::StrCat("Only ", num_samples,
                                  " samples calibrate the ranges; 100 or more of real data are usual (sample_size)."));
  }
  if (kept_float > 0) {
    advice.push_back(absl::StrCat(kept_float,
                                  " of the results are computed in float: those operators have no integer kernel or "
                                  "were asked to stay, and each border costs a conversion."));
  }
  if (!advice.empty()) absl::StrAppend(&out, "What to do\n  - ", absl::StrJoin(advice, "\n  - "), "\n");
  return out;
}

}  // namespace tfxm::rewriting
