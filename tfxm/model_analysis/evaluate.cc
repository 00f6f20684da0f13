// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/evaluate.h"

#include <algorithm>
#include <chrono>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "tfxm/data/examples.h"
#include "tfxm/model_analysis/cost/cost_metrics.h"
#include "tfxm/model_analysis/eval_config.h"
#include "tfxm/model_analysis/inference/feature_transform.h"
#include "tfxm/model_analysis/inference/inference_model.h"
#include "tfxm/model_analysis/metrics/keras/keras_default_metrics.h"
#include "tfxm/model_analysis/metrics/metric_specs.h"
#include "tfxm/model_analysis/output/model_facts.h"
#include "tfxm/model_analysis/output/tensorboard.h"
#include "tfxm/model_analysis/output/validator.h"
#include "tfxm/model_analysis/output/writer.h"
#include "tfxm/model_analysis/pass/evaluation_pass.h"
#include "tfxm/model_analysis/pass/pass_state.h"
#include "tfxm/model_analysis/slicing/slicer.h"
#include "tfxm/util/filesystem/file_system.h"
#include "tfxm/util/filesystem/local_copy.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

namespace tfma = ::tensorflow_model_analysis;

struct LoadedModels {
  std::vector<std::unique_ptr<InferenceModel>> models;  // By model_spec; null: predictions from features.
  std::vector<ModelSummary> summaries;
  std::shared_ptr<const FeatureTransform> transform;  // Null: none.
};

// The path of a spec's model; a single one may go by any name.
absl::StatusOr<std::string> PathOf(const tfma::ModelSpec& spec, const EvaluateOptions& options, bool single) {
  if (single && options.models.size() == 1) return options.models.begin()->second;
  if (const auto it = options.models.find(spec.name()); it != options.models.end()) return it->second;
  return absl::InvalidArgumentError(absl::StrCat(
      "no model was given for model_spec \"", spec.name(),
      "\"; there are models for: ", absl::StrJoin(options.models, ", ", [](std::string* out, const auto& m) {
        absl::StrAppend(out, "\"", m.first, "\"");
      })));
}

absl::StatusOr<std::string> LocalModel(const std::string& path, const tfma::ModelSpec& spec) {
  absl::StatusOr<std::string> local = io::LocalCopy(path);
  if (local.ok() || spec.name().empty()) return local;
  return Annotate(local.status(), absl::StrCat("model_spec \"", spec.name(), "\""));
}

absl::StatusOr<LoadedModels> LoadModels(const tfma::EvalConfig& config, const EvaluateOptions& options) {
  LoadedModels loaded;
  const bool single = config.model_specs_size() == 1;
  for (const auto& [name, path] : options.models) {
    if (single && options.models.size() == 1) break;
    RETURN_IF_ERROR(Annotate(FindModelSpec(config, name).status(), absl::StrCat("model ", path)));
  }
  std::shared_ptr<const FeatureTransform>& transform = loaded.transform;
  if (!options.transform_graph.empty()) {
    if (options.models.empty()) return absl::InvalidArgumentError("a transform graph was given, but no model");
    ASSIGN_OR_RETURN(transform, LoadFeatureTransform(options.transform_graph));
  }
  for (const tfma::ModelSpec& spec : config.model_specs()) {
    ModelSummary& summary = loaded.summaries.emplace_back();
    summary.name = spec.name();
    loaded.models.emplace_back();
    if (options.models.empty()) {
      if (spec.prediction_key().empty() && spec.prediction_keys().empty() && !spec.model_type().empty()) {
        return absl::InvalidArgumentError(absl::StrCat("model_spec \"", spec.name(), "\" has model_type \"",
                                                       spec.model_type(), "\" but no model was given"));
      }
      continue;
    }
    ASSIGN_OR_RETURN(const std::string path, PathOf(spec, options, single));
    ASSIGN_OR_RETURN(summary.path, LocalModel(path, spec));
    auto model = LoadInferenceModel(summary.path, spec, options.detect_model_type, options.input_shapes);
    if (!model.ok()) return io::IsRemote(path) ? Annotate(model.status(), path) : model.status();
    loaded.models.back() = *std::move(model);
    if (transform != nullptr) loaded.models.back() = WithTransform(std::move(loaded.models.back()), transform);
    summary.model_type = DetectModelType(summary.path, &summary.file);
  }
  return loaded;
}

