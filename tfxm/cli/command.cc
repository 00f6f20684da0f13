// SPDX-License-Identifier: Apache-2.0

#include "tfxm/cli/command.h"

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "tfxm/util/filesystem/file_system.h"
#include "tfxm/util/io.h"
#include "tfxm/util/text/text.h"

namespace tfxm::cli {

absl::Status CheckOutputFile(absl::string_view flag, absl::string_view path, const std::vector<std::string>& inputs) {
  if (path.empty()) return absl::OkStatus();
  const std::string given = absl::StrCat("--", flag, "=", path);
  if (io::IsDirectory(path)) return UsageError(absl::StrCat(given, " is a folder; give the name of a file"));
  if (const std::string folder = io::Dirname(path);
      !folder.empty() && !io::IsRemote(path) && !io::IsDirectory(folder)) {
    return UsageError(absl::StrCat(given, ": there is no folder ", folder));
  }
  for (const std::string& input : inputs) {
    if (io::IsSameFile(path, input)) {
      return UsageError(absl::StrCat(given, " is what is read (", input, "); give the name of another file"));
    }
  }
  return absl::OkStatus();
}

void Warn(absl::string_view text) {
  std::fflush(stdout);  // What was printed before comes first.
  std::fprintf(stderr, "tfxm: warning: %s\n", PrintableText(text).c_str());
}

}  // namespace tfxm::cli
