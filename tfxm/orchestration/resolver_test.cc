// Nodes that run no executor: Resolver and Importer.
#include "tfxm/orchestration/resolver.h"

#include "tfxm/dsl/components.h"
#include "tfxm/orchestration/test_pipelines.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

using ResolverTest = RunTest;

Artifact Model(int64_t id) { return {.id = id, .type_name = "Model"}; }
Artifact Blessing(int64_t id, int64_t model, int64_t blessed) {
  return {
      .id = id, .type_name = "ModelBlessing", .custom_properties = {{"current_model_id", model}, {"blessed", blessed}}};
}

TEST_F(ResolverTest, TheLatestBlessedModelIsTheNewestThatABlessingNames) {
  const auto chosen = ApplyResolverStrategy(kLatestBlessedModelStrategy,
                                            {{"model", {Model(1), Model(3), Model(5)}},
                                             {"blessing", {Blessing(2, 1, 1), Blessing(4, 3, 1), Blessing(6, 5, 0)}}});
  ASSERT_TRUE(chosen.ok()) << chosen.status();
  ASSERT_EQ(chosen->at("model").size(), 1);
  EXPECT_EQ(chosen->at("model")[0].id, 3);
  EXPECT_EQ(chosen->at("blessing")[0].id, 4);
}

TEST_F(ResolverTest, WithoutABlessedModelThereIsNone) {
  const auto chosen = ApplyResolverStrategy(kLatestBlessedModelStrategy, {{"model", {Model(1)}}, {"blessing", {}}});
  ASSERT_TRUE(chosen.ok()) << chosen.status();
  EXPECT_TRUE(chosen->at("model").empty());
}

TEST_F(ResolverTest, TheLatestArtifactIsTheNewestOfEachKey) {
  const auto chosen = ApplyResolverStrategy(kLatestArtifactStrategy, {{"a", {Model(1), Model(2)}}, {"b", {}}});
  EXPECT_EQ(chosen->at("a")[0].id, 2);
  EXPECT_TRUE(chosen->at("b").empty());
}

TEST_F(ResolverTest, AnUnknownStrategyIsNamed) {
  EXPECT_EQ(ApplyResolverStrategy("Newest", {}).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(ResolverTest, AResolverPutsOutWhatFormerRunsMade) {
  auto latest = Resolver(
      {.strategy_class = kLatestArtifactStrategy, .channels = {{kOutputKey, Channel(standard_artifacts::Examples())}}});
  NodeSpec consumer = Make("b", "write").spec();
  consumer.inputs["former"] = {.channels = {latest.outputs(kOutputKey)}, .optional = true};
  ASSERT_TRUE(Run(PipelineOf({Make("a", "write")}))->ok());
  const auto result = Run(PipelineOf({latest, Node(consumer)}));
  ASSERT_TRUE(result.ok() && result->ok()) << result.status();
  EXPECT_EQ(result->Find("Resolver")->outputs.at(kOutputKey)[0].id, 1);
  const auto store = Store();
  const auto events = *store->GetEventsByExecutionIDs({result->Find("Resolver")->execution_id});
  ASSERT_EQ(events.size(), 1);
  EXPECT_EQ(events[0].type(), ml_metadata::Event::INTERNAL_OUTPUT);
  const auto inputs = *store->GetEventsByExecutionIDs({result->Find("b")->execution_id});
  EXPECT_EQ(inputs[0].artifact_id(), 1);
  EXPECT_EQ(inputs[0].path().steps(0).key(), "former");
}

TEST_F(ResolverTest, ARequiredInputThatNothingIsPutOutForFailsTheNode) {
  auto latest = Resolver(
      {.strategy_class = kLatestArtifactStrategy, .channels = {{kOutputKey, Channel(standard_artifacts::Examples())}}});
  const auto result = Run(PipelineOf({latest, Make("b", "write", {latest})}));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->Find("b")->state, NodeState::kFailed);
  EXPECT_NE(result->Find("b")->status.message().find("Resolver put out none"), absl::string_view::npos)
      << result->Find("b")->status;
}

TEST_F(ResolverTest, AnImporterMakesAnArtifactOnceUnlessAskedAgain) {
  ASSERT_TRUE(io::MakeDirs(Path("given")).ok());
  const auto run = [&](bool reimport, int64_t span) {
    const auto result = Run(PipelineOf({Importer({.source_uri = Path("given"),
                                                  .artifact_type = standard_artifacts::Examples(),
                                                  .reimport = reimport,
                                                  .properties = {{"span", span}}})}));
    EXPECT_TRUE(result.ok() && result->ok()) << result.status();
    return result->nodes[0].outputs.at("result")[0].id;
  };
  EXPECT_EQ(run(false, 1), 1);
  EXPECT_EQ(run(false, 1), 1);
  EXPECT_EQ(run(true, 1), 2);
  EXPECT_EQ(run(false, 2), 3) << "another property";
  EXPECT_EQ(Store()->GetArtifactsByID({1})->at(0).custom_properties().at("is_external").int_value(), 1);
}

TEST_F(ResolverTest, AnImporterNeedsSomethingToImport) {
  const auto result =
      Run(PipelineOf({Importer({.source_uri = Path("none"), .artifact_type = standard_artifacts::Schema()})}));
  EXPECT_EQ(result->nodes[0].state, NodeState::kFailed);
}

}  // namespace
}  // namespace tfxm
