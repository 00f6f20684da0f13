// SPDX-License-Identifier: Apache-2.0

// A database that is a file: SQLite's (database.h).
//
//   ASSIGN_OR_RETURN(std::unique_ptr<database::Database> db, sqlite::Open(path, database::Mode::kReadWrite));
//
// UseFastCommits is SQLite's write-ahead log: readers are never locked out. When the database is closed it goes back to
// a rollback journal, so that what remains is one file that any SQLite opens. Where the log cannot be used (network
// file systems), the journal is.
#ifndef TFXM_METADATA_SQLITE_H_
#define TFXM_METADATA_SQLITE_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/metadata/database.h"

namespace tfxm::sqlite {

// Errors: UNAVAILABLE if another program holds the lock for longer than 5 s; see database.h.
absl::StatusOr<std::unique_ptr<database::Database>> Open(absl::string_view path, database::Mode mode);

}  // namespace tfxm::sqlite

#endif  // TFXM_METADATA_SQLITE_H_
