// SPDX-License-Identifier: Apache-2.0

// Nodes that run no executor: Resolver and Importer.
#include "tfxm/orchestration/resolver/resolver.h"

#include "tfxm/dsl/components.h"
#include "tfxm/orchestration/lineage/lineage.h"
#include "tfxm/orchestration/resolver/bless.h"
#include "tfxm/orchestration/test_pipelines.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

class ResolverTest : public RunTest {
 protected:
  absl::StatusOr<ArtifactDict> Choose(absl::string_view strategy, const ArtifactDict& candidates,
                                      const Properties& config = {}) {
    return ApplyResolverStrategy(strategy, config, candidates, &note_);
  }
  // A node that makes a Model, as Make does Examples.
  Node MakeModel(const std::string& id, const std::string& what = "write") {
    NodeSpec spec = Make(id, what).spec();
    spec.outputs = {{kOutputKey, {standard_artifacts::Model()}}};
    return Node(std::move(spec));
  }
  // What the Resolver of a run has chosen under "model"; 0 if nothing.
  static int64_t Chosen(const absl::StatusOr<RunResult>& result) {
    EXPECT_TRUE(result.ok() && result->ok()) << result.status();
    const auto& outputs = result->Find("Resolver")->outputs.at("model");
    return outputs.empty() ? 0 : outputs[0].id;
  }
  static Node LatestBlessed(const Channel& model) {
    return Resolver({.strategy_class = kLatestBlessedModelStrategy,
                     .channels = {{"model", model}, {"blessing", Channel(standard_artifacts::ModelBlessing())}}});
  }
  int64_t Bless(const std::string& model, const std::string& reason) {
    const auto store = *MetadataStore::Open(Path("metadata.db"), database::Mode::kReadWrite);
    const auto blessing = BlessModel(store.get(), model, reason);
    EXPECT_TRUE(blessing.ok()) << blessing.status();
    return blessing.value_or(0);
  }
  std::string note_;
};

// A folder that exists, unless told otherwise.
Artifact Model(int64_t id, const std::string& uri = "/") { return {.id = id, .type_name = "Model", .uri = uri}; }
Artifact Blessing(int64_t id, int64_t model, int64_t blessed) {
  return {
      .id = id, .type_name = "ModelBlessing", .custom_properties = {{"current_model_id", model}, {"blessed", blessed}}};
}

TEST_F(ResolverTest, TheLatestBlessedModelIsTheNewestThatABlessingNames) {
  ASSERT_TRUE(io::MakeDirs(Path("m/Format-Serving")).ok());
  const auto chosen =
      Choose(kLatestBlessedModelStrategy, {{"model", {Model(1, Path("m")), Model(3, Path("m")), Model(5, Path("m"))}},
                                           {"blessing", {Blessing(2, 1, 1), Blessing(4, 3, 1), Blessing(6, 5, 0)}}});
  ASSERT_TRUE(chosen.ok()) << chosen.status();
  ASSERT_EQ(chosen->at("model").size(), 1);
  EXPECT_EQ(chosen->at("model")[0].id, 3);
  EXPECT_EQ(chosen->at("blessing")[0].id, 4);
}

TEST_F(ResolverTest, WithoutABlessedModelThereIsNone) {
  const auto chosen = Choose(kLatestBlessedModelStrategy, {{"model", {Model(1)}}, {"blessing", {}}});
  ASSERT_TRUE(chosen.ok()) << chosen.status();
  EXPECT_TRUE(chosen->at("model").empty());
}

TEST_F(ResolverTest, TheLatestArtifactIsTheNewestOfEachKey) {
  ASSERT_TRUE(io::MakeDirs(Path("m/Format-Serving")).ok());
  const auto chosen = Choose(kLatestArtifactStrategy, {{"a", {Model(1, Path("m")), Model(2, Path("m"))}}, {"b", {}}});
  EXPECT_EQ(chosen->at("a")[0].id, 2);
  EXPECT_TRUE(chosen->at("b").empty());
}

