// SPDX-License-Identifier: Apache-2.0

// The MNIST pipeline of TFX's guide, written with the functions of this folder, compiles to what TFX's compiler makes
// of it.
#include "tfxm/dsl/compiler.h"

#include <gtest/gtest.h>

#include <string>

#include "google/protobuf/text_format.h"
#include "ml_metadata/proto/metadata_store.pb.h"
#include "tfx/proto/orchestration/executable_spec.pb.h"
#include "tfxm/dsl/components.h"
#include "tfxm/dsl/ir_loader.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

namespace ir = ::tfx::orchestration;

constexpr char kGolden[] = "tfxm/dsl/testdata/mnist_pipeline_ir.pbtxt";

Pipeline MnistPipeline() {
  const std::string dir = "/reference/mnist/";
  auto example_gen = ImportExampleGen({.input_base = dir + "data"});
  auto statistics_gen = StatisticsGen({.examples = example_gen.outputs("examples")});
  auto schema_gen = SchemaGen({.statistics = statistics_gen.outputs("statistics"), .infer_feature_shape = true});
  auto example_validator =
      ExampleValidator({.statistics = statistics_gen.outputs("statistics"), .schema = schema_gen.outputs("schema")});
  auto transform = Transform({.examples = example_gen.outputs("examples"),
                              .schema = schema_gen.outputs("schema"),
                              .module_file = dir + "mnist_utils_native_keras.py"});
  auto train = [&](const std::string& module_file) {
    return Trainer({.module_file = dir + module_file,
                    .examples = transform.outputs("transformed_examples"),
                    .transform_graph = transform.outputs("transform_graph"),
                    .schema = schema_gen.outputs("schema"),
                    .train_args = {.num_steps = 5000},
                    .eval_args = {.num_steps = 100}});
  };
  auto trainer = train("mnist_utils_native_keras.py").with_id("Trainer.mnist");
  auto trainer_lite = train("mnist_utils_native_keras_lite.py").with_id("Trainer.mnist_lite");

  tensorflow_model_analysis::EvalConfig eval_config;
  eval_config.add_model_specs()->set_label_key("image_class");
  eval_config.add_slicing_specs();
  auto* metric = eval_config.add_metrics_specs()->add_metrics();
  metric->set_class_name("SparseCategoricalAccuracy");
  metric->mutable_threshold()->mutable_value_threshold()->mutable_lower_bound()->set_value(0.8);
  auto eval_config_lite = eval_config;
  eval_config_lite.mutable_model_specs(0)->set_model_type("tf_lite");
  auto evaluator =
      Evaluator(
          {.examples = example_gen.outputs("examples"), .model = trainer.outputs("model"), .eval_config = eval_config})
          .with_id("Evaluator.mnist");
  auto evaluator_lite = Evaluator({.examples = example_gen.outputs("examples"),
                                   .model = trainer_lite.outputs("model"),
                                   .eval_config = eval_config_lite})
                            .with_id("Evaluator.mnist_lite");
  auto pusher =
      Pusher({.model = trainer.outputs("model"),
              .model_blessing = evaluator.outputs("blessing"),
              .push_destination = {{.filesystem = {.base_directory = dir + "serving_model/mnist_native_keras"}}}})
          .with_id("Pusher.mnist");
  auto pusher_lite =
      Pusher({.model = trainer_lite.outputs("model"),
              .model_blessing = evaluator_lite.outputs("blessing"),
              .push_destination = {{.filesystem = {.base_directory = dir + "serving_model_lite/mnist_native_keras"}}}})
          .with_id("Pusher.mnist_lite");
  return Pipeline{.pipeline_name = "mnist_native_keras",
                  .pipeline_root = "/reference/tfx/pipelines/mnist_native_keras",
                  .components = {example_gen, statistics_gen, schema_gen, example_validator, transform, trainer,
                                 trainer_lite, evaluator, evaluator_lite, pusher, pusher_lite},
                  .enable_cache = true,
                  .metadata_path = "/reference/tfx/metadata/mnist_native_keras/metadata.db"};
}

// Maps packed into an Any have no defined order of bytes: the deployment config is printed beside the rest.
std::string Text(ir::Pipeline pipeline) {
  ir::IntermediateDeploymentConfig config;
  EXPECT_TRUE(pipeline.deployment_config().UnpackTo(&config));
  pipeline.clear_deployment_config();
  std::string text, config_text;
  google::protobuf::TextFormat::PrintToString(pipeline, &text);
  google::protobuf::TextFormat::PrintToString(config, &config_text);
  return text + config_text;
}

