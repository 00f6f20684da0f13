// SPDX-License-Identifier: Apache-2.0

// The tables of ML Metadata's SQLite and PostgreSQL backends, schema version 10 (ml_metadata 1.2 and later).
#ifndef TFXM_METADATA_SCHEMA_H_
#define TFXM_METADATA_SCHEMA_H_

#include "absl/status/status.h"
#include "tfxm/metadata/database.h"

namespace tfxm {

inline constexpr int kMetadataSchemaVersion = 10;

// Creates the tables, the indexes and the system's base types (mlmd.Dataset, mlmd.Train, …) in an empty database if
// `create`; in any case checks that the version is ours. FAILED_PRECONDITION: older, newer, or no ML Metadata at all.
absl::Status InitializeSchema(database::Database* db, bool create);

}  // namespace tfxm

#endif  // TFXM_METADATA_SCHEMA_H_