// The ids that are chosen, of examples of spans 1, 2, 2, 4 and without one.
TEST_F(ResolverTest, ARangeOfSpansIsTheNewestFirst) {
  ArtifactDict candidates;
  for (const auto& [id, span] : {std::pair(1, 1), {2, 2}, {3, 2}, {4, 4}}) {
    candidates["examples"].push_back(
        {.id = id, .type_name = "Examples", .uri = "/", .properties = {{"span", int64_t{span}}}});
  }
  candidates["examples"].push_back({.id = 5, .type_name = "Examples", .uri = "/"});
  const auto ids = [&](const std::string& range_config) {
    std::vector<int64_t> ids;
    const auto chosen = Choose(kSpanRangeStrategy, candidates, {{"range_config", range_config}});
    EXPECT_TRUE(chosen.ok()) << chosen.status();
    if (chosen.ok()) {
      for (const Artifact& artifact : chosen->at("examples")) ids.push_back(artifact.id);
    }
    return ids;
  };
  EXPECT_EQ(ids(R"({"rolling_range": {"num_spans": 1}})"), std::vector<int64_t>({4}));
  EXPECT_EQ(ids(R"({"rolling_range": {"num_spans": 3}})"), std::vector<int64_t>({4, 2, 3}));
  EXPECT_EQ(ids(R"({"rolling_range": {"num_spans": 9, "start_span_number": 2}})"), std::vector<int64_t>({4, 2, 3}));
  EXPECT_EQ(ids(R"({"static_range": {"start_span_number": 1, "end_span_number": 2}})"),
            std::vector<int64_t>({2, 3, 1}));
  EXPECT_EQ(Choose(kSpanRangeStrategy, candidates, {{"range_config", "{}"}}).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Choose(kSpanRangeStrategy, candidates).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(ResolverTest, ABlessedModelWhoseFilesAreGoneIsNoBaselineAndThatIsSaid) {
  ASSERT_TRUE(io::MakeDirs(Path("m/Format-Serving")).ok());
  const auto chosen = Choose(kLatestBlessedModelStrategy, {{"model", {Model(1, Path("m")), Model(3, Path("gone"))}},
                                                           {"blessing", {Blessing(2, 1, 1), Blessing(4, 3, 1)}}});
  ASSERT_TRUE(chosen.ok()) << chosen.status();
  EXPECT_TRUE(chosen->at("model").empty()) << "an older one would be a comparison that nobody asked for";
  EXPECT_EQ(note_, "no baseline: the latest blessed model is #3, but " + Path("gone") + " is gone");
}

TEST_F(ResolverTest, EachBranchFindsItsOwnModel) {
  auto a = MakeModel("Trainer.a");
  auto b = MakeModel("Trainer.b");
  ASSERT_TRUE(Run(PipelineOf({a}))->ok());     // Model 1
  ASSERT_TRUE(Run(PipelineOf({a, b}))->ok());  // Model 2
  Bless("1", "it is the first");
  Bless("2", "it is the second");
  const auto chosen = [&](const Channel& channel) { return Chosen(Run(PipelineOf({LatestBlessed(channel), a, b}))); };
  EXPECT_EQ(chosen(Channel(standard_artifacts::Model())), 2) << "of any node: the newest";
  EXPECT_EQ(chosen(Channel(standard_artifacts::Model(), "Trainer.a")), 1);
  EXPECT_EQ(chosen(Channel(standard_artifacts::Model(), "Trainer.b")), 2);
  EXPECT_EQ(chosen(a.outputs(kOutputKey)), 1) << "a channel of a node's own is of that node";
  EXPECT_EQ(chosen(Channel(standard_artifacts::Model(), "Trainer.c")), 0);
}

TEST_F(ResolverTest, ABlessingByHandIsFoundAndKeepsItsReason) {
  auto a = MakeModel("a");
  ASSERT_TRUE(Run(PipelineOf({a}))->ok());
  ASSERT_TRUE(Run(PipelineOf({MakeModel("a", "slow")}))->ok());
  const int64_t blessing = Bless(Path("pipeline_root/a/examples/2"), "prices are in cents now");
  const auto result = Run(PipelineOf({LatestBlessed(Channel(standard_artifacts::Model()))}));
  EXPECT_EQ(Chosen(result), 2);
  EXPECT_NE(result->Find("Resolver")->message.find("blessed by hand: prices are in cents now"), std::string::npos);
  const auto store = Store();
  EXPECT_EQ(store->GetArtifactsByID({blessing})->at(0).custom_properties().at("reason").string_value(),
            "prices are in cents now");
  const auto lineage = DescribeAncestry(store.get(), std::to_string(blessing));
  EXPECT_NE(lineage->find("reason prices are in cents now"), std::string::npos) << *lineage;
}

TEST_F(ResolverTest, OnlyAModelCanBeBlessedAndOnlyWithAReason) {
  ASSERT_TRUE(Run(PipelineOf({Make("a", "write"), MakeModel("b")}))->ok());
  const auto store = *MetadataStore::Open(Path("metadata.db"), database::Mode::kReadWrite);
  // Both nodes ran at once, so either may be the first.
  const auto id = [&store](const char* type) { return std::to_string(store->GetArtifactsByType(type)->at(0).id()); };
  EXPECT_EQ(BlessModel(store.get(), id("Model"), " ").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(BlessModel(store.get(), id("Examples"), "x").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(BlessModel(store.get(), "99", "x").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(ResolverTest, AnImportedArtifactOfAnotherContentIsAnotherArtifact) {
  ASSERT_TRUE(io::MakeDirs(Path("given")).ok());
  const auto run = [&] {
    const auto result =
        Run(PipelineOf({Importer({.source_uri = Path("given"), .artifact_type = standard_artifacts::Examples()})}));
    EXPECT_TRUE(result.ok() && result->ok()) << result.status();
    return result->nodes[0].outputs.at("result")[0].id;
  };
  ASSERT_TRUE(io::WriteFile(Path("given/a"), "1").ok());
  EXPECT_EQ(run(), 1);
  EXPECT_EQ(run(), 1);
  ASSERT_TRUE(io::WriteFile(Path("given/a"), "2").ok());
  EXPECT_EQ(run(), 2);
}

TEST_F(ResolverTest, AnUnknownStrategyIsNamed) {
  EXPECT_EQ(Choose("Newest", {}).status().code(), absl::StatusCode::kInvalidArgument);
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