absl::StatusOr<std::string> FindReferenceModel(const tfma::EvalConfig& config, const LoadedModels& loaded,
                                               const std::string& requested) {
  std::vector<bool> is_saved_model;
  for (const ModelSummary& summary : loaded.summaries) is_saved_model.push_back(summary.model_type == "saved_model");
  return ReferenceModel(config, is_saved_model, requested);
}

// The metrics that Keras models were compiled with. TFMA takes a SavedModel for a Keras model if it can.
absl::Status AddDefaultMetrics(const tfma::EvalConfig& config, const LoadedModels& loaded,
                               std::vector<QueryPlan>* plans, std::vector<std::string>* warnings) {
  if (config.options().has_include_default_metrics() && !config.options().include_default_metrics().value()) {
    return absl::OkStatus();
  }
  const auto plan = std::find_if(plans->begin(), plans->end(), [](const QueryPlan& p) { return p.query_key.empty(); });
  if (plan == plans->end()) return absl::OkStatus();
  for (int m = 0; m < config.model_specs_size(); ++m) {
    const tfma::ModelSpec& spec = config.model_specs(m);
    if (loaded.summaries[m].model_type != "saved_model") continue;
    if (!spec.model_type().empty() && spec.model_type() != "tf_keras") continue;
    if (spec.label_key().empty() && spec.label_keys().empty()) continue;
    ASSIGN_OR_RETURN(const CompiledMetrics compiled, ReadCompiledMetrics(loaded.summaries[m].path));
    for (const std::string& name : compiled.not_supported) {
      warnings->push_back(absl::StrCat("the metric \"", name, "\" that model \"", spec.name(),
                                       "\" was compiled with is left out: only Keras's own can be computed"));
    }
    RETURN_IF_ERROR(Annotate(AddCompiledMetrics(config, spec.name(), compiled, &plan->plan),
                             absl::StrCat("metrics that ", loaded.summaries[m].path,
                                          " was compiled with (options.include_default_metrics)")));
  }
  return absl::OkStatus();
}

// Whether an AUC is asked for with its default of 10,000 thresholds.
bool HasDefaultAuc(const tfma::EvalConfig& config) {
  for (const tfma::MetricsSpec& spec : config.metrics_specs()) {
    for (const tfma::MetricConfig& metric : spec.metrics()) {
      if ((metric.class_name() == "AUC" || metric.class_name() == "AUCPrecisionRecall") &&
          !absl::StrContains(metric.config(), "thresholds")) {
        return true;
      }
    }
  }
  return false;
}

// What models cost, their NaN predictions, and slices that are not there.
void AddWarnings(const PassResult& pass, const CostMetrics& costs, const tfma::EvalConfig& config,
                 EvaluationResult* result) {
  constexpr double kNearlyAll = 0.9;
  const bool has_auc = HasDefaultAuc(config);
  for (size_t m = 0; m < result->models.size(); ++m) {
    ModelSummary& model = result->models[m];
    model.cost = costs.costs()[m];
    model.nan_predictions = pass.models[m].nan_predictions.examples;
    const auto warn = [&](const NanCount& nans, absl::string_view what, absl::string_view then) {
      if (nans.examples == 0) return;
      result->warnings.push_back(absl::StrCat("model \"", model.name, "\": ", nans.examples, " of ", pass.num_examples,
                                              " examples have a ", what, " that is NaN, the first is ", nans.place,
                                              "; ", then));
    };
    warn(pass.models[m].nan_labels, "label", "metrics over them are NaN or leave them out, as TFMA's");
    warn(pass.models[m].nan_predictions, "prediction", "metrics over them are NaN");
    // One that answers everything alike has an AUC of one half, and rightly.
    const PredictionBins& bins = pass.models[m].bins;
    if (has_auc && bins.LargestShare() > kNearlyAll && bins.max - bins.min > 1e-12) {
      // Evenly spaced from just below all to just above.
      constexpr int kSteps = 40;
      std::string thresholds;
      for (int i = 0; i <= kSteps; ++i) {
        const double step = (bins.max - bins.min) / (kSteps - 2);
        absl::StrAppendFormat(&thresholds, "%s%.4g", i == 0 ? "" : ", ", std::max(0.0, bins.min + (i - 1) * step));
      }
      result->warnings.push_back(absl::StrFormat(
          "%s%.1f %% of the predictions, which range over [%.3g, %.3g], lie in one of the 10,000 bins that AUC is "
          "summed over, as in TFMA: it cannot tell them apart. Near the exact one is AUC with thresholds between them: "
          "metrics { class_name: \"AUC\" config: '\"thresholds\": [%s]' }; or spread the predictions over [0, 1]",
          model.name.empty() ? "" : absl::StrCat("model \"", model.name, "\": "), 100 * bins.LargestShare(), bins.min,
          bins.max, thresholds));
    }
  }
  for (const std::string& feature : pass.slicing_features_not_seen) {
    const std::string near = NearestNames(feature, pass.features);
    result->warnings.push_back(absl::StrCat("slicing_specs: no example has feature \"", feature,
                                            "\", so there is no slice by it",
                                            near.empty() ? "" : "; nearest features: ", near));
  }
  for (const std::string& spec : pass.dropped_slicing_specs) {
    result->warnings.push_back(
        absl::StrCat("slicing_specs: slicing by ", spec, " gives more than ", Slicer::kMaxSlicesPerSpec,
                     " slices, so none of them is reported; slice by something with fewer values"));
  }
}

