// SPDX-License-Identifier: Apache-2.0

// What has been compiled is loaded again, whoever compiled it; what cannot be run is named with its node.
#include "tfxm/dsl/ir_loader.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <string>

#include "absl/strings/match.h"
#include "google/protobuf/text_format.h"
#include "ml_metadata/proto/metadata_store.pb.h"
#include "tfx/proto/orchestration/executable_spec.pb.h"
#include "tfxm/dsl/compiler.h"
#include "tfxm/dsl/components.h"
#include "tfxm/dsl/json.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

namespace ir = ::tfx::orchestration;

constexpr char kGolden[] = "tfxm/dsl/testdata/mnist_pipeline_ir.pbtxt";
constexpr char kTfxResolver[] = "tfxm/dsl/testdata/resolver_ir.pbtxt";

std::string Default(const std::string&, const std::string& otherwise) { return otherwise; }

std::string Text(ir::Pipeline pipeline) {
  ir::IntermediateDeploymentConfig config;
  EXPECT_TRUE(pipeline.deployment_config().UnpackTo(&config));
  pipeline.clear_deployment_config();
  std::string text, config_text;
  google::protobuf::TextFormat::PrintToString(pipeline, &text);
  google::protobuf::TextFormat::PrintToString(config, &config_text);
  return text + config_text;
}

ir::Pipeline Golden() {
  const auto golden = ReadPipelineIr(kGolden);
  EXPECT_TRUE(golden.ok()) << golden.status();
  return *golden;
}

TEST(IrLoaderTest, WhatTfxHasCompiledIsCompiledToTheSameAgain) {
  const ir::Pipeline golden = Golden();
  const auto pipeline = LoadPipeline(golden, Default);
  ASSERT_TRUE(pipeline.ok()) << pipeline.status();
  EXPECT_EQ(pipeline->metadata_path, "/reference/tfx/metadata/mnist_native_keras/metadata.db");
  const auto again = CompilePipeline(*pipeline);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(Text(*again), Text(golden));
}

TEST(IrLoaderTest, PluginsAreThoseOfTheComponents) {
  const auto pipeline = LoadPipeline(Golden(), Default);
  ASSERT_TRUE(pipeline.ok()) << pipeline.status();
  for (const Node& node : pipeline->components) {
    const bool tensorflow = absl::StartsWith(node.id(), "Tra");  // Transform and the Trainers.
    EXPECT_EQ(node.spec().plugin, tensorflow ? "components_tensorflow" : "") << node.id();
  }
}

