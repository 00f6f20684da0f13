// SPDX-License-Identifier: Apache-2.0

// Transform: the module's preprocessing_fn, analyzed on some splits (unless configured: train) and applied to others
// (all).
#include "tfx/proto/transform.pb.h"
#include "tfxm/components/analyze_module.h"
#include "tfxm/components/executor.h"
#include "tfxm/components/splits.h"
#include "tfxm/components/transform_passes.h"
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
absl::Status ResolveSplits(const Artifact& examples, const Properties& exec_properties,
                           std::vector<std::string>* analyze, std::vector<std::string>* transform) {
  tfx::components::transform::SplitsConfig config;
  const std::string json = StringPropertyOr(exec_properties, "splits_config", "");
  if (!json.empty()) RETURN_IF_ERROR(Annotate(io::ParseJson(json, &config), "splits_config"));
  analyze->assign(config.analyze().begin(), config.analyze().end());
  transform->assign(config.transform().begin(), config.transform().end());
  if (analyze->empty()) *analyze = {kAnalyzedSplit};
  if (!transform->empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(*transform, SplitNames(examples));
  return absl::OkStatus();
}

class TransformExecutor : public Executor {
 public:
  absl::Status Do(const ArtifactDict& inputs, const Properties& exec_properties, const ExecutorContext& context,
                  ArtifactDict* outputs) override {
    ASSIGN_OR_RETURN(const Artifact* examples, SingleArtifact(inputs, "examples"));
    ASSIGN_OR_RETURN(const Schema schema, ReadSchemaArtifact(inputs));
    ASSIGN_OR_RETURN(const std::string module_file, StringProperty(exec_properties, "module_file"));
    std::vector<std::string> analyzed_splits, splits;
    RETURN_IF_ERROR(ResolveSplits(*examples, exec_properties, &analyzed_splits, &splits));
    // Missing splits are named before anything is compiled.
    ASSIGN_OR_RETURN(const std::vector<std::string> analyzed, FilesOfSplits(*examples, analyzed_splits, kSplitsHint));
    RETURN_IF_ERROR(FilesOfSplits(*examples, splits, kSplitsHint).status());
    ASSIGN_OR_RETURN(const Artifact* transform_graph, SingleArtifact(outputs, "transform_graph"));
    Artifact* transformed = nullptr;  // Without materialization.
    if (outputs->count("transformed_examples") > 0) {
      ASSIGN_OR_RETURN(transformed, SingleArtifact(outputs, "transformed_examples"));
    }

    const AnalyzeModuleOptions options{.module_file = module_file,
                                       .custom_config = StringPropertyOr(exec_properties, "custom_config", ""),
                                       .tmp_dir = context.tmp_dir,
                                       .progress = context.progress,
                                       .workers = context.workers};
    ASSIGN_OR_RETURN(const auto graph, AnalyzeModule(options, schema, analyzed));
    RETURN_IF_ERROR(graph->Write(transform_graph->uri));

    const bool describe = IntPropertyOr(exec_properties, "disable_statistics", 0) == 0;
    const Schema& transformed_schema = graph->transformed_schema();
    statistics::StatisticsAccumulator of_transformed({.schema = transformed_schema});
    for (const std::string& split : splits) {
      if (transformed == nullptr && !describe) break;
      ASSIGN_OR_RETURN(const std::vector<std::string> files, data::SplitFiles(examples->uri, split));
      // What is only described goes again.
      const std::string dir = data::SplitDir(
          transformed != nullptr ? transformed->uri : io::JoinPath(context.tmp_dir, "transformed_examples"), split);
      RETURN_IF_ERROR(io::MakeDirs(dir));
      RETURN_IF_ERROR(TransformExamples(*graph, options, files, dir, absl::StrCat("transforming ", split),
                                        describe ? &of_transformed : nullptr));
      if (transformed == nullptr) RETURN_IF_ERROR(io::RemoveAll(dir));
    }
    if (transformed != nullptr) CopySplitsAndSpan(*examples, splits, transformed);

    if (!describe) return absl::OkStatus();
    context.progress("statistics", -1);
    ASSIGN_OR_RETURN(const auto of_raw,
                     distribution::GenerateStatistics(analyzed, {.schema = schema}, context.workers));
    RETURN_IF_ERROR(WriteDescription(of_raw, schema, "pre_transform", outputs));
    const auto statistics = of_transformed.Finish();
    RETURN_IF_ERROR(WriteDescription(statistics, transformed_schema, "post_transform", outputs));
    ASSIGN_OR_RETURN(const auto anomalies, statistics::ValidateStatistics(statistics, transformed_schema));
    ASSIGN_OR_RETURN(const Artifact* output, SingleArtifact(*outputs, "post_transform_anomalies"));
    return io::WriteBinaryProto(io::JoinPath(output->uri, "SchemaDiff.pb"), anomalies);
  }

 private:
  // Writes PREFIX_schema and PREFIX_stats.
  static absl::Status WriteDescription(const tensorflow::metadata::v0::DatasetFeatureStatisticsList& statistics,
                                       const Schema& schema, const std::string& prefix, ArtifactDict* outputs) {
    ASSIGN_OR_RETURN(const Artifact* schema_artifact, SingleArtifact(*outputs, prefix + "_schema"));
    ASSIGN_OR_RETURN(const Artifact* stats_artifact, SingleArtifact(*outputs, prefix + "_stats"));
    RETURN_IF_ERROR(statistics::WriteSchema(io::JoinPath(schema_artifact->uri, kSchemaFile), schema));
    return io::WriteBinaryProto(io::JoinPath(stats_artifact->uri, kFeatureStatsFile), statistics);
  }
};

TFXM_REGISTER(ExecutorRegistry, "tfx.components.transform.executor.Executor",
              [] { return std::make_unique<TransformExecutor>(); });

}  // namespace
}  // namespace tfxm
