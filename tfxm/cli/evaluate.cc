// SPDX-License-Identifier: Apache-2.0

// tfxm evaluate
#include "tfxm/model_analysis/evaluate.h"

#include <cstdio>
#include <filesystem>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "google/protobuf/text_format.h"
#include "tfxm/cli/command.h"
#include "tfxm/cli/flags/examples_argument.h"
#include "tfxm/cli/flags/pass_workers.h"
#include "tfxm/components/modules/metric_modules.h"
#include "tfxm/compute/pass.h"
#include "tfxm/data/input_shape.h"
#include "tfxm/distribution/launched_pass.h"
#include "tfxm/model_analysis/default_config.h"
#include "tfxm/report/show/show.h"
#include "tfxm/statistics/infer_schema.h"
#include "tfxm/util/files/temporary.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"
#include "tfxm/util/text/text.h"

namespace tfxm::cli {
namespace {

class EvaluateCommand : public Command {
 public:
  Flags MakeFlags() override {
    Flags flags(
        "tfxm evaluate --eval_config=FILE|--label=FEATURE --data=GLOB|--csv=GLOB [--model=[NAME=]PATH …] [--output=DIR]",
        "Evaluates models on tf.Examples with TFMA's definitions; TFMA reads the files it leaves. Without --model the\n"
        "predictions are taken from the examples (model_specs.prediction_key). A PATH is a SavedModel or a TFLite file;\n"
        "which one it is told apart by itself where the config's model_type does not say.\n\n"
        "Without a config, --label=FEATURE takes the metrics that are usual for the problem, which the labels and the\n"
        "models' answers tell, and prints the config that this makes, to start from, with slices and thresholds.\n\n"
        "Several models go through one pass over the data: each is compared with the reference model, with 95 % intervals\n"
        "that use that all saw the same examples, and the examples they disagree on are kept.\n\n"
        "The folder of --output may hold an earlier evaluation by this command, which is replaced; other files there are\n"
        "left alone, and if one has a name that would be written, nothing is done.\n\n"
        "Examples:\n"
        "  tfxm evaluate --model=model.tflite --data='examples/Split-eval/*' --label=label\n"
        "  tfxm evaluate --model=model.tflite --csv=people.csv --label=income\n"
        "  tfxm evaluate --eval_config=eval_config.pbtxt --data='examples/Split-eval/*' \\\n"
        "    --model=lite=lite/tflite --model=saved_model=saved_model --output=evaluation");
    flags.Add("eval_config", &eval_config_, "FILE",
              "a tensorflow_model_analysis.EvalConfig, as text (.pbtxt) or JSON (.json)");
    flags.Add(
        "label", &label_, "FEATURE",
        "instead of --eval_config: the feature that holds the right answer; with --transform_graph one that it makes, "
        "or else one of the raw examples");
    examples_.AddTo(&flags);
    flags.Add("model", &models_, "[NAME=]PATH",
              "a model; NAME is that of its model_spec, and not needed for a single one. May be repeated");
    flags.Add("transform_graph", &transform_graph_, "DIR",
              "Transform's transform_graph: raw examples go through it before models that take transformed features");
    flags.Add(
        "input_shape", &input_shapes_, "NAME:1,224,320,3",
        "the sizes of an input of which the model takes any, where the data do not tell them (images that are not "
        "square). May be repeated");
    flags.Add("output", &output_, "DIR", "where the evaluation goes; without it, it is only printed");
    flags.Add("module_file", &module_file_, "FILE",
              "C++ that defines custom metrics (tfxm/model_analysis/custom_metric.h)");
    flags.Add("schema", &schema_, "FILE", "schema.pbtxt, for the domains of labels");
    flags.Add(
        "reference_model", &reference_model_, "NAME",
        "of several models, the one the others are compared with; else the baseline, the first SavedModel, or the first");
    flags.Add("disagreements", &disagreements_, "N", "examples kept of those that models disagree on").Between(0, 1e6);
    flags.Add("num_threads", &num_threads_, "N", "threads; 0: all cores. The result does not depend on it")
        .Between(0, compute::kMaxThreads);
    flags.Add("format", &format_, "table|json|csv|none", "how the result is printed")
        .OneOf({"table", "json", "csv", "none"});
    flags.Add("max_slices", &max_slices_, "N", "slices printed in the table; 0: all. The files always have all")
        .AtLeast(0);
    launcher_.AddTo(&flags);
    return flags;
  }

  std::string No() const override { return "a threshold of the config is missed"; }

