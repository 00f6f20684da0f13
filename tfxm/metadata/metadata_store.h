// SPDX-License-Identifier: Apache-2.0

// The ML Metadata store: which executions ran, what they read and what they made. One SQLite file, or a database on a
// PostgreSQL server (postgresql.h), in the published schema (version 10), so Python's ml_metadata reads what is written
// here and the other way round. The messages are
// MLMD's own (ml_metadata/proto/metadata_store.proto), the names of the functions are its API's.
//
//   ASSIGN_OR_RETURN(auto store, MetadataStore::Open("runs/mnist/metadata.db"));
//   ml_metadata::ArtifactType type;
//   type.set_name("Examples");  type.set_base_type(ml_metadata::ArtifactType::DATASET);
//   ASSIGN_OR_RETURN(int64_t type_id, store->PutArtifactType(type));
//   RETURN_IF_ERROR(store->Transaction([&]() -> absl::Status { … return absl::OkStatus(); }));
//
// Every Put is a transaction by itself; inside Transaction() it is a part of that one. A commit survives the death of
// the process at any instant. Reading functions give results in order of id and leave out ids that do not exist.
// Properties of type STRUCT, PROTO and BOOLEAN are stored as MLMD does.
//
// Errors: UNAVAILABLE if another program holds the lock for longer than 5 s, FAILED_PRECONDITION for another schema
// version, DATA_LOSS for a damaged file, RESOURCE_EXHAUSTED for a full disk; each names the store and says what to do.
// Not thread safe. Two runs must not share a file at a time: see run_lock.h.
#ifndef TFXM_METADATA_METADATA_STORE_H_
#define TFXM_METADATA_METADATA_STORE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "ml_metadata/proto/metadata_store.pb.h"
#include "tfxm/metadata/database.h"

namespace tfxm {

class MetadataStore {
 public:
  // An artifact together with its event in the execution that is put with it.
  using ArtifactAndEvent = std::pair<ml_metadata::Artifact, std::optional<ml_metadata::Event>>;
  struct PutExecutionResult {
    int64_t execution_id = 0;
    std::vector<int64_t> artifact_ids;  // As given.
    std::vector<int64_t> context_ids;   // As given.
  };

  // `path`: a file, or postgresql://…. With kReadWriteCreate also makes the file and its folder, or the database.
  static absl::StatusOr<std::unique_ptr<MetadataStore>> Open(absl::string_view path,
                                                             database::Mode mode = database::Mode::kReadWriteCreate);
  ~MetadataStore();

  const std::string& path() const;
  absl::Status Transaction(absl::FunctionRef<absl::Status()> body);

  // Types, by name and version (none is a version, too). An existing type gets the properties it does not have yet;
  // ALREADY_EXISTS if a property has another data type there. base_type becomes the parent type. Version, description,
  // input_type and output_type are those that it was first put with, as in MLMD.
  absl::StatusOr<int64_t> PutArtifactType(const ml_metadata::ArtifactType& type);
  absl::StatusOr<int64_t> PutExecutionType(const ml_metadata::ExecutionType& type);
  absl::StatusOr<int64_t> PutContextType(const ml_metadata::ContextType& type);
  // All but the system's base types.
  absl::StatusOr<std::vector<ml_metadata::ArtifactType>> GetArtifactTypes();
  absl::StatusOr<std::vector<ml_metadata::ExecutionType>> GetExecutionTypes();
  absl::StatusOr<std::vector<ml_metadata::ContextType>> GetContextTypes();
  // NOT_FOUND if there is none of that name and version.
  absl::StatusOr<ml_metadata::ArtifactType> GetArtifactType(absl::string_view name, absl::string_view version = "");
  absl::StatusOr<ml_metadata::ExecutionType> GetExecutionType(absl::string_view name, absl::string_view version = "");
  absl::StatusOr<ml_metadata::ContextType> GetContextType(absl::string_view name, absl::string_view version = "");

