// SPDX-License-Identifier: Apache-2.0

// A database with absl::Status: the part of SQL that the metadata store needs, on SQLite (sqlite.h) or PostgreSQL
// (postgresql.h).
//
//   ASSIGN_OR_RETURN(std::unique_ptr<database::Database> db, database::Open(path, database::Mode::kReadWrite));
//   ASSIGN_OR_RETURN(database::Statement* s, db->Prepare("SELECT `uri` FROM `Artifact` WHERE `id` = ?"));
//   s->Bind(1, int64_t{7});
//   while (true) { ASSIGN_OR_RETURN(bool row, s->Step()); if (!row) break; Use(s->Text(0)); }
//
// SQL is written as SQLite takes it, and only what PostgreSQL takes as well once names have lost their backticks and
// `?` is numbered.
//
// Errors name the store. One that others use is UNAVAILABLE, as is a server that cannot be reached; a full disk
// RESOURCE_EXHAUSTED, a broken file DATA_LOSS, a violated UNIQUE ALREADY_EXISTS. Not thread safe.
#ifndef TFXM_METADATA_DATABASE_H_
#define TFXM_METADATA_DATABASE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tfxm::database {

enum class Mode {
  kReadOnly,         // It must exist.
  kReadWrite,        // It must exist.
  kReadWriteCreate,  // It is created if it does not.
};

enum class Dialect { kSqlite, kPostgresql };

class Statement {
 public:
  virtual ~Statement() = default;

  // Parameters count from 1; those not bound are NULL. What is bound stays for the next Run.
  virtual void Bind(int index, int64_t value) = 0;
  virtual void Bind(int index, double value) = 0;
  virtual void Bind(int index, absl::string_view value) = 0;
  virtual void BindBlob(int index, absl::string_view value) = 0;
  virtual void BindNull(int index) = 0;
  void BindTextOrNull(int index, absl::string_view value);  // An empty string is NULL.

  // True if there is a row; columns may then be read, counted from 0.
  virtual absl::StatusOr<bool> Step() = 0;
  // For statements without rows.
  absl::Status Run();
  // Neither bindings nor rows.
  virtual void Reset() = 0;

  virtual bool IsNull(int column) const = 0;
  virtual int64_t Int(int column) const = 0;  // A boolean is 0 or 1.
  virtual double Double(int column) const = 0;
  virtual std::string Text(int column) const = 0;  // Of a blob: its bytes.
};

class Database {
 public:
  virtual ~Database() = default;

  // Statements are kept by their text; the one returned is reset, without bindings, and valid until the next Prepare of
  // the same text.
  virtual absl::StatusOr<Statement*> Prepare(absl::string_view sql) = 0;
  // One or more statements without parameters.
  virtual absl::Status Execute(absl::string_view sql) = 0;
  // The `id` that the last INSERT of this connection has given.
  virtual absl::StatusOr<int64_t> LastInsertId() = 0;
  // How many tables there are of that name; of any if it is "".
  virtual absl::StatusOr<int64_t> CountTables(absl::string_view name) = 0;

  // All that `body` does, or nothing. A transaction inside a transaction is a part of it that can fail by itself.
  // Writers wait for each other at the start, so that one that has begun cannot fail half-way for want of a lock.
  absl::Status Transaction(absl::FunctionRef<absl::Status()> body);

  // Once it is known to be a store that may be written: from now on a commit survives the death of the process, but not
  // necessarily that of the machine, without waiting for the disk.
  virtual absl::Status UseFastCommits() = 0;

  virtual Dialect dialect() const = 0;
  const std::string& path() const { return path_; }

 protected:
  explicit Database(absl::string_view path) : path_(path) {}
  bool InTransaction() const { return depth_ > 0; }

 private:
  virtual absl::Status Begin() = 0;       // The outermost transaction.
  virtual void ForgetOpenStatements() {}  // Before a rollback.

  std::string path_;
  int depth_ = 0;
};

// The path of a store, for another working directory: that of a file from the root on, a URI as it is.
std::string AbsolutePath(absl::string_view path);

// `path`: a file of SQLite, or postgresql://… (postgresql.h).
absl::StatusOr<std::unique_ptr<Database>> Open(absl::string_view path, Mode mode);

}  // namespace tfxm::database

#endif  // TFXM_METADATA_DATABASE_H_
