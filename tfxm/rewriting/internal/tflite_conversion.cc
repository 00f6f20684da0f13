#include "tfxm/rewriting/internal/tflite_conversion.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tflite_generated.h"
#include "tfxm/litert/inspect.h"
#include "tfxm/litert/schema_util.h"
#include "tfxm/rewriting/internal/calibration.h"
#include "tfxm/rewriting/internal/converter.h"
#include "tfxm/rewriting/internal/masked_softmax.h"
#include "tfxm/rewriting/internal/model_edit.h"
#include "tfxm/rewriting/internal/quantize_int16.h"
#include "tfxm/util/status_macros.h"

// Exported by libtensorflow_cc (tensorflow/c/c_api.h).
extern "C" const char* TF_Version();

namespace tfxm::rewriting {
namespace {

// ModelOptimizationMode of conversion_metadata.fbs.
std::vector<int> OptimizationModes(QuantizationMode mode, bool trained_ranges) {
  if (trained_ranges) return {2000};
  switch (mode) {
    case QuantizationMode::kNone: return {};
    case QuantizationMode::kFloat16: return {1001};
    case QuantizationMode::kDynamicRange: return {1002};
    case QuantizationMode::kInt8: return {1003};
    case QuantizationMode::kInt16x8: return {1004};
  }
  return {};
}

// A few samples show where the loss is; more only take time.
constexpr size_t kLayerSamples = 8;

// The results of operators whose name contains one of `layers`. INVALID_ARGUMENT if one fits nothing.
absl::StatusOr<std::vector<std::string>> NodesOfLayers(const schema::Model& model,
                                                       const std::vector<std::string>& layers) {
  std::set<std::string> nodes;
  for (const std::string& layer : layers) {
    bool found = false;
    for (const auto* graph : *model.subgraphs()) {
      for (const auto* op : litert::Each(graph->operators())) {
        for (int t : litert::Each(op->outputs())) {
          if (t < 0) continue;
          const std::string name = graph->tensors()->Get(t)->name()->str();
          if (!absl::StrContains(name, layer)) continue;
          nodes.insert(name);
          found = true;
        }
      }
    }
    if (!found) {
      return absl::InvalidArgumentError(
          absl::StrCat("keep_float: no layer's name contains \"", layer,
                       "\"; `tfxm inspect FILE --layers` and the layer report list them"));
    }
  }
  return std::vector<std::string>(nodes.begin(), nodes.end());
}

absl::Status CheckOps(const schema::Model& model, const std::vector<std::string>& ops) {
  std::set<std::string> there;
  for (const auto* graph : *model.subgraphs()) {
    for (const auto* op : litert::Each(graph->operators())) there.insert(litert::OpName(model, *op));
  }
  for (const std::string& op : ops) {
    if (!there.count(op)) {
      return absl::InvalidArgumentError(
          absl::StrCat("keep_float: the model has no operator \"", op, "\"; it has ", absl::StrJoin(there, ", ")));
    }
  }
  return absl::OkStatus();
}

class Quantizer {
 public:
  Quantizer(const Ranges& ranges, std::string signature, QuantizeOptions options, const std::string& name,
            std::shared_ptr<const litert::ModelFile> float_model, const std::vector<Sample>& samples)
      : ranges_(ranges),
        signature_(std::move(signature)),
        options_(std::move(options)),
        name_(name),
        float_model_(std::move(float_model)) {
    for (size_t i = 0; i < samples.size() && i < kLayerSamples; ++i) few_.push_back(samples[i]);
  }

  absl::StatusOr<std::shared_ptr<const litert::ModelFile>> Run() {
    ASSIGN_OR_RETURN(std::string bytes, options_.int16
                                            ? QuantizeInt16x8(float_model_->bytes(), ranges_, options_)
                                            : QuantizeModel(SetRanges(float_model_->bytes(), ranges_), options_));
    return litert::ModelFile::FromBytes(std::move(bytes), name_);
  }
  absl::StatusOr<std::vector<LayerError>> Layers(const std::shared_ptr<const litert::ModelFile>& model) {
    return MeasureLayers(float_model_, model, signature_, few_);
  }

