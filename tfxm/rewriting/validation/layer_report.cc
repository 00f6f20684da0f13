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
constexpr char kAfter[] = " after ";

double NoiseToSignal(const ErrorPart& part) { return std::isinf(part.sqnr_db) ? 0 : std::pow(10, -part.sqnr_db / 10); }

using litert::ObservedModel;
using litert::ObservedTensor;

// The tensors of the two models that are called alike, observed; those of the float model are floats.
struct Matched {
  std::unique_ptr<ObservedModel> reference, quantized;
  std::vector<int> reference_of;  // By tensor of the quantized model.
};

absl::StatusOr<Matched> Match(const std::shared_ptr<const litert::ModelFile>& float_model,
                              const std::shared_ptr<const litert::ModelFile>& quantized_model,
                              const std::string& signature) {
  Matched matched;
  std::set<std::string> names;
  for (const auto* tensor : litert::Each(quantized_model->model().subgraphs()->Get(0)->tensors())) {
    names.insert(tensor->name()->str());
  }
  // The model keeps what selects its tensors, and may ask again while it runs: nothing by reference.
  ASSIGN_OR_RETURN(matched.reference,
                   ObservedModel::Create(float_model, {.signature = signature}, [names](const ObservedTensor& t) {
                     return t.subgraph == 0 && t.type == schema::TensorType_FLOAT32 && names.count(t.name);
                   }));
  std::map<std::string, int> place;  // In the reference's tensors.
  for (size_t k = 0; k < matched.reference->tensors().size(); ++k) place[matched.reference->tensors()[k].name] = k;
  ASSIGN_OR_RETURN(matched.quantized,
                   ObservedModel::Create(quantized_model, {.signature = signature}, [place](const ObservedTensor& t) {
                     return t.subgraph == 0 && place.count(t.name);
                   }));
  for (const ObservedTensor& tensor : matched.quantized->tensors()) matched.reference_of.push_back(place[tensor.name]);
  return matched;
}

// By tensor of the quantized model.
absl::StatusOr<std::vector<ErrorSummary>> MeasureErrors(const Matched& matched, const std::vector<Sample>& samples) {
  std::vector<std::vector<float>> activations(matched.reference->tensors().size());
  std::vector<Shape> shapes(matched.reference->tensors().size());
  std::vector<ErrorStatistics> statistics(matched.reference_of.size(), ErrorStatistics(kMostValues));
  for (const Sample& sample : samples) {
    RETURN_IF_ERROR(Feed(matched.reference->model(), sample));
    RETURN_IF_ERROR(matched.reference->Run([&](int k, const Shape& shape, std::span<const float> values) {
      activations[k].assign(values.begin(), values.end());
      shapes[k] = shape;
    }));
    RETURN_IF_ERROR(Feed(matched.quantized->model(), sample));
    RETURN_IF_ERROR(matched.quantized->Run([&](int k, const Shape&, std::span<const float> values) {
      const int r = matched.reference_of[k];
      statistics[k].Add(shapes[r].empty() ? 1 : shapes[r][0], shapes[r], activations[r], values);
    }));
  }
  std::vector<ErrorSummary> summaries;
  for (ErrorStatistics& of_tensor : statistics) summaries.push_back(of_tensor.Finish());
  return summaries;
}

// The quantized model's operators, so that each result finds the noise of what it was made from.
class Layers {
 public:
  Layers(const schema::Model& model, const std::vector<ObservedTensor>& tensors,
         const std::vector<ErrorSummary>& summaries)
      : model_(model), graph_(*model.subgraphs()->Get(0)), tensors_(tensors), summaries_(summaries) {
    for (size_t k = 0; k < tensors.size(); ++k) seen_[tensors[k].tensor] = static_cast<int>(k);
    for (const auto* op : litert::Each(graph_.operators())) {
      for (int t : litert::Each(op->outputs())) producer_[t] = op;
      if (KeepsValues(*op)) views_.emplace(op->inputs()->Get(0), op);
    }
  }

  std::vector<LayerError> Errors() const {
    std::vector<LayerError> errors;
    for (const auto& [tensor, k] : seen_) {
      LayerError error;
      if (summaries_[k].num_values > 0 && Describe(tensor, k, &error)) errors.push_back(std::move(error));
    }
    return errors;
  }

 private:
  // False if no operator makes the tensor.
  bool Describe(int tensor, int k, LayerError* layer) const {
    const auto made = producer_.find(tensor);
    if (made == producer_.end()) return false;
    const ErrorSummary& s = summaries_[k];
    const schema::Operator* op = made->second;
    layer->op = litert::OpName(model_, *op);
    layer->tensor = tensors_[k].name;
    layer->bits = litert::BitsOf(tensors_[k].type);
    layer->scale = tensors_[k].quantization.scale;
    // A result that is only converted back to float is that of the integer operator before.
    if (layer->op == "DEQUANTIZE") {
      const int integer = op->inputs()->Get(0);
      const auto before = producer_.find(integer);
      if (before == producer_.end()) return false;
      op = before->second;
      layer->op = litert::OpName(model_, *op);
      layer->bits = litert::BitsOf(graph_.tensors()->Get(integer)->type());
      const auto* q = graph_.tensors()->Get(integer)->quantization();
      if (q != nullptr && q->scale() != nullptr && q->scale()->size() > 0) layer->scale = q->scale()->Get(0);
    }
    layer->quantized = layer->bits < 32;
    layer->min = s.min;
    layer->max = s.max;
    layer->rmse = std::sqrt(s.mean_squared_error);
    const ErrorPart worst = WorstOf(tensor);
    layer->sqnr_db = worst.sqnr_db;
    layer->part = worst.name;
    layer->added_noise = NoiseToSignal(worst) - NoiseOfInputs(*op);
    return true;
  }

