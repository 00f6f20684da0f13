// SPDX-License-Identifier: Apache-2.0

#include "tfxm/orchestration/cancellation.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

namespace tfxm {

Cancellation::Cancellation() {
  // Without a pipe, a run looks at Count() now and then all the same.
  if (pipe2(pipe_, O_CLOEXEC | O_NONBLOCK) != 0) pipe_[0] = pipe_[1] = -1;
}

Cancellation::~Cancellation() {
  if (pipe_[0] < 0) return;
  close(pipe_[0]);
  close(pipe_[1]);
}

// Only what a signal handler may do.
void Cancellation::Cancel(int signal) {
  const int saved = errno;
  int none = 0;
  signal_.compare_exchange_strong(none, signal);
  ++count_;
  (void)!write(pipe_[1], "x", 1);
  errno = saved;
}

int Cancellation::Count() {
  char buffer[16];
  while (read(pipe_[0], buffer, sizeof(buffer)) > 0) {
  }
  return count_;
}

}  // namespace tfxm
