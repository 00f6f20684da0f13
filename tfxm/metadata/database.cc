// SPDX-License-Identifier: Apache-2.0

#include "tfxm/metadata/database.h"

#include "absl/strings/str_cat.h"
#include "tfxm/metadata/postgresql.h"
#include "tfxm/metadata/sqlite.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::database {

void Statement::BindTextOrNull(int index, absl::string_view value) {
  if (value.empty()) {
    BindNull(index);
  } else {
    Bind(index, value);
  }
}

absl::Status Statement::Run() {
  ASSIGN_OR_RETURN(bool row, Step());
  if (row) Reset();
  return absl::OkStatus();
}

absl::Status Database::Transaction(absl::FunctionRef<absl::Status()> body) {
  const std::string savepoint = absl::StrCat("nested", depth_);
  const bool outermost = depth_ == 0;
  RETURN_IF_ERROR(outermost ? Begin() : Execute(absl::StrCat("SAVEPOINT ", savepoint)));
  ++depth_;
  absl::Status status = body();
  if (status.ok()) status = Execute(outermost ? "COMMIT" : absl::StrCat("RELEASE ", savepoint));
  if (!status.ok()) {
    ForgetOpenStatements();
    // A severe error (full disk) has rolled back already, and then this one's failure says nothing.
    Execute(outermost ? "ROLLBACK" : absl::StrCat("ROLLBACK TO ", savepoint, "; RELEASE ", savepoint)).IgnoreError();
  }
  --depth_;
  return status;
}

std::string AbsolutePath(absl::string_view path) {
  return postgresql::IsUri(path) ? std::string(path) : io::AbsolutePath(path);
}

absl::StatusOr<std::unique_ptr<Database>> Open(absl::string_view path, Mode mode) {
  return postgresql::IsUri(path) ? postgresql::Open(path, mode) : sqlite::Open(path, mode);
}

}  // namespace tfxm::database
