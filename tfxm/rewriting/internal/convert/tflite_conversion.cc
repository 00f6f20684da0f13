// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/convert/tflite_conversion.h"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "re2/re2.h"
#include "tflite_generated.h"
#include "tfxm/litert/inspect.h"
#include "tfxm/litert/internal/schema_util.h"
#include "tfxm/rewriting/internal/convert/converter.h"
#include "tfxm/rewriting/internal/convert/fused_lstm.h"
#include "tfxm/rewriting/internal/convert/lookups.h"
#include "tfxm/rewriting/internal/convert/model_edit.h"
#include "tfxm/rewriting/internal/fold/fold_dilation.h"
#include "tfxm/rewriting/internal/fold/fold_select.h"
#include "tfxm/rewriting/internal/graph/fixed_batch.h"
#include "tfxm/rewriting/internal/graph/list_batch.h"
#include "tfxm/rewriting/internal/graph/new_axes.h"
#include "tfxm/rewriting/internal/graph/rolls.h"
#include "tfxm/rewriting/internal/graph/sign_bits.h"
#include "tfxm/rewriting/internal/quantize/calibration.h"
#include "tfxm/rewriting/internal/quantize/masked_softmax.h"
#include "tfxm/rewriting/internal/quantize/quantize_int16.h"
#include "tfxm/rewriting/internal/quantize/quantize_int4.h"
#include "tfxm/saved_model/internal/file_tables.h"
#include "tfxm/saved_model/internal/read_saved_model.h"
#include "tfxm/saved_model/internal/restored_variables.h"
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
    case QuantizationMode::kInt4:  // Which it has no number for.
    case QuantizationMode::kDynamicRange: return {1002};
    case QuantizationMode::kInt8: return {1003};
    case QuantizationMode::kInt16x8: return {1004};
  }
  return {};
}

// A few samples show where the loss is; more only take time.
constexpr size_t kLayerSamples = 8;

// Looking for advice takes a comparison a layer.
constexpr size_t kMostAdvised = 10;

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

