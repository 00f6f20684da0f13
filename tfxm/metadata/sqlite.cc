// SPDX-License-Identifier: Apache-2.0

#include "tfxm/metadata/sqlite.h"

#include <sqlite3.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::sqlite {
namespace {

constexpr int kBusyTimeoutMilliseconds = 5000;

}  // namespace

Statement::~Statement() { sqlite3_finalize(statement_); }

void Statement::Bind(int index, int64_t value) { sqlite3_bind_int64(statement_, index, value); }
void Statement::Bind(int index, double value) { sqlite3_bind_double(statement_, index, value); }
void Statement::Bind(int index, absl::string_view value) {
  sqlite3_bind_text64(statement_, index, value.data() == nullptr ? "" : value.data(), value.size(), SQLITE_TRANSIENT,
                      SQLITE_UTF8);
}
void Statement::BindBlob(int index, absl::string_view value) {
  sqlite3_bind_blob64(statement_, index, value.data() == nullptr ? "" : value.data(), value.size(), SQLITE_TRANSIENT);
}
void Statement::BindNull(int index) { sqlite3_bind_null(statement_, index); }
void Statement::BindTextOrNull(int index, absl::string_view value) {
  if (value.empty()) {
    BindNull(index);
  } else {
    Bind(index, value);
  }
}

absl::StatusOr<bool> Statement::Step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  absl::Status error = code == SQLITE_DONE ? absl::OkStatus() : db_->Error(code);
  sqlite3_reset(statement_);  // A statement left open would hold its lock.
  if (!error.ok()) return error;
  return false;
}

absl::Status Statement::Run() {
  ASSIGN_OR_RETURN(bool row, Step());
  if (row) Reset();
  return absl::OkStatus();
}

void Statement::Reset() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

bool Statement::IsNull(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
int64_t Statement::Int(int column) const { return sqlite3_column_int64(statement_, column); }
double Statement::Double(int column) const { return sqlite3_column_double(statement_, column); }
std::string Statement::Text(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  if (data == nullptr) return "";
  return std::string(static_cast<const char*>(data), sqlite3_column_bytes(statement_, column));
}

absl::StatusOr<std::unique_ptr<Database>> Database::Open(absl::string_view path, Mode mode) {
  std::unique_ptr<Database> database(new Database(path));
  const int flags = SQLITE_OPEN_NOMUTEX | (mode == Mode::kReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) |
                    (mode == Mode::kReadWriteCreate ? SQLITE_OPEN_CREATE : 0);
  const int code = sqlite3_open_v2(database->path_.c_str(), &database->db_, flags, nullptr);
  if (code != SQLITE_OK) return database->Error(code);
  sqlite3_extended_result_codes(database->db_, 1);
  sqlite3_busy_timeout(database->db_, kBusyTimeoutMilliseconds);
  return database;
}

absl::Status Database::UseWriteAheadLog() {
  ASSIGN_OR_RETURN(Statement * journal, Prepare("PRAGMA journal_mode=WAL"));
  ASSIGN_OR_RETURN(bool row, journal->Step());
  write_ahead_log_ = row && journal->Text(0) == "wal";
  journal->Reset();
  return Execute(write_ahead_log_ ? "PRAGMA synchronous=NORMAL" : "PRAGMA synchronous=FULL");
}

Database::~Database() {
  statements_.clear();
  if (write_ahead_log_) {
    sqlite3_busy_timeout(db_, 0);  // If someone reads just now, the log stays: correct, only two more files.
    sqlite3_exec(db_, "PRAGMA journal_mode=DELETE", nullptr, nullptr, nullptr);
  }
  sqlite3_close_v2(db_);
}

absl::StatusOr<Statement*> Database::Prepare(absl::string_view sql) {
  auto it = statements_.find(sql);
  if (it == statements_.end()) {
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v2(db_, sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
    if (code != SQLITE_OK) return Error(code);
    it = statements_.emplace(std::string(sql), std::make_unique<Statement>(this, statement)).first;
  }
  it->second->Reset();
  return it->second.get();
}

absl::Status Database::Execute(absl::string_view sql) {
  const int code = sqlite3_exec(db_, std::string(sql).c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : Error(code);
}

int64_t Database::LastInsertId() const { return sqlite3_last_insert_rowid(db_); }

absl::Status Database::Transaction(absl::FunctionRef<absl::Status()> body) {
  const std::string savepoint = absl::StrCat("nested", depth_);
  const bool outermost = depth_ == 0;
  // IMMEDIATE takes the write lock at once: a transaction that has begun cannot fail half-way for want of it.
  RETURN_IF_ERROR(Execute(outermost ? "BEGIN IMMEDIATE" : absl::StrCat("SAVEPOINT ", savepoint)));
  ++depth_;
  absl::Status status = body();
  --depth_;
  if (status.ok()) status = Execute(outermost ? "COMMIT" : absl::StrCat("RELEASE ", savepoint));
  if (!status.ok()) {
    for (auto& [sql, statement] : statements_) sqlite3_reset(statement->statement_);
    // A severe error (full disk) has rolled back already, and then this one's failure says nothing.
    Execute(outermost ? "ROLLBACK" : absl::StrCat("ROLLBACK TO ", savepoint, "; RELEASE ", savepoint)).IgnoreError();
  }
  return status;
}

absl::Status Database::Error(int code) const {
  const std::string reason = db_ != nullptr ? sqlite3_errmsg(db_) : sqlite3_errstr(code);
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::UnavailableError(absl::StrCat("metadata store ", path_, " is in use by another program (", reason,
                                                 "); wait until that has finished, or use another file"));
    case SQLITE_CONSTRAINT:
      if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY) {
        return absl::AlreadyExistsError(absl::StrCat("metadata store ", path_, ": ", reason));
      }
      return absl::InvalidArgumentError(absl::StrCat("metadata store ", path_, ": ", reason));
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return absl::DataLossError(absl::StrCat("metadata store ", path_, " is damaged or no SQLite file (", reason,
                                              "); restore a copy, or move it away and run again"));
    case SQLITE_FULL:
      return absl::ResourceExhaustedError(
          absl::StrCat("metadata store ", path_, ": the disk is full; free some space"));
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return absl::PermissionDeniedError(absl::StrCat("metadata store ", path_, " cannot be written: ", reason));
    case SQLITE_CANTOPEN:
      return absl::NotFoundError(absl::StrCat("cannot open the metadata store ", path_, ": ", reason,
                                              "; does it exist, and may this user read its folder?"));
    default:
      return absl::InternalError(absl::StrCat("metadata store ", path_, ": ", reason, " (SQLite error ", code, ")"));
  }
}

}  // namespace tfxm::sqlite