  absl::Status Run(const std::vector<std::string>& arguments) override {
    if (eval_config_.empty() == label_.empty()) {
      return UsageError("give either --eval_config=FILE or, for the usual metrics, --label=FEATURE");
    }
    ASSIGN_OR_RETURN(const distribution::Workers workers, PassWorkers(launcher_));
    model_analysis::EvaluateOptions options;
    RETURN_IF_ERROR(AddModels(&options));
    options.transform_graph = transform_graph_;
    for (const std::string& text : input_shapes_) {
      if (absl::Status parsed = ParseInputShape(text, &options.input_shapes); !parsed.ok()) {
        return UsageError(parsed.message());
      }
    }
    RETURN_IF_ERROR(examples_.Open());
    options.files = examples_.files();
    if (eval_config_.empty()) {
      RETURN_IF_ERROR(MakeConfig(&options));
    } else {
      RETURN_IF_ERROR(ReadConfig(&options));
    }
    if (!schema_.empty()) {
      ASSIGN_OR_RETURN(options.schema, statistics::ReadSchema(schema_));
    }
    // Only printed: the files go where nobody sees them.
    std::string output = output_;
    std::unique_ptr<io::TempDir> temporary;
    if (output.empty()) {
      ASSIGN_OR_RETURN(temporary,
                       io::TempDir::Make(std::filesystem::temp_directory_path().string(), "tfxm-evaluation-"));
      output = temporary->path();
    }
    options.data = examples_.pattern();
    options.output_dir = output;
    options.replace_output = true;
    options.num_threads = num_threads_;
    options.reference_model = reference_model_;
    options.max_disagreements = disagreements_;
    options.detect_model_type = true;
    ASSIGN_OR_RETURN(const model_analysis::EvaluationResult result, Evaluate(options, workers));
    for (const std::string& warning : result.warnings) Note(absl::StrCat("warning: ", warning, "\n"));
    if (format_ != "none") {
      ASSIGN_OR_RETURN(const report::ShowFormat format, report::ParseShowFormat(format_));
      ASSIGN_OR_RETURN(
          const std::string text,
          report::Show(output, format,
                       {.max_slices = max_slices_, .width = TerminalWidth(), .files_stay = !output_.empty()}));
      RETURN_IF_ERROR(Print(text));
      RETURN_IF_ERROR(FlushStandardOutput());
    }
    Note(absl::StrFormat("%d examples in %.2f s%s\n", result.num_examples, result.seconds,
                         output_.empty() ? "; --output=DIR keeps the evaluation" : "; evaluation in " + output_));
    if (!result.validation.validation_ok() && !result.validation.missing_thresholds()) {
      return AnswerIsNo(format_ == "none" ? absl::StrCat("NOT blessed: a threshold is missed",
                                                         output_.empty() ? "" : "; see tfxm show " + output_)
                                          : "NOT blessed: a threshold is missed (see above)");
    }
    return absl::OkStatus();
  }

 private:
  static void Note(absl::string_view text) { std::fputs(PrintableLines(text).c_str(), stderr); }

  absl::StatusOr<model_analysis::EvaluationResult> Evaluate(const model_analysis::EvaluateOptions& options,
                                                            const distribution::Workers& workers) const {
    ProgressLine line;
    return distribution::Evaluate(options, module_file_, workers, line.OfWorkers());
  }

  absl::Status AddModels(model_analysis::EvaluateOptions* options) const {
    for (const std::string& model : models_) {
      std::string name, path = model;
      // A path may hold a "=" itself.
      if (const size_t equals = model.find('='); equals != std::string::npos && !io::Exists(model)) {
        name = model.substr(0, equals), path = model.substr(equals + 1);
      }
      if (path.empty()) return UsageError(absl::StrCat("--model=", model, ": the path is empty"));
      if (!options->models.emplace(name, path).second) {
        return UsageError(
            absl::StrCat("--model: two models are named \"", name, "\"; give each a name: --model=NAME=PATH"));
      }
    }
    return absl::OkStatus();
  }

  absl::Status ReadConfig(model_analysis::EvaluateOptions* options) const {
    ASSIGN_OR_RETURN(const std::string config, io::ReadFile(eval_config_));
    RETURN_IF_ERROR(Annotate(absl::EndsWith(eval_config_, ".json") ? io::ParseJson(config, &options->eval_config)
                                                                   : io::ParseTextProto(config, &options->eval_config),
                             eval_config_));
    return LoadMetricModules(module_file_, options->eval_config);
  }

  absl::Status MakeConfig(model_analysis::EvaluateOptions* options) const {
    if (models_.empty())
      return UsageError("--label needs --model=PATH; predictions in the examples need --eval_config");
    if (!module_file_.empty()) return UsageError("--module_file needs --eval_config, which says what is taken from it");
    ASSIGN_OR_RETURN(const model_analysis::DefaultConfig config,
                     model_analysis::MakeDefaultConfig(options->models, label_, options->files, options->input_shapes,
                                                       transform_graph_));
    options->eval_config = config.eval_config;
    std::string text;
    google::protobuf::TextFormat::PrintToString(config.eval_config, &text);
    Note(absl::StrCat("No --eval_config: ", config.why, ". It is taken as\n\n", text, "\n"));
    return absl::OkStatus();
  }

  std::string eval_config_, label_, module_file_, output_, schema_, transform_graph_, format_ = "table",
                                                                                      reference_model_;
  ExamplesArgument examples_;
  std::vector<std::string> models_, input_shapes_;
  distribution::LauncherFlags launcher_;
  int num_threads_ = 0, max_slices_ = 20, disagreements_ = 100;
};

TFXM_REGISTER(CommandRegistry, "evaluate", [] { return std::make_unique<EvaluateCommand>(); });

}  // namespace
}  // namespace tfxm::cli
