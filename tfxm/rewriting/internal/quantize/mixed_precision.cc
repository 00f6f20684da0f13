// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/quantize/mixed_precision.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tflite_generated.h"
#include "tfxm/litert/inspect.h"
#include "tfxm/litert/internal/schema_util.h"
#include "tfxm/rewriting/internal/quantize/int16_layers.h"
#include "tfxm/rewriting/internal/quantize/masked_softmax.h"
#include "tfxm/rewriting/internal/quantize/moved_values.h"
#include "tfxm/rewriting/internal/quantize/quantize_int16.h"
#include "tfxm/rewriting/internal/quantize/unquantizable.h"
#include "tfxm/util/exit_status.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::rewriting {
namespace {

// The results that an int16 kernel makes of ranges that it takes.
std::set<std::string> FindInt16(const schema::Model& model, const Ranges& ranges) {
  std::set<std::string> names;
  const schema::SubGraph& graph = *model.subgraphs()->Get(0);
  for (const auto* op : litert::Each(graph.operators())) {
    if (!HasInt16Kernel(litert::KindOf(*model.operator_codes()->Get(op->opcode_index())))) continue;
    for (int t : litert::Each(op->outputs())) {
      if (t >= 0) names.insert(litert::NameOf(*graph.tensors()->Get(t)));
    }
  }
  for (const auto& [name, reason] : FindUnquantizable(model, ranges, /*int16=*/true)) names.erase(name);
  return names;
}

}  // namespace

Quantizer::Quantizer(FilePtr float_model, std::string signature, std::string name, std::vector<Sample> samples,
                     QuantizeOptions options)
    : float_model_(std::move(float_model)),
      signature_(std::move(signature)),
      name_(std::move(name)),
      samples_(std::move(samples)),
      options_(std::move(options)) {}

absl::Status Quantizer::SetRangesOf(Ranges ranges) {
  ranges_ = std::move(ranges);
  WidenSelfDifferences(float_model_->model(), &ranges_);
  cut_ = CutMaskedSoftmax(float_model_->model(), &ranges_, options_.int16);
  unquantizable_ = FindUnquantizable(float_model_->model(), ranges_, options_.int16);
  std::erase_if(unquantizable_,
                [&](const auto& entry) { return std::find(cut_.begin(), cut_.end(), entry.first) != cut_.end(); });
  can_be_int16_.clear();
  if (!options_.int16) can_be_int16_ = FindInt16(float_model_->model(), ranges_);
  // What reads and makes these is in float.
  std::erase_if(ranges_,
                [](const auto& entry) { return !std::isfinite(entry.second.min) || !std::isfinite(entry.second.max); });
  if (options_.int16 || !MovesValues(float_model_->model())) return absl::OkStatus();
  // One that stays in float may give others another scale.
  constexpr int kMostRounds = 3;
  for (int round = 0; round < kMostRounds; ++round) {
    ASSIGN_OR_RETURN(const FilePtr model, Run({}));
    const auto wrong = FindMovedWrongly(model->model(), float_model_->model());
    if (wrong.empty()) break;
    unquantizable_.insert(unquantizable_.end(), wrong.begin(), wrong.end());
  }
  return absl::OkStatus();
}

absl::StatusOr<FilePtr> Quantizer::Run(const std::vector<std::string>& keep_float,
                                       const std::vector<std::string>& int16) const {
  QuantizeOptions options = options_;
  auto& nodes = options.keep_float_nodes;
  nodes.insert(nodes.end(), cut_.begin(), cut_.end());
  for (const auto& [name, reason] : unquantizable_) nodes.push_back(name);
  nodes.insert(nodes.end(), keep_float.begin(), keep_float.end());
  if (options.int16) {
    ASSIGN_OR_RETURN(std::string bytes, QuantizeInt16x8(float_model_->bytes(), ranges_, options));
    return litert::ModelFile::FromBytes(std::move(bytes), name_);
  }
  std::vector<std::string> layers = options_.int16_nodes;
  layers.insert(layers.end(), int16.begin(), int16.end());
  std::erase_if(layers,
                [&](const std::string& name) { return std::find(nodes.begin(), nodes.end(), name) != nodes.end(); });
  nodes.insert(nodes.end(), layers.begin(), layers.end());
  ASSIGN_OR_RETURN(std::string bytes, QuantizeModel(SetRanges(float_model_->bytes(), ranges_), options));
  if (!layers.empty()) {
    ASSIGN_OR_RETURN(bytes, QuantizeInt16Layers(bytes, float_model_->bytes(), ranges_, layers));
  }
  return litert::ModelFile::FromBytes(std::move(bytes), name_);
}

