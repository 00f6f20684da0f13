// SPDX-License-Identifier: Apache-2.0

#include "tfxm/metadata/sqlite.h"

#include <sqlite3.h>

#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::sqlite {
namespace {

constexpr int kBusyTimeoutMilliseconds = 5000;

class SqliteStatement;

class Sqlite : public database::Database {
 public:
  explicit Sqlite(absl::string_view path) : Database(path) {}
  ~Sqlite() override;
  Sqlite(const Sqlite&) = delete;
  Sqlite& operator=(const Sqlite&) = delete;

  absl::Status Connect(database::Mode mode);
  absl::StatusOr<database::Statement*> Prepare(absl::string_view sql) override;
  absl::Status Execute(absl::string_view sql) override;
  absl::StatusOr<int64_t> LastInsertId() override { return sqlite3_last_insert_rowid(db_); }
  absl::StatusOr<int64_t> CountTables(absl::string_view name) override;
  absl::Status UseFastCommits() override;
  database::Dialect dialect() const override { return database::Dialect::kSqlite; }

  absl::Status Error(int code) const;

 private:
  // IMMEDIATE takes the write lock at once.
  absl::Status Begin() override { return Execute("BEGIN IMMEDIATE"); }
  void ForgetOpenStatements() override;

  sqlite3* db_ = nullptr;
  bool write_ahead_log_ = false;
  std::map<std::string, std::unique_ptr<SqliteStatement>, std::less<>> statements_;
};

class SqliteStatement : public database::Statement {
 public:
  SqliteStatement(Sqlite* db, sqlite3_stmt* statement) : db_(db), statement_(statement) {}
  ~SqliteStatement() override { sqlite3_finalize(statement_); }
  SqliteStatement(const SqliteStatement&) = delete;
  SqliteStatement& operator=(const SqliteStatement&) = delete;

  void Bind(int index, int64_t value) override { sqlite3_bind_int64(statement_, index, value); }
  void Bind(int index, double value) override { sqlite3_bind_double(statement_, index, value); }
  void Bind(int index, absl::string_view value) override {
    sqlite3_bind_text64(statement_, index, value.data() == nullptr ? "" : value.data(), value.size(), SQLITE_TRANSIENT,
                        SQLITE_UTF8);
  }
  void BindBlob(int index, absl::string_view value) override {
    sqlite3_bind_blob64(statement_, index, value.data() == nullptr ? "" : value.data(), value.size(), SQLITE_TRANSIENT);
  }
  void BindNull(int index) override { sqlite3_bind_null(statement_, index); }

  absl::StatusOr<bool> Step() override {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    absl::Status error = code == SQLITE_DONE ? absl::OkStatus() : db_->Error(code);
    Rewind();  // A statement left open would hold its lock.
    if (!error.ok()) return error;
    return false;
  }
  void Reset() override {
    Rewind();
    sqlite3_clear_bindings(statement_);
  }
  void Rewind() { sqlite3_reset(statement_); }

  bool IsNull(int column) const override { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  int64_t Int(int column) const override { return sqlite3_column_int64(statement_, column); }
  double Double(int column) const override { return sqlite3_column_double(statement_, column); }
  std::string Text(int column) const override {
    const void* data = sqlite3_column_blob(statement_, column);
    if (data == nullptr) return "";
    return std::string(static_cast<const char*>(data), sqlite3_column_bytes(statement_, column));
  }

 private:
  Sqlite* db_;
  sqlite3_stmt* statement_;
};

Sqlite::~Sqlite() {
  statements_.clear();
  if (write_ahead_log_) {
    sqlite3_busy_timeout(db_, 0);  // If someone reads just now, the log stays: correct, only two more files.
    sqlite3_exec(db_, "PRAGMA journal_mode=DELETE", nullptr, nullptr, nullptr);
  }
  sqlite3_close_v2(db_);
}

absl::Status Sqlite::Connect(database::Mode mode) {
  const int flags = SQLITE_OPEN_NOMUTEX |
                    (mode == database::Mode::kReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) |
                    (mode == database::Mode::kReadWriteCreate ? SQLITE_OPEN_CREATE : 0);
  const int code = sqlite3_open_v2(path().c_str(), &db_, flags, nullptr);
  if (code != SQLITE_OK) return Error(code);
  sqlite3_extended_result_codes(db_, 1);
  sqlite3_busy_timeout(db_, kBusyTimeoutMilliseconds);
  return absl::OkStatus();
}

absl::Status Sqlite::UseFastCommits() {
  ASSIGN_OR_RETURN(database::Statement * journal, Prepare("PRAGMA journal_mode=WAL"));
  ASSIGN_OR_RETURN(bool row, journal->Step());
  write_ahead_log_ = row && journal->Text(0) == "wal";
  journal->Reset();
  return Execute(write_ahead_log_ ? "PRAGMA synchronous=NORMAL" : "PRAGMA synchronous=FULL");
}

absl::StatusOr<database::Statement*> Sqlite::Prepare(absl::string_view sql) {
  auto it = statements_.find(sql);
  if (it == statements_.end()) {
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v2(db_, sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
    if (code != SQLITE_OK) return Error(code);
    it = statements_.emplace(std::string(sql), std::make_unique<SqliteStatement>(this, statement)).first;
  }
  it->second->Reset();
  return it->second.get();
}

absl::Status Sqlite::Execute(absl::string_view sql) {
  const int code = sqlite3_exec(db_, std::string(sql).c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : Error(code);
}

absl::StatusOr<int64_t> Sqlite::CountTables(absl::string_view name) {
  ASSIGN_OR_RETURN(database::Statement * select,
                   Prepare("SELECT COUNT(*) FROM sqlite_master WHERE `name` = ?1 OR ?1 = ''"));
  select->Bind(1, name);
  ASSIGN_OR_RETURN(const bool row, select->Step());
  const int64_t count = row ? select->Int(0) : 0;
  select->Reset();
  return count;
}

void Sqlite::ForgetOpenStatements() {
  for (auto& [sql, statement] : statements_) statement->Rewind();
}

absl::Status Sqlite::Error(int code) const {
  const std::string reason = db_ != nullptr ? sqlite3_errmsg(db_) : sqlite3_errstr(code);
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::UnavailableError(absl::StrCat("metadata store ", path(), " is in use by another program (", reason,
                                                 "); wait until that has finished, or use another file"));
    case SQLITE_CONSTRAINT:
      if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY) {
        return absl::AlreadyExistsError(absl::StrCat("metadata store ", path(), ": ", reason));
      }
      return absl::InvalidArgumentError(absl::StrCat("metadata store ", path(), ": ", reason));
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return absl::DataLossError(absl::StrCat("metadata store ", path(), " is damaged or no SQLite file (", reason,
                                              "); restore a copy, or move it away and run again"));
    case SQLITE_FULL:
      return absl::ResourceExhaustedError(
          absl::StrCat("metadata store ", path(), ": the disk is full; free some space"));
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return absl::PermissionDeniedError(absl::StrCat("metadata store ", path(), " cannot be written: ", reason));
    case SQLITE_CANTOPEN:
      return absl::NotFoundError(absl::StrCat("cannot open the metadata store ", path(), ": ", reason,
                                              "; does it exist, and may this user read its folder?"));
    default:
      return absl::InternalError(absl::StrCat("metadata store ", path(), ": ", reason, " (SQLite error ", code, ")"));
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<database::Database>> Open(absl::string_view path, database::Mode mode) {
  auto database = std::make_unique<Sqlite>(path);
  RETURN_IF_ERROR(database->Connect(mode));
  return database;
}

}  // namespace tfxm::sqlite
