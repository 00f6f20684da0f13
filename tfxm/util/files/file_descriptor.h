// SPDX-License-Identifier: Apache-2.0

// An open file, closed at the end of the scope.
//
//   const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
//   if (file.get() < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", path));
#ifndef TFXM_UTIL_FILES_FILE_DESCRIPTOR_H_
#define TFXM_UTIL_FILES_FILE_DESCRIPTOR_H_

#include <errno.h>
#include <unistd.h>

#include <utility>

namespace tfxm {

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd = -1) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    if (this != &other) {
      Close();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  ~FileDescriptor() { Close(); }
  // -1: none.
  int get() const { return fd_; }
  // Leaves errno alone.
  void Close() {
    if (fd_ < 0) return;
    const int error = errno;
    close(std::exchange(fd_, -1));
    errno = error;
  }

 private:
  int fd_;
};

}  // namespace tfxm

#endif  // TFXM_UTIL_FILES_FILE_DESCRIPTOR_H_
