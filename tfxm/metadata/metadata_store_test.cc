// SPDX-License-Identifier: Apache-2.0

// The contract of a metadata store. Each test runs twice: reading with the store that wrote, and with one that has
// opened it afterwards; and twice again on a PostgreSQL server where there is one (tfxm/testing/postgresql.h).
#include "tfxm/metadata/metadata_store.h"

#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/match.h"
#include "google/protobuf/wrappers.pb.h"
#include "tfxm/testing/postgresql.h"
#include "tfxm/testing/temp_dir.h"
#include "tfxm/util/io.h"

namespace tfxm {
namespace {

::testing::AssertionResult Contains(absl::string_view text, absl::string_view part) {
  if (absl::StrContains(text, part)) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "\"" << part << "\" is not in: " << text;
}

using ml_metadata::Artifact;
using ml_metadata::ArtifactType;
using ml_metadata::Context;
using ml_metadata::ContextType;
using ml_metadata::Event;
using ml_metadata::Execution;
using ml_metadata::ExecutionType;

enum class Reading { kSameStore, kReopened };
enum class Backend { kSqlite, kPostgresql };

std::vector<Backend> Servers() {
  return HasTestServer() ? std::vector<Backend>{Backend::kPostgresql} : std::vector<Backend>{};
}

class MetadataStoreTest : public ::testing::TestWithParam<std::tuple<Backend, Reading>> {
 protected:
  void SetUp() override { store_ = *MetadataStore::Open(Path()); }
  void TearDown() override { store_.reset(); }
  std::string Path() const {
    return std::get<Backend>(GetParam()) == Backend::kSqlite ? io::JoinPath(dir_, "metadata.db") : database_;
  }
  MetadataStore& Write() { return *store_; }
  MetadataStore& Read() {
    if (std::get<Reading>(GetParam()) == Reading::kReopened) {
      store_.reset();
      store_ = *MetadataStore::Open(Path(), database::Mode::kReadOnly);
    }
    return *store_;
  }

  ArtifactType ExamplesType() {
    ArtifactType type;
    type.set_name("Examples");
    type.set_base_type(ArtifactType::DATASET);
    (*type.mutable_properties())["span"] = ml_metadata::INT;
    (*type.mutable_properties())["split_names"] = ml_metadata::STRING;
    return type;
  }
  int64_t PutExamplesType() { return *Write().PutArtifactType(ExamplesType()); }
  int64_t PutTrainerType() {
    ExecutionType type;
    type.set_name("Trainer");
    type.set_base_type(ExecutionType::TRAIN);
    return *Write().PutExecutionType(type);
  }
  int64_t PutPipelineType() {
    ContextType type;
    type.set_name("pipeline");
    return *Write().PutContextType(type);
  }
  Artifact Examples(absl::string_view uri) {
    Artifact artifact;
    artifact.set_type("Examples");
    artifact.set_uri(uri);
    artifact.set_state(Artifact::LIVE);
    (*artifact.mutable_properties())["span"].set_int_value(3);
    (*artifact.mutable_custom_properties())["tfx_version"].set_string_value("1");
    return artifact;
  }
  Context NewContext(absl::string_view name) {
    Context context;
    context.set_type("pipeline");
    context.set_name(name);
    return context;
  }
  Execution NewExecution(absl::string_view name) {
    Execution execution;
    execution.set_type("Trainer");
    execution.set_name(name);
    execution.set_last_known_state(Execution::RUNNING);
    return execution;
  }

