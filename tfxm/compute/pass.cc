// SPDX-License-Identifier: Apache-2.0

#include "tfxm/compute/pass.h"

#include <sched.h>

#include <algorithm>
#include <cstdlib>
#include <system_error>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tfxm/util/exit_status.h"

namespace tfxm::compute {

namespace {

// Of $TFXM_NUM_THREADS; 0: it is not set, -1: it is none.
int ThreadsAskedFor() {
  const char* const value = std::getenv("TFXM_NUM_THREADS");
  if (value == nullptr || *value == '\0') return 0;
  int threads;
  return absl::SimpleAtoi(value, &threads) && threads >= 1 && threads <= kMaxThreads ? threads : -1;
}

}  // namespace

int NumThreads() {
  if (const int threads = ThreadsAskedFor(); threads > 0) return threads;
  cpu_set_t cpus;
  if (sched_getaffinity(0, sizeof(cpus), &cpus) == 0) return std::max(1, CPU_COUNT(&cpus));
  return std::max(1u, std::thread::hardware_concurrency());
}

absl::Status CheckNumThreads() {
  if (ThreadsAskedFor() >= 0) return absl::OkStatus();
  return UsageError(absl::StrCat("TFXM_NUM_THREADS=", std::getenv("TFXM_NUM_THREADS"),
                                 ": expected a whole number from 1 to ", kMaxThreads));
}

absl::Status ParallelFor(int n, const std::function<absl::Status(int)>& work, int num_threads) {
  if (num_threads <= 0) num_threads = NumThreads();
  num_threads = std::min({num_threads, n, kMaxThreads});
  std::vector<absl::Status> results(std::max(n, 0));
  std::atomic<int> next = 0;
  std::atomic<bool> failed = false;
  auto worker = [&] {
    for (int i; !failed && (i = next++) < n;) {
      results[i] = work(i);
      if (!results[i].ok()) failed = true;
    }
  };
  std::vector<std::thread> threads;
  try {
    for (int t = 1; t < num_threads; ++t) threads.emplace_back(worker);
  } catch (const std::system_error&) {  // The system gives no more threads; those there are do the work.
  }
  worker();
  for (std::thread& thread : threads) thread.join();
  for (absl::Status& result : results) {
    if (!result.ok()) return result;
  }
  return absl::OkStatus();
}

}  // namespace tfxm::compute
