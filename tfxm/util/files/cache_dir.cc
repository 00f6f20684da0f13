// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/files/cache_dir.h"

#include <errno.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

constexpr char kWayOut[] = "set TFXM_CACHE to a folder of your own";

// Of the system's list of users; empty if there is none.
std::string HomeOfUser() {
  std::vector<char> buffer(16384);
  passwd entry, *found = nullptr;
  if (getpwuid_r(geteuid(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return "";
  return found->pw_dir == nullptr ? "" : found->pw_dir;
}

// Folders of a cache are not for all to write to, whatever the umask.
absl::Status MakePrivateDirs(const std::string& path) {
  if (io::IsDirectory(path)) return absl::OkStatus();
  if (const std::string parent = io::Dirname(path); !parent.empty()) RETURN_IF_ERROR(MakePrivateDirs(parent));
  if (mkdir(path.c_str(), 0755) == 0 || errno == EEXIST) return absl::OkStatus();
  return absl::ErrnoToStatus(errno, absl::StrCat("cannot create directory ", path));
}

}  // namespace

absl::StatusOr<std::string> CacheDir() {
  if (const char* const cache = std::getenv("TFXM_CACHE"); cache != nullptr && *cache != '\0') {
    return io::AbsolutePath(cache);
  }
  const char* const variable = std::getenv("HOME");
  const std::string home = variable != nullptr && *variable != '\0' ? variable : HomeOfUser();
  if (!io::IsDirectory(home) || home[0] != '/') {
    return absl::FailedPreconditionError(absl::StrCat("there is no home directory to keep compiled modules in",
                                                      home.empty() ? "" : absl::StrCat(" (HOME is \"", home, "\")"),
                                                      ": set HOME, or ", kWayOut));
  }
  return io::JoinPath(home, ".cache/tfxm");
}

absl::StatusOr<std::string> MakeCacheDir(absl::string_view name) {
  ASSIGN_OR_RETURN(const std::string cache, CacheDir());
  const std::string dir = io::JoinPath(cache, name);
  RETURN_IF_ERROR(MakePrivateDirs(dir));
  for (std::string path = dir; path.size() >= cache.size(); path = io::Dirname(path)) {
    RETURN_IF_ERROR(CheckOnlyOurs(path));
  }
  return dir;
}

absl::Status CheckOnlyOurs(absl::string_view path) {
  struct stat info;
  if (stat(std::string(path).c_str(), &info) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot look at ", path));
  }
  const char* const what = S_ISDIR(info.st_mode) ? "code is kept in" : "code is taken from";
  if (info.st_uid != geteuid() && info.st_uid != 0) {
    return absl::FailedPreconditionError(absl::StrCat(path, ", which ", what, ", belongs to user ", info.st_uid,
                                                      ", and this is user ", geteuid(), ": ", kWayOut));
  }
  const bool by_all = (info.st_mode & S_IWOTH) != 0;
  const bool by_group = (info.st_mode & S_IWGRP) != 0 && info.st_gid != getegid();
  if (!by_all && !by_group) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrFormat(
      "%s, which %s, may be written to by %s (mode %04o): chmod go-w it if what is in it is yours, or %s", path, what,
      by_all ? "all users" : "another group", info.st_mode & 07777, kWayOut));
}

}  // namespace tfxm