TEST(IrLoaderTest, ReadsBinaryTextAndJson) {
  const ir::Pipeline golden = Golden();
  std::string path = "/tmp/tfxm_ir_XXXXXX";
  ASSERT_NE(mkdtemp(path.data()), nullptr);
  const std::string binary = path + "/ir.any", json = path + "/ir";
  ASSERT_TRUE(io::WriteBinaryProto(binary, golden).ok());
  ASSERT_TRUE(io::WriteFile(json, ToTfxJson(golden)).ok());
  for (const std::string& file : {binary, json}) {
    const auto read = ReadPipelineIr(file);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(Text(*read), Text(golden)) << file;
  }
  for (const auto& [content, message] : {std::pair("nodes {\n  wrong: 1\n}", "line 2"),
                                         {"{\"nodes\": 1}", "not a JSON"},
                                         {"\x01\x02\x03", "is not a pipeline"}}) {
    ASSERT_TRUE(io::WriteFile(json, content).ok());
    const auto read = ReadPipelineIr(json);
    EXPECT_TRUE(absl::StrContains(read.status().message(), message)) << read.status();
    EXPECT_TRUE(absl::StrContains(read.status().message(), json)) << read.status();
  }
  EXPECT_EQ(ReadPipelineIr(path + "/none").status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(io::RemoveAll(path).ok());
}

// resolver_ir.pbtxt: as TFX compiles a Resolver, whose input is a graph.
TEST(IrLoaderTest, AResolverOfTfxAsksForWhatOursDoes) {
  const auto read = ReadPipelineIr(kTfxResolver);
  ASSERT_TRUE(read.ok()) << read.status();
  const auto pipeline = LoadPipeline(*read, Default);
  ASSERT_TRUE(pipeline.ok()) << pipeline.status();
  auto resolver = Resolver({.strategy_class = kLatestBlessedModelStrategy,
                            .channels = {{"model", Channel(standard_artifacts::Model(), "Trainer")},
                                         {"model_blessing", Channel(standard_artifacts::ModelBlessing())}}})
                      .with_id("latest_blessed_model_resolver");
  auto pusher =
      Pusher({.model = resolver.outputs("model"), .push_destination = {{.filesystem = {.base_directory = "/s"}}}});
  const auto expected = CompilePipeline({.pipeline_name = "iris",
                                         .pipeline_root = "/r",
                                         .components = {resolver.with_enable_cache(true), pusher},
                                         .enable_cache = true,
                                         .metadata_path = "/m"});
  const auto loaded = CompilePipeline(*pipeline);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(Text(*loaded), Text(*expected));
  // And ours, too, is loaded again.
  const auto again = LoadPipeline(*expected, Default);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(Text(*CompilePipeline(*again)), Text(*expected));
}

TEST(IrLoaderTest, AnImporterIsLoadedWithItsProperties) {
  auto importer = Importer({.source_uri = "/model",
                            .artifact_type = standard_artifacts::Model(),
                            .properties = {{"a", int64_t{1}}},
                            .custom_properties = {{"b", "x"}}});
  auto pusher = Pusher({.model = importer.outputs("result")});
  const auto compiled = CompilePipeline(
      {.pipeline_name = "p", .pipeline_root = "/r", .components = {importer, pusher}, .metadata_path = "/m"});
  ASSERT_TRUE(compiled.ok()) << compiled.status();
  const auto pipeline = LoadPipeline(*compiled, Default);
  ASSERT_TRUE(pipeline.ok()) << pipeline.status();
  EXPECT_EQ(pipeline->components[0].spec().kind, NodeKind::kImporter);
  EXPECT_EQ(Text(*CompilePipeline(*pipeline)), Text(*compiled));
}

TEST(IrLoaderTest, RuntimeParametersAreGivenOrHaveADefault) {
  ir::Pipeline pipeline = Golden();
  auto* parameters = pipeline.mutable_nodes(0)->mutable_pipeline_node()->mutable_parameters()->mutable_parameters();
  auto* parameter = (*parameters)["steps"].mutable_runtime_parameter();
  parameter->set_name("steps");
  parameter->set_type(ir::RuntimeParameter::INT);
  EXPECT_EQ(LoadPipeline(pipeline, Default).status().message(),
            "node ImportExampleGen: parameter \"steps\": runtime parameter \"steps\" has no value and no default; give "
            "it: --steps=VALUE");
  const auto load = [&](const std::string& steps) {
    return LoadPipeline(pipeline, [&](const std::string& name, const std::string& otherwise) {
      return name == "steps" ? steps : name == "pipeline-root" ? "/elsewhere" : otherwise;
    });
  };
  const auto loaded = load("7");
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->components[0].spec().exec_properties.at("steps"), PropertyValue(int64_t{7}));
  EXPECT_EQ(loaded->pipeline_root, "/elsewhere");
  EXPECT_TRUE(absl::StrContains(load("many").status().message(), "--steps=many: expected a whole number"));
  parameter->mutable_default_value()->set_int_value(5);
  EXPECT_EQ(LoadPipeline(pipeline, Default)->components[0].spec().exec_properties.at("steps"),
            PropertyValue(int64_t{5}));
}

TEST(IrLoaderTest, AMessageIsItsJson) {
  ir::Pipeline pipeline = Golden();
  auto& parameters = *pipeline.mutable_nodes(0)->mutable_pipeline_node()->mutable_parameters()->mutable_parameters();
  tfx::components::example_diff::ExampleDiffConfig config;
  config.mutable_paired_example_skew()->add_identifier_features("id");
  auto* const any = parameters["config"].mutable_field_value()->mutable_proto_value();
  any->PackFrom(config);
  const auto loaded = LoadPipeline(pipeline, Default);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->components[0].spec().exec_properties.at("config"), PropertyValue(ToTfxJson(config)));
  any->set_type_url("type.googleapis.com/some.Message");
  EXPECT_EQ(LoadPipeline(pipeline, Default).status().message(),
            "node ImportExampleGen: parameter \"config\": it is a message of the unknown type some.Message; tfxm does "
            "not run that");
}

