// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/filesystem/local_copy.h"

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>

#include "absl/strings/str_cat.h"
#include "tfxm/util/files/temporary.h"
#include "tfxm/util/filesystem/file_system.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::io {
namespace {

struct Copies {
  std::mutex mutex;
  std::unique_ptr<TempDir> folder;           // Goes away when the process ends.
  std::map<std::string, std::string> paths;  // Of what was copied.
};

}  // namespace

absl::StatusOr<std::string> LocalCopy(absl::string_view path) {
  if (!IsRemote(path)) return std::string(path);
  static Copies copies;
  const std::lock_guard lock(copies.mutex);
  const std::string from = AbsolutePath(path);
  if (const auto found = copies.paths.find(from); found != copies.paths.end()) return found->second;
  if (copies.folder == nullptr) {
    ASSIGN_OR_RETURN(copies.folder, TempDir::Make(std::filesystem::temp_directory_path().string(), "tfxm-copies-"));
  }
  // The name stays, since some go by it.
  const std::string to = JoinPath(copies.folder->path(), absl::StrCat(copies.paths.size() + 1), Basename(from));
  RETURN_IF_ERROR(MakeDirs(Dirname(to)));
  RETURN_IF_ERROR(CopyTree(from, to));
  copies.paths[from] = to;
  return to;
}

}  // namespace tfxm::io
