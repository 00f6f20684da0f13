// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/files/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <optional>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "tfxm/util/filesystem/remote_files.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::io {
namespace {

constexpr char kSuffix[] = ".tmp";

struct Name {
  std::string prefix, process;
};

// The parts of a TemporaryName; of another name, nothing.
std::optional<Name> ParseTemporaryName(absl::string_view name) {
  const auto take_digits = [&name] {
    const size_t end = name.size();
    while (!name.empty() && absl::ascii_isdigit(name.back())) name.remove_suffix(1);
    return absl::string_view(name.data() + name.size(), end - name.size());
  };
  if (!absl::ConsumeSuffix(&name, kSuffix) || take_digits().empty() || !absl::ConsumeSuffix(&name, ".")) {
    return std::nullopt;
  }
  const absl::string_view process = take_digits();
  if (process.empty() || name.empty()) return std::nullopt;
  return Name{std::string(name), std::string(process)};
}

// Removes what has a name that `is_meant`, belongs to this user, and is locked by nobody.
void RemoveUnlocked(absl::string_view folder, absl::FunctionRef<bool(const Name&)> is_meant) {
  std::error_code error;
  for (std::filesystem::directory_iterator it(std::string(folder), error), end; !error && it != end;
       it.increment(error)) {
    const std::string path = it->path().string();
    const std::optional<Name> name = ParseTemporaryName(it->path().filename().string());
    if (!name.has_value() || !is_meant(*name)) continue;
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) continue;
    struct stat info;
    if (fstat(fd, &info) == 0 && info.st_uid == geteuid() && flock(fd, LOCK_EX | LOCK_NB) == 0) {
      RemoveAll(path).IgnoreError();
    }
    close(fd);
  }
}

}  // namespace

namespace internal {

std::string TemporaryName(absl::string_view prefix) {
  static std::atomic<uint32_t> count = 0;
  return absl::StrCat(prefix, getpid(), ".", ++count, kSuffix);
}

bool LockTemporary(int fd, const std::string& path) {
  // Without locks, the others have none either, and remove nothing.
  while (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EINTR) {
  }
  struct stat opened, there;
  return fstat(fd, &opened) == 0 && lstat(path.c_str(), &there) == 0 && opened.st_ino == there.st_ino &&
         opened.st_dev == there.st_dev;
}

}  // namespace internal

void RemoveAbandoned(absl::string_view folder, absl::string_view prefix) {
  RemoveUnlocked(folder,
                 [prefix](const Name& name) { return prefix.empty() ? name.prefix[0] == '.' : name.prefix == prefix; });
}

void RemoveTemporariesOf(pid_t process, absl::string_view folder) {
  RemoveUnlocked(folder, [made_by = absl::StrCat(process)](const Name& name) { return name.process == made_by; });
}

absl::StatusOr<std::unique_ptr<TempDir>> TempDir::Make(absl::string_view parent, absl::string_view prefix,
                                                       Rights rights) {
  if (IsRemote(parent)) return remote::LocalOnly("create a directory in", parent);
  RETURN_IF_ERROR(MakeDirs(parent));
  RemoveAbandoned(parent, prefix);
  while (true) {
    const NoInterruption until_it_is_known;  // Between mkdir() and TempDir() it would be left.
    const std::string path = JoinPath(parent, internal::TemporaryName(prefix));
    if (mkdir(path.c_str(), rights == Rights::kUmask ? 0777 : 0700) != 0) {
      if (errno == EEXIST) continue;
      return absl::ErrnoToStatus(errno, absl::StrCat("cannot create a directory in ", parent));
    }
    const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0 && internal::LockTemporary(fd, path)) return std::unique_ptr<TempDir>(new TempDir(path, prefix, fd));
    if (fd >= 0) close(fd);
    if (fd < 0 && errno != ENOENT) {
      absl::Status status = absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", path));
      rmdir(path.c_str());
      return status;
    }
  }
}

TempDir::TempDir(std::string path, absl::string_view prefix, int lock) : path_(std::move(path)), lock_(lock) {
  // Under another name first: after an interruption the program goes on writing into it until it ends.
  remove_.emplace([path = path_, prefix = std::string(prefix)] {
    const std::string doomed = JoinPath(Dirname(path), internal::TemporaryName(prefix));
    RemoveAll(Rename(path, doomed).ok() ? doomed : path).IgnoreError();
  });
}

TempDir::~TempDir() {
  remove_.reset();
  close(lock_);
}

}  // namespace tfxm::io