  // Leaves the layer that adds most noise in float, until the model is accepted. Each step is measured anew: a layer
  // may look bad only for what came before it.
  absl::StatusOr<std::vector<std::string>> KeepFloat(std::shared_ptr<const litert::ModelFile>& model,
                                                     const Accept& accept) {
    std::vector<std::string> kept;
    while (true) {
      const absl::Status accepted = accept(model);
      if (accepted.code() != absl::StatusCode::kFailedPrecondition) {
        if (!accepted.ok()) return accepted;
        return kept;
      }
      ASSIGN_OR_RETURN(std::vector<LayerError> layers, Layers(model));
      const auto worst = std::find_if(layers.begin(), layers.end(), [&](const LayerError& layer) {
        return layer.quantized && layer.op != "QUANTIZE" &&
               std::find(kept.begin(), kept.end(), layer.tensor) == kept.end();
      });
      if (worst == layers.end()) {
        return absl::FailedPreconditionError(
            absl::StrCat("even with ", kept.size(), " layers in float the limits are not met: ", accepted.message()));
      }
      kept.push_back(worst->tensor);
      options_.keep_float_nodes.push_back(worst->tensor);
      ASSIGN_OR_RETURN(model, Run());
    }
  }

 private:
  const Ranges& ranges_;
  const std::string signature_;
  QuantizeOptions options_;
  const std::string name_;
  std::shared_ptr<const litert::ModelFile> float_model_;
  std::vector<Sample> few_;
};

// What the converter can do with ranges of its own is less than with those of samples.
absl::Status CheckTrainedRangesOptions(const RewriterOptions& options) {
  if (options.inference_input_type != options.inference_output_type ||
      options.inference_input_type == DataType::kUint8) {
    return absl::InvalidArgumentError(
        "of a model that was trained quantization-aware, inputs and outputs can both be float or both int8");
  }
  if (options.keep_float_automatically || !options.keep_float_ops.empty() || !options.keep_float_layers.empty()) {
    return absl::InvalidArgumentError(
        "keep_float: the model was trained quantization-aware, which settles what is quantized; annotate fewer layers "
        "(QuantizeAnnotateLayer) and train again");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TfliteConversion> ConvertToTflite(const std::string& saved_model_dir, const std::string& signature,
                                                 QuantizationMode mode, const RewriterOptions& options,
                                                 const std::vector<Sample>& samples, bool trained_ranges,
                                                 const Accept& accept) {
  trained_ranges = trained_ranges && mode == QuantizationMode::kInt8;
  if (trained_ranges) RETURN_IF_ERROR(CheckTrainedRangesOptions(options));
  ASSIGN_OR_RETURN(std::string bytes,
                   ConvertSavedModel(
                       saved_model_dir,
                       {.signature = signature,
                        .quantization = mode,
                        .allow_select_tf_ops = options.allow_select_tf_ops,
                        .allow_custom_ops = options.allow_custom_ops,
                        .int8_inputs_and_outputs = trained_ranges && options.inference_input_type == DataType::kInt8}));
  TfliteConversion out;
  const auto finish = [&](absl::string_view converted, const std::string& name) {
    return litert::ModelFile::FromBytes(FinishModel(converted, {.tensorflow_version = TF_Version(),
                                                                .modes = OptimizationModes(mode, trained_ranges),
                                                                .allow_custom_ops = options.allow_custom_ops,
                                                                .enable_select_tf_ops = options.allow_select_tf_ops}),
                                        name);
  };
  const std::string name = absl::StrCat(options.filename, " of ", saved_model_dir);
  if (trained_ranges || (mode != QuantizationMode::kInt8 && mode != QuantizationMode::kInt16x8)) {
    ASSIGN_OR_RETURN(out.model, finish(bytes, name));
    return out;
  }
  ASSIGN_OR_RETURN(out.float_model, litert::ModelFile::FromBytes(std::move(bytes), absl::StrCat("float ", name)));
  ASSIGN_OR_RETURN(Ranges ranges, Calibrate(out.float_model, signature, samples));
  RETURN_IF_ERROR(CheckOps(out.float_model->model(), options.keep_float_ops));
  ASSIGN_OR_RETURN(std::vector<std::string> nodes, NodesOfLayers(out.float_model->model(), options.keep_float_layers));
  for (std::string& name : CutMaskedSoftmax(out.float_model->model(), &ranges)) nodes.push_back(std::move(name));
  Quantizer quantizer(ranges, signature,
                      {.int16 = mode == QuantizationMode::kInt16x8,
                       .input_type = options.inference_input_type,
                       .output_type = options.inference_output_type,
                       .keep_float_ops = options.keep_float_ops,
                       .keep_float_nodes = std::move(nodes)},
                      name, out.float_model, samples);
  ASSIGN_OR_RETURN(out.model, quantizer.Run());
  if (options.keep_float_automatically) {
    ASSIGN_OR_RETURN(out.kept_float, quantizer.KeepFloat(out.model, accept));
  }
  ASSIGN_OR_RETURN(out.layers, quantizer.Layers(out.model));
  ASSIGN_OR_RETURN(out.model, finish(out.model->bytes(), name));
  return out;
}

}  // namespace tfxm::rewriting
