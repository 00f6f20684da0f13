// SPDX-License-Identifier: Apache-2.0

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/struct.pb.h"
#include "tfx/proto/orchestration/placeholder.pb.h"
#include "tfxm/dsl/components.h"
#include "tfxm/orchestration/kubeflow/condition_to_cel.h"
#include "tfxm/orchestration/kubeflow/kubeflow_executor.h"
#include "tfxm/orchestration/kubeflow/pipeline_spec.h"
#include "tfxm/orchestration/test_pipelines.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

// A member of members: "root.dag.tasks.b". Names with dots are not in these tests.
const Value& At(const Struct& object, const std::string& path) {
  const size_t dot = path.find('.');
  const auto it = object.fields().find(path.substr(0, dot));
  if (it == object.fields().end()) return Value::default_instance();
  return dot == std::string::npos ? it->second : At(it->second.struct_value(), path.substr(dot + 1));
}
std::string Text(const Struct& object, const std::string& path) { return At(object, path).string_value(); }
std::string Words(const Value& list) {
  std::string words;
  for (const Value& word : list.list_value().values()) absl::StrAppend(&words, word.string_value(), " ");
  return words;
}

class KubeflowTest : public RunTest {
 protected:
  Struct SpecOf(const Pipeline& pipeline) {
    const auto json = KubeflowPipelineSpec(pipeline, {.image = "tfxm:test"});
    EXPECT_TRUE(json.ok()) << json.status();
    Struct spec;
    EXPECT_TRUE(io::ParseJson(json.value_or("{}"), &spec).ok());
    return spec;
  }
  std::string WhyNot(std::vector<Node> nodes) {
    return std::string(KubeflowPipelineSpec(PipelineOf(std::move(nodes)), {}).status().message());
  }
};

TEST_F(KubeflowTest, ANodeIsATaskThatRunsTheExecutorInAContainer) {
  const Node a = Make("Make.first", "write");
  const Node b =
      Make("b", "write", {a}).with_exec_property("rate", 1.0).with_node_execution_options({.max_execution_retries = 2});
  const Struct spec = SpecOf(PipelineOf({a, b}));
  EXPECT_EQ(Text(spec, "schemaVersion"), "2.1.0");
  EXPECT_EQ(Text(spec, "pipelineInfo.name"), "test");
  EXPECT_EQ(Text(spec, "root.dag.tasks.make-first.componentRef.name"), "comp-make-first");
  EXPECT_EQ(Text(spec, "components.comp-make-first.outputDefinitions.artifacts.examples.artifactType.schemaTitle"),
            "tfx.Examples");
  const Struct& task = At(spec, "root.dag.tasks.b").struct_value();
  const Struct& input = At(task, "inputs.artifacts").struct_value().fields().at("Make.first").struct_value();
  EXPECT_EQ(Text(input, "taskOutputArtifact.producerTask"), "make-first");
  EXPECT_EQ(Text(input, "taskOutputArtifact.outputArtifactKey"), "examples");
  EXPECT_EQ(Words(At(task, "dependentTasks")), "make-first ");
  EXPECT_EQ(At(task, "retryPolicy.maxRetryCount").number_value(), 2);
  EXPECT_TRUE(At(task, "cachingOptions.enableCache").bool_value());
  EXPECT_EQ(Text(task, "inputs.parameters.what.runtimeValue.constant"), "write");
  EXPECT_EQ(Text(spec, "components.comp-b.inputDefinitions.parameters.rate.parameterType"), "NUMBER_DOUBLE");
  const Struct& container = At(spec, "deploymentSpec.executors.exec-b.container").struct_value();
  EXPECT_EQ(Text(container, "image"), "tfxm:test");
  EXPECT_EQ(Words(At(container, "command")), "tfxm kfp-executor ");
  EXPECT_EQ(Words(At(container, "args")),
            "--node_id=b --executor_class_path=test.Scripted --double_parameters=rate "
            "--declared_properties=span,split_names,version --executor_input {{$}} ");
}

