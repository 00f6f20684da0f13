// SPDX-License-Identifier: Apache-2.0

// One pass over shards with a mergeable accumulator, on all cores. Every data-parallel step of tfxm is this.
//
// An accumulator is any movable type with
//   absl::Status Add(const data::ExampleBatch& batch);
//   absl::Status Merge(A&& other);
// and its result must not depend on how examples were split over accumulators (util/numeric/exact_sum.h helps).
//
//   ASSIGN_OR_RETURN(CountAccumulator count,
//                    compute::Accumulate<CountAccumulator>(files, [] { return CountAccumulator(); }));
//
// There is one accumulator per file, merged in the files' order, whatever the number of threads: an accumulator that is
// only exact up to the order of merging still gives the same result on every machine. A file's is merged as soon as all
// before it are, so there are about as many at a time as there are threads.
#ifndef TFXM_COMPUTE_PASS_H_
#define TFXM_COMPUTE_PASS_H_

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tfxm/data/examples.h"

namespace tfxm::compute {

struct PassOptions {
  int num_threads = 0;    // 0: NumThreads().
  int batch_size = 1024;  // Examples decoded at a time; bounds the memory.
  bool keep_records = false;
  // Called now and then with the number of examples read so far, from any thread.
  std::function<void(int64_t)> progress;
};

inline constexpr int kMaxThreads = 1024;
// The cores this process may use (its affinity), or $TFXM_NUM_THREADS.
int NumThreads();
// A UsageError (util/exit_status.h) if $TFXM_NUM_THREADS is no number from 1 to kMaxThreads, which NumThreads ignores.
absl::Status CheckNumThreads();

// Calls work(i) for i in [0, n), at most num_threads at a time (0: NumThreads(); fewer if the system has no more).
// Returns the error of the smallest i that failed; after a failure no new work is started.
absl::Status ParallelFor(int n, const std::function<absl::Status(int)>& work, int num_threads = 0);

template <typename A>
absl::StatusOr<A> Accumulate(const std::vector<std::string>& files, const std::function<A()>& make,
                             const PassOptions& options = {}) {
  std::mutex mutex;  // Guards what follows.
  A total = make();
  size_t merged = 0;            // Files in `total`: always the first ones.
  std::map<size_t, A> waiting;  // Done, but a file before is not.
  std::atomic<int64_t> examples = 0;
  absl::Status status = ParallelFor(
      static_cast<int>(files.size()),
      [&](int i) {
        A part = make();
        absl::Status read = data::ForEachBatch(
            files[i], options.batch_size,
            [&](const data::ExampleBatch& batch) {
              absl::Status added = part.Add(batch);
              if (options.progress) options.progress(examples += batch.num_examples());
              return added;
            },
            options.keep_records);
        if (!read.ok()) return read;
        const std::lock_guard lock(mutex);
        waiting.emplace(i, std::move(part));
        for (auto next = waiting.begin(); next != waiting.end() && next->first == merged; ++merged) {
          if (absl::Status added = total.Merge(std::move(next->second)); !added.ok()) return added;
          next = waiting.erase(next);
        }
        return absl::OkStatus();
      },
      options.num_threads);
  if (!status.ok()) return status;
  return total;
}

}  // namespace tfxm::compute

#endif  // TFXM_COMPUTE_PASS_H_
