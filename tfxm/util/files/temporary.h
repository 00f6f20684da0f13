// SPDX-License-Identifier: Apache-2.0

// What is being made and has not come to its place yet. Whoever makes it has it locked (flock), and the lock ends with
// the process: what a killed one has left is told by that, and the next one to make such a thing there removes it.
//
//   ASSIGN_OR_RETURN(const auto staging, io::TempDir::Make(output, ".writing-"));
//   RETURN_IF_ERROR(io::WriteFile(io::JoinPath(staging->path(), "a"), content));
//   RETURN_IF_ERROR(io::Rename(io::JoinPath(staging->path(), "a"), io::JoinPath(output, "a")));
//
// io::WriteFile does so for a file. Where a file system has no locks, nothing is removed.
#ifndef TFXM_UTIL_FILES_TEMPORARY_H_
#define TFXM_UTIL_FILES_TEMPORARY_H_

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/util/files/clean_up.h"

namespace tfxm::io {

class TempDir {
 public:
  enum class Rights { kThisUser, kUmask };  // kUmask: for one that becomes something lasting.

  // A new folder in `parent`, which is made if need be. Its name is `prefix`, some digits, ".tmp".
  static absl::StatusOr<std::unique_ptr<TempDir>> Make(absl::string_view parent, absl::string_view prefix,
                                                       Rights rights = Rights::kThisUser);
  // Removes it, as an interruption does (clean_up.h), unless it has been moved away.
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::string& path() const { return path_; }

 private:
  TempDir(std::string path, absl::string_view prefix, int lock);
  const std::string path_;
  const int lock_;
  std::optional<CleanUp> remove_;
};

// Removes from `folder` what has such a name, belongs to this user, and is locked by nobody. Without a prefix: with any
// that begins with a dot, as those of files do.
void RemoveAbandoned(absl::string_view folder, absl::string_view prefix = "");
// Removes from `folder`, too, what has such a name with any prefix and was made by `process`, a child that has ended.
void RemoveTemporariesOf(pid_t process, absl::string_view folder);

namespace internal {

// `prefix`, some digits, ".tmp": not used by this process so far.
std::string TemporaryName(absl::string_view prefix);
// Locks the open file or folder as long as `fd` is open. False if somebody took it for abandoned before that.
bool LockTemporary(int fd, const std::string& path);

}  // namespace internal
}  // namespace tfxm::io

#endif  // TFXM_UTIL_FILES_TEMPORARY_H_
