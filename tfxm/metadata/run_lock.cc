// SPDX-License-Identifier: Apache-2.0

#include "tfxm/metadata/run_lock.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

// A run that was killed is gone before the processes it was starting: until they execute another program, or see that it
// is gone, they have its lock.
constexpr int kMostWaits = 200;
constexpr int kWaitMicroseconds = 10'000;

bool IsGone(absl::string_view process) {
  pid_t pid = 0;
  return absl::SimpleAtoi(process, &pid) && pid > 0 && kill(pid, 0) != 0 && errno == ESRCH;
}

}  // namespace

absl::StatusOr<RunLock> RunLock::Acquire(absl::string_view metadata_path, absl::string_view pipeline_name) {
  if (postgresql::IsUri(metadata_path)) {
    ASSIGN_OR_RETURN(std::unique_ptr<postgresql::Lock> lock, postgresql::Acquire(metadata_path, pipeline_name));
    return RunLock(std::move(lock));
  }
  const std::string path = absl::StrCat(metadata_path, ".lock");
  RETURN_IF_ERROR(io::MakeDirs(io::Dirname(io::AbsolutePath(path))));
  for (int waits = 0;;) {
    const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) {
      return absl::PermissionDeniedError(absl::StrCat("cannot make the lock file ", path, ": ", std::strerror(errno)));
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
      char holder[32] = {};
      const ssize_t n = read(fd, holder, sizeof(holder) - 1);
      close(fd);
      if (IsGone(holder) && waits++ < kMostWaits) {
        usleep(kWaitMicroseconds);
        continue;
      }
      return absl::UnavailableError(
          absl::StrCat(metadata_path, " is in use by another run", n > 0 ? absl::StrCat(" (process ", holder, ")") : "",
                       "; wait until that has finished, or give this one another output folder"));
    }
    // The file may have been removed, by the holder before, between open and flock: then the lock is on nothing.
    struct stat locked, present;
    if (fstat(fd, &locked) == 0 && stat(path.c_str(), &present) == 0 && locked.st_ino == present.st_ino &&
        locked.st_dev == present.st_dev) {
      const std::string pid = absl::StrCat(getpid());
      if (ftruncate(fd, 0) != 0 || pwrite(fd, pid.data(), pid.size(), 0) < 0) {
        // Only the message of another run would be poorer for it.
      }
      return RunLock(path, fd);
    }
    close(fd);
  }
}

RunLock::RunLock(RunLock&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)), lock_(std::move(other.lock_)) {}

RunLock& RunLock::operator=(RunLock&& other) noexcept {
  if (this != &other) {
    Release();
    path_ = std::move(other.path_);
    fd_ = std::exchange(other.fd_, -1);
    lock_ = std::move(other.lock_);
  }
  return *this;
}

RunLock::~RunLock() { Release(); }

void RunLock::Release() {
  lock_.reset();
  if (fd_ < 0) return;
  unlink(path_.c_str());
  close(fd_);
  fd_ = -1;
}

}  // namespace tfxm
