// SPDX-License-Identifier: Apache-2.0

// PostgreSQL through libpq: libtfxm_postgresql.so.
#include <libpq-fe.h>
#include <unistd.h>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "tfxm/metadata/internal/postgresql_driver.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::postgresql {
namespace {

constexpr char kConnectSeconds[] = "10";
constexpr Oid kBytea = 17;
// A run that was killed gives its lock up once the server has noticed.
constexpr int kLockAttempts = 10;
constexpr auto kBetweenAttempts = std::chrono::milliseconds(100);

struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, ClearResult>;

// A parameter of a statement: text as libpq takes it, or bytes.
struct Parameter {
  std::string value;
  bool binary = false;
};
using Parameters = std::vector<std::optional<Parameter>>;

// What SQLite takes and PostgreSQL does not: names in backticks (which PostgreSQL then folds to small letters, as ML
// Metadata's are there), `?` without a number, the order of insertion.
std::string Translated(absl::string_view sql, int* parameters) {
  std::string out;
  *parameters = 0;
  while (!sql.empty()) {
    if (absl::ConsumePrefix(&sql, "rowid")) {
      out += "ctid";
      continue;
    }
    const char c = sql[0];
    sql.remove_prefix(1);
    if (c == '?') {
      absl::StrAppend(&out, "$", ++*parameters);
    } else if (c != '`') {
      out += c;
    }
  }
  return out;
}

class Connection {
 public:
  ~Connection() { PQfinish(connection_); }

  static absl::StatusOr<std::unique_ptr<Connection>> Open(const Server& server, const std::string& dbname) {
    std::unique_ptr<Connection> made(new Connection(server.uri));
    const auto& config = server.config;
    std::vector<std::pair<const char*, std::string>> keywords = {
        {"host", config.host()},
        {"hostaddr", config.hostaddr()},
        {"port", config.port()},
        {"user", config.user()},
        {"dbname", dbname},
        {"passfile", config.passfile()},
        {"sslmode", config.ssloption().sslmode()},
        {"sslcert", config.ssloption().sslcert()},
        {"sslkey", config.ssloption().sslkey()},
        {"sslrootcert", config.ssloption().sslrootcert()},
        {"connect_timeout", kConnectSeconds},
        {"client_encoding", "UTF8"},
        {"application_name", ApplicationName()},
    };
    std::vector<const char*> names, values;
    for (const auto& [name, value] : keywords) {
      if (value.empty()) continue;  // libpq's default.
      names.push_back(name);
      values.push_back(value.c_str());
    }
    names.push_back(nullptr);
    values.push_back(nullptr);
    made->connection_ = PQconnectdbParams(names.data(), values.data(), /*expand_dbname=*/0);
    PQsetNoticeProcessor(made->connection_, [](void*, const char*) {}, nullptr);
    if (PQstatus(made->connection_) != CONNECTION_OK) return made->Unreachable();
    RETURN_IF_ERROR(made->Settings());
    return made;
  }

  // With what holds for the connection from now on, also after Reconnect.
  absl::Status Set(absl::string_view settings) {
    absl::StrAppend(&settings_, settings, ";");
    return Settings();
  }

  bool IsLost() const { return PQstatus(connection_) != CONNECTION_OK; }
  // A server that was restarted, or a connection that has been idle for too long.
  absl::Status Reconnect() {
    PQreset(connection_);
    if (IsLost()) return Unreachable();
    return Settings();
  }

  absl::StatusOr<Result> Run(const std::string& sql, const Parameters& parameters) {
    std::vector<const char*> values;
    std::vector<int> lengths, formats;
    for (const std::optional<Parameter>& parameter : parameters) {
      values.push_back(parameter.has_value() ? parameter->value.c_str() : nullptr);
      lengths.push_back(parameter.has_value() ? static_cast<int>(parameter->value.size()) : 0);
      formats.push_back(parameter.has_value() && parameter->binary);
    }
    return Checked(PQexecParams(connection_, sql.c_str(), static_cast<int>(values.size()), nullptr, values.data(),
                                lengths.data(), formats.data(), /*resultFormat=*/0));
  }
  absl::StatusOr<Result> Run(const std::string& sql, absl::string_view parameter) {
    return Run(sql, Parameters{Parameter{.value = std::string(parameter)}});
  }
  // Several statements without parameters; the result is the last one's.
  absl::StatusOr<Result> RunAll(const std::string& sql) { return Checked(PQexec(connection_, sql.c_str())); }

