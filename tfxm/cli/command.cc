// SPDX-License-Identifier: Apache-2.0

#include "tfxm/cli/command.h"

#include "absl/strings/str_cat.h"
#include "tfxm/util/io.h"

namespace tfxm::cli {

absl::Status CheckOutputFile(absl::string_view flag, absl::string_view path, const std::vector<std::string>& inputs) {
  if (path.empty()) return absl::OkStatus();
  const std::string given = absl::StrCat("--", flag, "=", path);
  if (io::IsDirectory(path)) return UsageError(absl::StrCat(given, " is a folder; give the name of a file"));
  if (const std::string folder = io::Dirname(path); !folder.empty() && !io::IsDirectory(folder)) {
    return UsageError(absl::StrCat(given, ": there is no folder ", folder));
  }
  for (const std::string& input : inputs) {
    if (io::IsSameFile(path, input)) {
      return UsageError(absl::StrCat(given, " is what is read (", input, "); give the name of another file"));
    }
  }
  return absl::OkStatus();
}

}  // namespace tfxm::cli
