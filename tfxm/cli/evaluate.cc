// tfxm evaluate
#include "tfxm/model_analysis/evaluate.h"

#include <cstdio>

#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "tfxm/cli/command.h"
#include "tfxm/components/metric_modules.h"
#include "tfxm/report/show.h"
#include "tfxm/statistics/infer_schema.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::cli {
namespace {

class EvaluateCommand : public Command {
 public:
  Flags MakeFlags() override {
    Flags flags(
        "tfxm evaluate --eval_config=FILE --data=GLOB [--model=NAME=PATH …] --output=DIR",
        "Evaluates models on tf.Examples with TFMA's definitions; TFMA reads the files it leaves. Without --model the\n"
        "predictions are taken from the examples (model_specs.prediction_key). A PATH is a SavedModel or a TFLite "
        "file;\n"
        "which one it is told apart by itself where the config's model_type does not say. Ends with status 1 if a\n"
        "threshold of the config is missed.\n\n"
        "Several models go through one pass over the data: each is compared with the reference model, with 95 % "
        "intervals\n"
        "that use that all saw the same examples, and the examples they disagree on are kept.\n\n"
        "Example:\n"
        "  tfxm evaluate --eval_config=eval_config.pbtxt --data='examples/Split-eval/*' \\\n"
        "    --model=model.tflite --output=evaluation");
    flags
        .Add("eval_config", &eval_config_, "FILE",
             "a tensorflow_model_analysis.EvalConfig, as text (.pbtxt) or JSON (.json)")
        .Required();
    flags
        .Add("data", &data_, "GLOB",
             "TFRecords of tf.Examples, plain or gzip: globs or directories, separated by commas")
        .Required();
    flags.Add("model", &models_, "[NAME=]PATH",
              "a model; NAME is that of its model_spec, and not needed for a single one. May be repeated");
    flags.Add("input_shape", &input_shapes_, "NAME:1,224,320,3",
              "the sizes of an input of which the model takes any, where the data do not tell them (images that are not "
              "square). May be repeated");
    flags.Add("output", &output_, "DIR", "where the evaluation goes").Required();
    flags.Add("module_file", &module_file_, "FILE",
              "C++ that defines metrics of one's own (tfxm/model_analysis/custom_metric.h)");
    flags.Add("schema", &schema_, "FILE", "schema.pbtxt, for the domains of labels");
    flags.Add("reference_model", &reference_model_, "NAME",
              "of several models, the one the others are compared with; else the baseline, the first SavedModel, or "
              "the first");
    flags.Add("disagreements", &disagreements_, "N", "examples kept of those that models disagree on");
    flags.Add("num_threads", &num_threads_, "N", "threads; 0: all cores. The result does not depend on it");
    flags.Add("format", &format_, "table|json|csv|none", "how the result is printed");
    flags.Add("max_slices", &max_slices_, "N", "slices printed in the table; 0: all. The files always have all");
    return flags;
  }

  absl::Status Run(const std::vector<std::string>& arguments) override {
    model_analysis::EvaluateOptions options;
    ASSIGN_OR_RETURN(const std::string config, io::ReadFile(eval_config_));
    RETURN_IF_ERROR(Annotate(absl::EndsWith(eval_config_, ".json") ? io::ParseJson(config, &options.eval_config)
                                                                   : io::ParseTextProto(config, &options.eval_config),
                             eval_config_));
    RETURN_IF_ERROR(LoadMetricModules(module_file_, options.eval_config));
    for (const std::string& model : models_) {
      const std::vector<std::string> parts = absl::StrSplit(model, absl::MaxSplits('=', 1));
      const std::string name = parts.size() == 2 ? parts[0] : "";
      if (!options.models.emplace(name, parts.back()).second) {
        return absl::InvalidArgumentError(
            absl::StrCat("--model: two models are named \"", name, "\"; give each a name: --model=NAME=PATH"));
      }
    }
    if (!schema_.empty()) {
      ASSIGN_OR_RETURN(options.schema, statistics::ReadSchema(schema_));
    }
    for (const std::string& text : input_shapes_) RETURN_IF_ERROR(ParseInputShape(text, &options.input_shapes));
    options.data = data_;
    options.output_dir = output_;
    options.num_threads = num_threads_;
    options.reference_model = reference_model_;
    options.max_disagreements = disagreements_;
    options.detect_model_type = true;
    ASSIGN_OR_RETURN(const model_analysis::EvaluationResult result, model_analysis::Evaluate(options));
    for (const std::string& warning : result.warnings) absl::FPrintF(stderr, "warning: %s\n", warning);
    if (format_ != "none") {
      ASSIGN_OR_RETURN(const report::ShowFormat format, report::ParseShowFormat(format_));
      ASSIGN_OR_RETURN(const std::string text, report::Show(output_, format, max_slices_));
      std::fputs(text.c_str(), stdout);
    }
    absl::FPrintF(stderr, "%d examples in %.2f s; evaluation in %s\n", result.num_examples, result.seconds, output_);
    if (!result.validation.validation_ok() && !result.validation.missing_thresholds()) {
      return absl::FailedPreconditionError("NOT blessed: a threshold is missed (see above)");
    }
    return absl::OkStatus();
  }

 private:
  std::string eval_config_, module_file_, data_, output_, schema_, format_ = "table", reference_model_;
  std::vector<std::string> models_, input_shapes_;
  int num_threads_ = 0, max_slices_ = 20, disagreements_ = 100;
};

TFXM_REGISTER(CommandRegistry, "evaluate", [] { return std::make_unique<EvaluateCommand>(); });

}  // namespace
}  // namespace tfxm::cli
