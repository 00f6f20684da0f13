// SPDX-License-Identifier: Apache-2.0

#include "tfxm/metadata/metadata_store.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tfxm/metadata/nodes_table.h"
#include "tfxm/metadata/postgresql.h"
#include "tfxm/metadata/schema.h"
#include "tfxm/metadata/types_table.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

using ml_metadata::Artifact;
using ml_metadata::ArtifactType;
using ml_metadata::Context;
using ml_metadata::ContextType;
using ml_metadata::Event;
using ml_metadata::Execution;
using ml_metadata::ExecutionType;

template <typename Node>
absl::StatusOr<std::vector<int64_t>> PutNodes(database::Database* db, absl::Span<const Node> nodes) {
  std::vector<int64_t> ids;
  RETURN_IF_ERROR(db->Transaction([&]() -> absl::Status {
    for (const Node& node : nodes) {
      ASSIGN_OR_RETURN(ids.emplace_back(), PutNode(db, node));
    }
    return absl::OkStatus();
  }));
  return ids;
}

std::string IdIn(absl::string_view column, absl::Span<const int64_t> ids) {
  if (ids.empty()) return "FALSE";
  return absl::StrCat(column, " IN (", absl::StrJoin(ids, ", "), ")");
}

absl::Status PutEvent(database::Database* db, const Event& event) {
  if (!event.has_artifact_id() || !event.has_execution_id() || event.type() == Event::UNKNOWN) {
    return absl::InvalidArgumentError(absl::StrCat("an event needs artifact_id, execution_id and type: ", event));
  }
  ASSIGN_OR_RETURN(database::Statement * insert,
                   db->Prepare("INSERT INTO `Event`(`artifact_id`, `execution_id`, `type`, `milliseconds_since_epoch`) "
                               "VALUES (?, ?, ?, ?)"));
  insert->Bind(1, event.artifact_id());
  insert->Bind(2, event.execution_id());
  insert->Bind(3, static_cast<int64_t>(event.type()));
  insert->Bind(
      4, event.has_milliseconds_since_epoch() ? event.milliseconds_since_epoch() : absl::ToUnixMillis(absl::Now()));
  RETURN_IF_ERROR(insert->Run());
  ASSIGN_OR_RETURN(const int64_t id, db->LastInsertId());
  for (const Event::Path::Step& step : event.path().steps()) {
    ASSIGN_OR_RETURN(insert, db->Prepare("INSERT INTO `EventPath` VALUES (?, ?, ?, ?)"));
    insert->Bind(1, id);
    insert->Bind(2, int64_t{step.has_index()});
    if (step.has_index()) {
      insert->Bind(3, step.index());
    } else {
      insert->Bind(4, step.key());
    }
    RETURN_IF_ERROR(insert->Run());
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Event>> GetEvents(database::Database* db, absl::string_view condition) {
  ASSIGN_OR_RETURN(
      database::Statement * select,
      db->Prepare(absl::StrCat("SELECT `id`, `artifact_id`, `execution_id`, `type`, `milliseconds_since_epoch` "
                               "FROM `Event` WHERE ",
                               condition, " ORDER BY `id`")));
  std::vector<Event> events;
  std::vector<int64_t> ids;
  while (true) {
    ASSIGN_OR_RETURN(bool row, select->Step());
    if (!row) break;
    ids.push_back(select->Int(0));
    Event& event = events.emplace_back();
    event.set_artifact_id(select->Int(1));
    event.set_execution_id(select->Int(2));
    event.set_type(static_cast<Event::Type>(select->Int(3)));
    event.set_milliseconds_since_epoch(select->Int(4));
  }
  for (size_t i = 0; i < ids.size(); ++i) {
    ASSIGN_OR_RETURN(select, db->Prepare("SELECT `is_index_step`, `step_index`, `step_key` FROM `EventPath` "
                                         "WHERE `event_id` = ? ORDER BY rowid"));
    select->Bind(1, ids[i]);
    while (true) {
      ASSIGN_OR_RETURN(bool row, select->Step());
      if (!row) break;
      Event::Path::Step* step = events[i].mutable_path()->add_steps();
      if (select->Int(0) != 0) {
        step->set_index(select->Int(1));
      } else {
        step->set_key(select->Text(2));
      }
    }
  }
  return events;
}

// A row of two ids, unless it exists.
absl::Status PutPair(database::Database* db, absl::string_view sql, int64_t first, int64_t second) {
  ASSIGN_OR_RETURN(database::Statement * insert, db->Prepare(sql));
  insert->Bind(1, first);
  insert->Bind(2, second);
  return insert->Run();
}

absl::Status PutAttribution(database::Database* db, int64_t context_id, int64_t artifact_id) {
  return PutPair(db, "INSERT INTO `Attribution`(`context_id`, `artifact_id`) VALUES (?, ?) ON CONFLICT DO NOTHING",
                 context_id, artifact_id);
}

absl::Status PutAssociation(database::Database* db, int64_t context_id, int64_t execution_id) {
  return PutPair(db, "INSERT INTO `Association`(`context_id`, `execution_id`) VALUES (?, ?) ON CONFLICT DO NOTHING",
                 context_id, execution_id);
}

}  // namespace

absl::StatusOr<std::unique_ptr<MetadataStore>> MetadataStore::Open(absl::string_view path, database::Mode mode) {
  const bool create = mode == database::Mode::kReadWriteCreate;
  if (create && !postgresql::IsUri(path)) RETURN_IF_ERROR(io::MakeDirs(io::Dirname(io::AbsolutePath(path))));
  ASSIGN_OR_RETURN(std::unique_ptr<database::Database> db, database::Open(path, mode));
  RETURN_IF_ERROR(InitializeSchema(db.get(), create));
  if (mode != database::Mode::kReadOnly) RETURN_IF_ERROR(db->UseFastCommits());
  return std::unique_ptr<MetadataStore>(new MetadataStore(std::move(db)));
}

MetadataStore::~MetadataStore() = default;

const std::string& MetadataStore::path() const { return db_->path(); }

absl::Status MetadataStore::Transaction(absl::FunctionRef<absl::Status()> body) { return db_->Transaction(body); }

absl::StatusOr<int64_t> MetadataStore::PutArtifactType(const ArtifactType& type) { return PutType(db_.get(), type); }
absl::StatusOr<int64_t> MetadataStore::PutExecutionType(const ExecutionType& type) { return PutType(db_.get(), type); }
absl::StatusOr<int64_t> MetadataStore::PutContextType(const ContextType& type) { return PutType(db_.get(), type); }
absl::StatusOr<std::vector<ArtifactType>> MetadataStore::GetArtifactTypes() {
  return GetTypes<ArtifactType>(db_.get());
}
absl::StatusOr<std::vector<ExecutionType>> MetadataStore::GetExecutionTypes() {
  return GetTypes<ExecutionType>(db_.get());
}
absl::StatusOr<std::vector<ContextType>> MetadataStore::GetContextTypes() { return GetTypes<ContextType>(db_.get()); }
absl::StatusOr<ArtifactType> MetadataStore::GetArtifactType(absl::string_view name, absl::string_view version) {
  return GetType<ArtifactType>(db_.get(), name, version);
}
absl::StatusOr<ExecutionType> MetadataStore::GetExecutionType(absl::string_view name, absl::string_view version) {
  return GetType<ExecutionType>(db_.get(), name, version);
}
absl::StatusOr<ContextType> MetadataStore::GetContextType(absl::string_view name, absl::string_view version) {
  return GetType<ContextType>(db_.get(), name, version);
}

absl::StatusOr<std::vector<int64_t>> MetadataStore::PutArtifacts(absl::Span<const Artifact> artifacts) {
  return PutNodes(db_.get(), artifacts);
}
absl::StatusOr<std::vector<int64_t>> MetadataStore::PutExecutions(absl::Span<const Execution> executions) {
  return PutNodes(db_.get(), executions);
}
absl::StatusOr<std::vector<int64_t>> MetadataStore::PutContexts(absl::Span<const Context> contexts) {
  return PutNodes(db_.get(), contexts);
}

absl::Status MetadataStore::PutEvents(absl::Span<const Event> events) {
  return db_->Transaction([&]() -> absl::Status {
    for (const Event& event : events) RETURN_IF_ERROR(PutEvent(db_.get(), event));
    return absl::OkStatus();
  });
}

absl::Status MetadataStore::PutAttributionsAndAssociations(absl::Span<const ml_metadata::Attribution> attributions,
                                                           absl::Span<const ml_metadata::Association> associations) {
  return db_->Transaction([&]() -> absl::Status {
    for (const auto& a : attributions) RETURN_IF_ERROR(PutAttribution(db_.get(), a.context_id(), a.artifact_id()));
    for (const auto& a : associations) RETURN_IF_ERROR(PutAssociation(db_.get(), a.context_id(), a.execution_id()));
    return absl::OkStatus();
  });
}

absl::Status MetadataStore::PutParentContexts(absl::Span<const ml_metadata::ParentContext> parents) {
  return db_->Transaction([&]() -> absl::Status {
    for (const auto& p : parents) {
      RETURN_IF_ERROR(PutPair(db_.get(), "INSERT INTO `ParentContext` VALUES (?, ?) ON CONFLICT DO NOTHING",
                              p.child_id(), p.parent_id()));
    }
    return absl::OkStatus();
  });
}

absl::StatusOr<MetadataStore::PutExecutionResult> MetadataStore::PutExecution(
    const Execution& execution, absl::Span<const ArtifactAndEvent> artifacts, absl::Span<const Context> contexts) {
  PutExecutionResult result;
  RETURN_IF_ERROR(db_->Transaction([&]() -> absl::Status {
    ASSIGN_OR_RETURN(result.execution_id, PutNode(db_.get(), execution));
    for (const auto& [artifact, event] : artifacts) {
      ASSIGN_OR_RETURN(const int64_t artifact_id, PutNode(db_.get(), artifact));
      result.artifact_ids.push_back(artifact_id);
      if (!event.has_value()) continue;
      Event complete = *event;
      complete.set_artifact_id(artifact_id);
      complete.set_execution_id(result.execution_id);
      RETURN_IF_ERROR(PutEvent(db_.get(), complete));
    }
    for (const Context& context : contexts) {
      int64_t context_id = context.id();
      if (context_id == 0) {
        ASSIGN_OR_RETURN(auto existing, GetContextByTypeAndName(context.type(), context.name()));
        if (existing.has_value()) {
          context_id = existing->id();
        } else {
          ASSIGN_OR_RETURN(context_id, PutNode(db_.get(), context));
        }
      }
      result.context_ids.push_back(context_id);
      RETURN_IF_ERROR(PutAssociation(db_.get(), context_id, result.execution_id));
      for (int64_t id : result.artifact_ids) RETURN_IF_ERROR(PutAttribution(db_.get(), context_id, id));
    }
    return absl::OkStatus();
  }));
  return result;
}

absl::StatusOr<std::vector<Artifact>> MetadataStore::GetArtifacts() {
  return GetNodes<Artifact>(db_.get(), "TRUE", {});
}
absl::StatusOr<std::vector<Artifact>> MetadataStore::GetArtifactsByID(absl::Span<const int64_t> ids) {
  return GetNodes<Artifact>(db_.get(), IdIn("node.`id`", ids), {});
}
absl::StatusOr<std::vector<Artifact>> MetadataStore::GetArtifactsByType(absl::string_view type_name) {
  return GetNodes<Artifact>(db_.get(), "type.`name` = ?", {std::string(type_name)});
}
absl::StatusOr<std::vector<Artifact>> MetadataStore::GetArtifactsByURI(absl::string_view uri) {
  return GetNodes<Artifact>(db_.get(), "node.`uri` = ?", {std::string(uri)});
}
absl::StatusOr<std::vector<Artifact>> MetadataStore::GetArtifactsByContext(int64_t context_id) {
  return GetNodes<Artifact>(db_.get(), "node.`id` IN (SELECT `artifact_id` FROM `Attribution` WHERE `context_id` = ?)",
                            {context_id});
}

absl::StatusOr<std::vector<Execution>> MetadataStore::GetExecutions() {
  return GetNodes<Execution>(db_.get(), "TRUE", {});
}
absl::StatusOr<std::vector<Execution>> MetadataStore::GetExecutionsByID(absl::Span<const int64_t> ids) {
  return GetNodes<Execution>(db_.get(), IdIn("node.`id`", ids), {});
}
absl::StatusOr<std::vector<Execution>> MetadataStore::GetExecutionsByType(absl::string_view type_name) {
  return GetNodes<Execution>(db_.get(), "type.`name` = ?", {std::string(type_name)});
}
absl::StatusOr<std::vector<Execution>> MetadataStore::GetExecutionsByContext(int64_t context_id) {
  return GetNodes<Execution>(
      db_.get(), "node.`id` IN (SELECT `execution_id` FROM `Association` WHERE `context_id` = ?)", {context_id});
}

absl::StatusOr<std::vector<Context>> MetadataStore::GetContexts() { return GetNodes<Context>(db_.get(), "TRUE", {}); }
absl::StatusOr<std::vector<Context>> MetadataStore::GetContextsByID(absl::Span<const int64_t> ids) {
  return GetNodes<Context>(db_.get(), IdIn("node.`id`", ids), {});
}
absl::StatusOr<std::vector<Context>> MetadataStore::GetContextsByType(absl::string_view type_name) {
  return GetNodes<Context>(db_.get(), "type.`name` = ?", {std::string(type_name)});
}
absl::StatusOr<std::optional<Context>> MetadataStore::GetContextByTypeAndName(absl::string_view type_name,
                                                                              absl::string_view name) {
  ASSIGN_OR_RETURN(std::vector<Context> contexts, GetNodes<Context>(db_.get(), "type.`name` = ? AND node.`name` = ?",
                                                                    {std::string(type_name), std::string(name)}));
  if (contexts.empty()) return std::nullopt;
  return std::move(contexts.front());
}
absl::StatusOr<std::vector<Context>> MetadataStore::GetContextsByArtifact(int64_t artifact_id) {
  return GetNodes<Context>(db_.get(), "node.`id` IN (SELECT `context_id` FROM `Attribution` WHERE `artifact_id` = ?)",
                           {artifact_id});
}
absl::StatusOr<std::vector<Context>> MetadataStore::GetContextsByExecution(int64_t execution_id) {
  return GetNodes<Context>(db_.get(), "node.`id` IN (SELECT `context_id` FROM `Association` WHERE `execution_id` = ?)",
                           {execution_id});
}
absl::StatusOr<std::vector<Context>> MetadataStore::GetParentContextsByContext(int64_t context_id) {
  return GetNodes<Context>(
      db_.get(), "node.`id` IN (SELECT `parent_context_id` FROM `ParentContext` WHERE `context_id` = ?)", {context_id});
}
absl::StatusOr<std::vector<Context>> MetadataStore::GetChildrenContextsByContext(int64_t context_id) {
  return GetNodes<Context>(
      db_.get(), "node.`id` IN (SELECT `context_id` FROM `ParentContext` WHERE `parent_context_id` = ?)", {context_id});
}

absl::StatusOr<std::vector<Event>> MetadataStore::GetEventsByExecutionIDs(absl::Span<const int64_t> ids) {
  return GetEvents(db_.get(), IdIn("`execution_id`", ids));
}
absl::StatusOr<std::vector<Event>> MetadataStore::GetEventsByArtifactIDs(absl::Span<const int64_t> ids) {
  return GetEvents(db_.get(), IdIn("`artifact_id`", ids));
}

}  // namespace tfxm
