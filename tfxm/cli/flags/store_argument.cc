// SPDX-License-Identifier: Apache-2.0

#include "tfxm/cli/flags/store_argument.h"

#include "absl/strings/str_cat.h"
#include "tfxm/metadata/postgresql.h"
#include "tfxm/util/exit_status.h"
#include "tfxm/util/io.h"

namespace tfxm::cli {

absl::Status CheckStore(const std::string& path, absl::string_view command) {
  if (postgresql::IsUri(path) || !io::IsDirectory(path)) return absl::OkStatus();
  const std::string inside = io::JoinPath(path, "metadata.db");
  return UsageError(absl::StrCat(path, " is a folder, and a store is a file",
                                 io::Exists(inside) ? absl::StrCat(": tfxm ", command, " ", inside) : ""));
}

}  // namespace tfxm::cli
