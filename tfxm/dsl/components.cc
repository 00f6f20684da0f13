// SPDX-License-Identifier: Apache-2.0

#include "tfxm/dsl/components.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tfx/proto/bulk_inferrer.pb.h"
#include "tfx/proto/example_gen.pb.h"
#include "tfx/proto/pusher.pb.h"
#include "tfx/proto/range_config.pb.h"
#include "tfx/proto/trainer.pb.h"
#include "tfx/proto/transform.pb.h"
#include "tfxm/dsl/json.h"

namespace tfxm {
namespace {

namespace artifacts = standard_artifacts;
namespace proto {
using namespace ::tfx::components::bulkinferrer;
using namespace ::tfx::components::example_gen;
using namespace ::tfx::components::pusher;
using namespace ::tfx::components::trainer;
}  // namespace proto

constexpr char kTransformExecutor[] = "tfx.components.transform.executor.Executor";
constexpr char kTrainerExecutor[] = "tfx.components.trainer.executor.GenericExecutor";
constexpr char kTunerExecutor[] = "tfx.components.tuner.executor.Executor";
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

std::string RangeConfigJson(const RangeConfig& config) {
  ::tfx::configs::RangeConfig range;
  if (config.static_range.has_value()) {
    range.mutable_static_range()->set_start_span_number(config.static_range->start_span_number);
    range.mutable_static_range()->set_end_span_number(config.static_range->end_span_number);
  }
  if (config.rolling_range.has_value()) {
    range.mutable_rolling_range()->set_num_spans(config.rolling_range->num_spans);
  }
  return ToTfxJson(range);
}

// [["train", "eval"]], or null for none.
std::string SplitPairsJson(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::vector<std::string> lists;
  for (const auto& [first, second] : pairs) lists.push_back(ToTfxJson(std::vector<std::string>{first, second}));
  return lists.empty() ? "null" : absl::StrCat("[", absl::StrJoin(lists, ", "), "]");
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
  for (const absl::string_view other : {kTransformExecutor, kTrainerExecutor, kTunerExecutor, kModelRewriterExecutor}) {
    if (executor == other) return "components_tensorflow";
  }
  return "";
}

namespace {

// What all ExampleGens have in common.
template <typename Parameters>
NodeSpec FileBasedExampleGen(absl::string_view type_name, absl::string_view executor, const Parameters& p) {
  const bool single_split = !p.input_config.has_value() || p.input_config->splits.size() == 1;
  NodeSpec spec{.type_name = std::string(type_name),
                .executor = std::string(executor),
                .outputs = {{"examples", {artifacts::Examples()}}},
                .exec_properties = {{"input_base", p.input_base},
                                    {"input_config", InputConfigJson(p.input_config)},
                                    {"output_config", OutputConfigJson(p.output_config, single_split)},
                                    {"output_data_format", int64_t{proto::FORMAT_TF_EXAMPLE}},
                                    {"output_file_format", int64_t{proto::FORMAT_TFRECORDS_GZIP}}},
                .beam_executor = true,
                .driver = "tfx.components.example_gen.driver.FileBasedDriver"};
  if (p.range_config.has_value()) spec.exec_properties["range_config"] = RangeConfigJson(*p.range_config);
  if (!p.custom_config.empty()) spec.exec_properties["custom_config"] = ToTfxJson(p.custom_config);
  if (p.allow_empty_splits) spec.exec_properties["allow_empty_splits"] = int64_t{1};
  return spec;
}

}  // namespace

Node ImportExampleGen(const ImportExampleGenParameters& p) {
  NodeSpec spec = FileBasedExampleGen("tfx.components.example_gen.import_example_gen.component.ImportExampleGen",
                                      "tfx.components.example_gen.import_example_gen.executor.Executor", p);
  spec.exec_properties["output_data_format"] = static_cast<int64_t>(p.payload_format);
  return Node(std::move(spec));
}

Node CsvExampleGen(const CsvExampleGenParameters& p) {
  NodeSpec spec = FileBasedExampleGen("tfx.components.example_gen.csv_example_gen.component.CsvExampleGen",
                                      "tfx.components.example_gen.csv_example_gen.executor.Executor", p);
  // What TFX does not have is only there if it is asked for.
  const CsvExampleGenParameters usual;
  const auto add = [&](const char* name, const std::string& value, const std::string& default_value) {
    if (value != default_value) spec.exec_properties[name] = value;
  };
  add("delimiter", p.delimiter, usual.delimiter);
  add("encoding", p.encoding, usual.encoding);
  add("bad_rows", p.bad_rows, usual.bad_rows);
  add("schema_file", p.schema_file, usual.schema_file);
  return Node(std::move(spec));
}

Node ParquetExampleGen(const ParquetExampleGenParameters& p) {
  NodeSpec spec = FileBasedExampleGen("tfx.components.example_gen.component.FileBasedExampleGen",
                                      "tfx.components.example_gen.custom_executors.parquet_executor.Executor", p);
  if (!p.columns.empty()) spec.exec_properties["columns"] = absl::StrJoin(p.columns, ",");
  return Node(std::move(spec));
}

Node JsonlExampleGen(const JsonlExampleGenParameters& p) {
  return Node(FileBasedExampleGen("tfxm.components.example_gen.jsonl_example_gen.component.JsonlExampleGen",
                                  "tfxm.components.example_gen.jsonl_example_gen.executor.Executor", p));
}

Node ImageExampleGen(const ImageExampleGenParameters& p) {
  ImageExampleGenParameters q = p;
  if (!q.input_config.has_value() && q.labels_file.empty()) q.input_config = InputConfig{{{"single_split", "*/*"}}};
  NodeSpec spec = FileBasedExampleGen("tfxm.components.example_gen.image_example_gen.component.ImageExampleGen",
                                      "tfxm.components.example_gen.image_example_gen.executor.Executor", q);
  if (!q.labels_file.empty()) spec.exec_properties["labels_file"] = q.labels_file;
  return Node(std::move(spec));
}

Node StatisticsGen(const StatisticsGenParameters& p) {
  NodeSpec spec{.type_name = "tfx.components.statistics_gen.component.StatisticsGen",
                .base_type = "PROCESS",
                .executor = "tfx.components.statistics_gen.executor.Executor",
                .inputs = {{"examples", Required(p.examples, artifacts::Examples())},
                           {"schema", Optional(p.schema, artifacts::Schema())}},
                .outputs = {{"statistics", {artifacts::ExampleStatistics()}}},
                .exec_properties = {{"exclude_splits", ToTfxJson(p.exclude_splits)}},
                .beam_executor = true};
  if (!p.stats_options.empty()) spec.exec_properties["stats_options_json"] = p.stats_options;
  return Node(std::move(spec));
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
  NodeSpec spec{
      .type_name = "tfx.components.example_validator.component.ExampleValidator",
      .executor = "tfx.components.example_validator.executor.Executor",
      .inputs = {{"previous_span_statistics", Optional(p.previous_span_statistics, artifacts::ExampleStatistics())},
                 {"previous_version_statistics",
                  Optional(p.previous_version_statistics, artifacts::ExampleStatistics())},
                 {"schema", Required(p.schema, artifacts::Schema())},
                 {"serving_statistics", Optional(p.serving_statistics, artifacts::ExampleStatistics())},
                 {"statistics", Required(p.statistics, artifacts::ExampleStatistics())}},
      .outputs = {{"anomalies", {artifacts::ExampleAnomalies()}}},
      .exec_properties = {{"exclude_splits", ToTfxJson(p.exclude_splits)}}};
  if (!p.validation_options.empty()) spec.exec_properties["validation_options_json"] = p.validation_options;
  return Node(std::move(spec));
}

Node DistributionValidator(const DistributionValidatorParameters& p) {
  // It must be given, but may have no artifact.
  InputSpec baseline = Required(p.baseline_statistics, artifacts::ExampleStatistics());
  baseline.optional = static_cast<bool>(p.baseline_statistics);
  return Node({.type_name = "tfx.components.distribution_validator.component.DistributionValidator",
               .base_type = "PROCESS",
               .executor = "tfx.components.distribution_validator.executor.Executor",
               .inputs = {{"baseline_statistics", std::move(baseline)},
                          {"statistics", Required(p.statistics, artifacts::ExampleStatistics())}},
               .outputs = {{"anomalies", {artifacts::ExampleAnomalies()}}},
               .exec_properties = {{"distribution_validator_config", ToTfxJson(p.config)},
                                   {"include_split_pairs", SplitPairsJson(p.include_split_pairs)}}});
}

Node ExampleDiff(const ExampleDiffParameters& p) {
  return Node({.type_name = "tfx.components.example_diff.component.ExampleDiff",
               .base_type = "PROCESS",
               .executor = "tfx.components.example_diff.executor.Executor",
               .inputs = {{"baseline_examples", Required(p.examples_base, artifacts::Examples())},
                          {"examples", Required(p.examples_test, artifacts::Examples())}},
               .outputs = {{"example_diff_result", {artifacts::ExamplesDiff()}}},
               .exec_properties = {{"example_diff_config", ToTfxJson(p.config)},
                                   {"include_split_pairs", SplitPairsJson(p.include_split_pairs)}},
               .beam_executor = true});
}

Node Transform(const TransformParameters& p) {
  NodeSpec spec{.type_name = "tfx.components.transform.component.Transform",
                .base_type = "TRANSFORM",
                .executor = kTransformExecutor,
                .plugin = PluginOfExecutor(kTransformExecutor),
                .inputs = {{"examples", Required(p.examples, artifacts::Examples())},
                           {"schema", Required(p.schema, artifacts::Schema())},
                           {"analyzer_cache", Optional(p.analyzer_cache, artifacts::TransformCache())}},
                .outputs = {{"transform_graph", {artifacts::TransformGraph()}}},
                .exec_properties = {{"custom_config", ToTfxJson(p.custom_config)},
                                    {"disable_statistics", int64_t{p.disable_statistics}},
                                    {"force_tf_compat_v1", int64_t{p.force_tf_compat_v1}},
                                    {"module_file", p.module_file}},
                .beam_executor = true};
  if (p.splits_config.has_value()) {
    ::tfx::components::transform::SplitsConfig config;
    for (const std::string& split : p.splits_config->analyze) config.add_analyze(split);
    for (const std::string& split : p.splits_config->transform) config.add_transform(split);
    spec.exec_properties["splits_config"] = ToTfxJson(config);
  }
  if (!p.disable_analyzer_cache) spec.outputs["updated_analyzer_cache"] = {artifacts::TransformCache()};
  if (p.materialize) spec.outputs["transformed_examples"] = {artifacts::Examples()};
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
                           {"hyperparameters", Optional(p.hyperparameters, artifacts::HyperParameters())}},
                .outputs = {{"model", {artifacts::Model()}}, {"model_run", {artifacts::ModelRun()}}},
                .exec_properties = {{"custom_config", ToTfxJson(p.custom_config)},
                                    {"eval_args", TrainArgsJson<proto::EvalArgs>(p.eval_args)},
                                    {"module_file", p.module_file},
                                    {"train_args", TrainArgsJson<proto::TrainArgs>(p.train_args)}}};
  if (p.num_threads.has_value()) spec.exec_properties["num_threads"] = int64_t{*p.num_threads};
  return Node(std::move(spec));
}