  std::string dbname() const { return PQdb(connection_); }
  std::string QuotedName(const std::string& name) const {
    char* const quoted = PQescapeIdentifier(connection_, name.data(), name.size());
    const std::string out = quoted == nullptr ? "" : quoted;
    PQfreemem(quoted);
    return out;
  }

 private:
  explicit Connection(std::string uri) : uri_(std::move(uri)) {}

  static std::string ApplicationName() {
    char host[256] = "";
    gethostname(host, sizeof(host) - 1);
    return absl::StrCat("tfxm process ", getpid(), " on ", host);
  }

  absl::Status Settings() { return RunAll(settings_).status(); }

  absl::StatusOr<Result> Checked(PGresult* raw) {
    Result result(raw);
    const ExecStatusType status = PQresultStatus(raw);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return result;
    return Error(raw);
  }

  absl::Status Unreachable() const {
    return absl::UnavailableError(absl::StrCat(
        "metadata store ", uri_, " cannot be reached: ", absl::StripAsciiWhitespace(PQerrorMessage(connection_)),
        "; is the server running, and the address right?"));
  }

  absl::Status Error(PGresult* result) const {
    if (IsLost()) return Unreachable();
    const char* const field = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char* const primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const std::string state = field == nullptr ? "" : field;
    const std::string where = absl::StrCat("metadata store ", uri_, ": ");
    const std::string reason =
        primary == nullptr ? std::string(absl::StripAsciiWhitespace(PQerrorMessage(connection_))) : primary;
    const std::string kind = state.substr(0, 2);  // PostgreSQL's documentation, appendix A.
    if (state == "23505") return absl::AlreadyExistsError(absl::StrCat(where, reason));
    if (state == "55P03" || kind == "40") {
      return absl::UnavailableError(absl::StrCat(where, "others write to it just now (", reason, "); run again"));
    }
    if (state == "42501" || state == "25006") {
      return absl::PermissionDeniedError(absl::StrCat(where, "it cannot be written: ", reason));
    }
    if (state == "54000") {
      return absl::InvalidArgumentError(absl::StrCat(
          where, reason,
          "; ML Metadata's indexes of properties take no longer text. Without them everything works: DROP INDEX "
          "idx_artifact_property_string, idx_execution_property_string, idx_context_property_string"));
    }
    if (kind == "53") return absl::ResourceExhaustedError(absl::StrCat(where, reason));
    if (kind == "22" || kind == "23") return absl::InvalidArgumentError(absl::StrCat(where, reason));
    return absl::InternalError(absl::StrCat(where, reason, " (PostgreSQL error ", state, ")"));
  }

  std::string uri_;
  std::string settings_ = "SET lock_timeout = '5s';";
  PGconn* connection_ = nullptr;
};

// The server's maintenance database knows which others there are.
absl::StatusOr<std::unique_ptr<Connection>> Connect(const Server& server, database::Mode mode) {
  auto connection = Connection::Open(server, server.config.dbname());
  if (connection.ok()) return connection;
  auto maintenance = Connection::Open(server, "postgres");
  if (!maintenance.ok()) return connection.status();
  // libpq's default is the user's name, which the maintenance connection does not tell apart from a PGDATABASE.
  const std::string& name = server.config.dbname();
  if (name.empty()) return connection.status();
  ASSIGN_OR_RETURN(const Result found, (*maintenance)->Run("SELECT 1 FROM pg_database WHERE datname = $1", name));
  if (PQntuples(found.get()) > 0) return Connection::Open(server, name);  // Another run may just have made it.
  if (mode != database::Mode::kReadWriteCreate || server.config.skip_db_creation()) {
    return absl::NotFoundError(absl::StrCat("metadata store ", server.uri, ": the server has no database \"", name,
                                            "\"", server.config.skip_db_creation() ? " (skip_db_creation)" : ""));
  }
  // If another run does the same, one of the two fails, and both have the database.
  const auto made = (*maintenance)->RunAll(absl::StrCat("CREATE DATABASE ", (*maintenance)->QuotedName(name)));
  connection = Connection::Open(server, name);
  if (!connection.ok() && !made.ok()) return made.status();
  return connection;
}

class PostgresqlDatabase;

class PostgresqlStatement : public database::Statement {
 public:
  PostgresqlStatement(PostgresqlDatabase* db, absl::string_view sql) : db_(db) {
    int parameters = 0;
    sql_ = Translated(sql, &parameters);
    parameters_.resize(parameters);
  }