  const TempDir temporary_;
  const std::string& dir_ = temporary_.path();
  const std::string database_ = HasTestServer() ? NewTestDatabase() : "";
  std::unique_ptr<MetadataStore> store_;
};

std::string ReadingName(const ::testing::TestParamInfo<std::tuple<Backend, Reading>>& info) {
  return std::get<Reading>(info.param) == Reading::kReopened ? "Reopened" : "SameStore";
}

INSTANTIATE_TEST_SUITE_P(Sqlite, MetadataStoreTest,
                         ::testing::Combine(::testing::Values(Backend::kSqlite),
                                            ::testing::Values(Reading::kSameStore, Reading::kReopened)),
                         ReadingName);
INSTANTIATE_TEST_SUITE_P(Postgresql, MetadataStoreTest,
                         ::testing::Combine(::testing::ValuesIn(Servers()),
                                            ::testing::Values(Reading::kSameStore, Reading::kReopened)),
                         ReadingName);

TEST_P(MetadataStoreTest, ATypeKeepsItsPropertiesAndBaseType) {
  const int64_t id = PutExamplesType();
  const auto types = Read().GetArtifactTypes();
  ASSERT_TRUE(types.ok()) << types.status();
  ASSERT_EQ(types->size(), 1);
  EXPECT_EQ((*types)[0].id(), id);
  EXPECT_EQ((*types)[0].name(), "Examples");
  EXPECT_EQ((*types)[0].base_type(), ArtifactType::DATASET);
  EXPECT_EQ((*types)[0].properties().at("split_names"), ml_metadata::STRING);
  EXPECT_EQ(Read().GetArtifactType("Examples")->id(), id);
}

TEST_P(MetadataStoreTest, TypesOfTheThreeKindsDoNotMeet) {
  PutExamplesType();
  PutTrainerType();
  PutPipelineType();
  EXPECT_EQ(Read().GetExecutionTypes()->at(0).base_type(), ExecutionType::TRAIN);
  EXPECT_EQ(Read().GetContextTypes()->at(0).name(), "pipeline");
  EXPECT_EQ(Read().GetArtifactType("Trainer").status().code(), absl::StatusCode::kNotFound);
}

TEST_P(MetadataStoreTest, PuttingATypeAgainAddsProperties) {
  const int64_t id = PutExamplesType();
  ArtifactType more;
  more.set_name("Examples");
  (*more.mutable_properties())["version"] = ml_metadata::INT;
  EXPECT_EQ(*Write().PutArtifactType(more), id);
  EXPECT_EQ(Read().GetArtifactType("Examples")->properties_size(), 3);
}

TEST_P(MetadataStoreTest, APropertyCannotChangeItsDataType) {
  PutExamplesType();
  ArtifactType other;
  other.set_name("Examples");
  (*other.mutable_properties())["span"] = ml_metadata::STRING;
  const auto status = Write().PutArtifactType(other).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_TRUE(Contains(status.message(), "\"span\""));
}

TEST_P(MetadataStoreTest, AnArtifactIsReadAsItWasPut) {
  PutExamplesType();
  const auto ids = Write().PutArtifacts({Examples("/a"), Examples("/b")});
  ASSERT_TRUE(ids.ok()) << ids.status();
  EXPECT_EQ(*ids, (std::vector<int64_t>{1, 2}));
  const auto artifacts = Read().GetArtifactsByID({2, 77});
  ASSERT_EQ(artifacts->size(), 1);
  const Artifact& b = artifacts->at(0);
  EXPECT_EQ(b.id(), 2);
  EXPECT_EQ(b.type(), "Examples");
  EXPECT_EQ(b.uri(), "/b");
  EXPECT_EQ(b.state(), Artifact::LIVE);
  EXPECT_FALSE(b.has_name());
  EXPECT_EQ(b.properties().at("span").int_value(), 3);
  EXPECT_EQ(b.custom_properties().at("tfx_version").string_value(), "1");
  EXPECT_GT(b.create_time_since_epoch(), 0);
}

TEST_P(MetadataStoreTest, EveryKindOfValueIsKept) {
  PutExamplesType();
  Artifact artifact = Examples("/a");
  auto& custom = *artifact.mutable_custom_properties();
  // ML Metadata's tables on PostgreSQL have 32 bits.
  custom["int"].set_int_value(int64_t{1} << (std::get<Backend>(GetParam()) == Backend::kSqlite ? 60 : 30));
  custom["double"].set_double_value(0.1);
  custom["empty"].set_string_value("");
  custom["text"].set_string_value("a\nü'\"");
  custom["bool"].set_bool_value(true);
  (*custom["struct"].mutable_struct_value()->mutable_fields())["train"].set_number_value(1);
  google::protobuf::StringValue message;
  message.set_value(std::string("\0x", 2));
  custom["proto"].mutable_proto_value()->PackFrom(message);
  ASSERT_TRUE(Write().PutArtifacts({artifact}).ok());
  const Artifact read = Read().GetArtifacts()->at(0);
  ASSERT_EQ(read.custom_properties_size(), artifact.custom_properties_size());
  for (const auto& [name, value] : artifact.custom_properties()) {
    EXPECT_EQ(read.custom_properties().at(name).SerializeAsString(), value.SerializeAsString()) << name;
  }
}

TEST_P(MetadataStoreTest, ArtifactsAreFoundByTypeAndUri) {
  PutExamplesType();
  ASSERT_TRUE(Write().PutArtifacts({Examples("/a"), Examples("/b")}).ok());
  EXPECT_EQ(Read().GetArtifactsByType("Examples")->size(), 2);
  EXPECT_TRUE((*Read().GetArtifactsByType("Model")).empty());
  EXPECT_EQ(Read().GetArtifactsByURI("/b")->at(0).id(), 2);
}

TEST_P(MetadataStoreTest, PuttingAnArtifactWithItsIdReplacesIt) {
  PutExamplesType();
  ASSERT_TRUE(Write().PutArtifacts({Examples("/a")}).ok());
  Artifact changed;
  changed.set_id(1);
  changed.set_uri("/moved");
  changed.set_state(Artifact::DELETED);
  ASSERT_TRUE(Write().PutArtifacts({changed}).ok());
  const auto artifacts = *Read().GetArtifacts();
  ASSERT_EQ(artifacts.size(), 1);
  EXPECT_EQ(artifacts[0].uri(), "/moved");
  EXPECT_EQ(artifacts[0].state(), Artifact::DELETED);
  EXPECT_EQ(artifacts[0].custom_properties_size(), 0);
}

TEST_P(MetadataStoreTest, PropertiesMustBeThoseOfTheType) {
  PutExamplesType();
  Artifact unknown = Examples("/a");
  (*unknown.mutable_properties())["blessed"].set_int_value(1);
  EXPECT_TRUE(Contains(Write().PutArtifacts({unknown}).status().message(), "\"blessed\""));
  Artifact wrong = Examples("/a");
  (*wrong.mutable_properties())["span"].set_string_value("3");
  EXPECT_TRUE(Contains(Write().PutArtifacts({wrong}).status().message(), "STRING"));
  EXPECT_TRUE((*Read().GetArtifacts()).empty());
}

TEST_P(MetadataStoreTest, UnknownTypesAndIdsAreErrors) {
  EXPECT_EQ(Write().PutArtifacts({Examples("/a")}).status().code(), absl::StatusCode::kNotFound);
  PutExamplesType();
  Artifact unknown = Examples("/a");
  unknown.set_id(9);
  EXPECT_EQ(Write().PutArtifacts({unknown}).status().code(), absl::StatusCode::kNotFound);
  Artifact type = Examples("/a");
  type.set_type_id(99);
  EXPECT_EQ(Write().PutArtifacts({type}).status().code(), absl::StatusCode::kNotFound);
}

TEST_P(MetadataStoreTest, TwoExecutionsOfATypeCannotHaveOneName) {
  PutTrainerType();
  ASSERT_TRUE(Write().PutExecutions({NewExecution("x")}).ok());
  EXPECT_EQ(Write().PutExecutions({NewExecution("x")}).status().code(), absl::StatusCode::kAlreadyExists);
}

TEST_P(MetadataStoreTest, EventsKeepTheirPathsAndOrder) {
  PutExamplesType();
  PutTrainerType();
  ASSERT_TRUE(Write().PutArtifacts({Examples("/a"), Examples("/b")}).ok());
  ASSERT_TRUE(Write().PutExecutions({NewExecution("x")}).ok());
  Event input;
  input.set_artifact_id(2);
  input.set_execution_id(1);
  input.set_type(Event::INPUT);
  input.mutable_path()->add_steps()->set_key("examples");
  input.mutable_path()->add_steps()->set_index(4);
  Event output = input;
  output.set_artifact_id(1);
  output.set_type(Event::OUTPUT);
  output.set_milliseconds_since_epoch(17);
  ASSERT_TRUE(Write().PutEvents({input, output}).ok());
  EXPECT_EQ(Write().PutEvents({input}).code(), absl::StatusCode::kAlreadyExists);

  const auto events = *Read().GetEventsByExecutionIDs({1});
  ASSERT_EQ(events.size(), 2);
  EXPECT_EQ(events[0].type(), Event::INPUT);
  EXPECT_EQ(events[0].path().steps(0).key(), "examples");
  EXPECT_EQ(events[0].path().steps(1).index(), 4);
  EXPECT_GT(events[0].milliseconds_since_epoch(), 1'000'000'000'000);
  EXPECT_EQ(events[1].milliseconds_since_epoch(), 17);
  EXPECT_EQ(Read().GetEventsByArtifactIDs({1})->at(0).type(), Event::OUTPUT);
  EXPECT_TRUE((*Read().GetEventsByExecutionIDs({5})).empty());
  EXPECT_TRUE((*Read().GetEventsByExecutionIDs({})).empty());
}

TEST_P(MetadataStoreTest, AnEventNeedsItsEndsAndType) {
  Event event;
  event.set_artifact_id(1);
  event.set_execution_id(1);
  EXPECT_EQ(Write().PutEvents({event}).code(), absl::StatusCode::kInvalidArgument);
}

TEST_P(MetadataStoreTest, PutExecutionConnectsArtifactsEventsAndContexts) {
  PutExamplesType();
  PutTrainerType();
  PutPipelineType();
  Event event;
  event.set_type(Event::OUTPUT);
  event.mutable_path()->add_steps()->set_key("model");
  const auto first =
      Write().PutExecution(NewExecution("x"), {{Examples("/a"), event}}, {NewContext("p"), NewContext("q")});
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->artifact_ids, (std::vector<int64_t>{1}));
  EXPECT_EQ(first->context_ids, (std::vector<int64_t>{1, 2}));
  const auto second = Write().PutExecution(NewExecution("y"), {}, {NewContext("p")});
  EXPECT_EQ(second->context_ids, (std::vector<int64_t>{1})) << "a context of that name exists";

