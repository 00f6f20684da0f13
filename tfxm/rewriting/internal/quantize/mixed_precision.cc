// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/quantize/mixed_precision.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tfxm/litert/inspect.h"
#include "tfxm/rewriting/internal/quantize/int16_layers.h"
#include "tfxm/rewriting/internal/quantize/masked_softmax.h"
#include "tfxm/rewriting/internal/quantize/moved_values.h"
#include "tfxm/rewriting/internal/quantize/quantize_int16.h"
#include "tfxm/rewriting/internal/quantize/unquantizable.h"
#include "tfxm/util/exit_status.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::rewriting {
namespace {

// So many are tried one by one whether they are needed.
constexpr size_t kMostToTakeBack = 8;

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
  cut_ = CutMaskedSoftmax(float_model_->model(), &ranges_);
  unquantizable_ = FindUnquantizable(float_model_->model(), ranges_, options_.int16);
  std::erase_if(unquantizable_,
                [&](const auto& entry) { return std::find(cut_.begin(), cut_.end(), entry.first) != cut_.end(); });
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

absl::StatusOr<MixedPrecision> KeepFloat(const Quantizer& quantizer, const Accept& accept, size_t most) {
  MixedPrecision out;
  while (true) {
    ASSIGN_OR_RETURN(out.model, quantizer.Run(out.kept_float));
    const absl::Status accepted = accept(out.model);
    if (!accepted.ok() && !absl::IsFailedPrecondition(accepted)) return accepted;
    const bool any = NumQuantized(*out.model) > 0;
    if (accepted.ok() && any) break;
    std::vector<LayerError> layers;
    if (any) {
      ASSIGN_OR_RETURN(layers, quantizer.Layers(out.model));
    }
    const auto worst = std::find_if(layers.begin(), layers.end(), [&](const LayerError& layer) {
      return layer.quantized && layer.op != "QUANTIZE" &&
             std::find(out.kept_float.begin(), out.kept_float.end(), layer.tensor) == out.kept_float.end();
    });
    if (worst == layers.end() || out.kept_float.size() >= most) {
      return AnswerIsNo(absl::StrCat(
          "with ", out.kept_float.size(), " layers in float ",
          any ? absl::StrCat("the limits are not met: ", accepted.message()) : "nothing would be left to quantize"));
    }
    out.kept_float.push_back(worst->tensor);
    out.described.push_back(
        absl::StrFormat("%s \"%s\" of [%.3g, %.3g]", worst->op, worst->tensor, worst->min, worst->max));
  }
  // The last was needed, the noisiest before it most likely.
  for (size_t i = std::max<size_t>(out.kept_float.size(), 1) - 1;
       i-- > 0 && out.kept_float.size() <= kMostToTakeBack;) {
    std::vector<std::string> fewer = out.kept_float;
    fewer.erase(fewer.begin() + i);
    ASSIGN_OR_RETURN(FilePtr model, quantizer.Run(fewer));
    if (!accept(model).ok()) continue;
    out.model = std::move(model);
    out.kept_float = std::move(fewer);
    out.described.erase(out.described.begin() + i);
  }
  return out;
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
