// SPDX-License-Identifier: Apache-2.0

// Only one run at a time may use a metadata store and its pipeline_root: two would see each other's unfinished
// executions.
//
//   ASSIGN_OR_RETURN(RunLock lock, RunLock::Acquire("runs/mnist/metadata.db"));   // Held until it is destroyed.
//
// The lock is the kernel's (flock on a file beside the store), so it is gone with the process, however that ends.
// Reading the store (tfxm lineage, Python) needs no lock.
#ifndef TFXM_METADATA_RUN_LOCK_H_
#define TFXM_METADATA_RUN_LOCK_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tfxm {

class RunLock {
 public:
  // UNAVAILABLE names the process that holds it.
  static absl::StatusOr<RunLock> Acquire(absl::string_view metadata_path);
  RunLock(RunLock&& other) noexcept;
  RunLock& operator=(RunLock&& other) noexcept;
  ~RunLock();

 private:
  RunLock(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  void Release();
  std::string path_;
  int fd_ = -1;
};

}  // namespace tfxm

#endif  // TFXM_METADATA_RUN_LOCK_H_
