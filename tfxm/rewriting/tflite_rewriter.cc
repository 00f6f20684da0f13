// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/tflite_rewriter.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "tensorflow/core/framework/types.pb.h"
#include "tfxm/litert/sized_model.h"
#include "tfxm/rewriting/internal/convert/dilation_notes.h"
#include "tfxm/rewriting/internal/convert/op_support.h"
#include "tfxm/rewriting/internal/convert/tflite_conversion.h"
#include "tfxm/rewriting/internal/find_not_finite.h"
#include "tfxm/rewriting/internal/graph/fixed_batch.h"
#include "tfxm/rewriting/representative_data/sample_check.h"
#include "tfxm/rewriting/representative_data/samples.h"
#include "tfxm/rewriting/validation/batch_check.h"
#include "tfxm/rewriting/validation/nothing_quantized.h"
#include "tfxm/util/exit_status.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/text_table.h"

namespace tfxm {
namespace {

using rewriting::ModelComparison;
using rewriting::SampleFindings;
using rewriting::SampleSet;

// Enough examples to see a difference, few enough to wait for.
constexpr size_t kComparedExamples = 100;
constexpr int kRandomRows = 16;

bool IsFeedable(DataType type) {
  switch (type) {
    case DataType::kFloat:
    case DataType::kInt32:
    case DataType::kInt64:
    case DataType::kUint8:
    case DataType::kInt8:
    case DataType::kInt16:
    case DataType::kBool:
    case DataType::kHalf:
    case DataType::kDouble:
    case DataType::kUint16:
    case DataType::kUint32:
    case DataType::kUint64:
    case DataType::kString: return true;
    default: return false;
  }
}

// Also of types that no DataType stands for: complex64, resource.
std::string TypeName(DataType type) {
  const std::string name = tensorflow::DataType_Name(static_cast<tensorflow::DataType>(type));
  return name.empty() ? "of an unknown type" : absl::AsciiStrToLower(absl::StripPrefix(name, "DT_"));
}

std::string Specs(const std::vector<TensorSpec>& specs) {
  return absl::StrJoin(specs, ", ", [](std::string* out, const TensorSpec& s) {
    absl::StrAppend(out, "\"", s.name, "\" ", DataTypeName(s.dtype), " ", ShapeString(s.shape));
  });
}

absl::StatusOr<const Signature*> ChooseSignature(const SavedModel& model, const std::string& key) {
  if (!key.empty()) return model.FindSignature(key);
  std::vector<const Signature*> usable;
  for (const Signature& signature : model.signatures()) {
    if (signature.name == "serving_default") return &signature;
    if (!absl::StartsWith(signature.name, "__saved_model")) usable.push_back(&signature);
  }
  if (usable.size() == 1) return usable[0];
  return absl::InvalidArgumentError(
      usable.empty()
          ? std::string("the SavedModel has no signature; save it with one, e.g. model.export(dir)")
          : absl::StrCat(
                "the SavedModel has no signature \"serving_default\"; choose one with signature_key (--signature): ",
                absl::StrJoin(usable, ", ", [](std::string* out, const Signature* s) {
                  absl::StrAppend(out, "\"", s->name, "\"");
                })));
}

// Of a signature that takes serialized examples, which no TFLite file does: those that an app could use instead.
std::string OtherSignatures(const SavedModel& model, const Signature& asked) {
  const auto takes_text = [](const Signature& signature) {
    return std::any_of(signature.inputs.begin(), signature.inputs.end(),
                       [](const TensorSpec& input) { return input.dtype == DataType::kString; });
  };
  if (asked.inputs.size() != 1 || !takes_text(asked)) return "";
  std::vector<std::string> others;
  for (const Signature& other : model.signatures()) {
    if (absl::StartsWith(other.name, "__saved_model") || takes_text(other) || other.inputs.empty()) continue;
    others.push_back(absl::StrCat("--signature=", other.name, " (", Specs(other.inputs), ")"));
  }
  return others.empty() ? "" : absl::StrCat(". Of this SavedModel's signatures there is ", absl::StrJoin(others, ", "));
}

// Whether the signature takes `batch` examples.
absl::Status CheckBatch(const Signature& signature, int batch) {
  if (std::any_of(signature.inputs.begin(), signature.inputs.end(),
                  [&](const TensorSpec& input) { return !input.shape.empty() && input.shape[0] == batch; })) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat("batch_size ", batch,
                                                 ": the SavedModel was exported with a batch of its own; signature \"",
                                                 signature.name, "\" takes ", Specs(signature.inputs)));
}

}  // namespace

