// Evaluator: judges a model, SavedModel or TFLite (model_spec.model_type is all that differs), and blesses it or not.
#include "absl/strings/str_format.h"
#include "tensorflow_model_analysis/proto/config.pb.h"
#include "tfxm/components/executor.h"
#include "tfxm/components/metric_modules.h"
#include "tfxm/components/splits.h"
#include "tfxm/data/examples.h"
#include "tfxm/model_analysis/evaluate.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

using tensorflow_model_analysis::EvalConfig;

// Without thresholds a model is neither blessed nor not: TFX does so lest thresholds that were forgotten bless
// everything.
bool HasThresholds(const EvalConfig& config) {
  for (const auto& spec : config.metrics_specs()) {
    if (!spec.thresholds().empty() || !spec.per_slice_thresholds().empty() || !spec.cross_slice_thresholds().empty())
      return true;
    for (const auto& metric : spec.metrics()) {
      if (metric.has_threshold() || metric.per_slice_thresholds_size() > 0 || metric.cross_slice_thresholds_size() > 0)
        return true;
    }
  }
  return false;
}

class EvaluatorExecutor : public Executor {
 public:
  absl::Status Do(const ArtifactDict& inputs, const Properties& exec_properties, const ExecutorContext& context,
                  ArtifactDict* outputs) override {
    ASSIGN_OR_RETURN(const Artifact* examples, SingleArtifact(inputs, "examples"));
    ASSIGN_OR_RETURN(Artifact* const evaluation, SingleArtifact(outputs, "evaluation"));
    model_analysis::EvaluateOptions options;
    ASSIGN_OR_RETURN(const std::string json, StringProperty(exec_properties, "eval_config"));
    RETURN_IF_ERROR(Annotate(io::ParseJson(json, &options.eval_config), "eval_config"));
    RETURN_IF_ERROR(LoadMetricModules(StringPropertyOr(exec_properties, "module_file", ""), options.eval_config));
    RETURN_IF_ERROR(AddModels(inputs, &options));
    if (inputs.count("schema") > 0 && !inputs.at("schema").empty()) {
      ASSIGN_OR_RETURN(options.schema, ReadSchemaArtifact(inputs));
    }
    ASSIGN_OR_RETURN(std::vector<std::string> splits,
                     data::DecodeSplitNames(StringPropertyOr(exec_properties, "example_splits", R"(["eval"])")));
    for (const std::string& split : splits) {
      ASSIGN_OR_RETURN(const std::vector<std::string> files, data::SplitFiles(examples->uri, split));
      options.files.insert(options.files.end(), files.begin(), files.end());
    }
    options.output_dir = evaluation->uri;
    options.data_location = examples->uri;
    options.rubber_stamp = true;
    options.progress = [&](int64_t n) { context.progress(absl::StrCat(n, " examples"), -1); };
    ASSIGN_OR_RETURN(const model_analysis::EvaluationResult result, model_analysis::Evaluate(options));
    for (const std::string& warning : result.warnings) absl::FPrintF(stderr, "warning: %s\n", warning);
    if (!HasThresholds(options.eval_config)) {
      context.progress("no threshold is configured: the model is not validated", 1);
      return absl::OkStatus();
    }
    return Bless(inputs, result.validation.validation_ok(), context, outputs);
  }

 private:
  static std::string ServingModelPath(const Artifact& model) { return io::JoinPath(model.uri, "Format-Serving"); }

  static absl::Status AddModels(const ArtifactDict& inputs, model_analysis::EvaluateOptions* options) {
    const bool has_model = inputs.count("model") > 0 && !inputs.at("model").empty();
    const bool has_baseline = inputs.count("baseline_model") > 0 && !inputs.at("baseline_model").empty();
    auto& specs = *options->eval_config.mutable_model_specs();
    if (!has_baseline) {
      // The first run of a pipeline has no blessed model yet to compare with.
      for (int i = specs.size() - 1; i >= 0; --i) {
        if (specs[i].is_baseline()) specs.DeleteSubrange(i, 1);
      }
    }
    if (!has_model) return absl::OkStatus();  // Predictions come from the examples.
    if (specs.empty()) specs.Add();
    for (const auto& spec : specs) {
      ASSIGN_OR_RETURN(const Artifact* model, SingleArtifact(inputs, spec.is_baseline() ? "baseline_model" : "model"));
      options->models[spec.name()] = ServingModelPath(*model);
    }
    return absl::OkStatus();
  }

  static absl::Status Bless(const ArtifactDict& inputs, bool blessed, const ExecutorContext& context,
                            ArtifactDict* outputs) {
    ASSIGN_OR_RETURN(Artifact* const blessing, SingleArtifact(outputs, "blessing"));
    auto& properties = blessing->custom_properties;
    properties["blessed"] = int64_t{blessed};
    for (const auto& [key, name] :
         {std::pair("model", "current_model"), std::pair("baseline_model", "baseline_model")}) {
      const auto it = inputs.find(key);
      if (it == inputs.end() || it->second.empty()) continue;
      properties[name] = it->second[0].uri;
      properties[absl::StrCat(name, "_id")] = it->second[0].id;
    }
    context.progress(blessed ? "blessed" : "NOT blessed: a threshold is missed", 1);
    return io::WriteFile(io::JoinPath(blessing->uri, blessed ? "BLESSED" : "NOT_BLESSED"), "");
  }
};

TFXM_REGISTER(ExecutorRegistry, "tfx.components.evaluator.executor.Executor",
              [] { return std::make_unique<EvaluatorExecutor>(); });

}  // namespace
}  // namespace tfxm