absl::StatusOr<std::vector<LayerError>> Quantizer::Layers(const FilePtr& model) const {
  return MeasureLayers(float_model_, model, signature_, samples_);
}

namespace {

// The search of MixPrecisions. A step raises one layer, to int16 or to float.
class Search {
 public:
  Search(const Quantizer& quantizer, const Accept& accept, size_t most)
      : quantizer_(quantizer), accept_(accept), most_(most) {}

  absl::StatusOr<MixedPrecision> Run() {
    RETURN_IF_ERROR(Raise());
    RETURN_IF_ERROR(TakeBack());
    return Describe();
  }

 private:
  struct Step {
    std::string tensor;
    bool to_float;
  };
  struct Seen {
    LayerError error;  // When it was raised first.
    std::string why;
  };
  // By the order of the first step of each: whether it is in float.
  using Choices = std::vector<std::pair<std::string, bool>>;

  static Choices After(const std::vector<Step>& steps, size_t count) {
    Choices choices;
    for (size_t i = 0; i < count; ++i) {
      const auto at = std::find_if(choices.begin(), choices.end(),
                                   [&](const auto& choice) { return choice.first == steps[i].tensor; });
      if (at == choices.end()) {
        choices.emplace_back(steps[i].tensor, steps[i].to_float);
      } else {
        at->second = steps[i].to_float;
      }
    }
    return choices;
  }

  // Whether the model of these choices is within the limits; then it is the one that Run returns, so far.
  absl::StatusOr<bool> Meets(const Choices& choices) {
    std::vector<std::string> in_float, in_int16;
    for (const auto& [tensor, is_float] : choices) (is_float ? in_float : in_int16).push_back(tensor);
    ASSIGN_OR_RETURN(tried_, quantizer_.Run(in_float, in_int16));
    accepted_ = accept_(tried_);
    if (!accepted_.ok() && !absl::IsFailedPrecondition(accepted_)) return accepted_;
    any_quantized_ = NumQuantized(*tried_) > 0;
    if (!accepted_.ok() || !any_quantized_) return false;
    model_ = tried_;
    choices_ = choices;
    return true;
  }

  absl::Status Raise() {
    std::vector<Step> steps;
    size_t rejected = 0, at_once = 1;
    for (int round = 1;; ++round) {
      ASSIGN_OR_RETURN(const bool met, Meets(After(steps, steps.size())));
      if (met) break;
      rejected = steps.size();
      if (any_quantized_) RETURN_IF_ERROR(AddSteps(at_once, &steps));
      if (steps.size() == rejected) {
        return AnswerIsNo(absl::StrCat(
            "with ", After(steps, steps.size()).size(), " layers in ", quantizer_.int16() ? "" : "int16 or ", "float ",
            any_quantized_ ? absl::StrCat("the limits are not met: ", accepted_.message())
                           : "nothing would be left to quantize",
            any_quantized_ && seen_.size() == most_ ? "; --keep_float_automatically tries more layers than these"
                                                    : ""));
      }
      if (round >= kOneByOne) at_once *= 2;
    }
    for (size_t met = steps.size(); met > rejected + 1;) {
      const size_t middle = (rejected + met) / 2;
      ASSIGN_OR_RETURN(const bool enough, Meets(After(steps, middle)));
      (enough ? met : rejected) = middle;
    }
    return absl::OkStatus();
  }