TEST(IrLoaderTest, WhatIsNotRunIsNamedWithItsNode) {
  const auto message = [](const std::function<void(ir::PipelineNode*)>& change) {
    ir::Pipeline pipeline = Golden();
    change(pipeline.mutable_nodes(1)->mutable_pipeline_node());
    return std::string(LoadPipeline(pipeline, Default).status().message());
  };
  const auto input = [](ir::PipelineNode* node) -> ir::InputSpec& {
    return (*node->mutable_inputs()->mutable_inputs())["examples"];
  };
  const struct {
    std::function<void(ir::PipelineNode*)> change;
    std::string message;
  } cases[] = {
      {[](auto* n) { (*n->mutable_inputs()->mutable_conditionals())["cond_1"]; },
       "its condition is neither a comparison nor and, or, not"},
      {[&](auto* n) { input(n).mutable_mixed_inputs(); }, "input \"examples\": is a union of several channels"},
      {[&](auto* n) { input(n).mutable_input_graph_ref(); },
       "input \"examples\": is what a resolver function computes"},
      {[&](auto* n) { input(n).set_hidden(true); }, "input \"examples\" is hidden"},
      {[&](auto* n) { input(n).mutable_channels(0)->mutable_producer_node_query()->set_id("none"); },
       "input \"examples\": comes from node none, which does not come before it"},
      {[](auto* n) { (*n->mutable_parameters()->mutable_parameters())["p"].mutable_placeholder(); },
       "parameter \"p\": it is computed when the node runs"},
      {[](auto* n) { n->mutable_execution_options()->mutable_skip(); }, "a partial run skips it"},
      {[](auto* n) { n->mutable_execution_options()->set_node_success_optional(true); }, "it may fail"},
      {[](auto* n) {
         n->mutable_execution_options()->set_strategy(ir::NodeExecutionOptions::ALL_UPSTREAM_NODES_COMPLETED);
       },
       "it has the trigger strategy ALL_UPSTREAM_NODES_COMPLETED"},
      {[](auto* n) { n->add_upstream_nodes("none"); }, "it needs none, which does not come before it"},
  };
  for (const auto& c : cases) {
    EXPECT_TRUE(absl::StartsWith(message(c.change), "node StatisticsGen: " + c.message)) << message(c.change);
  }
  ir::Pipeline twice = Golden();
  *twice.add_nodes() = twice.nodes(1);
  EXPECT_EQ(LoadPipeline(twice, Default).status().message(), "node StatisticsGen: it is there twice");
}

TEST(IrLoaderTest, WhatIsWrongWithThePipelineIsNamed) {
  const auto message = [](const std::function<void(ir::Pipeline*, ir::IntermediateDeploymentConfig*)>& change) {
    ir::Pipeline pipeline = Golden();
    ir::IntermediateDeploymentConfig config;
    EXPECT_TRUE(pipeline.deployment_config().UnpackTo(&config));
    change(&pipeline, &config);
    if (pipeline.has_deployment_config()) pipeline.mutable_deployment_config()->PackFrom(config);
    return std::string(LoadPipeline(pipeline, Default).status().message());
  };
  const std::string where = "pipeline mnist_native_keras: ";
  EXPECT_EQ(message([](auto* p, auto*) { p->Clear(); }), "the pipeline has no name (pipeline_info.id)");
  EXPECT_TRUE(absl::StartsWith(message([](auto* p, auto*) { p->set_execution_mode(ir::Pipeline::ASYNC); }),
                               where + "its execution_mode is ASYNC"));
  EXPECT_TRUE(absl::StartsWith(message([](auto* p, auto*) { p->mutable_nodes(0)->mutable_sub_pipeline(); }),
                               where + " is a pipeline within it"));
  EXPECT_TRUE(absl::StartsWith(message([](auto*, auto* c) { c->clear_metadata_connection_config(); }),
                               where + "it names no metadata store"));
  const auto of_store = [&](const std::function<void(ml_metadata::ConnectionConfig*)>& change) {
    return message([&](auto*, auto* c) {
      ml_metadata::ConnectionConfig connection;
      change(&connection);
      c->mutable_metadata_connection_config()->PackFrom(connection);
    });
  };
  EXPECT_TRUE(absl::StartsWith(of_store([](auto* c) { c->mutable_mysql(); }), where + "its metadata store is neither"));
  const std::string password = of_store([](auto* c) { c->mutable_postgresql()->set_password("hunter2"); });
  EXPECT_TRUE(absl::StartsWith(password, where + "a password in the metadata store's connection")) << password;
  EXPECT_FALSE(absl::StrContains(password, "hunter2"));
  EXPECT_TRUE(absl::StartsWith(message([](auto*, auto* c) { c->mutable_executor_specs()->erase("SchemaGen"); }),
                               "node SchemaGen: it has no executor"));
  EXPECT_TRUE(absl::StartsWith(message([](auto*, auto* c) {
                                 (*c->mutable_executor_specs())["SchemaGen"].PackFrom(
                                     ir::executable_spec::ContainerExecutableSpec());
                               }),
                               "node SchemaGen: its executor is a ContainerExecutableSpec"));
}

}  // namespace
}  // namespace tfxm
