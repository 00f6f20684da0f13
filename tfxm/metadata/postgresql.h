// SPDX-License-Identifier: Apache-2.0

// A database on a PostgreSQL server, for a team: many pipelines, and many machines, may use one at a time.
//
//   const std::string uri = "postgresql://ada@db.example:5432/mlmd?sslmode=verify-full";
//   ASSIGN_OR_RETURN(auto db, postgresql::Open(uri, database::Mode::kReadWriteCreate));
//
// The address is written as libpq writes it; each part may be missing, and libpq's own defaults and environment
// (PGHOST, PGUSER, ~/.pgpass, …) then hold. Other characters are %-encoded, such as those of a socket's folder as the
// host: postgresql://%2Frun%2Fpg/mlmd. A password does not belong there, since paths of stores are recorded and logged:
// libpq takes it from PGPASSWORD or a passfile.
//
// The tables are those of ML Metadata (schema.h), so Python's ml_metadata reads what is written here and the other way
// round; types, names and values that it cannot keep are errors: integer properties beyond 32 bits, text with a NUL.
//
// libpq is loaded when the first one is opened (libtfxm_postgresql.so); UNAVAILABLE if it is not there.
#ifndef TFXM_METADATA_POSTGRESQL_H_
#define TFXM_METADATA_POSTGRESQL_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ml_metadata/proto/metadata_store.pb.h"
#include "tfxm/metadata/database.h"

namespace tfxm::postgresql {

// Whether it is to be read as above: postgresql:// or postgres://.
bool IsUri(absl::string_view path);

// INVALID_ARGUMENT for a password, more than one host, a parameter that ML Metadata does not have (it has hostaddr,
// passfile, sslmode, sslcert, sslkey, sslrootcert and skip_db_creation=true).
absl::StatusOr<ml_metadata::PostgreSQLDatabaseConfig> ParseUri(absl::string_view uri);
// The other way round: what a pipeline's metadata_connection_config says, as the path of a store. INVALID_ARGUMENT for
// a password.
absl::StatusOr<std::string> ToUri(const ml_metadata::PostgreSQLDatabaseConfig& config);

// With kReadWriteCreate also makes the database, as ML Metadata does, where the server has none of that name (unless
// skip_db_creation). NOT_FOUND if there is none otherwise.
// Errors: UNAVAILABLE if the server cannot be reached, or another writer holds the store for longer than 5 s.
absl::StatusOr<std::unique_ptr<database::Database>> Open(absl::string_view uri, database::Mode mode);

// What a run holds (run_lock.h) as long as it exists: the pipeline for itself, and the store together with other runs;
// "" as the pipeline: the store for itself. It ends with the connection, so with the process as well.
class Lock {
 public:
  virtual ~Lock() = default;
};
// UNAVAILABLE if another one holds it.
absl::StatusOr<std::unique_ptr<Lock>> Acquire(absl::string_view uri, absl::string_view pipeline_name);

}  // namespace tfxm::postgresql

#endif  // TFXM_METADATA_POSTGRESQL_H_