struct TfliteRewriter::Rep {
  RewriterOptions options;
  RewriteReport report;
  // From PreRewriteValidate until PostRewriteValidate.
  std::unique_ptr<SavedModel> saved_model;
  std::string loaded_from;
  std::unique_ptr<io::TempDir> fixed;    // It with the batch that is asked for.
  std::string saved_model_dir;           // What is converted: one of the two.
  const Signature* signature = nullptr;  // The SavedModel's own.
  SampleSet samples;                     // The representative dataset.
  SampleFindings findings;
  rewriting::OpSupport support;
  bool keeps_state = false;
  std::shared_ptr<const litert::ModelFile> compared;  // The model of the last comparison,
  absl::Status judgement;                             // and what came of it.

  absl::Status Load(const std::string& dir) {
    if (saved_model != nullptr && loaded_from == dir) return absl::OkStatus();
    saved_model.reset();
    saved_model_dir = dir;
    if (options.batch_size < 0) {
      return absl::InvalidArgumentError(absl::StrCat("batch_size must be positive, got ", options.batch_size));
    }
    if (options.batch_size > 0) {
      ASSIGN_OR_RETURN(fixed, rewriting::WithBatch(dir, options.batch_size));
      saved_model_dir = fixed->path();
    }
    ASSIGN_OR_RETURN(saved_model, SavedModel::Load(saved_model_dir));
    ASSIGN_OR_RETURN(signature, ChooseSignature(*saved_model, options.signature_key));
    if (options.batch_size > 0) RETURN_IF_ERROR(CheckBatch(*signature, options.batch_size));
    loaded_from = dir;
    return absl::OkStatus();
  }

  ValidationLimits Limits(QuantizationMode mode, bool real_examples) const {
    // FakeQuant operations quantize a model whatever was asked for.
    if (report.trained_ranges && mode == QuantizationMode::kNone) mode = QuantizationMode::kInt8;
    ValidationLimits limits = DefaultLimits(mode);
    if (!real_examples && mode != QuantizationMode::kNone && mode != QuantizationMode::kFloat16) {
      limits = {.min_sqnr_db = 0, .rounding_is_fine = true};
    }
    const auto take = [](const std::optional<double>& asked, std::optional<double>& limit) {
      if (asked) limit = asked;
    };
    if (options.limits.max_abs_error || options.limits.min_sqnr_db) {
      limits.rounding_is_fine = false;
      limits.float_resolution = 0;
    }
    take(options.limits.max_abs_error, limits.max_abs_error);
    take(options.limits.min_sqnr_db, limits.min_sqnr_db);
    take(options.limits.min_top_agreement, limits.min_top_agreement);
    take(options.limits.min_clear_agreement, limits.min_clear_agreement);
    if (options.limits.min_clear_agreement) limits.chance_is_fine = false;
    take(options.limits.min_equal_values, limits.min_equal_values);
    return limits;
  }

  // Runs both models and judges. Where they cannot be run here, `not_compared` says why and the answer is OK.
  absl::Status Compare(const std::shared_ptr<const litert::ModelFile>& file, QuantizationMode mode) {
    if (compared == nullptr || compared->bytes() != file->bytes()) {
      judgement = CompareAnew(file, mode);
      compared = file;
    }
    return judgement;
  }

