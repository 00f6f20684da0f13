// SPDX-License-Identifier: Apache-2.0

// tfxm rewrite: in a plugin of its own, since it needs libtensorflow_cc.
#include "absl/strings/str_cat.h"
#include "tfxm/cli/command.h"
#include "tfxm/data/examples.h"
#include "tfxm/rewriting/isolate.h"
#include "tfxm/rewriting/rewriter_options.h"
#include "tfxm/util/filesystem/local_copy.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/text.h"

namespace tfxm::cli {
namespace {

absl::StatusOr<DataType> ParseIoType(const std::string& flag, const std::string& name) {
  for (const DataType type : {DataType::kFloat, DataType::kInt8, DataType::kUint8, DataType::kInt16}) {
    if (name == DataTypeName(type)) return type;
  }
  return absl::InvalidArgumentError(absl::StrCat("--", flag, "=", name, ": expected float32, int8, uint8 or int16"));
}

class RewriteCommand : public Command {
 public:
  Flags MakeFlags() override {
    Flags flags(
        "tfxm rewrite --saved_model=DIR --output=DIR [--quantization=MODE] [--representative_data=GLOB]",
        "Turns a SavedModel (Keras 2, Keras 3 or tf.function) into a TFLite file, and proves it: the file is verified, its\n"
        "signature compared with the SavedModel's, and both run on the same examples. A file outside of the limits is not kept.\n"
        "The limits, unless flags say otherwise:\n"
        "                 max_abs_error  min_sqnr  min_clear_agreement\n"
        "  none                    1e-3     60 dB                0.999\n"
        "  float16                 0.05     30 dB                 0.99\n"
        "  dynamic_range              -      8 dB                 0.95\n"
        "  int4                       -      6 dB                 0.95\n"
        "  int8                       -      6 dB                 0.95\n"
        "  int16x8                    -     10 dB                 0.97\n"
        "Without --representative_data the inputs are made up and a quantized model only has to reach 0 dB.\n"
        "The SavedModel is left as it is, wherever it lies. In --output a TFLite file of the same name is replaced, when the\n"
        "new one is complete and within its limits; any other file or folder of that name is not.\n\n"
        "Examples:\n"
        "  tfxm rewrite --saved_model=model --output=lite\n"
        "  tfxm rewrite --saved_model=model --output=lite_int8 --quantization=int8 --representative_data='examples/Split-train/*'");
    flags.Add("saved_model", &saved_model_, "DIR", "the SavedModel").Required();
    flags.Add("output", &output_, "DIR", "the directory that gets the file").Required();
    flags
        .Add("quantization", &quantization_, "none|float16|dynamic_range|int4|int8|int16x8",
             "how weights and activations are stored")
        .OneOf({"none", "float16", "dynamic_range", "int4", "int8", "int16x8"});
    flags.Add("representative_data", &options_.representative_dataset.examples, "GLOB",
              "TFRecords of tf.Examples whose features have the inputs' names: to calibrate int8 and int16x8 with, and "
              "to compare the models on");
    flags.Add("transform_graph", &options_.representative_dataset.transform_graph, "DIR",
              "the TransformGraph between raw --representative_data and a signature that takes transformed features");
    flags.Add("samples", &options_.representative_dataset.sample_size, "N", "how many of the examples are taken")
        .Between(1, 1e6);
    flags.Add("seed", &seed_, "N", "which of the examples are taken").AtLeast(0);
    flags.Add("signature", &options_.signature_key, "NAME",
              "the signature; the default is serving_default, or the only one");
    flags.Add("filename", &options_.filename, "NAME", "name of the file");
    flags.Add("input_type", &input_type_, "TYPE", "float32, or int8/uint8 (int8), int16 (int16x8): quantized inputs")
        .OneOf({"float32", "int8", "uint8", "int16"});
    flags.Add("output_type", &output_type_, "TYPE", "the same for outputs")
        .OneOf({"float32", "int8", "uint8", "int16"});
    flags.Add("allow_select_tf_ops", &options_.allow_select_tf_ops, "take TensorFlow's kernels where TFLite has none");
    flags.Add("allow_custom_ops", &options_.allow_custom_ops, "leave unknown operations to kernels of the app's own");
    flags.Add("keep_float", &keep_float_, "OP_OR_LAYER",
              "an operator (SOFTMAX) or layer (a part of its name) that stays float; may be repeated");
    flags.Add("int16_layers", &options_.int16_layers, "REGEX",
              "layers of an int8 model whose activations are int16, by a part of their names; may be repeated");
    flags.Add(
        "keep_float_automatically", &options_.keep_float_automatically,
        "take as few layers out of int8 as the limits need, into int16 or else float, and calibrate by percentile if the "
        "data have outliers and it takes that");
    flags.Add("calibration", &calibration_, "minmax|percentile|mse",
              "what of each activation's values the integers cover: all; what a percentile of the examples stays "
              "within, for data with outliers; the part with the smallest mean squared error");
    flags
        .Add("calibration_percentile", &options_.calibration_percentile, "P",
             "of a hundred examples, for --calibration=percentile")
        .Between(50, 100);
    flags.Add("input_shape", &input_shapes_, "NAME:1,224,320,3",
              "the sizes of an input whose sides are open, of made-up inputs and where the data do not tell them (an "
              "image that is not square); may be repeated");
    flags
        .Add(
            "batch_size", &options_.batch_size, "N",
            "a file that takes N examples at a time, of a SavedModel of any number: LSTMs of tf_keras are one operator "
            "then")
        .AtLeast(0);
    flags
        .Add("max_abs_error", &options_.limits.max_abs_error, "X",
             "limit of the largest error, in parts of the output's range; else the quantization's")
        .AtLeast(0);
    flags
        .Add("min_top_agreement", &options_.limits.min_top_agreement, "X",
             "limit of the share of examples with the same top class; else none")
        .Between(0, 1);
    flags
        .Add("min_clear_agreement", &options_.limits.min_clear_agreement, "X",
             "the same, without the examples on which the SavedModel is undecided; else the quantization's")
        .Between(0, 1);
    flags
        .Add("min_sqnr", &options_.limits.min_sqnr_db, "DB",
             "limit of the signal to noise ratio; else the quantization's")
        .Between(-1000, 1000);
    flags.Add("validate", &options_.validate, "compare the models; --novalidate skips it");
    flags
        .Add("memory_limit", &memory_limit_mb_, "MB",
             "end with a message instead of taking more memory than this; 0: no limit")
        .Between(0, 1e9);
    flags.Add("report", &options_.report_file, "FILE", "where the report of validation and of the layers' errors goes")
        .Writes();
    return flags;
  }