  void Bind(int index, int64_t value) override { parameters_[index - 1] = {.value = absl::StrCat(value)}; }
  void Bind(int index, double value) override { parameters_[index - 1] = {.value = absl::StrFormat("%.17g", value)}; }
  void Bind(int index, absl::string_view value) override { parameters_[index - 1] = {.value = std::string(value)}; }
  void BindBlob(int index, absl::string_view value) override {
    parameters_[index - 1] = {.value = std::string(value), .binary = true};
  }
  void BindNull(int index) override { parameters_[index - 1].reset(); }

  absl::StatusOr<bool> Step() override;
  void Reset() override {
    Rewind();
    for (auto& parameter : parameters_) parameter.reset();
  }
  void Rewind() {
    result_.reset();
    row_ = -1;
  }

  bool IsNull(int column) const override { return PQgetisnull(result_.get(), row_, column) != 0; }
  int64_t Int(int column) const override {
    const absl::string_view text = Raw(column);
    int64_t value = 0;
    if (text == "t") return 1;
    return absl::SimpleAtoi(text, &value) ? value : 0;
  }
  double Double(int column) const override {
    double value = 0;
    return absl::SimpleAtod(Raw(column), &value) ? value : 0;
  }
  std::string Text(int column) const override {
    const absl::string_view text = Raw(column);
    if (PQftype(result_.get(), column) != kBytea) return std::string(text);
    size_t size = 0;
    unsigned char* const bytes = PQunescapeBytea(reinterpret_cast<const unsigned char*>(text.data()), &size);
    const std::string out(reinterpret_cast<const char*>(bytes), bytes == nullptr ? 0 : size);
    PQfreemem(bytes);
    return out;
  }

 private:
  absl::string_view Raw(int column) const {
    return absl::string_view(PQgetvalue(result_.get(), row_, column), PQgetlength(result_.get(), row_, column));
  }

  PostgresqlDatabase* db_;
  std::string sql_;
  Parameters parameters_;
  Result result_;
  int row_ = -1;
};

class PostgresqlDatabase : public database::Database {
 public:
  PostgresqlDatabase(absl::string_view uri, std::unique_ptr<Connection> connection)
      : Database(uri), connection_(std::move(connection)) {}

  absl::StatusOr<database::Statement*> Prepare(absl::string_view sql) override {
    auto it = statements_.find(sql);
    if (it == statements_.end()) {
      it = statements_.emplace(std::string(sql), std::make_unique<PostgresqlStatement>(this, sql)).first;
    }
    it->second->Reset();
    return it->second.get();
  }

  absl::Status Execute(absl::string_view sql) override {
    int parameters = 0;
    const std::string translated = Translated(sql, &parameters);
    return Retried([&] { return connection_->RunAll(translated); }).status();
  }

  absl::StatusOr<Result> Run(const std::string& sql, const Parameters& parameters) {
    for (const std::optional<Parameter>& parameter : parameters) {
      if (!parameter.has_value() || parameter->binary || parameter->value.find('\0') == std::string::npos) continue;
      return absl::InvalidArgumentError(
          absl::StrCat("metadata store ", path(), ": a text has a NUL byte, which PostgreSQL does not keep"));
    }
    return Retried([&] { return connection_->Run(sql, parameters); });
  }

  absl::StatusOr<int64_t> LastInsertId() override { return Number("SELECT LASTVAL()", {}); }

  absl::StatusOr<int64_t> CountTables(absl::string_view name) override {
    return Number(
        "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = CURRENT_SCHEMA AND "
        "(table_name = LOWER($1) OR $1 = '')",
        {Parameter{.value = std::string(name)}});
  }

  // A commit that PostgreSQL has confirmed survives everything; there is nothing to gain for a store.
  absl::Status UseFastCommits() override { return absl::OkStatus(); }
  database::Dialect dialect() const override { return database::Dialect::kPostgresql; }

 private:
  absl::Status Begin() override {
    const absl::Status begun = Execute("BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('tfxm.writer', 0))");
    if (!begun.ok()) Execute("ROLLBACK").IgnoreError();
    return begun;
  }
  void ForgetOpenStatements() override {
    for (auto& [sql, statement] : statements_) statement->Rewind();
  }

