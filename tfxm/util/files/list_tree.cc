// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/files/list_tree.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "tfxm/util/filesystem/remote_files.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {

namespace fs = std::filesystem;

absl::StatusOr<std::vector<TreeFile>> ListTree(absl::string_view dir) {
  std::vector<TreeFile> files;
  if (io::IsRemote(dir)) {
    ASSIGN_OR_RETURN(const std::vector<io::PathEntry> entries, io::remote::List(dir, /*recursive=*/true));
    for (const io::PathEntry& entry : entries) files.push_back({.path = entry.path, .is_file = true});
    return files;
  }
  std::error_code error;
  const fs::path root{std::string(dir)};
  for (fs::recursive_directory_iterator it(root, error), end; !error && it != end; it.increment(error)) {
    const fs::file_type type = it->symlink_status(error).type();
    if (error) break;
    if (type == fs::file_type::directory) continue;
    std::error_code ignored;  // Of a link to nothing.
    const fs::file_type target = it->status(ignored).type();
    const bool is_link = type == fs::file_type::symlink;
    files.push_back({.path = it->path().lexically_relative(root).string(),
                     .is_file = target == fs::file_type::regular || (is_link && target == fs::file_type::not_found),
                     .is_link = is_link});
  }
  if (error) return absl::ErrnoToStatus(error.value(), absl::StrCat("cannot list ", dir));
  std::sort(files.begin(), files.end(), [](const TreeFile& a, const TreeFile& b) { return a.path < b.path; });
  return files;
}

}  // namespace tfxm
