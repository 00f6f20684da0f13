// SPDX-License-Identifier: Apache-2.0

// The components of a pipeline, with TFX's names and parameters. Each is a function that takes its parameters by name
// and returns a Node:
//
//   auto example_gen = ImportExampleGen({.input_base = data_root});
//   auto statistics_gen = StatisticsGen({.examples = example_gen.outputs("examples")});
//   auto schema_gen = SchemaGen({.statistics = statistics_gen.outputs("statistics"), .infer_feature_shape = true});
//   auto trainer = Trainer({.module_file = module_file,
//                           .examples = transform.outputs("transformed_examples"),
//                           .transform_graph = transform.outputs("transform_graph"),
//                           .schema = schema_gen.outputs("schema"),
//                           .train_args = {.num_steps = 5000},
//                           .eval_args = {.num_steps = 100}}).with_id("Trainer.mnist");
//
// A component's outputs are listed with it. Exec properties have the names and the JSON that TFX gives them. That
// required inputs are there and of the right type is checked with the pipeline (pipeline.h).
#ifndef TFXM_DSL_COMPONENTS_H_
#define TFXM_DSL_COMPONENTS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tensorflow_model_analysis/proto/config.pb.h"
#include "tfx/proto/distribution_validator.pb.h"
#include "tfx/proto/example_diff.pb.h"
#include "tfxm/dsl/node.h"