// All files but the plots, which Combine has written.
absl::Status Write(const EvaluationResult& result, const tfma::EvalConfig& config, const EvaluateOptions& options,
                   const std::vector<std::string>& files, EvaluationWriter* writer) {
  RETURN_IF_ERROR(writer->WriteMetrics(result.slices));
  RETURN_IF_ERROR(writer->WriteValidation(result.validation));
  if (config.model_specs_size() > 1) {
    RETURN_IF_ERROR(WriteComparisons(result.comparisons, writer->staging()));
    if (result.disagreements.searched) {
      RETURN_IF_ERROR(WriteDisagreements(result.disagreements, config, options.schema ? &*options.schema : nullptr,
                                         writer->staging()));
    }
  }
  std::map<std::string, std::string> locations;
  for (const ModelSummary& model : result.models) locations[model.name] = model.path.empty() ? "<unknown>" : model.path;
  const std::string data = options.data.empty() && !files.empty() ? files[0] : options.data;
  RETURN_IF_ERROR(writer->WriteEvalConfig(options.data_location.empty() ? data : options.data_location, locations));
  RETURN_IF_ERROR(WriteModelFacts(result, writer->staging()));
  RETURN_IF_ERROR(WriteTensorBoard(result, writer->staging()));
  return writer->Close();
}

// What is decided before the examples are read. Pointers are to each other and to what Run is given.
struct Preparation {
  ResolvedConfig config;
  std::optional<ComparisonPlan> comparison;
  PassOptions pass;
  std::optional<CostMetrics> costs;
};

absl::Status Prepare(const EvaluateOptions& options, const tfma::EvalConfig& config, const LoadedModels& loaded,
                     Preparation* preparation, EvaluationResult* result) {
  ASSIGN_OR_RETURN(preparation->config, ResolveConfig(&config, options.schema ? &*options.schema : nullptr));
  RETURN_IF_ERROR(AddDefaultMetrics(config, loaded, &preparation->config.plans, &result->warnings));
  ASSIGN_OR_RETURN(const std::string reference, FindReferenceModel(config, loaded, options.reference_model));
  if (config.model_specs_size() > 1) {
    ASSIGN_OR_RETURN(preparation->comparison, MakeComparisonPlan(preparation->config, reference));
    result->reference_model = reference;
  }
  PassOptions& pass = preparation->pass;
  pass.eval_config = &config;
  pass.plans = &preparation->config.plans;
  for (const auto& model : loaded.models) pass.models.push_back(model.get());
  if (config.options().compute_confidence_intervals().value()) {
    pass.sampling =
        config.options().confidence_intervals().method() == tfma::ConfidenceIntervalOptions::POISSON_BOOTSTRAP
            ? SamplingMethod::kPoissonBootstrap
            : SamplingMethod::kJackknife;
  }
  pass.comparison = preparation->comparison ? &*preparation->comparison : nullptr;
  pass.max_disagreements = options.max_disagreements;
  pass.num_threads = options.num_threads;
  pass.batch_size = options.batch_size;
  pass.progress = options.progress;
  return absl::OkStatus();
}

