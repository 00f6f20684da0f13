// SPDX-License-Identifier: Apache-2.0

// One pass over files of tf.Examples with an accumulator (accumulator.h), on all cores. Every data-parallel step of tfxm
// is this.
//
//   ASSIGN_OR_RETURN(CountAccumulator count,
//                    compute::Accumulate<CountAccumulator>(files, [] { return CountAccumulator(); }));
//
// Files are read in blocks (block_reader.h), so that one file keeps all cores busy, too. There is one accumulator per
// block; those of a file are merged in order, then the files' in theirs. What is merged with what follows from the data
// alone: an accumulator that is only exact up to the order of merging still gives the same result on every machine and
// with any number of threads. What waits for its turn to be merged is about as much as there are threads.
#ifndef TFXM_COMPUTE_PASS_H_
#define TFXM_COMPUTE_PASS_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tfxm/compute/accumulator.h"
#include "tfxm/compute/block_reader.h"
#include "tfxm/data/example_batch.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::compute {

struct PassOptions {
  int num_threads = 0;    // 0: NumThreads().
  int batch_size = 1024;  // Examples decoded at a time.
  bool keep_records = false;
  // Called now and then with the number of examples read so far, from any thread.
  std::function<void(int64_t)> progress;
  // How many bytes of records make a block (BlockOptions); every thread has one in memory. Results of accumulators that
  // are exact do not depend on it.
  size_t block_bytes = size_t{8} << 20;
};

inline constexpr int kMaxThreads = 1024;
// The cores this process may use (its affinity), or $TFXM_NUM_THREADS.
int NumThreads();
// A UsageError (util/exit_status.h) if $TFXM_NUM_THREADS is not a number from 1 to kMaxThreads, which NumThreads ignores.
absl::Status CheckNumThreads();

// Calls work(i) for i in [0, n), at most num_threads at a time (0: NumThreads(); fewer if the system has no more).
// Returns the error of the smallest i that failed; after a failure no new work is started.
absl::Status ParallelFor(int n, const std::function<absl::Status(int)>& work, int num_threads = 0);

// The examples of a block in batches of options.batch_size; the batch is reused. Errors name the file and, where an
// example cannot be decoded, the record.
absl::Status ForEachBatch(const std::string& file, const RecordBlock& block, const PassOptions& options,
                          const std::function<absl::Status(const data::ExampleBatch&)>& fn);

// What is left to do with a block when its turn has come.
using InTurn = std::function<absl::Status()>;

// Reads files in blocks and calls work(block) from several threads. What it returns is called in the blocks' order in a
// file, by one thread at a time per file; then file_done(file), in the files' order, by one thread at a time. After a
// failure nothing new is begun; the error is that of the first block, in the order of the data, among those that failed.
absl::Status ForEachBlock(const std::vector<std::string>& files, const PassOptions& options,
                          const std::function<absl::StatusOr<InTurn>(const RecordBlock& block)>& work,
                          const std::function<absl::Status(int file)>& file_done);

template <ExampleAccumulator A>
absl::StatusOr<A> Accumulate(const std::vector<std::string>& files, const std::function<A()>& make,
                             const PassOptions& options = {}) {
  A total = make();
  std::vector<std::unique_ptr<A>> of_files(files.size());
  std::atomic<int64_t> examples = 0;
  const auto work = [&](const RecordBlock& block) -> absl::StatusOr<InTurn> {
    auto part = std::make_shared<A>(make());
    absl::Status added = ForEachBatch(files[block.file], block, options, [&](const data::ExampleBatch& batch) {
      absl::Status status = part->Add(batch);
      if (options.progress) options.progress(examples += batch.num_examples());
      return status;
    });
    if (!added.ok()) return added;
    return [&of_files, &files, part, file = block.file] {
      if (of_files[file] != nullptr) return Annotate(of_files[file]->Merge(std::move(*part)), files[file]);
      of_files[file] = std::make_unique<A>(std::move(*part));
      return absl::OkStatus();
    };
  };
  const auto file_done = [&](int file) {
    const std::unique_ptr<A> part = std::move(of_files[file]);
    return Annotate(total.Merge(std::move(*part)), files[file]);
  };
  if (absl::Status status = ForEachBlock(files, options, work, file_done); !status.ok()) return status;
  return total;
}

}  // namespace tfxm::compute

#endif  // TFXM_COMPUTE_PASS_H_
