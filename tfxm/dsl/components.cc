// SPDX-License-Identifier: Apache-2.0

#include "tfxm/dsl/components.h"

#include "tfx/proto/example_gen.pb.h"
#include "tfx/proto/pusher.pb.h"
#include "tfx/proto/trainer.pb.h"
#include "tfx/proto/transform.pb.h"
#include "tfxm/dsl/json.h"

namespace tfxm {
namespace {

namespace artifacts = standard_artifacts;
namespace proto {
using namespace ::tfx::components::example_gen;
using namespace ::tfx::components::pusher;
using namespace ::tfx::components::trainer;
}  // namespace proto

constexpr char kTransformExecutor[] = "tfx.components.transform.executor.Executor";
constexpr char kTrainerExecutor[] = "tfx.components.trainer.executor.GenericExecutor";
constexpr char kModelRewriterExecutor[] = "tfxm.components.model_rewriter.executor.Executor";

InputSpec Required(const Channel& channel, const ArtifactType& type) {
  return {.channels = {channel}, .optional = false, .type_name = type.name};
}
InputSpec Optional(const Channel& channel, const ArtifactType& type) {
  return {.channels = {channel}, .optional = true, .type_name = type.name};
}

std::string InputConfigJson(const std::optional<InputConfig>& config) {
  proto::Input input;
  for (const auto& split : config.value_or(InputConfig{{{"single_split", "*"}}}).splits) {
    auto* out = input.add_splits();
    out->set_name(split.name);
    out->set_pattern(split.pattern);
  }
  return ToTfxJson(input);
}

std::string OutputConfigJson(const std::optional<OutputConfig>& config, bool single_input_split) {
  OutputConfig::SplitConfig split_config;
  if (config.has_value()) {
    split_config = config->split_config;
  } else if (single_input_split) {
    split_config.splits = {{"train", 2}, {"eval", 1}};
  }
  proto::Output output;
  for (const auto& split : split_config.splits) {
    auto* out = output.mutable_split_config()->add_splits();
    out->set_name(split.name);
    out->set_hash_buckets(split.hash_buckets);
  }
  if (!split_config.partition_feature_name.empty()) {
    output.mutable_split_config()->set_partition_feature_name(split_config.partition_feature_name);
  }
  return ToTfxJson(output);
}

template <typename Proto>
std::string TrainArgsJson(const TrainArgs& args) {
  Proto out;
  if (args.num_steps != 0) out.set_num_steps(args.num_steps);
  for (const std::string& split : args.splits) out.add_splits(split);
  return ToTfxJson(out);
}

}  // namespace

std::string PluginOfExecutor(absl::string_view executor) {
  for (const absl::string_view other : {kTransformExecutor, kTrainerExecutor, kModelRewriterExecutor}) {
    if (executor == other) return "components_tensorflow";
  }
  return "";
}

Node ImportExampleGen(const ImportExampleGenParameters& p) {
  const bool single_split = !p.input_config.has_value() || p.input_config->splits.size() == 1;
  NodeSpec spec{.type_name = "tfx.components.example_gen.import_example_gen.component.ImportExampleGen",
                .executor = "tfx.components.example_gen.import_example_gen.executor.Executor",
                .outputs = {{"examples", {artifacts::Examples()}}},
                .exec_properties = {{"input_base", p.input_base},
                                    {"input_config", InputConfigJson(p.input_config)},
                                    {"output_config", OutputConfigJson(p.output_config, single_split)},
                                    {"output_data_format", int64_t{proto::FORMAT_TF_EXAMPLE}},
                                    {"output_file_format", int64_t{proto::FORMAT_TFRECORDS_GZIP}}},
                .beam_executor = true,
                .driver = "tfx.components.example_gen.driver.FileBasedDriver"};
  if (!p.custom_config.empty()) spec.exec_properties["custom_config"] = ToTfxJson(p.custom_config);
  if (p.allow_empty_splits) spec.exec_properties["allow_empty_splits"] = int64_t{1};
  return Node(std::move(spec));
}

Node StatisticsGen(const StatisticsGenParameters& p) {
  return Node({.type_name = "tfx.components.statistics_gen.component.StatisticsGen",
               .base_type = "PROCESS",
               .executor = "tfx.components.statistics_gen.executor.Executor",
               .inputs = {{"examples", Required(p.examples, artifacts::Examples())},
                          {"schema", Optional(p.schema, artifacts::Schema())}},
               .outputs = {{"statistics", {artifacts::ExampleStatistics()}}},
               .exec_properties = {{"exclude_splits", ToTfxJson(p.exclude_splits)}},
               .beam_executor = true});
}

Node SchemaGen(const SchemaGenParameters& p) {
  return Node({.type_name = "tfx.components.schema_gen.component.SchemaGen",
               .base_type = "PROCESS",
               .executor = "tfx.components.schema_gen.executor.Executor",
               .inputs = {{"statistics", Required(p.statistics, artifacts::ExampleStatistics())}},
               .outputs = {{"schema", {artifacts::Schema()}}},
               .exec_properties = {{"exclude_splits", ToTfxJson(p.exclude_splits)},
                                   {"infer_feature_shape", int64_t{p.infer_feature_shape}}}});
}

Node ImportSchemaGen(const ImportSchemaGenParameters& p) {
  return Node({.type_name = "tfx.components.schema_gen.import_schema_gen.component.ImportSchemaGen",
               .executor = "tfx.components.schema_gen.import_schema_gen.executor.Executor",
               .outputs = {{"schema", {artifacts::Schema()}}},
               .exec_properties = {{"schema_file", p.schema_file}}});
}

Node ExampleValidator(const ExampleValidatorParameters& p) {
  return Node({.type_name = "tfx.components.example_validator.component.ExampleValidator",
               .executor = "tfx.components.example_validator.executor.Executor",
               .inputs = {{"schema", Required(p.schema, artifacts::Schema())},
                          {"statistics", Required(p.statistics, artifacts::ExampleStatistics())}},
               .outputs = {{"anomalies", {artifacts::ExampleAnomalies()}}},
               .exec_properties = {{"exclude_splits", ToTfxJson(p.exclude_splits)}}});
}

Node Transform(const TransformParameters& p) {
  NodeSpec spec{.type_name = "tfx.components.transform.component.Transform",
                .base_type = "TRANSFORM",
                .executor = kTransformExecutor,
                .plugin = PluginOfExecutor(kTransformExecutor),
                .inputs = {{"examples", Required(p.examples, artifacts::Examples())},
                           {"schema", Required(p.schema, artifacts::Schema())}},
                .outputs = {{"transform_graph", {artifacts::TransformGraph()}},
                            {"transformed_examples", {artifacts::Examples()}},
                            {"updated_analyzer_cache", {artifacts::TransformCache()}}},
                .exec_properties = {{"custom_config", ToTfxJson(p.custom_config)},
                                    {"disable_statistics", int64_t{p.disable_statistics}},
                                    {"force_tf_compat_v1", int64_t{0}},
                                    {"module_file", p.module_file}},
                .beam_executor = true};
  if (p.splits_config.has_value()) {
    ::tfx::components::transform::SplitsConfig config;
    for (const std::string& split : p.splits_config->analyze) config.add_analyze(split);
    for (const std::string& split : p.splits_config->transform) config.add_transform(split);
    spec.exec_properties["splits_config"] = ToTfxJson(config);
  }
  if (!p.disable_statistics) {
    spec.outputs["pre_transform_schema"] = {artifacts::Schema()};
    spec.outputs["pre_transform_stats"] = {artifacts::ExampleStatistics()};
    spec.outputs["post_transform_schema"] = {artifacts::Schema()};
    spec.outputs["post_transform_stats"] = {artifacts::ExampleStatistics()};
    spec.outputs["post_transform_anomalies"] = {artifacts::ExampleAnomalies()};
  }
  return Node(std::move(spec));
}

Node Trainer(const TrainerParameters& p) {
  NodeSpec spec{.type_name = "tfx.components.trainer.component.Trainer",
                .base_type = "TRAIN",
                .executor = kTrainerExecutor,
                .plugin = PluginOfExecutor(kTrainerExecutor),
                .inputs = {{"examples", Required(p.examples, artifacts::Examples())},
                           {"transform_graph", Optional(p.transform_graph, artifacts::TransformGraph())},
                           {"schema", Optional(p.schema, artifacts::Schema())},
                           {"base_model", Optional(p.base_model, artifacts::Model())},
                           {"hyperparameters", Optional(p.hyperparameters, {.name = "HyperParameters"})}},
                .outputs = {{"model", {artifacts::Model()}}, {"model_run", {artifacts::ModelRun()}}},
                .exec_properties = {{"custom_config", ToTfxJson(p.custom_config)},
                                    {"eval_args", TrainArgsJson<proto::EvalArgs>(p.eval_args)},
                                    {"module_file", p.module_file},
                                    {"train_args", TrainArgsJson<proto::TrainArgs>(p.train_args)}}};
  if (p.num_threads.has_value()) spec.exec_properties["num_threads"] = int64_t{*p.num_threads};
  return Node(std::move(spec));
}

Node Evaluator(const EvaluatorParameters& p) {
  NodeSpec spec{.type_name = "tfx.components.evaluator.component.Evaluator",
                .base_type = "EVALUATE",
                .executor = "tfx.components.evaluator.executor.Executor",
                .inputs = {{"examples", Required(p.examples, artifacts::Examples())},
                           {"model", Optional(p.model, artifacts::Model())},
                           {"baseline_model", Optional(p.baseline_model, artifacts::Model())},
                           {"schema", Optional(p.schema, artifacts::Schema())}},
                .outputs = {{"evaluation", {artifacts::ModelEvaluation()}}, {"blessing", {artifacts::ModelBlessing()}}},
                .exec_properties = {{"eval_config", ToTfxJson(p.eval_config)},
                                    {"example_splits", p.example_splits.empty() ? "null" : ToTfxJson(p.example_splits)},
                                    {"fairness_indicator_thresholds", "null"}},
                .beam_executor = true};
  if (!p.module_file.empty()) spec.exec_properties["module_file"] = p.module_file;
  return Node(std::move(spec));
}

Node Pusher(const PusherParameters& p) {
  NodeSpec spec{.type_name = "tfx.components.pusher.component.Pusher",
                .base_type = "DEPLOY",
                .executor = "tfx.components.pusher.executor.Executor",
                .inputs = {{"model", Optional(p.model, artifacts::Model())},
                           {"model_blessing", Optional(p.model_blessing, artifacts::ModelBlessing())},
                           {"infra_blessing", Optional(p.infra_blessing, artifacts::InfraBlessing())}},
                .outputs = {{"pushed_model", {artifacts::PushedModel()}}},
                .exec_properties = {{"custom_config", ToTfxJson(p.custom_config)}}};
  if (p.push_destination.has_value()) {
    proto::PushDestination destination;
    destination.mutable_filesystem()->set_base_directory(p.push_destination->filesystem.base_directory);
    spec.exec_properties["push_destination"] = ToTfxJson(destination);
  }
  return Node(std::move(spec));
}

Node ModelRewriter(const ModelRewriterParameters& p) {
  return Node({.type_name = "tfxm.components.model_rewriter.component.ModelRewriter",
               .executor = kModelRewriterExecutor,
               .plugin = PluginOfExecutor(kModelRewriterExecutor),
               .inputs = {{"model", Required(p.model, artifacts::Model())},
                          {"examples", Optional(p.examples, artifacts::Examples())},
                          {"transform_graph", Optional(p.transform_graph, artifacts::TransformGraph())}},
               .outputs = {{"model", {artifacts::Model()}}},
               .exec_properties = {{"custom_config", ToTfxJson(p.custom_config)},
                                   {"quantization", p.quantization.empty() ? "null" : p.quantization},
                                   {"signature_name", p.signature_name.empty() ? "null" : p.signature_name}}});
}

Node Resolver(const ResolverParameters& p) {
  NodeSpec spec{.type_name = "tfx.dsl.components.common.resolver.Resolver",
                .kind = NodeKind::kResolver,
                .exec_properties = {{"strategy_class", p.strategy_class}},
                .enable_cache = false};
  spec.exec_properties.insert(p.config.begin(), p.config.end());
  for (const auto& [key, channel] : p.channels) {
    spec.inputs[key] = {.channels = {channel}, .optional = true, .type_name = channel.type().name};
    spec.outputs[key] = {channel.type()};
  }
  return Node(std::move(spec));
}

Node Importer(const ImporterParameters& p) {
  return Node(
      {.type_name = "tfx.dsl.components.common.importer.Importer",
       .kind = NodeKind::kImporter,
       .outputs = {{"result", {p.artifact_type, p.properties, p.custom_properties}}},
       .exec_properties = {{"artifact_uri", p.source_uri}, {"output_key", "result"}, {"reimport", int64_t{p.reimport}}},
       .enable_cache = false});
}

}  // namespace tfxm
