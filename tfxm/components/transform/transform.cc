// SPDX-License-Identifier: Apache-2.0

// Transform: the module's preprocessing_fn, analyzed on some splits (unless configured: train) and applied to others
// (all); of several Examples all together. What analyzing a file came to is kept for the next run.
#include <cstdio>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_join.h"
#include "tfx/proto/transform.pb.h"
#include "tfxm/components/executor.h"
#include "tfxm/components/modules/code_fingerprint.h"
#include "tfxm/components/splits.h"
#include "tfxm/components/statistics/stats_options_updater.h"
#include "tfxm/components/transform/analyze_module.h"
#include "tfxm/components/transform/transform_passes.h"
#include "tfxm/data/examples.h"
#include "tfxm/distribution/launched_pass.h"
#include "tfxm/metadata/artifact_layout.h"
#include "tfxm/statistics/infer_schema.h"
#include "tfxm/statistics/statistics_accumulator.h"
#include "tfxm/statistics/validate_statistics.h"
#include "tfxm/transform/transform_graph.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

using tensorflow::metadata::v0::Schema;

constexpr char kAnalyzedSplit[] = "train";  // TFX's default SplitsConfig.
constexpr char kSplitsHint[] =
    "say which Transform takes with .splits_config = SplitsConfig{.analyze = {\"…\"}, .transform = {\"…\"}}";

