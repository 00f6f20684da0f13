// SPDX-License-Identifier: Apache-2.0

// Ends a run before it is done.
//
//   Cancellation cancellation;
//   std::thread runner([&] { result = LocalDagRunner({.cancellation = &cancellation}).Run(pipeline); });
//   …
//   cancellation.Cancel();  // From any thread, or from a signal handler (interrupts.h).
#ifndef TFXM_ORCHESTRATION_CANCELLATION_H_
#define TFXM_ORCHESTRATION_CANCELLATION_H_

#include <atomic>

namespace tfxm {

// For one run.
class Cancellation {
 public:
  Cancellation();
  ~Cancellation();
  Cancellation(const Cancellation&) = delete;
  Cancellation& operator=(const Cancellation&) = delete;

  // The executors are ended, then the run; called again, it does not wait for them. `signal`: why, if it was a signal.
  void Cancel(int signal = 0);

  // For the run. Readable after Cancel.
  int fd() const { return pipe_[0]; }
  // How often Cancel was called until now. Makes fd() unreadable.
  int Count();
  // Of the first call.
  int signal() const { return signal_; }

 private:
  std::atomic<int> count_{0}, signal_{0};
  int pipe_[2];
};

}  // namespace tfxm

#endif  // TFXM_ORCHESTRATION_CANCELLATION_H_
