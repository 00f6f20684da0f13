// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/filesystem/input_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <future>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tfxm/util/files/file_descriptor.h"
#include "tfxm/util/filesystem/file_system.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::io {
namespace {

constexpr int64_t kFirstWindow = 256 << 10, kLargestWindow = 8 << 20;

class LocalInput : public InputFile {
 public:
  LocalInput(FileDescriptor file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}

  absl::StatusOr<size_t> Read(char* to, size_t n) override {
    size_t got = 0;
    while (got < n) {
      const ssize_t r = read(file_.get(), to + got, n - got);
      if (r < 0 && errno == EINTR) continue;
      if (r < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", path_));
      if (r == 0) break;
      got += static_cast<size_t>(r);
    }
    return got;
  }

  absl::Status Seek(int64_t offset) override {
    if (lseek(file_.get(), offset, SEEK_SET) >= 0) return absl::OkStatus();
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", path_));
  }

  absl::StatusOr<int64_t> Size() override {
    struct stat info;
    if (fstat(file_.get(), &info) != 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", path_));
    return info.st_size;
  }

 private:
  const FileDescriptor file_;
  const std::string path_;
};

class RemoteInput : public InputFile {
 public:
  explicit RemoteInput(std::unique_ptr<RemoteFile> file) : file_(std::move(file)) {}

  absl::StatusOr<size_t> Read(char* to, size_t n) override {
    size_t got = 0;
    while (got < n && position_ < file_->size()) {
      const int64_t in_window = position_ - window_begin_;
      if (in_window < 0 || in_window >= static_cast<int64_t>(window_.size())) {
        RETURN_IF_ERROR(NextWindow());
        continue;
      }
      const size_t part = std::min(n - got, window_.size() - static_cast<size_t>(in_window));
      memcpy(to + got, window_.data() + in_window, part);
      got += part;
      position_ += static_cast<int64_t>(part);
    }
    return got;
  }

  absl::Status Seek(int64_t offset) override {
    position_ = offset;
    return absl::OkStatus();
  }

  absl::StatusOr<int64_t> Size() override { return file_->size(); }

 private:
  // A window that begins at position_, which lies in the file.
  absl::Status NextWindow() {
    const bool goes_on = !window_.empty() && position_ == window_begin_ + static_cast<int64_t>(window_.size());
    const bool is_ahead = ahead_.valid() && ahead_begin_ == position_;
    absl::StatusOr<std::string> window;
    if (is_ahead) {
      window = ahead_.get();
    } else {
      ahead_ = {};  // Waits for what is not needed.
      width_ = goes_on ? std::min(2 * width_, kLargestWindow) : kFirstWindow;
      window = Fetch(position_, width_);
    }
    RETURN_IF_ERROR(window.status());
    window_ = *std::move(window);
    window_begin_ = position_;
    if (!goes_on) return absl::OkStatus();
    ahead_begin_ = window_begin_ + static_cast<int64_t>(window_.size());
    if (ahead_begin_ >= file_->size()) return absl::OkStatus();
    width_ = std::min(2 * width_, kLargestWindow);
    ahead_ =
        std::async(std::launch::async, [this, begin = ahead_begin_, width = width_] { return Fetch(begin, width); });
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> Fetch(int64_t begin, int64_t width) const {
    std::string bytes(static_cast<size_t>(std::min(width, file_->size() - begin)), '\0');
    RETURN_IF_ERROR(file_->ReadAt(begin, bytes.data(), bytes.size()));
    return bytes;
  }

  const std::unique_ptr<RemoteFile> file_;
  int64_t position_ = 0, width_ = 0;
  std::string window_;
  int64_t window_begin_ = 0, ahead_begin_ = 0;
  std::future<absl::StatusOr<std::string>> ahead_;  // Before file_ goes, it is waited for.
};

}  // namespace

absl::StatusOr<std::unique_ptr<InputFile>> InputFile::Open(absl::string_view path) {
  if (IsRemote(path)) {
    ASSIGN_OR_RETURN(FileSystem* const store, FileSystemOf(path));
    ASSIGN_OR_RETURN(std::unique_ptr<RemoteFile> file, store->Open(std::string(path)));
    return std::make_unique<RemoteInput>(std::move(file));
  }
  FileDescriptor file(open(std::string(path).c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", path));
  return std::make_unique<LocalInput>(std::move(file), std::string(path));
}

}  // namespace tfxm::io