TEST(CompilerTest, TheMnistPipelineIsTheOneThatTfxCompiles) {
  ir::Pipeline golden;
  const absl::Status read = io::ReadTextProto(kGolden, &golden);
  ASSERT_TRUE(read.ok()) << read;
  const auto compiled = CompilePipeline(MnistPipeline());
  ASSERT_TRUE(compiled.ok()) << compiled.status();
  EXPECT_EQ(Text(golden), Text(*compiled));
}

TEST(CompilerTest, CacheIsPerPipelineUnlessTheNodeSaysOtherwise) {
  Pipeline pipeline = MnistPipeline();
  pipeline.components[1].with_enable_cache(false);
  const auto compiled = CompilePipeline(pipeline);
  const auto cached = [&](int i) {
    return compiled->nodes(i).pipeline_node().execution_options().caching_options().enable_cache();
  };
  EXPECT_TRUE(cached(0));
  EXPECT_FALSE(cached(1));
}

TEST(CompilerTest, AStoreOnAServerIsMlMetadatasConnection) {
  auto resolver = Resolver(
      {.strategy_class = kLatestArtifactStrategy, .channels = {{"model", Channel(standard_artifacts::Model())}}});
  const std::string store = "postgresql://ada@db.example:5433/mlmd?sslmode=verify-full";
  const auto compiled =
      CompilePipeline({.pipeline_name = "p", .pipeline_root = "/r", .components = {resolver}, .metadata_path = store});
  ASSERT_TRUE(compiled.ok()) << compiled.status();
  ir::IntermediateDeploymentConfig deployment;
  ml_metadata::ConnectionConfig connection;
  ASSERT_TRUE(compiled->deployment_config().UnpackTo(&deployment));
  ASSERT_TRUE(deployment.metadata_connection_config().UnpackTo(&connection));
  EXPECT_EQ(connection.postgresql().host(), "db.example");
  EXPECT_EQ(connection.postgresql().port(), "5433");
  EXPECT_EQ(connection.postgresql().user(), "ada");
  EXPECT_EQ(connection.postgresql().dbname(), "mlmd");
  EXPECT_EQ(connection.postgresql().ssloption().sslmode(), "verify-full");
  const auto loaded = LoadPipeline(*compiled, [](const auto&, const std::string& otherwise) { return otherwise; });
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->metadata_path, store);
}

TEST(CompilerTest, AResolverAsksThePipelineForArtifactsOfAType) {
  auto resolver = Resolver(
      {.strategy_class = kLatestArtifactStrategy, .channels = {{"model", Channel(standard_artifacts::Model())}}});
  auto pusher = Pusher({.model = resolver.outputs("model")});
  const auto compiled = CompilePipeline(
      {.pipeline_name = "p", .pipeline_root = "/r", .components = {resolver, pusher}, .metadata_path = "/m"});
  ASSERT_TRUE(compiled.ok()) << compiled.status();
  const auto& channel = compiled->nodes(0).pipeline_node().inputs().inputs().at("model").channels(0);
  EXPECT_EQ(channel.artifact_query().type().name(), "Model");
  EXPECT_FALSE(channel.has_producer_node_query());
  EXPECT_EQ(channel.context_queries_size(), 1);
  EXPECT_EQ(compiled->nodes(1).pipeline_node().upstream_nodes(0), "Resolver");
}

// As TFX compiles Channel(type=Model, producer_component_id="Trainer.mnist_lite").
TEST(CompilerTest, AResolverMayAskForTheArtifactsOfOneNode) {
  auto resolver = Resolver({.strategy_class = kLatestArtifactStrategy,
                            .channels = {{"model", Channel(standard_artifacts::Model(), "Trainer.mnist_lite")}}});
  const auto compiled =
      CompilePipeline({.pipeline_name = "p", .pipeline_root = "/r", .components = {resolver}, .metadata_path = "/m"});
  ASSERT_TRUE(compiled.ok()) << compiled.status();
  const auto& channel = compiled->nodes(0).pipeline_node().inputs().inputs().at("model").channels(0);
  EXPECT_EQ(channel.producer_node_query().id(), "Trainer.mnist_lite");
  ASSERT_EQ(channel.context_queries_size(), 2);
  EXPECT_EQ(channel.context_queries(1).type().name(), "node");
  EXPECT_EQ(channel.context_queries(1).name().field_value().string_value(), "p.Trainer.mnist_lite");
}

}  // namespace
}  // namespace tfxm