  absl::Status CompareAnew(const std::shared_ptr<const litert::ModelFile>& file, QuantizationMode mode) {
    report.comparison.reset();
    report.batch.clear();
    report.not_compared.clear();
    for (const auto& [op, use] : litert::Inspect(*file).ops) {
      if (use.kind != litert::OpKind::kBuiltin) {
        report.not_compared =
            absl::StrCat("the model uses ", op,
                         use.kind == litert::OpKind::kSelectTf
                             ? ", a TensorFlow kernel; the Select TF runtime is in apps that link it, not in "
                               "LiteRT's library here. Try the model where it will run"
                             : ", an operator whose kernel only the app has. Try the model there");
        return absl::OkStatus();
      }
    }
    auto model = litert::CompiledModel::Create(file, {.signature = signature->name});
    if (absl::IsUnimplemented(model.status())) {
      report.not_compared = std::string(model.status().message());
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(model.status());
    RETURN_IF_ERROR(rewriting::CheckSignature(*signature, **model));
    std::string source;
    auto inputs = ComparedSamples(**model, mode, &source);
    auto comparison = inputs.ok() ? RunBoth(**model, *inputs) : inputs.status();
    if (absl::IsUnimplemented(comparison.status())) {
      report.not_compared = std::string(comparison.status().message());
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(comparison.status());
    comparison->source = source;
    for (rewriting::OutputComparison& output : comparison->outputs) {
      if (!output.mismatch) continue;
      output.mismatch->where = rewriting::FindNotFinite(file, signature->name, inputs->samples[output.mismatch->sample],
                                                        std::isfinite(output.mismatch->saved_model));
    }
    report.comparison = *std::move(comparison);
    const ValidationLimits limits = Limits(mode, !samples.samples.empty());
    RETURN_IF_ERROR(rewriting::CheckLimits(*report.comparison, limits));
    if (keeps_state) return absl::OkStatus();  // Its answers depend on the order of the examples.
    ASSIGN_OR_RETURN(report.batch, rewriting::CheckExamplesInBatch(*saved_model, *signature, **model, *inputs, limits));
    return absl::OkStatus();
  }

  // With what the model costs at the sizes of the data where it leaves sides open besides the batch.
  litert::Inspection Inspect(const std::shared_ptr<const litert::ModelFile>& file) {
    InputShapes shapes;
    std::vector<std::string> sizes;
    for (const TensorSpec& input : signature->inputs) {
      if (std::none_of(input.shape.begin() + !input.shape.empty(), input.shape.end(),
                       [](int64_t n) { return n < 0; })) {
        continue;
      }
      const auto asked = options.input_shapes.find(input.name);
      if (samples.samples.empty() && asked == options.input_shapes.end()) continue;
      Shape shape = samples.samples.empty() ? asked->second : samples.samples[0].at(input.name).shape();
      sizes.push_back(absl::StrCat("\"", input.name, "\" ", ShapeString(shape)));
      shapes[input.name] = std::move(shape);
    }
    if (!shapes.empty()) {
      if (auto at = litert::InspectAt(file, signature->name, shapes); at.ok()) {
        report.notes.push_back(absl::StrCat("arena and multiply-adds are for ", absl::StrJoin(sizes, ", ")));
        return *std::move(at);
      }
    }
    return litert::Inspect(*file);
  }

  // What the models are compared on: examples, or made-up inputs.
  absl::StatusOr<SampleSet> ComparedSamples(const litert::CompiledModel& model, QuantizationMode mode,
                                            std::string* source) const {
    SampleSet out;
    if (samples.samples.empty()) {
      *source = "made-up inputs";
      // A model of a fixed batch takes one example at a time.
      const bool one = !model.inputs().empty() && !model.inputs()[0].shape.empty() && model.inputs()[0].shape[0] == 1;
      ASSIGN_OR_RETURN(Sample sample,
                       rewriting::RandomSample(signature->inputs, one ? 1 : kRandomRows, options.input_shapes));
      out.samples.push_back(std::move(sample));
      out.names.push_back("the made-up inputs");
      return out;
    }
    *source = options.representative_dataset.examples.empty() ? "the representative dataset"
                                                              : options.representative_dataset.examples;
    const bool integers = mode == QuantizationMode::kInt8 || mode == QuantizationMode::kInt16x8;
    for (size_t i = 0; i < samples.samples.size() && out.samples.size() < kComparedExamples; ++i) {
      // Integers have no NaN, and what is far outside of all others is better cut off than made room for.
      if (integers && (findings.not_finite[i] || findings.outlier[i]) && !keeps_state) continue;
      out.samples.push_back(samples.samples[i]);
      out.names.push_back(samples.names[i]);
      out.outlier.push_back(findings.outlier[i]);
    }
    return out;
  }

  absl::StatusOr<ModelComparison> RunBoth(litert::CompiledModel& model, const SampleSet& inputs) {
    const SavedModel* other = saved_model.get();
    std::unique_ptr<SavedModel> fresh;
    if (keeps_state) {
      // Both start anew, with the first example.
      ASSIGN_OR_RETURN(fresh, SavedModel::Load(saved_model_dir));
      ASSIGN_OR_RETURN(saved_model, SavedModel::Load(saved_model_dir));
      ASSIGN_OR_RETURN(signature, saved_model->FindSignature(report.signature));
      other = fresh.get();
    }
    if (!inputs.samples.empty()) {
      RETURN_IF_ERROR(Annotate(rewriting::CheckDeterministic(*saved_model, *other, *signature, inputs.samples[0]),
                               "running the SavedModel on an example"));
    }
    if (keeps_state) {
      ASSIGN_OR_RETURN(saved_model, SavedModel::Load(saved_model_dir));
      ASSIGN_OR_RETURN(signature, saved_model->FindSignature(report.signature));
    }
    return rewriting::CompareModels(*saved_model, *signature, model, inputs);
  }

  absl::Status WriteReport() const {
    if (options.report_file.empty()) return absl::OkStatus();
    RETURN_IF_ERROR(io::MakeDirs(io::Dirname(io::AbsolutePath(options.report_file))));
    return io::WriteFile(options.report_file, report.Render());
  }
};

TfliteRewriter::TfliteRewriter(RewriterOptions options) : rep_(std::make_unique<Rep>()) {
  rep_->options = std::move(options);
}
TfliteRewriter::~TfliteRewriter() = default;
const std::string& TfliteRewriter::name() const { return rep_->options.name; }
const RewriteReport& TfliteRewriter::report() const { return rep_->report; }

absl::Status TfliteRewriter::PreRewriteValidate(const ModelDescription& original) {
  Rep& rep = *rep_;
  rep.report = {};
  rep.report.name = rep.options.name;
  rep.samples = {};
  rep.findings = {};
  rep.compared.reset();
  if (original.model_type != ModelType::kSavedModel) {
    return absl::InvalidArgumentError("only SavedModels can be made into TFLite models");
  }
  RETURN_IF_ERROR(ResolveQuantization(rep.options, /*trained_ranges=*/true).status());
  RETURN_IF_ERROR(rep.Load(original.path));
  rep.report.signature = rep.signature->name;
  std::vector<std::string> wrong;
  for (const auto* side : {&rep.signature->inputs, &rep.signature->outputs}) {
    for (const TensorSpec& spec : *side) {
      if (!IsFeedable(spec.dtype)) {
        wrong.push_back(absl::StrCat(side == &rep.signature->inputs ? "input" : "output", " \"", spec.name, "\" is ",
                                     TypeName(spec.dtype), ", which TFLite does not pass in or out"));
      }
    }
  }
  if (rep.signature->outputs.empty()) wrong.push_back("it has no outputs");
  if (!wrong.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("signature \"", rep.signature->name, "\": ", absl::StrJoin(wrong, "; ")));
  }
  ASSIGN_OR_RETURN(rep.support, rewriting::FindOpSupport(rep.saved_model_dir, rep.signature->name));
  const rewriting::OpSupport& support = rep.support;
  for (const std::string& note : rewriting::NotesAbout(support)) rep.report.notes.push_back(note);
  rep.report.trained_ranges = rewriting::HasTrainedRanges(support);
  ASSIGN_OR_RETURN(rep.report.mode, ResolveQuantization(rep.options, rep.report.trained_ranges));
  if (rep.report.trained_ranges &&
      (rep.report.mode == QuantizationMode::kFloat16 || rep.report.mode == QuantizationMode::kDynamicRange ||
       rep.report.mode == QuantizationMode::kInt4)) {
    // As with Python's converter; float weights between operators that were trained as integers would not even load.
    rep.report.notes.push_back(
        absl::StrCat("int8 instead of ", QuantizationName(rep.report.mode),
                     ": the model was trained quantization-aware, which settles what is quantized"));
    rep.report.mode = QuantizationMode::kInt8;
  }
  constexpr int64_t kMostToCalibrate = int64_t{2} << 30;  // What a flatbuffer holds.
  if (!rep.report.trained_ranges && support.weight_bytes >= kMostToCalibrate &&
      (rep.report.mode == QuantizationMode::kInt8 || rep.report.mode == QuantizationMode::kInt16x8)) {
    return absl::UnimplementedError(absl::StrFormat(
        "the signature's weights take %.1f GB, and a float model of 2 GB or more cannot be calibrated; dynamic_range "
        "and float16 need no calibration",
        static_cast<double>(support.weight_bytes) / (1 << 30)));
  }
  rep.keeps_state = rewriting::KeepsState(support);
  RETURN_IF_ERROR(CheckInputShapes(rep.options.input_shapes, rep.signature->inputs));
  if (!rep.options.representative_dataset.empty()) {
    auto samples = rewriting::ReadSamples(rep.options.representative_dataset, rep.signature->inputs,
                                          {.input_shapes = rep.options.input_shapes, .in_sequence = rep.keeps_state});
    if (!samples.ok()) {
      return Annotate(samples.status(), absl::StrCat("representative data (--representative_data) for inputs ",
                                                     Specs(rep.signature->inputs)));
    }
    rep.samples = *std::move(samples);
    rep.findings = rewriting::CheckSamples(rep.samples, rep.signature->inputs);
    rep.report.warnings = rep.samples.warnings;
    rep.report.warnings.insert(rep.report.warnings.end(), rep.findings.warnings.begin(), rep.findings.warnings.end());
  }
  return absl::OkStatus();
}

absl::Status TfliteRewriter::Rewrite(const ModelDescription& original, const ModelDescription& rewritten) {
  Rep& rep = *rep_;
  if (rewritten.model_type != ModelType::kTfliteModel && rewritten.model_type != ModelType::kAnyModel) {
    return absl::InvalidArgumentError("this rewriter makes TFLite models; ask for ModelType::kTfliteModel");
  }
  RETURN_IF_ERROR(rep.Load(original.path));
  const QuantizationMode mode = rep.report.mode;
  rewriting::TfliteConversionInput input{.saved_model_dir = rep.saved_model_dir,
                                         .name = original.path,
                                         .signature = rep.signature->name,
                                         .mode = mode,
                                         .trained_ranges = rep.report.trained_ranges,
                                         .keeps_state = rep.keeps_state,
                                         .samples = rep.samples,
                                         .findings = rep.findings};
  if (rep.options.validate || rep.options.keep_float_automatically) {
    input.accept = [&](const auto& model) { return rep.Compare(model, mode); };
  }
  auto converted = rewriting::ConvertToTflite(input, rep.options);
  rep.report.op_support = converted.ok()
                              ? rewriting::RenderOpSupport(rep.support, litert::Inspect(*converted->model).ops)
                              : rewriting::RenderOpSupport(rep.support);
  if (absl::IsInvalidArgument(converted.status())) {
    const absl::string_view message = converted.status().message();
    return absl::InvalidArgumentError(absl::StrCat(message, OtherSignatures(*rep.saved_model, *rep.signature)));
  }
  RETURN_IF_ERROR(converted.status());
  rewriting::TfliteConversion made = *std::move(converted);
  rep.report.num_calibration_samples = made.calibration_samples;
  rep.report.layers = std::move(made.layers);
  rep.report.choices = std::move(made.choices);
  rep.report.advice = std::move(made.advice);
  rep.report.notes.insert(rep.report.notes.end(), made.notes.begin(), made.notes.end());
  RETURN_IF_ERROR(io::WriteFile(io::JoinPath(rewritten.path, rep.options.filename), made.model->bytes()));
  for (const std::string& folder : FoldersToCopy(original.path, rep.options)) {
    RETURN_IF_ERROR(io::CopyTree(io::JoinPath(original.path, folder), io::JoinPath(rewritten.path, folder)));
  }
  return absl::OkStatus();
}

absl::Status TfliteRewriter::PostRewriteValidate(const ModelDescription& original, const ModelDescription& rewritten) {
  Rep& rep = *rep_;
  RETURN_IF_ERROR(rep.Load(original.path));
  ASSIGN_OR_RETURN(std::string bytes, io::ReadFile(io::JoinPath(rewritten.path, rep.options.filename)));
  // Where it lies until it is valid is nobody's business.
  ASSIGN_OR_RETURN(auto file, litert::ModelFile::FromBytes(std::move(bytes),
                                                           absl::StrCat(rep.options.filename, " of ", original.path)));
  rep.report.model = rep.Inspect(file);
  rep.report.model.name = rep.options.filename;
  for (std::string& note : rewriting::DilationNotes(*file)) rep.report.notes.push_back(std::move(note));
  if (std::string nothing = rewriting::NothingQuantized(*file, rep.report.mode, rep.options); !nothing.empty()) {
    rep.report.nothing_quantized = true;
    rep.report.notes.push_back(std::move(nothing));
  }
  absl::Status status;
  if (rep.options.validate) {
    status = rep.Compare(file, rep.report.mode);
    const auto mode = rep.report.mode;
    if (rep.report.comparison && (mode == QuantizationMode::kFloat16 || mode == QuantizationMode::kDynamicRange ||
                                  mode == QuantizationMode::kInt4)) {
      rep.report.advice =
          rewriting::AdviceOnWeights(*rep.report.comparison, rep.Limits(mode, !rep.samples.samples.empty()));
    }
  } else {
    rep.report.not_compared = "validate is off";
  }
  rep.saved_model.reset();
  rep.samples = {};
  rep.compared.reset();
  RETURN_IF_ERROR(rep.WriteReport());
  if (ExitStatusOf(status) == kExitNo) {
    std::vector<std::string> more = rep.report.warnings;
    if (!rep.report.advice.empty()) more.push_back(rep.report.advice);
    if (!more.empty()) return AnswerIsNo(absl::StrCat(status.message(), "; ", absl::StrJoin(more, "; ")));
  }
  return status;
}

std::string RewriteReport::Render(int width) const {
  std::string out = absl::StrCat(name.empty() ? "" : absl::StrCat(name, ": "), "signature \"", signature,
                                 "\", quantization ", QuantizationName(mode));
  if (trained_ranges && mode == QuantizationMode::kInt8) absl::StrAppend(&out, ", ranges from training");
  if (num_calibration_samples > 0) absl::StrAppend(&out, ", calibrated on ", num_calibration_samples, " samples");
  absl::StrAppend(&out, "\n");
  for (const std::string& note : notes) absl::StrAppend(&out, "Note: ", note, "\n");
  for (const std::string& warning : warnings) absl::StrAppend(&out, "Representative data: ", warning, "\n");
  absl::StrAppend(&out, op_support);
  if (model.file_bytes > 0) absl::StrAppend(&out, litert::Render(model, width));
  if (comparison) absl::StrAppend(&out, rewriting::RenderComparison(*comparison, width));
  if (!batch.empty()) absl::StrAppend(&out, "  ", batch, "\n");
  if (!not_compared.empty()) absl::StrAppend(&out, "Not compared with the SavedModel: ", not_compared, "\n");
  if (!choices.empty()) absl::StrAppend(&out, rewriting::RenderChoices(choices, width));
  if (!layers.empty()) absl::StrAppend(&out, rewriting::RenderLayers(layers, 20, num_calibration_samples, width));
  if (!advice.empty()) absl::StrAppend(&out, "What to do: ", advice, "\n");
  return WrapLines(out, width);
}

absl::StatusOr<std::vector<RewriteReport>> RewriteVariants(absl::string_view src,
                                                           const std::vector<Variant>& variants) {
  std::vector<RewriteReport> reports;
  // The first goes last: a source inside its directory is removed with it.
  for (size_t i = variants.size(); i-- > 0;) {
    TfliteRewriter rewriter(variants[i].options);
    RETURN_IF_ERROR(RewriteSavedModel(src, variants[i].dst, rewriter, ModelType::kTfliteModel));
    reports.insert(reports.begin(), rewriter.report());
  }
  return reports;
}

namespace {
TFXM_REGISTER(RewriterRegistry, kTfliteRewriter,
              [](const RewriterOptions& options) { return std::make_unique<TfliteRewriter>(options); });
}  // namespace

}  // namespace tfxm