// A feature that may be missing is no error for a transform graph, one that always is has another name in these data.
absl::Status CheckRawFeatures(const FeatureTransform& transform, const PassResult& pass,
                              std::vector<std::string>* warnings) {
  const std::vector<std::string> wanted = transform.raw_features();
  size_t seen = 0;
  for (const std::string& feature : wanted) {
    if (std::binary_search(pass.features.begin(), pass.features.end(), feature)) {
      ++seen;
      continue;
    }
    const std::string near = NearestNames(feature, pass.features);
    warnings->push_back(absl::StrCat("transform graph: no example has feature \"", feature, "\", which it takes",
                                     near.empty() ? "" : "; nearest features: ", near));
  }
  if (seen > 0 || wanted.empty() || pass.num_examples == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("no example has any of the features that the transform graph takes: ",
                                                 absl::StrJoin(wanted, ", "), "; are these the raw examples?"));
}

// The result without its metrics: how many examples there were, and what is to be said of them, models and thresholds.
void Describe(const PassResult& pass, const Preparation& preparation, LoadedModels* loaded, EvaluationResult* result) {
  result->num_examples = pass.num_examples;
  for (size_t m = 0; m < loaded->models.size(); ++m) {
    if (loaded->models[m] == nullptr) continue;
    for (const std::string& warning : loaded->models[m]->Warnings()) {
      result->warnings.push_back(absl::StrCat("model \"", loaded->summaries[m].name, "\": ", warning));
    }
  }
  const ResolvedConfig& config = preparation.config;
  for (const auto& warnings : {config.warnings, ThresholdWarnings(config.thresholds), preparation.costs->warnings()})
    result->warnings.insert(result->warnings.end(), warnings.begin(), warnings.end());
  result->models = std::move(loaded->summaries);
  AddWarnings(pass, *preparation.costs, *preparation.config.eval_config, result);
}

// Metrics, validation and comparisons.
absl::Status AddMetrics(const EvaluateOptions& options, const Preparation& preparation, EvaluationWriter* writer,
                        PassResult* pass, EvaluationResult* result) {
  CombineOptions combine;
  combine.config = &preparation.config;
  combine.sampling = preparation.pass.sampling;
  combine.num_threads = options.num_threads;
  if (writer != nullptr) {
    combine.on_plots = [&](const SliceKey& slice, const std::map<MetricKey, Plot>& plots) {
      return writer->WritePlots(slice, plots);
    };
  }
  ASSIGN_OR_RETURN(result->slices, Combine(pass, combine));
  preparation.costs->AddTo(&result->slices);
  ASSIGN_OR_RETURN(result->validation,
                   Validate(result->slices, preparation.config, options.rubber_stamp, preparation.costs->keys()));
  if (!preparation.comparison) return absl::OkStatus();
  ASSIGN_OR_RETURN(result->comparisons,
                   Compare(*preparation.comparison, result->slices, preparation.config.keys_without_confidence_interval,
                           &pass->comparisons, options.num_threads));
  if (pass->disagreements != nullptr) result->disagreements = pass->disagreements->Take(pass->records);
  return absl::OkStatus();
}

}  // namespace

std::optional<double> EvaluationResult::Overall(const std::string& metric_name, const std::string& model_name) const {
  for (const SliceMetrics& slice : slices) {
    if (slice.slice.baseline || !slice.slice.slice.empty()) continue;
    for (const auto& [key, result] : slice.metrics) {
      if (key.name == metric_name && key.model_name == model_name && !key.is_diff) {
        if (const double* value = std::get_if<double>(&result.value)) return *value;
      }
    }
  }
  return std::nullopt;
}

struct Evaluation::Rep {
  explicit Rep(const EvaluateOptions& given) : options(given) {}

