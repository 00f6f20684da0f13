// SPDX-License-Identifier: Apache-2.0

// Evaluator: judges a model, SavedModel or TFLite (model_spec.model_type is all that differs), and blesses it or not.
#include <set>
#include <string>

#include "absl/strings/str_format.h"
#include "tensorflow_model_analysis/proto/config.pb.h"
#include "tfxm/components/executor.h"
#include "tfxm/components/missed_thresholds.h"
#include "tfxm/components/modules/metric_modules.h"
#include "tfxm/components/splits.h"
#include "tfxm/data/examples.h"
#include "tfxm/distribution/launched_pass.h"
#include "tfxm/metadata/artifact_layout.h"
#include "tfxm/model_analysis/eval_config.h"
#include "tfxm/model_analysis/evaluate.h"
#include "tfxm/model_analysis/inference/inference_model.h"
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

std::string ServingModelPath(const Artifact& model) { return io::JoinPath(model.uri, kServingModelDir); }

// What to do about a baseline that cannot be compared with: said after the error itself.
std::string WayOut(const Artifact& baseline, const Artifact& model) {
  return absl::StrCat(
      "\n  The baseline is model #", baseline.id, " (", baseline.uri,
      "). If it cannot be compared with any more, because it takes other inputs or gives other outputs: where a Resolver "
      "finds the latest blessed model, bless one of the new kind by hand (tfxm bless METADATA_DB --model=",
      model.id, " --reason='…'), which is the baseline from then on; else give the Evaluator another baseline_model");
}

// A Resolver that looks at all models of a pipeline finds those of its other branches, too.
absl::Status CheckSameFormat(const Artifact& model, const Artifact& baseline) {
  std::string file;
  const std::string format = model_analysis::DetectModelType(ServingModelPath(model), &file);
  const std::string baseline_format = model_analysis::DetectModelType(ServingModelPath(baseline), &file);
  if (format.empty() || baseline_format.empty() || format == baseline_format) return absl::OkStatus();
  const auto name = [](const std::string& type) { return type == "tf_lite" ? "TFLite model" : "SavedModel"; };
  return absl::InvalidArgumentError(absl::StrCat(
      "the model is a ", name(format), ", the baseline #", baseline.id, " (", baseline.uri, ") a ",
      name(baseline_format),
      ": it is another branch's of the pipeline. Name the branch in the Resolver: Channel(standard_artifacts::Model(), "
      "\"ID of this branch's Trainer or ModelRewriter\")"));
}

class EvaluatorExecutor : public Executor {
 public:
  absl::Status Do(const ArtifactDict& inputs, const Properties& exec_properties, const ExecutorContext& context,
                  ArtifactDict* outputs) override {
    ASSIGN_OR_RETURN(const std::vector<Artifact> examples, InputArtifacts(inputs, "examples"));
    ASSIGN_OR_RETURN(Artifact* const evaluation, SingleArtifact(outputs, "evaluation"));
    model_analysis::EvaluateOptions options;
    ASSIGN_OR_RETURN(const std::string json, StringProperty(exec_properties, "eval_config"));
    EvalConfig config;
    RETURN_IF_ERROR(Annotate(io::ParseJson(json, &config), "eval_config"));
    const std::string module_file = StringPropertyOr(exec_properties, "module_file", "");
    RETURN_IF_ERROR(LoadMetricModules(module_file, config));
    RETURN_IF_ERROR(AddModels(inputs, config, &options));
    if (OptionalArtifact(inputs, "schema") != nullptr) {
      ASSIGN_OR_RETURN(options.schema, ReadSchemaArtifact(inputs));
    }
    if (const Artifact* const graph = OptionalArtifact(inputs, "transform_graph")) options.transform_graph = graph->uri;
    ASSIGN_OR_RETURN(const std::vector<std::string> splits,
                     data::DecodeSplitNames(StringPropertyOr(exec_properties, "example_splits", R"(["eval"])")));
    ASSIGN_OR_RETURN(options.files,
                     FilesOfSplits(examples, splits, "say which the Evaluator takes with .example_splits = {\"…\"}"));
    options.output_dir = evaluation->uri;
    options.data_location = examples[0].uri;
    const auto progress = [&](const distribution::PassProgress& done) { context.progress(ToText(done), -1); };
    absl::StatusOr<model_analysis::EvaluationResult> result =
        distribution::Evaluate(options, module_file, context.workers, progress);
    if (!result.ok()) return ExplainBaseline(inputs, options, result.status());
    for (const std::string& warning : result->warnings) absl::FPrintF(stderr, "warning: %s\n", warning);
    if (!HasThresholds(config)) {
      context.progress("no threshold is configured: the model is not validated", 1);
      return absl::OkStatus();
    }
    const bool change_ignored = options.rubber_stamp && model_analysis::HasChangeThreshold(config);
    return Bless(inputs, *result, evaluation->uri, change_ignored, context, outputs);
  }