  // Outside a transaction nothing is lost with a connection.
  template <typename Function>
  absl::StatusOr<Result> Retried(const Function& run) {
    absl::StatusOr<Result> result = run();
    if (result.ok() || InTransaction() || !connection_->IsLost()) return result;
    RETURN_IF_ERROR(connection_->Reconnect());
    return run();
  }

  absl::StatusOr<int64_t> Number(const std::string& sql, const Parameters& parameters) {
    ASSIGN_OR_RETURN(const Result result, Run(sql, parameters));
    int64_t number = 0;
    if (PQntuples(result.get()) != 1 || !absl::SimpleAtoi(PQgetvalue(result.get(), 0, 0), &number)) {
      return absl::InternalError(absl::StrCat("metadata store ", path(), ": no number is the answer to ", sql));
    }
    return number;
  }

  std::unique_ptr<Connection> connection_;
  std::map<std::string, std::unique_ptr<PostgresqlStatement>, std::less<>> statements_;
};

absl::StatusOr<bool> PostgresqlStatement::Step() {
  if (result_ == nullptr) {
    ASSIGN_OR_RETURN(result_, db_->Run(sql_, parameters_));
  }
  if (++row_ < PQntuples(result_.get())) return true;
  Rewind();
  return false;
}

class HeldLock : public Lock {
 public:
  explicit HeldLock(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}

  absl::StatusOr<bool> Try(const std::string& function, const std::string& name) {
    ASSIGN_OR_RETURN(const Result result,
                     connection_->Run(absl::StrCat("SELECT ", function, "(hashtextextended($1, 0))"), name));
    return absl::string_view(PQgetvalue(result.get(), 0, 0)) == "t";
  }

  std::string Holder(const std::string& name) {
    const auto result = connection_->Run(
        "SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory' "
        "AND l.granted AND l.pid <> pg_backend_pid() AND l.objsubid = 1 AND "
        "((l.classid::bigint << 32) | l.objid::bigint) = hashtextextended($1, 0) LIMIT 1",
        name);
    if (!result.ok() || PQntuples(result->get()) == 0) return "";
    return absl::StrCat(" (", PQgetvalue(result->get(), 0, 0), ")");
  }

 private:
  std::unique_ptr<Connection> connection_;
};

class LibpqDriver : public Driver {
 public:
  absl::StatusOr<std::unique_ptr<database::Database>> Open(const Server& server, database::Mode mode) const override {
    ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection, Connect(server, mode));
    if (mode == database::Mode::kReadOnly) {
      RETURN_IF_ERROR(connection->Set("SET default_transaction_read_only = on"));
    }
    return std::make_unique<PostgresqlDatabase>(server.uri, std::move(connection));
  }

  absl::StatusOr<std::unique_ptr<Lock>> Acquire(const Server& server, const std::string& pipeline) const override {
    const bool alone = pipeline.empty();
    ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection,
                     Connect(server, alone ? database::Mode::kReadWrite : database::Mode::kReadWriteCreate));
    // A machine that is gone without a word is noticed after two minutes.
    RETURN_IF_ERROR(connection->Set(
        "SET tcp_keepalives_idle = 60; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 6"));
    auto lock = std::make_unique<HeldLock>(std::move(connection));
    const std::string store = "tfxm.store", mine = absl::StrCat("tfxm.pipeline.", pipeline);
    for (int attempt = 0;; ++attempt) {
      ASSIGN_OR_RETURN(const bool has_store,
                       lock->Try(alone ? "pg_try_advisory_lock" : "pg_try_advisory_lock_shared", store));
      if (has_store && alone) return lock;
      bool has_pipeline = false;
      if (has_store) {
        ASSIGN_OR_RETURN(has_pipeline, lock->Try("pg_try_advisory_lock", mine));
      }
      if (has_pipeline) return lock;
      if (attempt + 1 == kLockAttempts) {
        return absl::UnavailableError(
            absl::StrCat(server.uri, has_store ? absl::StrCat(": pipeline ", pipeline, " is being run") : " is in use",
                         lock->Holder(has_store ? mine : store), "; wait until that has finished",
                         has_store ? ", or give this one another name" : ""));
      }
      if (has_store) RETURN_IF_ERROR(lock->Try("pg_advisory_unlock_shared", store).status());
      std::this_thread::sleep_for(kBetweenAttempts);
    }
  }
};

TFXM_REGISTER(DriverRegistry, "libpq", [] { return std::make_unique<LibpqDriver>(); });

}  // namespace
}  // namespace tfxm::postgresql