// The results of operators that `expressions` match and that can be int16; a note for each that cannot.
// INVALID_ARGUMENT if one matches nothing.
absl::StatusOr<std::vector<std::string>> Int16Nodes(const schema::Model& model,
                                                    const std::vector<std::string>& expressions,
                                                    std::vector<std::string>* notes) {
  std::set<std::string> nodes;
  const schema::SubGraph& graph = *model.subgraphs()->Get(0);
  for (const std::string& expression : expressions) {
    const re2::RE2 re(expression, re2::RE2::Quiet);
    if (!re.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("int16_layers: \"", expression, "\": ", re.error()));
    }
    bool found = false;
    for (const auto* op : litert::Each(graph.operators())) {
      for (int t : litert::Each(op->outputs())) {
        if (t < 0 || !re2::RE2::PartialMatch(litert::NameOf(*graph.tensors()->Get(t)), re)) continue;
        found = true;
        const std::string name = litert::NameOf(*graph.tensors()->Get(t));
        if (HasInt16Kernel(litert::KindOf(*model.operator_codes()->Get(op->opcode_index())))) {
          nodes.insert(name);
        } else {
          notes->push_back(absl::StrCat("\"", name, "\" does not become int16: LiteRT has no 16x8 kernel of ",
                                        litert::OpName(model, *op)));
        }
      }
    }
    if (!found) {
      return absl::InvalidArgumentError(
          absl::StrCat("int16_layers: no layer's name matches \"", expression,
                       "\"; `tfxm inspect FILE --layers` and the layer report list them (those of loops stay int8)"));
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

// What the converter can do with ranges of its own is less than with those of samples.
absl::Status CheckTrainedRangesOptions(const RewriterOptions& options) {
  if (options.inference_input_type != options.inference_output_type ||
      options.inference_input_type == DataType::kUint8) {
    return absl::InvalidArgumentError(
        "of a model that was trained quantization-aware, inputs and outputs can both be float or both int8");
  }
  if (options.keep_float_automatically || !options.keep_float_ops.empty() || !options.keep_float_layers.empty() ||
      !options.int16_layers.empty()) {
    return absl::InvalidArgumentError(
        "keep_float, int16_layers: the model was trained quantization-aware, which settles what is quantized; annotate fewer layers "
        "(QuantizeAnnotateLayer) and train again");
  }
  return absl::OkStatus();
}

// The float model, or what float16, dynamic_range and int4 (so far dynamic_range) make of it. Recurrent layers may need a batch of 1.
absl::StatusOr<std::string> Convert(const TfliteConversionInput& input, const RewriterOptions& options,
                                    bool trained_ranges, std::vector<std::string>* notes) {
  const ConvertOptions convert{
      .signature = input.signature,
      .quantization = input.mode,
      .allow_select_tf_ops = options.allow_select_tf_ops,
      .allow_custom_ops = options.allow_custom_ops,
      .int8_inputs_and_outputs = trained_ranges && options.inference_input_type == DataType::kInt8};
  ASSIGN_OR_RETURN(tensorflow::MetaGraphDef meta_graph, internal::ReadMetaGraph(input.saved_model_dir, convert.tags));
  const bool has_lstm = HasFusableLstm(meta_graph);
  ASSIGN_OR_RETURN(const auto restored, internal::WithRestoredVariables(input.saved_model_dir, std::move(meta_graph)));
  const std::string& restoring = restored ? restored->path() : input.saved_model_dir;
  ASSIGN_OR_RETURN(const auto filled, internal::WithTablesOfFiles(restoring, input.signature));
  std::string dir = filled ? filled->path() : restoring;
  absl::StatusOr<std::string> bytes = ConvertSavedModel(dir, convert);
  // What the converter does not take, by other operators.
  std::vector<std::unique_ptr<io::TempDir>> edited;
  struct Edit {
    const char* op;
    decltype(&WithRollsInParts) make;
  };
  for (const auto& [op, make] : {Edit{"tf.BitwiseAnd", WithSignsOfBits}, Edit{"tf.Roll", WithRollsInParts},
                                 Edit{"tf.StridedSlice", WithNewAxesExpanded}}) {
    if (bytes.ok() || !absl::StrContains(bytes.status().message(), op)) continue;
    ASSIGN_OR_RETURN(std::unique_ptr<io::TempDir> copy, make(dir));
    if (copy == nullptr) continue;
    dir = copy->path();
    edited.push_back(std::move(copy));
    bytes = ConvertSavedModel(dir, convert);
  }
  if (bytes.ok() || !absl::StrContains(bytes.status().message(), "TensorListReserve")) return bytes;
  ASSIGN_OR_RETURN(const auto open, WithListsOfTheBatch(dir));
  if (open != nullptr) {
    absl::StatusOr<std::string> converted = ConvertSavedModel(open->path(), convert);
    if (converted.ok() && has_lstm) {
      notes->emplace_back(
          "LSTM layers are loops of plain operators, which take any batch; with --batch_size=1 (batch_size) each is one "
          "operator, UNIDIRECTIONAL_SEQUENCE_LSTM, that takes one example at a time and computes in float");
    }
    if (converted.ok()) return converted;
  }
  // What is as long as a multiple of the batch stays so.
  ASSIGN_OR_RETURN(const auto fixed, WithBatch(open != nullptr ? open->path() : dir, 1));
  absl::StatusOr<std::string> again = ConvertSavedModel(fixed->path(), convert);
  if (!again.ok()) return bytes;
  notes->emplace_back(
      "the batch is fixed at 1: TensorFlow's converter takes a TensorArray only if the shape of its elements is known");
  return again;
}

// The rest of a conversion to int8 or int16x8, once there is a float model.
class IntegerConversion {
 public:
  IntegerConversion(const TfliteConversionInput& input, const RewriterOptions& options, Quantizer& quantizer,
                    Accept accept, TfliteConversion& out)
      : input_(input), options_(options), quantizer_(quantizer), accept_(std::move(accept)), out_(out) {}

  absl::Status Run() {
    RETURN_IF_ERROR(Calibrate(options_.calibration));
    ASSIGN_OR_RETURN(out_.model, quantizer_.Run({}));
    absl::Status accepted = accept_(out_.model);
    if (!accepted.ok() && !absl::IsFailedPrecondition(accepted)) return accepted;
    const bool nothing = NumQuantized(*out_.model) == 0;
    if (options_.keep_float_automatically && (!accepted.ok() || nothing)) {
      RETURN_IF_ERROR(Improve(std::numeric_limits<size_t>::max()).status());
    } else if (!accepted.ok()) {
      const FilePtr model = out_.model;
      const absl::StatusOr<std::string> flags = Improve(kMostAdvised);
      out_.advice = flags.ok() ? absl::StrCat("tried, and within the limits: ", *flags)
                               : absl::StrCat(flags.status().message(),
                                              "; --quantization=dynamic_range leaves all activations in float");
      RETURN_IF_ERROR(Calibrate(options_.calibration));
      out_.model = model;
      out_.choices.clear();
      out_.layers.clear();
    }
    if (out_.layers.empty()) {
      ASSIGN_OR_RETURN(out_.layers, quantizer_.Layers(out_.model));
    }
    return absl::OkStatus();
  }

 private:
  absl::Status Calibrate(Calibration method) {
    const CalibrateOptions calibrate{.method = method,
                                     .percentile = options_.calibration_percentile,
                                     .levels = input_.mode == QuantizationMode::kInt16x8 ? 65534 : 255,
                                     .in_sequence = input_.keeps_state};
    ASSIGN_OR_RETURN(CalibrationResult result, rewriting::Calibrate(out_.float_model, input_.signature, input_.samples,
                                                                    input_.findings, calibrate));
    out_.calibration_samples = static_cast<int64_t>(input_.samples.samples.size() - result.left_out.size());
    RETURN_IF_ERROR(quantizer_.SetRangesOf(std::move(result.ranges)));
    calibration_notes_ = std::move(result.warnings);
    if (!result.left_out.empty()) {
      calibration_notes_.push_back(
          absl::StrCat(result.left_out.size(), " of ", input_.samples.samples.size(),
                       " examples are left out of calibration: ", NamesOf(input_.samples, result.left_out)));
    }
    for (const auto& [name, reason] : quantizer_.unquantizable()) {
      calibration_notes_.push_back(absl::StrCat("\"", name, "\" stays in float: ", reason));
    }
    return absl::OkStatus();
  }

 public:
  const std::vector<std::string>& notes() const { return calibration_notes_; }

 private:
  // Other calibration first, where there are outliers: it costs nothing. Leaves the model in `out` and returns the
  // flags that make it.
  absl::StatusOr<std::string> Improve(size_t most) {
    std::string flags;
    if (options_.calibration == Calibration::kMinMax && input_.findings.has_outliers()) {
      RETURN_IF_ERROR(Calibrate(Calibration::kPercentile));
      flags = "--calibration=percentile";
      calibration_notes_.emplace_back("calibrated by percentile, since the representative data have outliers");
    }
    ASSIGN_OR_RETURN(MixedPrecision mixed, MixPrecisions(quantizer_, accept_, most));
    out_.model = std::move(mixed.model);
    out_.choices = std::move(mixed.choices);
    out_.layers = std::move(mixed.layers);
    std::vector<std::string> described;
    for (const LayerChoice& choice : out_.choices) {
      absl::StrAppend(&flags, choice.in_float ? " --keep_float='" : " --int16_layers='^",
                      choice.in_float ? choice.tensor : re2::RE2::QuoteMeta(choice.tensor),
                      choice.in_float ? "'" : "$'");
      described.push_back(
          absl::StrFormat("%s \"%s\" of [%.3g, %.3g]", choice.op, choice.tensor, choice.min, choice.max));
    }
    if (!described.empty()) absl::StrAppend(&flags, " (", absl::StrJoin(described, ", "), ")");
    return std::string(absl::StripLeadingAsciiWhitespace(flags));
  }

  const TfliteConversionInput& input_;
  const RewriterOptions& options_;
  Quantizer& quantizer_;
  const Accept accept_;
  TfliteConversion& out_;
  std::vector<std::string> calibration_notes_;
};

}  // namespace

absl::StatusOr<TfliteConversion> ConvertToTflite(const TfliteConversionInput& input, const RewriterOptions& options) {
  const QuantizationMode mode = input.mode;
  const bool trained_ranges = input.trained_ranges && mode == QuantizationMode::kInt8;
  if (trained_ranges) RETURN_IF_ERROR(CheckTrainedRangesOptions(options));
  TfliteConversion out;
  ASSIGN_OR_RETURN(std::string bytes, Convert(input, options, trained_ranges, &out.notes));
  bytes = FoldSelects(ShapeLookups(UnclipLstms(FoldDilations(WithShapeSignatures(std::move(bytes))))));
  RETURN_IF_ERROR(CheckTables(*schema::GetModel(bytes.data())));
  if (!input.keeps_state && HasLstms(bytes)) {
    out.notes.emplace_back(
        "UNIDIRECTIONAL_SEQUENCE_LSTM goes on from run to run with the state it has: an app sets it back before each "
        "example (ResetVariableTensors of TFLite's interpreter; LiteRT's CompiledModel has no call for it)");
  }
  if (mode == QuantizationMode::kInt4) bytes = QuantizeInt4(bytes);
  const auto finish = [&](absl::string_view converted, const std::string& name) {
    return litert::ModelFile::FromBytes(FinishModel(converted, {.tensorflow_version = TF_Version(),
                                                                .modes = OptimizationModes(mode, trained_ranges),
                                                                .allow_custom_ops = options.allow_custom_ops,
                                                                .enable_select_tf_ops = options.allow_select_tf_ops}),
                                        name);
  };
  const std::string name = absl::StrCat(options.filename, " of ", input.name);
  if (trained_ranges || (mode != QuantizationMode::kInt8 && mode != QuantizationMode::kInt16x8)) {
    ASSIGN_OR_RETURN(out.model, finish(bytes, name));
    return out;
  }
  ASSIGN_OR_RETURN(out.float_model,
                   litert::ModelFile::FromBytes(ConstantMasks(std::move(bytes)), absl::StrCat("float ", name)));
  RETURN_IF_ERROR(CheckOps(out.float_model->model(), options.keep_float_ops));
  ASSIGN_OR_RETURN(std::vector<std::string> nodes, NodesOfLayers(out.float_model->model(), options.keep_float_layers));
  ASSIGN_OR_RETURN(std::vector<std::string> int16,
                   Int16Nodes(out.float_model->model(), options.int16_layers, &out.notes));
  std::vector<Sample> few;
  for (size_t i = 0; i < input.samples.samples.size() && few.size() < kLayerSamples; ++i) {
    const bool odd = input.findings.not_finite[i] || input.findings.outlier[i];
    if (!odd || input.keeps_state) few.push_back(input.samples.samples[i]);
  }
  Quantizer quantizer(out.float_model, input.signature, name, std::move(few),
                      {.int16 = mode == QuantizationMode::kInt16x8,
                       .input_type = options.inference_input_type,
                       .output_type = options.inference_output_type,
                       .keep_float_ops = options.keep_float_ops,
                       .keep_float_nodes = std::move(nodes),
                       .int16_nodes = std::move(int16)});
  // What is judged is what will be in the file.
  const Accept accept = [&](const FilePtr& model) -> absl::Status {
    if (input.accept == nullptr) return absl::OkStatus();
    ASSIGN_OR_RETURN(const FilePtr finished, finish(model->bytes(), name));
    return input.accept(finished);
  };
  IntegerConversion conversion(input, options, quantizer, accept, out);
  RETURN_IF_ERROR(conversion.Run());
  out.notes.insert(out.notes.end(), conversion.notes().begin(), conversion.notes().end());
  ASSIGN_OR_RETURN(out.model, finish(out.model->bytes(), name));
  return out;
}

}  // namespace tfxm::rewriting