  // Inserts those without id; replaces the state, uri, name and properties of those with one (NOT_FOUND if it does not
  // exist). The type is given by type_id, or else by the name in `type`. INVALID_ARGUMENT if a property is not one of
  // the type's, or of another data type. The ids, as given.
  absl::StatusOr<std::vector<int64_t>> PutArtifacts(absl::Span<const ml_metadata::Artifact> artifacts);
  absl::StatusOr<std::vector<int64_t>> PutExecutions(absl::Span<const ml_metadata::Execution> executions);
  absl::StatusOr<std::vector<int64_t>> PutContexts(absl::Span<const ml_metadata::Context> contexts);
  // The time is now where none is set.
  absl::Status PutEvents(absl::Span<const ml_metadata::Event> events);
  // Those that exist already are left alone.
  absl::Status PutAttributionsAndAssociations(absl::Span<const ml_metadata::Attribution> attributions,
                                              absl::Span<const ml_metadata::Association> associations);
  absl::Status PutParentContexts(absl::Span<const ml_metadata::ParentContext> parents);
  // The execution, its artifacts with their events, and its contexts, to which execution and artifacts are associated.
  // A context without id whose type and name exist already is that one.
  absl::StatusOr<PutExecutionResult> PutExecution(const ml_metadata::Execution& execution,
                                                  absl::Span<const ArtifactAndEvent> artifacts,
                                                  absl::Span<const ml_metadata::Context> contexts);

  absl::StatusOr<std::vector<ml_metadata::Artifact>> GetArtifacts();
  absl::StatusOr<std::vector<ml_metadata::Artifact>> GetArtifactsByID(absl::Span<const int64_t> ids);
  absl::StatusOr<std::vector<ml_metadata::Artifact>> GetArtifactsByType(absl::string_view type_name);
  absl::StatusOr<std::vector<ml_metadata::Artifact>> GetArtifactsByURI(absl::string_view uri);
  absl::StatusOr<std::vector<ml_metadata::Artifact>> GetArtifactsByContext(int64_t context_id);

  absl::StatusOr<std::vector<ml_metadata::Execution>> GetExecutions();
  absl::StatusOr<std::vector<ml_metadata::Execution>> GetExecutionsByID(absl::Span<const int64_t> ids);
  absl::StatusOr<std::vector<ml_metadata::Execution>> GetExecutionsByType(absl::string_view type_name);
  absl::StatusOr<std::vector<ml_metadata::Execution>> GetExecutionsByContext(int64_t context_id);

  absl::StatusOr<std::vector<ml_metadata::Context>> GetContexts();
  absl::StatusOr<std::vector<ml_metadata::Context>> GetContextsByID(absl::Span<const int64_t> ids);
  absl::StatusOr<std::vector<ml_metadata::Context>> GetContextsByType(absl::string_view type_name);
  absl::StatusOr<std::optional<ml_metadata::Context>> GetContextByTypeAndName(absl::string_view type_name,
                                                                              absl::string_view name);
  absl::StatusOr<std::vector<ml_metadata::Context>> GetContextsByArtifact(int64_t artifact_id);
  absl::StatusOr<std::vector<ml_metadata::Context>> GetContextsByExecution(int64_t execution_id);
  absl::StatusOr<std::vector<ml_metadata::Context>> GetParentContextsByContext(int64_t context_id);
  absl::StatusOr<std::vector<ml_metadata::Context>> GetChildrenContextsByContext(int64_t context_id);

  // In the order in which they were put.
  absl::StatusOr<std::vector<ml_metadata::Event>> GetEventsByExecutionIDs(absl::Span<const int64_t> ids);
  absl::StatusOr<std::vector<ml_metadata::Event>> GetEventsByArtifactIDs(absl::Span<const int64_t> ids);

 private:
  explicit MetadataStore(std::unique_ptr<database::Database> db) : db_(std::move(db)) {}
  std::unique_ptr<database::Database> db_;
};

}  // namespace tfxm

#endif  // TFXM_METADATA_METADATA_STORE_H_