namespace tfxm {

// tfx.proto.Input and tfx.proto.Output of example_gen.proto.
struct InputConfig {
  struct Split {
    std::string name;
    std::string pattern;  // Below input_base; may hold {SPAN}, {VERSION}, {YYYY}, {MM}, {DD}.
  };
  std::vector<Split> splits;
};
struct OutputConfig {
  struct Split {
    std::string name;
    uint32_t hash_buckets = 0;
  };
  struct SplitConfig {
    std::vector<Split> splits;
    std::string partition_feature_name;  // Hash this feature instead of the whole record.
  };
  SplitConfig split_config;
};

// tfx.proto.RangeConfig: which span a pattern with {SPAN} or a date stands for. One of both; the newest without.
struct RangeConfig {
  struct StaticRange {  // One span: start and end are the same.
    int32_t start_span_number = 0;
    int32_t end_span_number = 0;
  };
  struct RollingRange {
    int32_t num_spans = 1;  // The newest; an ExampleGen reads one.
  };
  std::optional<StaticRange> static_range = std::nullopt;
  std::optional<RollingRange> rolling_range = std::nullopt;
};

// tfx.proto.PayloadFormat, as far as there is something to read it: FORMAT_TF_EXAMPLE, FORMAT_TF_SEQUENCE_EXAMPLE.
enum class PayloadFormat { kTfExample = 6, kTfSequenceExample = 7 };

// Reads TFRecord files of tf.Examples, or of tf.SequenceExamples, of which there are statistics, a schema and anomalies,
// but which no model takes. Outputs: examples.
struct ImportExampleGenParameters {
  std::string input_base;
  std::optional<InputConfig> input_config = std::nullopt;  // Default: all files.
  // Default: train and eval, 2:1, if the input has one split.
  std::optional<OutputConfig> output_config = std::nullopt;
  std::optional<RangeConfig> range_config = std::nullopt;
  PayloadFormat payload_format = PayloadFormat::kTfExample;
  bool allow_empty_splits = false;  // Else a split without an example is an error.
  Properties custom_config = {};    // Recorded only.
};
Node ImportExampleGen(const ImportExampleGenParameters& parameters);

// Reads CSV files with a line of names; a feature of each column, its type inferred from all files of all splits.
// Outputs: examples.
struct CsvExampleGenParameters {
  std::string input_base;
  std::optional<InputConfig> input_config = std::nullopt;    // Default: all files.
  std::optional<OutputConfig> output_config = std::nullopt;  // Default: as ImportExampleGen's.
  std::optional<RangeConfig> range_config = std::nullopt;
  bool allow_empty_splits = false;
  // Beyond TFX's:
  std::string delimiter = ",";     // One character, or "tab".
  std::string encoding = "utf-8";  // Any name that iconv knows.
  std::string bad_rows = "error";  // Rows of another length: "error", "skip" or "keep" (filled up or cut off).
  std::string schema_file = "";    // A Schema as text: its types are taken, those of other columns inferred.
  Properties custom_config = {};   // Recorded only.
};
Node CsvExampleGen(const CsvExampleGenParameters& parameters);

// Reads Parquet files, plain or in folders called name=value; a feature of each column. Outputs: examples.
struct ParquetExampleGenParameters {
  std::string input_base;
  std::optional<InputConfig> input_config = std::nullopt;    // Default: all files.
  std::optional<OutputConfig> output_config = std::nullopt;  // Default: as ImportExampleGen's.
  std::optional<RangeConfig> range_config = std::nullopt;
  bool allow_empty_splits = false;
  std::vector<std::string> columns = {};  // Only these. Beyond TFX's.
  Properties custom_config = {};          // Recorded only.
};
Node ParquetExampleGen(const ParquetExampleGenParameters& parameters);

// Reads files with a JSON object on each line; a feature of each member. TFX has none. Outputs: examples.
struct JsonlExampleGenParameters {
  std::string input_base;
  std::optional<InputConfig> input_config = std::nullopt;    // Default: all files.
  std::optional<OutputConfig> output_config = std::nullopt;  // Default: as ImportExampleGen's.
  std::optional<RangeConfig> range_config = std::nullopt;
  bool allow_empty_splits = false;
  Properties custom_config = {};  // Recorded only.
};
Node JsonlExampleGen(const JsonlExampleGenParameters& parameters);

// Reads PNG and JPEG files: image/encoded, image/format, image/height, image/width, image/class/text, image/class/label.
// TFX has none. Outputs: examples.
struct ImageExampleGenParameters {
  std::string input_base;
  std::optional<InputConfig> input_config = std::nullopt;    // Default: CLASS/FILE; with labels_file, all files.
  std::optional<OutputConfig> output_config = std::nullopt;  // Default: as ImportExampleGen's.
  std::optional<RangeConfig> range_config = std::nullopt;
  bool allow_empty_splits = false;
  std::string labels_file = "";   // A CSV file with the columns file, below input_base, and label.
  Properties custom_config = {};  // Recorded only.
};
Node ImageExampleGen(const ImageExampleGenParameters& parameters);

// Statistics over the examples of each split. Outputs: statistics.
struct StatisticsGenParameters {
  Channel examples;
  Channel schema = {};  // Optional.
  // tfdv.StatsOptions as JSON (statistics/options/stats_options_json.h): {"weight_feature": "w", "num_top_values": 3}.
  std::string stats_options = "";
  std::vector<std::string> exclude_splits = {};
};
Node StatisticsGen(const StatisticsGenParameters& parameters);

// Infers a schema. Outputs: schema.
struct SchemaGenParameters {
  Channel statistics;
  bool infer_feature_shape = true;
  std::vector<std::string> exclude_splits = {};
};
Node SchemaGen(const SchemaGenParameters& parameters);

// Takes a schema that someone has curated. Outputs: schema.
struct ImportSchemaGenParameters {
  std::string schema_file;
};
Node ImportSchemaGen(const ImportSchemaGenParameters& parameters);

// Looks for anomalies. Outputs: anomalies.
struct ExampleValidatorParameters {
  Channel statistics;
  Channel schema;
  std::vector<std::string> exclude_splits = {};
  // TFX's has none of the following. Optional: what the schema's comparators compare with.
  Channel previous_span_statistics = {};
  Channel previous_version_statistics = {};
  Channel serving_statistics = {};
  // tfdv.ValidationOptions as JSON (statistics/options/validation_options_json.h):
  // {"environment": "TRAINING", "severity_overrides": {"SCHEMA_NEW_COLUMN": "WARNING"}}.
  std::string validation_options = "";
};
Node ExampleValidator(const ExampleValidatorParameters& parameters);

// Looks for a shift between the data that two statistics are of: the distances and thresholds that the config has for
// some features, and the number of examples. Outputs: anomalies.
struct DistributionValidatorParameters {
  Channel statistics;
  Channel baseline_statistics;  // Maybe of a Resolver that finds none in the first run: then nothing is validated.
  tfx::components::distribution_validator::DistributionValidatorConfig config;
  // Pairs of splits, of statistics and of baseline_statistics. Default: those of the same name.
  std::vector<std::pair<std::string, std::string>> include_split_pairs = {};
};
Node DistributionValidator(const DistributionValidatorParameters& parameters);

// Pairs the examples of two data sets by the features that identify them, and counts how often the other features
// differ. Outputs: example_diff_result.
struct ExampleDiffParameters {
  Channel examples_test;
  Channel examples_base;
  tfx::components::example_diff::ExampleDiffConfig config;
  // Pairs of splits, of examples_test and of examples_base. Default: all.
  std::vector<std::pair<std::string, std::string>> include_split_pairs = {};
};
Node ExampleDiff(const ExampleDiffParameters& parameters);

// tfx.proto.SplitsConfig. Without `transform`, all splits are transformed.
struct SplitsConfig {
  std::vector<std::string> analyze;
  std::vector<std::string> transform = {};
};

// Runs the module's preprocessing_fn. Outputs: transform_graph, transformed_examples, pre_transform_schema,
// pre_transform_stats, post_transform_schema, post_transform_stats, post_transform_anomalies, updated_analyzer_cache
// (which stays empty: there is no analyzer cache yet).
struct TransformParameters {
  Channel examples;
  Channel schema;
  std::string module_file;
  std::optional<SplitsConfig> splits_config = std::nullopt;  // Default: analyze train, transform all splits.
  // false: no transformed_examples; who trains applies the graph to raw examples (transform_features_layer).
  bool materialize = true;
  bool disable_statistics = false;
  Properties custom_config = {};  // A preprocessing_fn in Python that takes custom_config gets it.
  // What an earlier run's updated_analyzer_cache was: data that it knows are not analyzed again. Optional.
  Channel analyzer_cache = {};
  bool disable_analyzer_cache = false;  // Neither reads nor writes one.
  bool force_tf_compat_v1 = false;      // Recorded, without effect: graphs are made with TensorFlow 2.
};
Node Transform(const TransformParameters& parameters);

// tfx.proto.TrainArgs and tfx.proto.EvalArgs.
struct TrainArgs {
  int32_t num_steps = 0;  // 0: fn_args.train_steps is 0 (in Python None), which means once through the data.
  std::vector<std::string> splits = {};
};
using EvalArgs = TrainArgs;

// Runs the module's run_fn. Outputs: model, model_run.
struct TrainerParameters {
  std::string module_file;
  Channel examples;
  Channel transform_graph = {};  // Optional, as are the next three.
  Channel schema = {};
  Channel base_model = {};
  Channel hyperparameters = {};
  TrainArgs train_args = {};
  EvalArgs eval_args = {};
  // Threads of an operation, which sums depend on: the same for every machine, unless it is given. The model's artifact
  // says which it was.
  std::optional<int> num_threads = std::nullopt;
  Properties custom_config = {};
};
Node Trainer(const TrainerParameters& parameters);

// Runs the module's tuner_fn, in C++ (nn/tuner/tuner.h) or Python with KerasTuner (.py), and keeps what its tuner finds
// best for a Trainer's `hyperparameters`. Outputs: best_hyperparameters, tuner_results.
struct TunerParameters {
  std::string module_file;
  Channel examples;
  Channel transform_graph = {};  // Optional, as are the next two.
  Channel schema = {};
  Channel base_model = {};
  TrainArgs train_args = {};
  EvalArgs eval_args = {};
  Properties custom_config = {};
};
Node Tuner(const TunerParameters& parameters);

// Evaluates a SavedModel or a TFLite model (eval_config.model_specs.model_type) and blesses it. Outputs: evaluation,
// blessing.
struct EvaluatorParameters {
  Channel examples;
  Channel model = {};
  Channel baseline_model = {};  // Optional.
  Channel schema = {};          // Optional.
  // Optional, and tfxm's own: raw examples go through it before a model that takes transformed features.
  Channel transform_graph = {};
  tensorflow_model_analysis::EvalConfig eval_config = {};
  std::vector<std::string> example_splits = {};  // Default: eval.
  std::string module_file = {};                  // Custom metrics (model_analysis/custom_metric.h).
};
Node Evaluator(const EvaluatorParameters& parameters);

// What BulkInferrer makes of a model's outputs: features of the output examples, by the outputs' names.
struct OutputExampleSpec {
  std::map<std::string, std::string> output_columns;  // Output of the model -> feature.
};

// Runs a model, SavedModel or TFLite, over examples. Outputs: inference_result; with an output_example_spec,
// output_examples instead.
struct BulkInferrerParameters {
  Channel examples;
  Channel model;
  Channel model_blessing = {};                   // Optional: a model that is not blessed infers nothing.
  std::vector<std::string> example_splits = {};  // Default: all. TFX's DataSpec.
  std::string signature_name = {};               // Default: serving_default. TFX's ModelSpec.
  std::optional<OutputExampleSpec> output_example_spec = std::nullopt;
};
Node BulkInferrer(const BulkInferrerParameters& parameters);

// tfx.proto.PushDestination.
struct PushDestination {
  struct Filesystem {
    std::string base_directory;
  };
  Filesystem filesystem;
};

// Copies a blessed model to where it is served from. Outputs: pushed_model.
struct PusherParameters {
  Channel model = {};
  Channel model_blessing = {};  // Without one, every model is pushed.
  Channel infra_blessing = {};
  std::optional<PushDestination> push_destination = std::nullopt;
  Properties custom_config = {};
};
Node Pusher(const PusherParameters& parameters);

// Rewrites a SavedModel to TFLite as a step of its own, for a model that its run_fn did not rewrite. Outputs: model.
struct ModelRewriterParameters {
  Channel model;
  // Samples, which full integer quantization needs: raw or transformed, as the signature's inputs are.
  Channel examples = {};
  // Between raw examples and a signature that takes transformed features.
  Channel transform_graph = {};
  std::string quantization;  // "": float; "dynamic_range", "float16", "int4", "int8", "int16x8".
  std::string signature_name = "";
  // All other options of rewriting/rewriter_options.h by name, lists as JSON: {{"keep_float_ops", R"(["SOFTMAX"])"}}.
  Properties custom_config = {};
};
Node ModelRewriter(const ModelRewriterParameters& parameters);

// Chooses among the artifacts of former runs of the pipeline. Outputs: one for each key of `channels`, maybe with no
// artifact.
//
//   auto baseline = Resolver({.strategy_class = kLatestBlessedModelStrategy,
//                             .channels = {{"model", Channel(standard_artifacts::Model(), "Trainer.mnist_lite")},
//                                          {"model_blessing", Channel(standard_artifacts::ModelBlessing())}}})
//                       .with_id("latest_blessed_model_resolver");
//
// Channel(type) looks at all artifacts of a type in the pipeline, Channel(type, id) only at those that one node has
// made: where a pipeline makes several models (SavedModel, TFLite, int8), each branch so finds its own. A model that is
// blessed but whose files are gone does not count.
inline constexpr char kLatestBlessedModelStrategy[] =
    "tfx.dsl.input_resolution.strategies.latest_blessed_model_strategy.LatestBlessedModelStrategy";
inline constexpr char kLatestArtifactStrategy[] =
    "tfx.dsl.input_resolution.strategies.latest_artifact_strategy.LatestArtifactStrategy";
// All artifacts in a range of spans: config = {{"range_config", "{\"rolling_range\": {\"num_spans\": 2}}"}}.
inline constexpr char kSpanRangeStrategy[] =
    "tfx.dsl.input_resolution.strategies.span_range_strategy.SpanRangeStrategy";
struct ResolverParameters {
  std::string strategy_class;
  std::map<std::string, Channel> channels;
  Properties config = {};  // Of the strategy.
};
Node Resolver(const ResolverParameters& parameters);

// Makes an artifact of what is at a uri already. The same uri, type and properties give the same artifact again unless
// `reimport`. Outputs: result.
struct ImporterParameters {
  std::string source_uri;
  ArtifactType artifact_type;
  bool reimport = false;
  Properties properties = {};
  Properties custom_properties = {};
};
Node Importer(const ImporterParameters& parameters);

// NodeSpec::plugin of a component whose executor has this name. An executor that is not one of the components above is
// expected in the program itself.
std::string PluginOfExecutor(absl::string_view executor);

}  // namespace tfxm

#endif  // TFXM_DSL_COMPONENTS_H_
