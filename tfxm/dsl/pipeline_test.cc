// SPDX-License-Identifier: Apache-2.0

#include "tfxm/dsl/pipeline.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/match.h"
#include "google/protobuf/struct.pb.h"
#include "tfxm/dsl/components.h"
#include "tfxm/dsl/json.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

Pipeline PipelineOf(std::vector<Node> nodes) {
  return {
      .pipeline_name = "p", .pipeline_root = "/root", .components = std::move(nodes), .metadata_path = "/metadata.db"};
}

::testing::AssertionResult IsRefusedWith(const Pipeline& pipeline, absl::string_view part) {
  const auto ordered = OrderNodes(pipeline);
  if (ordered.ok()) return ::testing::AssertionFailure() << "accepted";
  if (ordered.status().code() != absl::StatusCode::kInvalidArgument ||
      !absl::StrContains(ordered.status().message(), part)) {
    return ::testing::AssertionFailure() << ordered.status();
  }
  return ::testing::AssertionSuccess();
}

Node Source(absl::string_view id) {
  return Node(
      {.id = std::string(id), .type_name = "test.Source", .outputs = {{"examples", {standard_artifacts::Examples()}}}});
}
Node Sink(absl::string_view id, const Channel& examples) {
  return Node({.id = std::string(id),
               .type_name = "test.Sink",
               .inputs = {{"examples", {.channels = {examples}, .type_name = "Examples"}}},
               .outputs = {{"examples", {standard_artifacts::Examples()}}}});
}

TEST(PipelineTest, NodesComeAfterWhatTheyDependOn) {
  auto a = Source("a");
  auto b = Sink("b", a.outputs("examples"));
  auto c = Sink("c", b.outputs("examples"));
  auto d = Sink("d", a.outputs("examples"));
  const Pipeline pipeline = PipelineOf({c, d, b, a, a});
  const auto ordered = OrderNodes(pipeline);
  ASSERT_TRUE(ordered.ok()) << ordered.status();
  std::string ids;
  for (const OrderedNode& node : *ordered) ids += node.spec->id;
  EXPECT_EQ(ids, "adbc") << "by layers, and as listed within one";
  EXPECT_EQ((*ordered)[0].downstream, (std::vector<int>{1, 2}));
  EXPECT_EQ((*ordered)[3].upstream, std::vector<int>{2});
}

TEST(PipelineTest, AnIdIsTheLastPartOfTheTypeUnlessGiven) {
  EXPECT_EQ(ImportExampleGen({.input_base = "/d"}).id(), "ImportExampleGen");
  EXPECT_EQ(ImportExampleGen({.input_base = "/d"}).with_id("x").id(), "x");
}

TEST(PipelineTest, AChannelFollowsItsNodesId) {
  auto a = Source("a");
  const Channel channel = a.outputs("examples");
  a.with_id("renamed");
  EXPECT_EQ(channel.producer()->id, "renamed");
}

TEST(PipelineTest, AnUpstreamNodeNeedsNoChannel) {
  auto a = Source("a");
  auto b = Source("b");
  a.add_upstream_node(b);
  const Pipeline pipeline = PipelineOf({a, b});
  const auto ordered = OrderNodes(pipeline);
  ASSERT_TRUE(ordered.ok()) << ordered.status();
  EXPECT_EQ((*ordered)[0].spec->id, "b");
}

TEST(PipelineTest, MistakesAreNamed) {
  auto a = Source("a");
  EXPECT_TRUE(IsRefusedWith(PipelineOf({}), "no components"));
  EXPECT_TRUE(IsRefusedWith({.pipeline_name = "p", .components = {a}}, "pipeline_root"));
  EXPECT_TRUE(IsRefusedWith(PipelineOf({a, Source("a")}), "two nodes have the id a"));
  EXPECT_TRUE(IsRefusedWith(PipelineOf({Source("x/y")}), "\"x/y\""));
  EXPECT_TRUE(IsRefusedWith(PipelineOf({Sink("b", a.outputs("examples"))}), "node a, which is not in the pipeline"));
  EXPECT_TRUE(
      IsRefusedWith(PipelineOf({a, Sink("b", a.outputs("exampels"))}), "no output \"exampels\"; it has \"examples\""));
  EXPECT_TRUE(IsRefusedWith(PipelineOf({a, Sink("b", {})}), "node b: required input \"examples\" is not connected"));
  EXPECT_TRUE(IsRefusedWith(PipelineOf({Sink("b", Channel(standard_artifacts::Examples()))}), "for a Resolver"));
  EXPECT_TRUE(IsRefusedWith(PipelineOf({a, SchemaGen({.statistics = a.outputs("examples")})}),
                            "expected artifacts of type ExampleStatistics"));
}