  // The next `count` steps for what was tried last.
  absl::Status AddSteps(size_t count, std::vector<Step>* steps) {
    ASSIGN_OR_RETURN(const std::vector<LayerError> layers, quantizer_.Layers(tried_));
    size_t num_chosen = seen_.size();
    for (const LayerError& layer : layers) {
      if (count == 0) break;
      if (!layer.quantized || layer.op == "QUANTIZE") continue;
      const bool again = seen_.count(layer.tensor) > 0;
      if (again && std::any_of(steps->begin(), steps->end(),
                               [&](const Step& step) { return step.tensor == layer.tensor && step.to_float; })) {
        continue;
      }
      if (!again && num_chosen == most_) continue;
      Seen& seen = seen_[layer.tensor];
      if (!again) {
        ++num_chosen;
        seen.error = layer;
      }
      absl::StrAppend(&seen.why, again ? ", in int" : "in int", layer.bits,
                      layer.part.empty() ? "" : absl::StrCat(" ", layer.part, " ", Has(layer.part)),
                      absl::StrFormat(" %.1f dB", layer.sqnr_db));
      const bool to_float = again || !quantizer_.CanBeInt16(layer.tensor);
      if (to_float && !again && !quantizer_.int16()) absl::StrAppend(&seen.why, ", no int16 kernel for it");
      steps->push_back({layer.tensor, to_float});
      --count;
    }
    return absl::OkStatus();
  }

  static const char* Has(const std::string& part) { return absl::StartsWith(part, "columns ") ? "have" : "has"; }

  // The last step was needed, the noisiest layer most likely.
  absl::Status TakeBack() {
    if (choices_.size() > kMostToTakeBack) return absl::OkStatus();
    for (size_t i = std::max<size_t>(choices_.size(), 1) - 1; i-- > 0;) {
      Choices fewer = choices_;
      fewer.erase(fewer.begin() + static_cast<ptrdiff_t>(i));
      ASSIGN_OR_RETURN(const bool unneeded, Meets(fewer));
      if (unneeded || !choices_[i].second || !quantizer_.CanBeInt16(choices_[i].first)) continue;
      Choices less = choices_;
      less[i].second = false;
      RETURN_IF_ERROR(Meets(less).status());
    }
    return absl::OkStatus();
  }

  absl::StatusOr<MixedPrecision> Describe() {
    MixedPrecision out;
    out.model = model_;
    ASSIGN_OR_RETURN(out.layers, quantizer_.Layers(model_));
    for (const auto& [tensor, is_float] : choices_) {
      const Seen& seen = seen_.at(tensor);
      LayerChoice choice{.op = seen.error.op,
                         .tensor = tensor,
                         .min = seen.error.min,
                         .max = seen.error.max,
                         .in_float = is_float,
                         .why = is_float ? seen.why : seen.why.substr(0, seen.why.find(", in int16"))};
      const auto made = std::find_if(out.layers.begin(), out.layers.end(),
                                     [&](const LayerError& layer) { return layer.tensor == choice.tensor; });
      if (!is_float && made != out.layers.end()) {
        if (made->quantized) {
          absl::StrAppend(&choice.why, ", in int16 ", absl::StrFormat("%.1f dB", made->sqnr_db));
        } else {
          choice.in_float = true;
          absl::StrAppend(&choice.why, ", its int16 kernel does not take it");
        }
      }
      out.choices.push_back(std::move(choice));
    }
    return out;
  }

  const Quantizer& quantizer_;
  const Accept& accept_;
  const size_t most_;
  std::map<std::string, Seen> seen_;  // By tensor
  FilePtr tried_, model_;
  absl::Status accepted_;
  bool any_quantized_ = false;
  Choices choices_;  // Of model_
};

}  // namespace

absl::StatusOr<MixedPrecision> MixPrecisions(const Quantizer& quantizer, const Accept& accept, size_t most) {
  return Search(quantizer, accept, most).Run();
}

int NumQuantized(const litert::ModelFile& model) {
  static const auto* const moves =
      new std::set<std::string>{"QUANTIZE", "DEQUANTIZE", "RESHAPE", "TRANSPOSE",     "SQUEEZE",       "EXPAND_DIMS",
                                "SLICE",    "GATHER",     "PAD",     "CONCATENATION", "STRIDED_SLICE", "SPLIT"};
  int n = 0;
  for (const auto& [name, use] : litert::Inspect(model).ops) {
    if (moves->count(name) == 0) n += use.quantized;
  }
  return n;
}

}  // namespace tfxm::rewriting
