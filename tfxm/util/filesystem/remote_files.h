// SPDX-License-Identifier: Apache-2.0

// What io.h does with paths that have a scheme (file_system.h). For io.cc and its neighbours; others call io.h.
#ifndef TFXM_UTIL_FILESYSTEM_REMOTE_FILES_H_
#define TFXM_UTIL_FILESYSTEM_REMOTE_FILES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/util/filesystem/file_system.h"

namespace tfxm::io::remote {

// kNothing, and no error, if there is nothing.
absl::StatusOr<PathInfo> Info(absl::string_view path);
absl::StatusOr<std::vector<PathEntry>> List(absl::string_view dir, bool recursive);
absl::StatusOr<std::string> ReadFile(absl::string_view path);
absl::Status WriteFile(absl::string_view path, absl::string_view content);
// Regular files, by the rules of glob(3), as io::Glob.
absl::StatusOr<std::vector<std::string>> Glob(absl::string_view pattern);
absl::Status RemoveAll(absl::string_view path);
// A file or a tree, from a store or into one, in the order of the paths.
absl::Status CopyTree(absl::string_view from, absl::string_view to);
// Without "/" at the end.
std::string Normalized(absl::string_view path);
// UNIMPLEMENTED, for what only local files have: renames, locks, temporary folders.
absl::Status LocalOnly(absl::string_view what, absl::string_view path);

}  // namespace tfxm::io::remote

#endif  // TFXM_UTIL_FILESYSTEM_REMOTE_FILES_H_