  EXPECT_EQ(Read().GetContexts()->size(), 2);
  EXPECT_EQ(Read().GetExecutionsByContext(1)->size(), 2);
  EXPECT_EQ(Read().GetExecutionsByContext(2)->size(), 1);
  EXPECT_EQ(Read().GetArtifactsByContext(2)->at(0).uri(), "/a");
  EXPECT_EQ(Read().GetContextsByArtifact(1)->size(), 2);
  EXPECT_EQ(Read().GetContextsByExecution(second->execution_id)->size(), 1);
  EXPECT_EQ(Read().GetEventsByExecutionIDs({first->execution_id})->at(0).artifact_id(), 1);
}

TEST_P(MetadataStoreTest, ContextsAreFoundByTypeAndNameAndHaveParents) {
  PutPipelineType();
  ASSERT_TRUE(Write().PutContexts({NewContext("p"), NewContext("run")}).ok());
  ml_metadata::ParentContext parent;
  parent.set_child_id(2);
  parent.set_parent_id(1);
  ASSERT_TRUE(Write().PutParentContexts({parent, parent}).ok());
  EXPECT_EQ(Read().GetContextByTypeAndName("pipeline", "run").value()->id(), 2);
  EXPECT_FALSE(Read().GetContextByTypeAndName("pipeline", "other").value().has_value());
  EXPECT_FALSE(Read().GetContextByTypeAndName("node", "run").value().has_value());
  EXPECT_EQ(Read().GetParentContextsByContext(2)->at(0).name(), "p");
  EXPECT_EQ(Read().GetChildrenContextsByContext(1)->at(0).name(), "run");
  EXPECT_EQ(Read().GetContextsByType("pipeline")->size(), 2);
}

TEST_P(MetadataStoreTest, AttributionsAndAssociationsMayBePutTwice) {
  PutExamplesType();
  PutPipelineType();
  ASSERT_TRUE(Write().PutArtifacts({Examples("/a")}).ok());
  ASSERT_TRUE(Write().PutContexts({NewContext("p")}).ok());
  ml_metadata::Attribution attribution;
  attribution.set_artifact_id(1);
  attribution.set_context_id(1);
  ASSERT_TRUE(Write().PutAttributionsAndAssociations({attribution, attribution}, {}).ok());
  EXPECT_EQ(Read().GetArtifactsByContext(1)->size(), 1);
}

TEST_P(MetadataStoreTest, ATransactionIsAllOrNothing) {
  PutExamplesType();
  const absl::Status status = Write().Transaction([&]() -> absl::Status {
    EXPECT_TRUE(Write().PutArtifacts({Examples("/a")}).ok());
    return absl::CancelledError("changed my mind");
  });
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  EXPECT_TRUE((*Read().GetArtifacts()).empty());
}

TEST_P(MetadataStoreTest, AFailedPartOfATransactionLeavesTheRest) {
  PutExamplesType();
  ASSERT_TRUE(Write()
                  .Transaction([&]() -> absl::Status {
                    EXPECT_TRUE(Write().PutArtifacts({Examples("/a")}).ok());
                    Artifact bad = Examples("/c");
                    bad.set_type("none");
                    EXPECT_FALSE(Write().PutArtifacts({Examples("/b"), bad}).ok());
                    return absl::OkStatus();
                  })
                  .ok());
  const auto artifacts = *Read().GetArtifacts();
  ASSERT_EQ(artifacts.size(), 1);
  EXPECT_EQ(artifacts[0].uri(), "/a");
}

// The rows are those that ml_metadata 1.17.1 writes for the same types.
TEST_P(MetadataStoreTest, TypesKeepVersionInputTypeAndOutputType) {
  ml_metadata::ExecutionType type;
  type.set_name("E");
  type.set_version("v1");
  type.set_description("d");
  (*type.mutable_input_type()->mutable_dict()->mutable_properties())["examples"].mutable_simple()->set_name("Examples");
  type.mutable_output_type()->mutable_any();
  const int64_t id = *store_->PutExecutionType(type);
  EXPECT_EQ(*store_->PutExecutionType(type), id);
  ml_metadata::ExecutionType without;
  without.set_name("E");
  EXPECT_NE(*store_->PutExecutionType(without), id) << "no version is another type";
  const auto stored = store_->GetExecutionType("E", "v1");
  ASSERT_TRUE(stored.ok()) << stored.status();
  EXPECT_EQ(stored->id(), id);
  EXPECT_EQ(stored->version(), "v1");
  EXPECT_EQ(stored->input_type().dict().properties().at("examples").simple().name(), "Examples");
  EXPECT_TRUE(stored->output_type().has_any());
  EXPECT_FALSE(store_->GetExecutionType("E")->has_input_type());
  EXPECT_EQ(store_->GetExecutionType("E", "v2").status().code(), absl::StatusCode::kNotFound);

  const auto db = *database::Open(store_->path(), database::Mode::kReadOnly);
  database::Statement* const select =
      *db->Prepare("SELECT `input_type`, `output_type` FROM `Type` WHERE `version` = 'v1'");
  ASSERT_TRUE(*select->Step());
  EXPECT_EQ(select->Text(0), R"({"dict":{"properties":{"examples":{"simple":{"name":"Examples"}}}}})");
  EXPECT_EQ(select->Text(1), R"({"any":{}})");
}

}  // namespace
}  // namespace tfxm