 private:
  // The models, and the config with TFMA's defaults for them, as TFX's Evaluator does: a single unnamed model_spec gets
  // a baseline beside it if there is one; without one, as in the first run of a pipeline, change thresholds are
  // ignored.
  static absl::Status AddModels(const ArtifactDict& inputs, const EvalConfig& config,
                                model_analysis::EvaluateOptions* options) {
    const Artifact* const model = OptionalArtifact(inputs, "model");
    const Artifact* const baseline = OptionalArtifact(inputs, "baseline_model");
    if (model == nullptr) {  // Predictions, of a baseline too, come from the examples.
      options->eval_config = config;
      return absl::OkStatus();
    }
    options->rubber_stamp = baseline == nullptr;
    ASSIGN_OR_RETURN(options->eval_config,
                     model_analysis::WithDefaults(config, baseline != nullptr, /*rubber_stamp=*/true));
    bool compares = false;
    std::set<std::string> model_types;
    for (const auto& spec : options->eval_config.model_specs()) {
      if (spec.is_baseline()) compares = true;
      model_types.insert(spec.model_type());
      options->models[spec.name()] = ServingModelPath(spec.is_baseline() ? *baseline : *model);
    }
    if (baseline != nullptr && !compares) {
      return absl::InvalidArgumentError(
          absl::StrCat("there is a baseline_model, but of the ", config.model_specs_size(),
                       " model_specs of eval_config none has is_baseline: true. Give one model_spec without a name, "
                       "which then stands for both models, or a second one with is_baseline"));
    }
    // A config that gives them different model_types compares a TFLite file with the SavedModel that it was made of.
    return compares && model_types.size() == 1 ? CheckSameFormat(*model, *baseline) : absl::OkStatus();
  }

  // An evaluation that fails with a baseline and would not without it has that for its reason.
  static absl::Status ExplainBaseline(const ArtifactDict& inputs, model_analysis::EvaluateOptions options,
                                      const absl::Status& error) {
    const Artifact* const model = OptionalArtifact(inputs, "model");
    const Artifact* const baseline = OptionalArtifact(inputs, "baseline_model");
    if (model == nullptr || baseline == nullptr) return error;
    options.output_dir.clear();
    options.rubber_stamp = true;
    options.files.resize(std::min<size_t>(options.files.size(), 1));
    std::erase_if(options.models, [&](const auto& m) { return m.second == ServingModelPath(*baseline); });
    absl::StatusOr<EvalConfig> config =
        model_analysis::WithDefaults(options.eval_config, /*has_baseline=*/false, /*rubber_stamp=*/true);
    if (!config.ok() || options.models.empty()) return error;
    options.eval_config = *std::move(config);
    if (!model_analysis::Evaluate(options).ok()) return error;
    return absl::Status(error.code(), absl::StrCat(error.message(), WayOut(*baseline, *model)));
  }

  static absl::Status Bless(const ArtifactDict& inputs, const model_analysis::EvaluationResult& result,
                            const std::string& evaluation_uri, bool change_ignored, const ExecutorContext& context,
                            ArtifactDict* outputs) {
    ASSIGN_OR_RETURN(Artifact* const blessing, SingleArtifact(outputs, "blessing"));
    const bool blessed = result.validation.validation_ok();
    auto& properties = blessing->custom_properties;
    properties["blessed"] = int64_t{blessed};
    for (const auto& [key, name] :
         {std::pair("model", "current_model"), std::pair("baseline_model", "baseline_model")}) {
      const Artifact* const artifact = OptionalArtifact(inputs, key);
      if (artifact == nullptr) continue;
      properties[name] = artifact->uri;
      properties[absl::StrCat(name, "_id")] = artifact->id;
    }
    if (!context.node_id.empty()) properties["component_id"] = context.node_id;
    if (blessed) {
      context.progress(
          change_ignored ? "blessed; there is no baseline yet: change thresholds were not checked" : "blessed", 1);
    } else {
      ASSIGN_OR_RETURN(const std::string why, MissedThresholds(evaluation_uri));
      context.progress(absl::StrCat("NOT blessed: ", why, ". More: tfxm show ", evaluation_uri), 1);
    }
    return io::WriteFile(io::JoinPath(blessing->uri, blessed ? kBlessedFile : kNotBlessedFile), "");
  }
};

TFXM_REGISTER(ExecutorRegistry, "tfx.components.evaluator.executor.Executor",
              [] { return std::make_unique<EvaluatorExecutor>(); });

}  // namespace
}  // namespace tfxm
