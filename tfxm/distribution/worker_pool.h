// SPDX-License-Identifier: Apache-2.0

// Runs the workers of a pass, some at a time, until each shard is done: again where one fails, twice where one takes
// too long.
//
//   WorkerPool pool(launcher, log_dir);
//   RETURN_IF_ERROR(pool.Run(jobs, [](int job) { return absl::OkStatus(); }));
//
// Each worker is a process group of its own, whose output goes to a file in `log_dir`. An interruption (Ctrl-C) ends
// them all; HandleInterrupts (util/files/clean_up.h) is the program's to call.
#ifndef TFXM_DISTRIBUTION_WORKER_POOL_H_
#define TFXM_DISTRIBUTION_WORKER_POOL_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "tfxm/distribution/launcher.h"

namespace tfxm::distribution {

// One shard. Its worker may run more than once, also at the same time: it must do no harm.
struct Job {
  std::string name;                  // For messages.
  std::vector<std::string> command;  // Of the worker; the launcher's is put around it.
  // After a worker has ended well: whether what it was to make is there, and whole. An error counts as a failure.
  std::function<absl::Status()> check;
};

struct PoolProgress {
  int num_jobs = 0, num_done = 0, num_running = 0;  // Running: workers.
  int num_failed = 0;                               // Workers that had to be replaced.
};

class WorkerPool {
 public:
  WorkerPool(Launcher launcher, std::string log_dir) : launcher_(std::move(launcher)), log_dir_(std::move(log_dir)) {}

  // Calls job_done(i) in the order of the jobs, each once it and those before it are done. Returns the first error of
  // that, or that of a job whose attempts are used up or whose worker was called wrongly (exit status 2); it names the
  // job and says what its worker wrote last. No worker is running then.
  absl::Status Run(const std::vector<Job>& jobs, const std::function<absl::Status(int)>& job_done,
                   const std::function<void(const PoolProgress&)>& progress = nullptr);

 private:
  const Launcher launcher_;
  const std::string log_dir_;
};

}  // namespace tfxm::distribution

#endif  // TFXM_DISTRIBUTION_WORKER_POOL_H_
