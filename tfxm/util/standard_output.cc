// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/standard_output.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace tfxm {
namespace {

absl::Status CannotWrite(int error) {
  return absl::DataLossError(absl::StrCat("cannot write to standard output",
                                          error == 0 ? "" : absl::StrCat(": ", std::strerror(error)),
                                          "; what was printed is not complete"));
}

}  // namespace

absl::Status Print(absl::string_view text) {
  errno = 0;
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) return CannotWrite(errno);
  return absl::OkStatus();
}

absl::Status FlushStandardOutput() {
  errno = 0;
  if (std::fflush(stdout) != 0) return CannotWrite(errno);
  if (std::ferror(stdout)) return CannotWrite(0);
  return absl::OkStatus();
}

void OpenStandardStreams() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
    // The lowest number that is free, which is `fd`. Opened the wrong way round: reading or writing is an error.
    [[maybe_unused]] const int opened = open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
}

}  // namespace tfxm
