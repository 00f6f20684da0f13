// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/process/stderr_filter.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <set>
#include <utility>

namespace tfxm {
namespace {

std::mutex mutex;
std::set<std::string>& Seen() {  // Guarded by it.
  static auto* const seen = new std::set<std::string>;
  return *seen;
}

}  // namespace

StderrWithoutLine::StderrWithoutLine(std::string line) : lock_(mutex), line_(std::move(line)) {
  if (Seen().count(line_) > 0) return;
  std::fflush(stderr);
  caught_ = memfd_create("stderr", MFD_CLOEXEC);
  stderr_ = caught_ < 0 ? -1 : fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (stderr_ >= 0) dup2(caught_, STDERR_FILENO);
}

StderrWithoutLine::~StderrWithoutLine() {
  if (stderr_ >= 0) {
    std::fflush(stderr);
    dup2(stderr_, STDERR_FILENO);
    close(stderr_);
    std::string text(static_cast<size_t>(lseek(caught_, 0, SEEK_END)), '\0');
    const ssize_t n = pread(caught_, text.data(), text.size(), 0);
    text.resize(n < 0 ? 0 : static_cast<size_t>(n));
    if (const size_t at = text.find(line_); at != std::string::npos) {
      text.erase(at, line_.size());
      Seen().insert(line_);
    }
    std::fwrite(text.data(), 1, text.size(), stderr);
  }
  if (caught_ >= 0) close(caught_);
}

}  // namespace tfxm
