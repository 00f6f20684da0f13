// SPDX-License-Identifier: Apache-2.0

// SQLite with absl::Status: the part of it that the metadata store needs.
//
//   ASSIGN_OR_RETURN(auto db, sqlite::Database::Open(path, sqlite::Mode::kReadWrite));
//   ASSIGN_OR_RETURN(sqlite::Statement* s, db->Prepare("SELECT `uri` FROM `Artifact` WHERE `id` = ?"));
//   s->Bind(1, int64_t{7});
//   while (true) { ASSIGN_OR_RETURN(bool row, s->Step()); if (!row) break; Use(s->Text(0)); }
//
// Errors name the file. A locked database is UNAVAILABLE, a full disk RESOURCE_EXHAUSTED, a broken file DATA_LOSS, a
// violated UNIQUE is ALREADY_EXISTS. Not thread safe.
#ifndef TFXM_METADATA_SQLITE_H_
#define TFXM_METADATA_SQLITE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct sqlite3;
struct sqlite3_stmt;

namespace tfxm::sqlite {

enum class Mode {
  kReadOnly,         // The file must exist.
  kReadWrite,        // The file must exist.
  kReadWriteCreate,  // It is created if it does not.
};

class Database;

class Statement {
 public:
  Statement(Database* db, sqlite3_stmt* statement) : db_(db), statement_(statement) {}
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  // Parameters count from 1.
  void Bind(int index, int64_t value);
  void Bind(int index, double value);
  void Bind(int index, absl::string_view value);
  void BindBlob(int index, absl::string_view value);
  void BindNull(int index);
  void BindTextOrNull(int index, absl::string_view value);  // An empty string is NULL.

  // True if there is a row; columns may then be read, counted from 0.
  absl::StatusOr<bool> Step();
  // For statements without rows.
  absl::Status Run();

  bool IsNull(int column) const;
  int64_t Int(int column) const;
  double Double(int column) const;
  std::string Text(int column) const;

 private:
  friend class Database;
  void Reset();
  Database* db_;
  sqlite3_stmt* statement_;
};

class Database {
 public:
  static absl::StatusOr<std::unique_ptr<Database>> Open(absl::string_view path, Mode mode);
  ~Database();
  // With the write-ahead log a commit survives the death of the process without waiting for the disk, and readers are
  // never locked out. The destructor goes back to a rollback journal, so that what remains is one file that any SQLite
  // opens. Where the log cannot be used (network file systems), the journal is.
  absl::Status UseWriteAheadLog();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Statements are kept by their text; the one returned is reset, without bindings, and valid until the next Prepare of
  // the same text.
  absl::StatusOr<Statement*> Prepare(absl::string_view sql);
  // One or more statements without parameters.
  absl::Status Execute(absl::string_view sql);
  int64_t LastInsertId() const;

  // All that `body` does, or nothing. A transaction inside a transaction is a part of it that can fail by itself.
  absl::Status Transaction(absl::FunctionRef<absl::Status()> body);

  const std::string& path() const { return path_; }
  absl::Status Error(int code) const;

 private:
  explicit Database(absl::string_view path) : path_(path) {}
  std::string path_;
  sqlite3* db_ = nullptr;
  bool write_ahead_log_ = false;
  int depth_ = 0;
  std::map<std::string, std::unique_ptr<Statement>, std::less<>> statements_;
};

}  // namespace tfxm::sqlite

#endif  // TFXM_METADATA_SQLITE_H_
