// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/process/environment.h"

#include <unistd.h>

#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "tfxm/util/io.h"

namespace tfxm {

std::string EnvironmentOr(const char* name, absl::string_view otherwise) {
  const char* const value = std::getenv(name);
  return std::string(value == nullptr || *value == '\0' ? otherwise : value);
}

std::string FindProgram(const std::string& name) {
  if (absl::StrContains(name, '/')) return access(name.c_str(), X_OK) == 0 ? name : "";
  for (const absl::string_view dir : absl::StrSplit(EnvironmentOr("PATH"), ':')) {
    const std::string path = io::JoinPath(dir.empty() ? "." : dir, name);
    if (access(path.c_str(), X_OK) == 0 && !io::IsDirectory(path)) return path;
  }
  return "";
}

}  // namespace tfxm