TEST_F(KubeflowTest, ARemotePipelineRootIsTheDefaultAndALocalOneIsNot) {
  Pipeline pipeline = PipelineOf({Make("a", "write")});
  EXPECT_EQ(Text(SpecOf(pipeline), "defaultPipelineRoot"), "");
  pipeline.pipeline_root = "gs://bucket/root";
  EXPECT_EQ(Text(SpecOf(pipeline), "defaultPipelineRoot"), "gs://bucket/root");
}

TEST_F(KubeflowTest, ARuntimeParameterIsOneOfThePipeline) {
  NodeSpec node = Make("a", "write").spec();
  node.runtime_parameters["what"] = "what_a_does";
  const Struct spec = SpecOf(PipelineOf({Node(std::move(node))}));
  EXPECT_EQ(Text(spec, "root.dag.tasks.a.inputs.parameters.what.componentInputParameter"), "what_a_does");
  EXPECT_EQ(Text(spec, "root.inputDefinitions.parameters.what_a_does.defaultValue"), "write");
}

TEST_F(KubeflowTest, ImportersAndResolversAreWhatTfxMakesOfThem) {
  const Node importer = Importer({.source_uri = "gs://bucket/schema", .artifact_type = standard_artifacts::Schema()});
  const Node resolver = Resolver({.strategy_class = "tfx.dsl.LatestBlessedModelStrategy",
                                  .channels = {{"model", Channel(standard_artifacts::Model())},
                                               {"model_blessing", Channel(standard_artifacts::ModelBlessing())}}});
  NodeSpec node = Make("a", "write").spec();
  node.inputs["baseline"] = {.channels = {resolver.outputs("model")}, .optional = true};
  const Struct spec = SpecOf(PipelineOf({importer, resolver, Node(std::move(node))}));
  EXPECT_EQ(Text(spec, "deploymentSpec.executors.exec-importer.importer.artifactUri.constant"), "gs://bucket/schema");
  EXPECT_EQ(Text(spec, "root.dag.tasks.a.inputs.artifacts.baseline.taskOutputArtifact.producerTask"),
            "resolver-model-resolver");
  EXPECT_TRUE(At(spec, "components.comp-a.inputDefinitions.artifacts.baseline.isOptional").bool_value());
  // TFX 1.15's expected_latest_blessed_model_resolver_executor.pbtxt.
  const std::string queries = "deploymentSpec.executors.exec-resolver-";
  EXPECT_EQ(Text(spec, queries + "model-blessing-resolver.resolver.outputArtifactQueries.model_blessing.filter"),
            "schema_title=\"tfx.ModelBlessing\" AND state=LIVE AND metadata.blessed.number_value=1");
  EXPECT_EQ(
      Text(spec, queries + "model-resolver.resolver.outputArtifactQueries.model.filter"),
      "schema_title=\"tfx.Model\" AND state=LIVE AND name=\"{{$.inputs.artifacts['input'].metadata['current_model_id']}}\"");
}

TEST_F(KubeflowTest, WhatKubeflowCannotRunIsNamed) {
  const Node a = Make("a", "write"), b = Make("b", "write");
  EXPECT_TRUE(absl::StrContains(WhyNot({Make("a.b", "write"), Make("A-b", "write")}),
                                "as a name of Kubeflow's its id is \"a-b\""));
  EXPECT_TRUE(absl::StrContains(WhyNot({Make("a", "write").with_node_execution_options({.execution_timeout_sec = 5})}),
                                "node a: has a time limit"));
  NodeSpec both = Make("c", "write").spec();
  both.inputs["examples"] = {.channels = {a.outputs(kOutputKey), b.outputs(kOutputKey)}};
  EXPECT_TRUE(absl::StrContains(WhyNot({a, b, Node(std::move(both))}), "node c: takes 2 channels as \"examples\""));
  const Node resolver = Resolver(
      {.strategy_class = "tfx.SpanRangeStrategy", .channels = {{"examples", Channel(standard_artifacts::Examples())}}});
  EXPECT_TRUE(absl::StrContains(WhyNot({resolver}), "node Resolver: Kubeflow has no query for a Resolver's strategy"));
}