  absl::Status Open() {
    // Without models, several specs are several sets of predictions in the examples, which may well have a baseline.
    bool has_baseline = options.models.size() > 1;
    if (options.models.empty())
      has_baseline = !BaselineModelName(options.eval_config).empty() && options.eval_config.model_specs_size() > 1;
    ASSIGN_OR_RETURN(config, WithDefaults(options.eval_config, has_baseline, options.rubber_stamp));
    RETURN_IF_ERROR(CheckEvalConfig(config));
    files = options.files;
    if (files.empty()) {
      ASSIGN_OR_RETURN(files, data::MatchFiles(options.data));
    }
    if (files.empty()) return absl::NotFoundError(absl::StrCat("no example file matches \"", options.data, "\""));
    ASSIGN_OR_RETURN(loaded, LoadModels(config, options));
    if (!options.output_dir.empty()) {
      ASSIGN_OR_RETURN(writer, EvaluationWriter::Create(options.output_dir, config, options.replace_output));
    }
    RETURN_IF_ERROR(Prepare(options, config, loaded, &preparation, &result));
    state.emplace(preparation.pass, files.size());
    return absl::OkStatus();
  }

  // While the machine has nothing else to do.
  absl::Status MeasureCosts() {
    std::vector<std::string> model_files;
    for (const ModelSummary& summary : loaded.summaries) model_files.push_back(summary.file);
    ASSIGN_OR_RETURN(preparation.costs,
                     CostMetrics::Measure(preparation.config, preparation.pass.models, model_files, files));
    return absl::OkStatus();
  }

  absl::StatusOr<EvaluationResult> Complete(PassResult pass) {
    if (pass.num_examples == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("there are no examples to evaluate on: ", files.size(), " file(s), the first is ", files[0]));
    }
    if (loaded.transform != nullptr) RETURN_IF_ERROR(CheckRawFeatures(*loaded.transform, pass, &result.warnings));
    Describe(pass, preparation, &loaded, &result);
    RETURN_IF_ERROR(AddMetrics(options, preparation, writer.get(), &pass, &result));
    if (writer != nullptr) RETURN_IF_ERROR(Write(result, config, options, files, writer.get()));
    result.eval_config = config;
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return std::move(result);
  }

  const std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
  const EvaluateOptions options;
  tfma::EvalConfig config;
  std::vector<std::string> files;
  LoadedModels loaded;
  std::unique_ptr<EvaluationWriter> writer;
  Preparation preparation;
  EvaluationResult result;
  std::optional<PassState> state;  // Of what was merged.
};

Evaluation::Evaluation(const EvaluateOptions& options) : rep_(std::make_unique<Rep>(options)) {}
Evaluation::~Evaluation() = default;

absl::StatusOr<std::unique_ptr<Evaluation>> Evaluation::Create(const EvaluateOptions& options) {
  std::unique_ptr<Evaluation> evaluation(new Evaluation(options));
  RETURN_IF_ERROR(evaluation->rep_->Open());
  return evaluation;
}

StateKind Evaluation::kind() { return PassState::kStateKind; }

absl::StatusOr<std::string> Evaluation::Map(const compute::Shard& shard, int64_t* num_examples) const {
  ASSIGN_OR_RETURN(const PassState of_shard, RunShard(shard, rep_->preparation.pass));
  *num_examples = of_shard.num_examples;
  StateWriter writer;
  of_shard.Save(&writer);
  return writer.bytes();
}

absl::Status Evaluation::Merge(const std::string& file, StateReader* saved) {
  const auto found = std::find(rep_->files.begin(), rep_->files.end(), file);
  if (found == rep_->files.end()) return absl::InvalidArgumentError(absl::StrCat(file, " is not among the files"));
  return rep_->state->MergeSaved(saved, static_cast<int>(found - rep_->files.begin()), rep_->preparation.pass);
}

absl::StatusOr<EvaluationResult> Evaluation::Finish() {
  RETURN_IF_ERROR(rep_->MeasureCosts());
  ASSIGN_OR_RETURN(PassResult pass, FinishPass(*std::move(rep_->state), rep_->files, rep_->preparation.pass));
  return rep_->Complete(std::move(pass));
}

absl::StatusOr<EvaluationResult> Evaluate(const EvaluateOptions& options) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Evaluation> evaluation, Evaluation::Create(options));
  Evaluation::Rep& rep = *evaluation->rep_;
  RETURN_IF_ERROR(rep.MeasureCosts());
  ASSIGN_OR_RETURN(PassResult pass, RunPass(rep.files, rep.preparation.pass));
  return rep.Complete(std::move(pass));
}

}  // namespace tfxm::model_analysis
