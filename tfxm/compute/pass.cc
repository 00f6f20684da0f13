#include "tfxm/compute/pass.h"

#include <sched.h>

#include <algorithm>
#include <cstdlib>
#include <thread>

#include "absl/strings/numbers.h"

namespace tfxm::compute {

int NumThreads() {
  int threads;
  if (const char* value = std::getenv("TFXM_NUM_THREADS");
      value != nullptr && absl::SimpleAtoi(value, &threads) && threads > 0) {
    return threads;
  }
  cpu_set_t cpus;
  if (sched_getaffinity(0, sizeof(cpus), &cpus) == 0) return std::max(1, CPU_COUNT(&cpus));
  return std::max(1u, std::thread::hardware_concurrency());
}

absl::Status ParallelFor(int n, const std::function<absl::Status(int)>& work, int num_threads) {
  if (num_threads <= 0) num_threads = NumThreads();
  num_threads = std::min(num_threads, n);
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
  for (int t = 1; t < num_threads; ++t) threads.emplace_back(worker);
  worker();
  for (std::thread& thread : threads) thread.join();
  for (absl::Status& result : results) {
    if (!result.ok()) return result;
  }
  return absl::OkStatus();
}

}  // namespace tfxm::compute