Node Tuner(const TunerParameters& p) {
  return Node({.type_name = "tfx.components.tuner.component.Tuner",
               .executor = kTunerExecutor,
               .plugin = PluginOfExecutor(kTunerExecutor),
               .inputs = {{"examples", Required(p.examples, artifacts::Examples())},
                          {"transform_graph", Optional(p.transform_graph, artifacts::TransformGraph())},
                          {"schema", Optional(p.schema, artifacts::Schema())},
                          {"base_model", Optional(p.base_model, artifacts::Model())}},
               .outputs = {{"best_hyperparameters", {artifacts::HyperParameters()}},
                           {"tuner_results", {artifacts::TunerResults()}}},
               .exec_properties = {{"custom_config", ToTfxJson(p.custom_config)},
                                   {"eval_args", TrainArgsJson<proto::EvalArgs>(p.eval_args)},
                                   {"module_file", p.module_file},
                                   {"train_args", TrainArgsJson<proto::TrainArgs>(p.train_args)}}});
}

Node Evaluator(const EvaluatorParameters& p) {
  NodeSpec spec{.type_name = "tfx.components.evaluator.component.Evaluator",
                .base_type = "EVALUATE",
                .executor = "tfx.components.evaluator.executor.Executor",
                .inputs = {{"examples", Required(p.examples, artifacts::Examples())},
                           {"model", Optional(p.model, artifacts::Model())},
                           {"baseline_model", Optional(p.baseline_model, artifacts::Model())},
                           {"schema", Optional(p.schema, artifacts::Schema())},
                           {"transform_graph", Optional(p.transform_graph, artifacts::TransformGraph())}},
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

Node BulkInferrer(const BulkInferrerParameters& p) {
  proto::DataSpec data_spec;
  for (const std::string& split : p.example_splits) data_spec.add_example_splits(split);
  proto::ModelSpec model_spec;
  if (!p.signature_name.empty()) model_spec.add_model_signature_name(p.signature_name);
  NodeSpec spec{.type_name = "tfx.components.bulk_inferrer.component.BulkInferrer",
                .executor = "tfx.components.bulk_inferrer.executor.Executor",
                .inputs = {{"examples", Required(p.examples, artifacts::Examples())},
                           {"model", Required(p.model, artifacts::Model())},
                           {"model_blessing", Optional(p.model_blessing, artifacts::ModelBlessing())}},
                .exec_properties = {{"data_spec", ToTfxJson(data_spec)}, {"model_spec", ToTfxJson(model_spec)}},
                .beam_executor = true};
  if (!p.output_example_spec.has_value()) {
    spec.outputs["inference_result"] = {artifacts::InferenceResult()};
    return Node(std::move(spec));
  }
  proto::OutputExampleSpec output_spec;
  auto* columns = output_spec.add_output_columns_spec();
  if (!p.signature_name.empty()) columns->set_signature_name(p.signature_name);
  for (const auto& [output, feature] : p.output_example_spec->output_columns) {
    auto* column = columns->mutable_predict_output()->add_output_columns();
    column->set_output_key(output);
    column->set_output_column(feature);
  }
  spec.exec_properties["output_example_spec"] = ToTfxJson(output_spec);
  spec.outputs["output_examples"] = {artifacts::Examples()};
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