  // Whether the result has the values of the first input, at most in another order or with another sign.
  bool KeepsValues(const schema::Operator& op) const {
    static const auto* const kinds =
        new std::set<std::string>{"RESHAPE", "SQUEEZE", "EXPAND_DIMS", "TRANSPOSE", "NEG", "DEQUANTIZE"};
    const std::string name = litert::OpName(model_, op);
    if (kinds->count(name) == 0 || litert::Size(op.inputs()) == 0 || op.inputs()->Get(0) < 0) return false;
    const int from = op.inputs()->Get(0), to = op.outputs()->Get(0);
    return name == "DEQUANTIZE" ||
           (graph_.tensors()->Get(from)->type() == graph_.tensors()->Get(to)->type() && ScaleOf(from) == ScaleOf(to));
  }

  std::pair<float, int64_t> ScaleOf(int tensor) const {
    const auto* q = graph_.tensors()->Get(tensor)->quantization();
    if (q == nullptr || litert::Size(q->scale()) != 1 || litert::Size(q->zero_point()) != 1) return {};
    return {q->scale()->Get(0), q->zero_point()->Get(0)};
  }

  // The worst part of a tensor, in its own shape or in that which an operator gives it that keeps its values: the
  // columns there may be others, and what they lost was lost here.
  ErrorPart WorstOf(int tensor) const {
    ErrorPart worst{.sqnr_db = std::numeric_limits<double>::infinity()};
    if (const auto it = seen_.find(tensor); it != seen_.end()) worst = summaries_[it->second].Worst();
    for (auto [view, end] = views_.equal_range(tensor); view != end; ++view) {
      ErrorPart of_view = WorstOf(view->second->outputs()->Get(0));
      if (!(of_view.sqnr_db < worst.sqnr_db)) continue;
      const std::string kind = litert::OpName(model_, *view->second);
      // Of several in a row the last gives it its shape.
      if (!of_view.name.empty() && !absl::StrContains(of_view.name, kAfter) && kind != "NEG" && kind != "DEQUANTIZE") {
        absl::StrAppend(&of_view.name, kAfter, kind);
      }
      worst = std::move(of_view);
    }
    return worst;
  }

  double NoiseOfInputs(const schema::Operator& op) const {
    double most = 0;
    for (int input : litert::Each(op.inputs())) {
      // One of another name than in the float model has the values of what it is made from.
      for (auto made = producer_.find(input); seen_.count(input) == 0 && made != producer_.end();
           made = producer_.find(input)) {
        if (!KeepsValues(*made->second)) break;
        input = made->second->inputs()->Get(0);
      }
      if (seen_.count(input) > 0) most = std::max(most, NoiseToSignal(WorstOf(input)));
    }
    return most;
  }

  const schema::Model& model_;
  const schema::SubGraph& graph_;
  const std::vector<ObservedTensor>& tensors_;
  const std::vector<ErrorSummary>& summaries_;
  std::map<int, int> seen_;  // tensor -> its place in the summaries
  std::map<int, const schema::Operator*> producer_;
  std::multimap<int, const schema::Operator*> views_;  // By input: operators that keep its values
};

}  // namespace

absl::StatusOr<std::vector<LayerError>> MeasureLayers(const std::shared_ptr<const litert::ModelFile>& float_model,
                                                      const std::shared_ptr<const litert::ModelFile>& quantized_model,
                                                      const std::string& signature,
                                                      const std::vector<Sample>& samples) {
  ASSIGN_OR_RETURN(const Matched matched, Match(float_model, quantized_model, signature));
  ASSIGN_OR_RETURN(const std::vector<ErrorSummary> summaries, MeasureErrors(matched, samples));
  std::vector<LayerError> errors = Layers(quantized_model->model(), matched.quantized->tensors(), summaries).Errors();
  std::stable_sort(errors.begin(), errors.end(),
                   [](const LayerError& a, const LayerError& b) { return a.added_noise > b.added_noise; });
  return errors;
}

std::string RenderLayers(const std::vector<LayerError>& layers, int most, int64_t num_samples, int width) {
  std::string out = "Where the loss comes from, worst first (quantized against float, same inputs)\n";
  constexpr TextTable::Alignment kRight = TextTable::kRight;
  TextTable table({{"operator"},
                   {"type"},
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
    table.AddRow({PrintableText(layer.op), layer.quantized ? absl::StrCat("int", layer.bits) : "float",
                  std::isinf(layer.sqnr_db) ? "exact" : absl::StrFormat("%.1f", layer.sqnr_db), added,
                  absl::StrFormat("%.2f", layer.RmseOverScale()), absl::StrFormat("[%.3g, %.3g]", layer.min, layer.max),
                  absl::StrFormat("%.3g", layer.scale), PrintableText(layer.tensor)});
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
    notes.push_back(
        absl::StrCat("Only ", num_samples,
                     " samples calibrate the ranges; 100 or more of real data are usual (sample_size, --samples)."));
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

std::string RenderChoices(const std::vector<LayerChoice>& choices, int width) {
  TextTable table({{"operator"}, {"type"}, {"why"}, {"range"}, {"tensor"}});
  for (const LayerChoice& choice : choices) {
    table.AddRow({PrintableText(choice.op), choice.in_float ? "float" : "int16", choice.why,
                  absl::StrFormat("[%.3g, %.3g]", choice.min, choice.max), PrintableText(choice.tensor)});
  }
  return WrapLines(absl::StrCat("Chosen to meet the limits\n", table.Text({.width = width, .indent = "  "})), width);
}

}  // namespace tfxm::rewriting