// SplitsConfig's two lists, with their defaults.
absl::Status ResolveSplits(const std::vector<Artifact>& examples, const Properties& exec_properties,
                           std::vector<std::string>* analyze, std::vector<std::string>* transform) {
  tfx::components::transform::SplitsConfig config;
  const std::string json = StringPropertyOr(exec_properties, "splits_config", "");
  if (!json.empty()) RETURN_IF_ERROR(Annotate(io::ParseJson(json, &config), "splits_config"));
  analyze->assign(config.analyze().begin(), config.analyze().end());
  transform->assign(config.transform().begin(), config.transform().end());
  if (analyze->empty()) *analyze = {kAnalyzedSplit};
  if (!transform->empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(*transform, SplitNames(examples[0]));
  for (const Artifact& other : examples) {
    ASSIGN_OR_RETURN(const std::vector<std::string> names, SplitNames(other));
    if (std::set(names.begin(), names.end()) == std::set(transform->begin(), transform->end())) continue;
    return absl::InvalidArgumentError(absl::StrCat(examples[0].uri, " and ", other.uri,
                                                   " do not have the same splits (", absl::StrJoin(*transform, ", "),
                                                   " and ", absl::StrJoin(names, ", "), "); ", kSplitsHint));
  }
  return absl::OkStatus();
}

// One for each of the examples, in folders below that of the only one that there is, as TFX's Transform does.
void ReplicateTransformedExamples(size_t n, std::vector<Artifact>* transformed) {
  if (n < 2) return;
  const Artifact one = transformed->front();
  transformed->assign(n, one);
  for (size_t i = 0; i < n; ++i) (*transformed)[i].uri = io::JoinPath(one.uri, absl::StrCat(i));
}

absl::StatusOr<transform::AnalyzerCacheOptions> CacheOptions(const ArtifactDict& inputs, const ArtifactDict& outputs) {
  const auto input = inputs.find("analyzer_cache");
  const bool has_input = input != inputs.end() && !input->second.empty();
  const bool is_disabled = outputs.count("updated_analyzer_cache") == 0;
  if (has_input && is_disabled) {
    return absl::InvalidArgumentError("Transform: analyzer_cache is given and disable_analyzer_cache is set");
  }
  if (is_disabled) return transform::AnalyzerCacheOptions();
  transform::AnalyzerCacheOptions cache;
  if (has_input) {
    ASSIGN_OR_RETURN(const Artifact* former, SingleArtifact(inputs, "analyzer_cache"));
    cache.input_dir = former->uri;
  }
  ASSIGN_OR_RETURN(const Artifact* updated, SingleArtifact(outputs, "updated_analyzer_cache"));
  cache.output_dir = updated->uri;
  ASSIGN_OR_RETURN(cache.code, LibrariesFingerprint());
  return cache;
}

class TransformExecutor : public Executor {
 public:
  absl::Status Do(const ArtifactDict& inputs, const Properties& exec_properties, const ExecutorContext& context,
                  ArtifactDict* outputs) override {
    ASSIGN_OR_RETURN(const std::vector<Artifact> examples, InputArtifacts(inputs, "examples"));
    ASSIGN_OR_RETURN(const Schema schema, ReadSchemaArtifact(inputs));
    ASSIGN_OR_RETURN(const std::string module_file, StringProperty(exec_properties, "module_file"));
    std::vector<std::string> analyzed_splits, splits;
    RETURN_IF_ERROR(ResolveSplits(examples, exec_properties, &analyzed_splits, &splits));
    const bool of_sequences = transform::DescribesSequenceExamples(schema);
    // Missing splits are named before anything is compiled.
    ASSIGN_OR_RETURN(const std::vector<std::string> analyzed,
                     FilesOfSplits(examples, analyzed_splits, kSplitsHint, of_sequences));
    RETURN_IF_ERROR(FilesOfSplits(examples, splits, kSplitsHint, of_sequences).status());
    ASSIGN_OR_RETURN(const Artifact* transform_graph, SingleArtifact(outputs, "transform_graph"));
    std::vector<Artifact>* transformed = nullptr;  // Without materialization.
    if (outputs->count("transformed_examples") > 0) {
      RETURN_IF_ERROR(SingleArtifact(*outputs, "transformed_examples").status());
      transformed = &outputs->at("transformed_examples");
      ReplicateTransformedExamples(examples.size(), transformed);
    }

    AnalyzeModuleOptions options{.module_file = module_file,
                                 .custom_config = StringPropertyOr(exec_properties, "custom_config", ""),
                                 .tmp_dir = context.tmp_dir,
                                 .progress = context.progress,
                                 .workers = context.workers};
    ASSIGN_OR_RETURN(options.analyzer_cache, CacheOptions(inputs, *outputs));
    options.log = [](absl::string_view line) { std::fprintf(stderr, "%s\n", std::string(line).c_str()); };
    ASSIGN_OR_RETURN(const AnalyzedModule module, AnalyzeModule(options, schema, analyzed));
    RETURN_IF_ERROR(module.graph->Write(transform_graph->uri));

    TransformStatsOptions stats_options;
    stats_options.pre_transform.schema = schema;
    stats_options.post_transform.schema = module.graph->transformed_schema();
    const bool describe = IntPropertyOr(exec_properties, "disable_statistics", 0) == 0;
    if (describe && module.has_stats_options_updater_fn) {
      ASSIGN_OR_RETURN(
          stats_options,
          UpdateStatsOptions({.module_file = module_file, .tmp_dir = context.tmp_dir, .progress = context.progress},
                             std::move(stats_options)));
      options.workers = {};  // Workers describe what they write with the usual options.
    }
    statistics::StatisticsAccumulator of_transformed(stats_options.post_transform);
    for (size_t i = 0; i < examples.size(); ++i) {
      // What is only described goes again.
      const std::string dir =
          transformed != nullptr ? (*transformed)[i].uri : io::JoinPath(context.tmp_dir, "transformed_examples");
      if (transformed != nullptr || describe) {
        RETURN_IF_ERROR(Transform(*module.graph, options, examples[i], splits, dir,
                                  describe ? &of_transformed : nullptr, /*keep=*/transformed != nullptr));
      }
      if (transformed != nullptr) CopySplitsAndSpan(examples[i], splits, &(*transformed)[i]);
    }

    if (!describe) return absl::OkStatus();
    context.progress("statistics", -1);
    ASSIGN_OR_RETURN(const auto of_raw,
                     distribution::GenerateStatistics(analyzed, stats_options.pre_transform, context.workers));
    RETURN_IF_ERROR(WriteDescription(of_raw, stats_options.pre_transform.schema, "pre_transform", outputs));
    const auto statistics = of_transformed.Finish();
    RETURN_IF_ERROR(WriteDescription(statistics, stats_options.post_transform.schema, "post_transform", outputs));
    ASSIGN_OR_RETURN(const Artifact* output, SingleArtifact(*outputs, "post_transform_anomalies"));
    if (!stats_options.post_transform.schema.has_value()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const auto anomalies,
                     statistics::ValidateStatistics(statistics, *stats_options.post_transform.schema));
    return io::WriteBinaryProto(io::JoinPath(output->uri, kSchemaDiffFile), anomalies);
  }

 private:
  static absl::Status Transform(const transform::TransformGraph& graph, const AnalyzeModuleOptions& options,
                                const Artifact& examples, const std::vector<std::string>& splits,
                                const std::string& output_dir, statistics::StatisticsAccumulator* statistics,
                                bool keep) {
    for (const std::string& split : splits) {
      ASSIGN_OR_RETURN(const std::vector<std::string> files, data::SplitFiles(examples.uri, split));
      const std::string dir = data::SplitDir(output_dir, split);
      RETURN_IF_ERROR(io::MakeDirs(dir));
      RETURN_IF_ERROR(TransformExamples(graph, options, files, dir, absl::StrCat("transforming ", split), statistics));
      if (!keep) RETURN_IF_ERROR(io::RemoveAll(dir));
    }
    return absl::OkStatus();
  }

  // Writes PREFIX_schema and PREFIX_stats. As in TFX there may be no schema, if a stats_options_updater_fn took it away.
  static absl::Status WriteDescription(const tensorflow::metadata::v0::DatasetFeatureStatisticsList& statistics,
                                       const std::optional<Schema>& schema, const std::string& prefix,
                                       ArtifactDict* outputs) {
    ASSIGN_OR_RETURN(const Artifact* schema_artifact, SingleArtifact(*outputs, prefix + "_schema"));
    ASSIGN_OR_RETURN(const Artifact* stats_artifact, SingleArtifact(*outputs, prefix + "_stats"));
    if (schema.has_value()) {
      RETURN_IF_ERROR(statistics::WriteSchema(io::JoinPath(schema_artifact->uri, kSchemaFile), *schema));
    }
    return io::WriteBinaryProto(io::JoinPath(stats_artifact->uri, kFeatureStatsFile), statistics);
  }
};

TFXM_REGISTER(ExecutorRegistry, "tfx.components.transform.executor.Executor",
              [] { return std::make_unique<TransformExecutor>(); });

}  // namespace
}  // namespace tfxm
