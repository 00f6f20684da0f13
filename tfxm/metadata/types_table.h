// SPDX-License-Identifier: Apache-2.0

// The tables Type, TypeProperty and ParentType.
#ifndef TFXM_METADATA_TYPES_TABLE_H_
#define TFXM_METADATA_TYPES_TABLE_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ml_metadata/proto/metadata_store.pb.h"
#include "tfxm/metadata/database.h"

namespace tfxm {

// The number in Type.type_kind of ml_metadata::{Execution,Artifact,Context}Type.
enum class TypeKind : int64_t { kExecution = 0, kArtifact = 1, kContext = 2 };

// Defined for ArtifactType, ExecutionType and ContextType.
template <typename Type>
absl::StatusOr<int64_t> PutType(database::Database* db, const Type& type);
template <typename Type>
absl::StatusOr<std::vector<Type>> GetTypes(database::Database* db);
template <typename Type>
absl::StatusOr<Type> GetType(database::Database* db, absl::string_view name, absl::string_view version = "");

// The id of a type; NOT_FOUND if there is none, or none of that kind.
absl::StatusOr<int64_t> FindTypeId(database::Database* db, TypeKind kind, absl::string_view name,
                                   absl::string_view version = "");
absl::Status CheckTypeId(database::Database* db, TypeKind kind, int64_t id);
absl::StatusOr<std::map<std::string, ml_metadata::PropertyType>> GetTypeProperties(database::Database* db,
                                                                                   int64_t type_id);

}  // namespace tfxm

#endif  // TFXM_METADATA_TYPES_TABLE_H_