TEST(PipelineTest, ACycleIsNamed) {
  auto a = Source("a");
  auto b = Sink("b", a.outputs("examples"));
  auto c = Source("c");
  a.add_upstream_node(b);
  EXPECT_TRUE(IsRefusedWith(PipelineOf({a, b, c}), "in a cycle: a, b"));
}

TEST(ComponentsTest, UnsetPropertiesAreNullAsInTfx) {
  auto a = Source("a");
  const Properties properties = Evaluator({.examples = a.outputs("examples")}).spec().exec_properties;
  EXPECT_EQ(std::get<std::string>(properties.at("example_splits")), "null");
  EXPECT_EQ(std::get<std::string>(properties.at("eval_config")), "{}");
}

TEST(ComponentsTest, OptionalInputsThatAreNotConnectedDoNotExist) {
  auto a = Source("a");
  const Node evaluator = Evaluator({.examples = a.outputs("examples")});
  EXPECT_EQ(evaluator.spec().inputs.size(), 1);
}

TEST(ComponentsTest, SplitsAreAsGiven) {
  const auto output_config = [](const ImportExampleGenParameters& parameters) {
    return std::get<std::string>(ImportExampleGen(parameters).spec().exec_properties.at("output_config"));
  };
  const InputConfig two{{{"train", "train-*"}, {"eval", "eval-*"}}};
  EXPECT_EQ(output_config({.input_base = "/d", .input_config = two}), "{}") << "the input's splits stay";
  EXPECT_EQ(
      output_config({.input_base = "/d", .output_config = OutputConfig{{.splits = {{"all", 1}}}}}),
      "{\n  \"split_config\": {\n    \"splits\": [\n      {\n        \"hash_buckets\": 1,\n        \"name\": \"all\"\n"
      "      }\n    ]\n  }\n}");
}

TEST(ComponentsTest, TransformsSplitsAreAsGiven) {
  auto a = Source("a");
  const TransformParameters parameters{.examples = a.outputs("examples"), .schema = a.outputs("examples")};
  EXPECT_EQ(Transform(parameters).spec().exec_properties.count("splits_config"), 0) << "unset, as in TFX";
  TransformParameters with = parameters;
  with.splits_config = SplitsConfig{.analyze = {"training"}, .transform = {"training", "test"}};
  EXPECT_EQ(std::get<std::string>(Transform(with).spec().exec_properties.at("splits_config")),
            "{\n  \"analyze\": [\n    \"training\"\n  ],\n  \"transform\": [\n    \"training\",\n    \"test\"\n  ]\n}");
}

TEST(JsonTest, KeysAreSortedAndIndentedByTwo) {
  google::protobuf::Struct message;
  ASSERT_TRUE(io::ParseJson(R"({"b":[1,{"y":"},]","x":-2.5}],"a":{},"c":[ ],"d":null,"e\"f": "\\"})", &message).ok());
  EXPECT_EQ(ToTfxJson(message),
            "{\n  \"a\": {},\n  \"b\": [\n    1,\n    {\n      \"x\": -2.5,\n      \"y\": \"},]\"\n    }\n  ],\n"
            "  \"c\": [],\n  \"d\": null,\n  \"e\\\"f\": \"\\\\\"\n}");
}

TEST(JsonTest, ACustomConfigKeepsItsTypes) {
  EXPECT_EQ(ToTfxJson(Properties{}), "null");
  EXPECT_EQ(ToTfxJson(Properties{{"units", 64}, {"rate", 1.0}, {"name", "a\"b"}}),
            "{\"name\": \"a\\\"b\", \"rate\": 1.0, \"units\": 64}");
  EXPECT_EQ(ToTfxJson(std::vector<std::string>{"train", "eval"}), "[\"train\", \"eval\"]");
}

}  // namespace
}  // namespace tfxm