TEST_F(KubeflowTest, AConditionIsWhatTfxMakesOfIt) {
  tfx::orchestration::PlaceholderExpression condition;
  const std::string index = "index_op { expression { placeholder { key: 'in' } } }";
  ASSERT_TRUE(
      io::ParseTextProto(
          absl::StrCat("operator { binary_logical_op { op: AND "
                       "lhs { operator { unary_logical_op { op: NOT expression { operator { compare_op { op: EQUAL "
                       "lhs { operator { artifact_uri_op { expression { operator { ",
                       index,
                       " } } } } } "
                       "rhs { value { string_value: \"it's\" } } } } } } } } "
                       "rhs { operator { compare_op { op: LESS_THAN lhs { operator { artifact_property_op { "
                       "key: 'blessed' expression { operator { ",
                       index, " } } } } } rhs { value { int_value: 1 } } } } } } }"),
          &condition)
          .ok());
  const auto cel = ConditionToCel(condition);
  ASSERT_TRUE(cel.ok()) << cel.status();
  EXPECT_EQ(*cel,
            "(!((inputs.artifacts['in'].artifacts[0].uri == 'it\\'s')) && "
            "(inputs.artifacts['in'].artifacts[0].metadata['blessed'] < 1.0))");
}

TEST_F(KubeflowTest, TheExecutorReadsAnExecutorInputAndWritesAnExecutorOutput) {
  const std::string output = Path("outputs/executor_output.json");
  const std::string input =
      absl::StrCat(R"({"inputs": {"parameterValues": {"what": "progress", "dir": ")", dir_, R"("}},
          "outputs": {"outputFile": ")",
                   output, R"(", "artifacts": {"examples": {"artifacts": [
            {"name": "made", "type": {"schemaTitle": "tfx.Examples"}, "uri": "file://)",
                   Path("made"), R"("}]}}}})");
  const absl::Status status =
      RunKubeflowExecutor({.node_id = "a", .executor = "test.Scripted", .declared_properties = {"span"}}, input);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(*io::ReadFile(Path("made/second")), "y");
  Struct made;
  ASSERT_TRUE(io::ParseJson(*io::ReadFile(output), &made).ok());
  ASSERT_EQ(At(made, "artifacts.examples.artifacts").list_value().values_size(), 1);
  const Struct& artifact = At(made, "artifacts.examples.artifacts").list_value().values(0).struct_value();
  EXPECT_EQ(Text(artifact, "uri"), "file://" + Path("made"));
  EXPECT_EQ(Text(artifact, "metadata.own_path"), "file://" + Path("made/second")) << "paths are uris again";
  EXPECT_EQ(At(artifact, "metadata.span").number_value(), 7);
  EXPECT_TRUE(absl::StartsWith(Text(artifact, "metadata.tfx_version"), "tfxm-"));
}

TEST_F(KubeflowTest, WhatIsNotAnExecutorInputIsSaid) {
  const auto why = [](const std::string& input, const std::string& executor = "test.Scripted") {
    return std::string(RunKubeflowExecutor({.node_id = "a", .executor = executor}, input).message());
  };
  EXPECT_TRUE(absl::StrContains(why("{{$}}"), "--executor_input"));
  EXPECT_TRUE(absl::StrContains(why("{}"), "has no outputs.outputFile"));
  const std::string file = absl::StrCat(R"({"outputs": {"outputFile": ")", Path("out.json"), R"(", "artifacts": )");
  EXPECT_TRUE(absl::StrContains(why(file + R"({"x": {"artifacts": [{"uri": "oci://x"}]}}}})"),
                                "artifact \"x\": tfxm knows no folder for oci://x"));
  EXPECT_TRUE(absl::StrContains(why(file + "{}}}", "test.None"), "test.None"));
  const std::string of_module = R"({"inputs": {"parameterValues": {"module_path": "m@file:///none.whl"}}, "outputs": )";
  EXPECT_TRUE(absl::StrContains(why(of_module + file.substr(file.find(": ") + 2) + "{}}}"), "/none.whl"));
  EXPECT_FALSE(io::Exists(Path("out.json")));
  EXPECT_EQ(*KubeflowLocalPath("minio://mlpipeline/v2/a"), "/minio/mlpipeline/v2/a");
  EXPECT_EQ(*KubeflowLocalPath("gs://b/a"), "/gcs/b/a");
}

}  // namespace
}  // namespace tfxm