  std::string No() const override { return "the file would be outside of its limits"; }

  absl::Status Run(const std::vector<std::string>& arguments) override {
    options_.name = "tfxm rewrite";
    ASSIGN_OR_RETURN(options_.quantization, ParseQuantization(quantization_));
    ASSIGN_OR_RETURN(options_.inference_input_type, ParseIoType("input_type", input_type_));
    ASSIGN_OR_RETURN(options_.inference_output_type, ParseIoType("output_type", output_type_));
    ASSIGN_OR_RETURN(options_.calibration, ParseCalibration(calibration_));
    for (const std::string& text : input_shapes_) RETURN_IF_ERROR(ParseInputShape(text, &options_.input_shapes));
    options_.representative_dataset.seed = static_cast<uint64_t>(seed_);
    for (const std::string& name : keep_float_) {
      const bool is_op = name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == std::string::npos;
      (is_op ? options_.keep_float_ops : options_.keep_float_layers).push_back(name);
    }
    if (absl::Status wrong = ResolveQuantization(options_, /*trained_ranges=*/true).status(); !wrong.ok()) {
      return UsageError(wrong.message());
    }
    if (options_.filename.empty() || options_.filename != io::Basename(options_.filename) ||
        options_.filename[0] == '.') {
      return UsageError(absl::StrCat("--filename=", options_.filename, ": expected a name without folders"));
    }
    RETURN_IF_ERROR(CheckReportFile());
    // A converter that aborts or takes all memory is a message, too.
    std::string report;
    ASSIGN_OR_RETURN(const std::string saved_model, io::LocalCopy(saved_model_));
    std::string* const transform_graph = &options_.representative_dataset.transform_graph;
    ASSIGN_OR_RETURN(*transform_graph, io::LocalCopy(*transform_graph));
    const absl::Status status = RewriteInChild(saved_model, output_, options_, &report,
                                               static_cast<int64_t>(memory_limit_mb_ * 1e6), TerminalWidth());
    RETURN_IF_ERROR(Print(PrintableLines(report)));
    RETURN_IF_ERROR(status);
    return Print(io::JoinPath(output_, options_.filename) + "\n");
  }

 private:
  absl::Status CheckReportFile() const {
    std::vector<std::string> inputs;
    if (!options_.report_file.empty() && !options_.representative_dataset.examples.empty()) {
      ASSIGN_OR_RETURN(inputs, data::MatchFiles(options_.representative_dataset.examples));
    }
    RETURN_IF_ERROR(CheckOutputFile("report", options_.report_file, inputs));
    for (const std::string& folder : {saved_model_, options_.representative_dataset.transform_graph}) {
      if (options_.report_file.empty() || folder.empty() || !io::IsInside(options_.report_file, folder)) continue;
      return UsageError(absl::StrCat("--report=", options_.report_file, " lies in ", folder, ", which is only read"));
    }
    if (!options_.report_file.empty() &&
        io::AbsolutePath(options_.report_file) == io::AbsolutePath(io::JoinPath(output_, options_.filename))) {
      return UsageError(absl::StrCat("--report=", options_.report_file, " is where the model goes"));
    }
    return absl::OkStatus();
  }

  RewriterOptions options_;
  std::string saved_model_, output_, quantization_ = "none", input_type_ = "float32", output_type_ = "float32";
  std::string calibration_ = "minmax";
  std::vector<std::string> keep_float_, input_shapes_;
  int64_t seed_ = 1;
  double memory_limit_mb_ = 0;
};

TFXM_REGISTER(CommandRegistry, "rewrite", [] { return std::make_unique<RewriteCommand>(); });

}  // namespace
}  // namespace tfxm::cli
