// SPDX-License-Identifier: Apache-2.0

// Only one run at a time may use a metadata store that is a file, and its pipeline_root: two would see each other's
// unfinished executions. A store on PostgreSQL takes many pipelines at a time, each once.
//
//   ASSIGN_OR_RETURN(RunLock lock, RunLock::Acquire("runs/mnist/metadata.db"));   // Held until it is destroyed.
//   ASSIGN_OR_RETURN(RunLock mine, RunLock::Acquire("postgresql://db.example/mlmd", "mnist"));
//
// The lock is the kernel's (flock on a file beside the store) or the server's (an advisory lock of a connection), so it
// is gone with the process, however that ends. Reading the store (tfxm lineage, Python) needs no lock.
#ifndef TFXM_METADATA_RUN_LOCK_H_
#define TFXM_METADATA_RUN_LOCK_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/metadata/postgresql.h"

namespace tfxm {

class RunLock {
 public:
  // For a run of that pipeline; without one, for what changes the whole store, and then no run goes on.
  // UNAVAILABLE names the process that holds it.
  static absl::StatusOr<RunLock> Acquire(absl::string_view metadata_path, absl::string_view pipeline_name = "");
  RunLock(RunLock&& other) noexcept;
  RunLock& operator=(RunLock&& other) noexcept;
  ~RunLock();

 private:
  RunLock(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  explicit RunLock(std::unique_ptr<postgresql::Lock> lock) : lock_(std::move(lock)) {}
  void Release();
  std::string path_;
  int fd_ = -1;
  std::unique_ptr<postgresql::Lock> lock_;
};

}  // namespace tfxm

#endif  // TFXM_METADATA_RUN_LOCK_H_
