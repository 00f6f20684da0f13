// SPDX-License-Identifier: Apache-2.0

// One pass over files of tf.Examples with an accumulator (accumulator.h), on all cores. Every data-parallel step of tfxm
// is this.
//
//   ASSIGN_OR_RETURN(CountAccumulator count,
//                    compute::Accumulate<CountAccumulator>(files, [] { return CountAccumulator(); }));
//
// Files are read in blocks (block_reader.h), so that one file keeps all cores busy, too. There is one accumulator per
// block; those of a shard (shard.h) are merged in order, then the shards of a file, then the files (InOrder). What is
// merged with what follows from the data alone: an accumulator that is exact only up to the order of merging gives the
// same result on every machine and with any number of threads. About as much as there are threads waits to be merged.
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
#include "tfxm/compute/shard.h"
#include "tfxm/data/example_batch.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::compute {

struct PassOptions {
  int num_threads = 0;    // 0: NumThreads().
  int batch_size = 1024;  // Examples decoded at a time.
  bool keep_records = false;
  bool sequence_examples = false;  // Takes tf.SequenceExamples, too (data/example_batch.h).
  // Called now and then with the number of examples read so far, from any thread.
  std::function<void(int64_t)> progress;
  // How many bytes of records make a block (BlockOptions); every thread has one in memory. Results of accumulators that
  // are exact do not depend on it.
  size_t block_bytes = size_t{8} << 20;
  int64_t shard_bytes = kShardBytes;  // Where results are not exact they depend on it.
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

// Reads files, or one shard, in blocks and calls work(block) from several threads. What it returns is called in the
// blocks' order in a file, by one thread at a time per file; then file_done(file), in the files' order, by one thread at
// a time. After a failure nothing new is begun; the error is that of the first block, in the order of the data, among
// those that failed.
absl::Status ForEachBlock(const std::vector<std::string>& files, const PassOptions& options,
                          const std::function<absl::StatusOr<InTurn>(const RecordBlock& block)>& work,
                          const std::function<absl::Status(int file)>& file_done);
absl::Status ForEachBlock(const Shard& shard, const PassOptions& options,
                          const std::function<absl::StatusOr<InTurn>(const RecordBlock& block)>& work);

// What is merged with what: the parts of a shard, the shards of a file.
template <typename A>
class InOrder {
 public:
  // In the order of the data; a part of the same shard of the file as the last one, or of another.
  absl::Status Add(A part, int64_t shard) {
    if (of_shard_ != nullptr && shard == shard_) return of_shard_->Merge(std::move(part));
    absl::Status status = EndShard();
    of_shard_ = std::make_unique<A>(std::move(part));
    shard_ = shard;
    return status;
  }
  // Merges what was added into `total` and is empty then.
  absl::Status MergeInto(A* total) {
    if (absl::Status status = EndShard(); !status.ok()) return status;
    const std::unique_ptr<A> all = std::move(of_file_);
    return all == nullptr ? absl::OkStatus() : total->Merge(std::move(*all));
  }

 private:
  absl::Status EndShard() {
    const std::unique_ptr<A> ended = std::move(of_shard_);
    if (ended == nullptr) return absl::OkStatus();
    if (of_file_ != nullptr) return of_file_->Merge(std::move(*ended));
    of_file_ = std::make_unique<A>(std::move(*ended));
    return absl::OkStatus();
  }

  std::unique_ptr<A> of_file_, of_shard_;
  int64_t shard_ = 0;
};

namespace internal {

// An accumulator of a block's examples. `examples` counts those of all threads.
template <ExampleAccumulator A>
absl::StatusOr<std::shared_ptr<A>> AccumulateBlock(const std::string& file, const RecordBlock& block,
                                                   const std::function<A()>& make, const PassOptions& options,
                                                   std::atomic<int64_t>* examples) {
  auto part = std::make_shared<A>(make());
  absl::Status added = ForEachBatch(file, block, options, [&](const data::ExampleBatch& batch) {
    absl::Status status = part->Add(batch);
    if (options.progress) options.progress(*examples += batch.num_examples());
    return status;
  });
  if (!added.ok()) return added;
  return part;
}

}  // namespace internal

template <ExampleAccumulator A>
absl::StatusOr<A> Accumulate(const std::vector<std::string>& files, const std::function<A()>& make,
                             const PassOptions& options = {}) {
  A total = make();
  std::vector<InOrder<A>> of_files(files.size());
  std::atomic<int64_t> examples = 0;
  const auto work = [&](const RecordBlock& block) -> absl::StatusOr<InTurn> {
    auto part = internal::AccumulateBlock<A>(files[block.file], block, make, options, &examples);
    if (!part.ok()) return part.status();
    return [&of_files, &files, part = *std::move(part), file = block.file, shard = block.shard] {
      return Annotate(of_files[file].Add(std::move(*part), shard), files[file]);
    };
  };
  const auto file_done = [&](int file) { return Annotate(of_files[file].MergeInto(&total), files[file]); };
  if (absl::Status status = ForEachBlock(files, options, work, file_done); !status.ok()) return status;
  return total;
}

// The accumulator of one shard, which Accumulate would have merged with those of others.
template <ExampleAccumulator A>
absl::StatusOr<A> AccumulateShard(const Shard& shard, const std::function<A()>& make, const PassOptions& options = {}) {
  std::unique_ptr<A> total;
  std::atomic<int64_t> examples = 0;
  const auto work = [&](const RecordBlock& block) -> absl::StatusOr<InTurn> {
    auto part = internal::AccumulateBlock<A>(shard.file, block, make, options, &examples);
    if (!part.ok()) return part.status();
    return [&total, &shard, part = *std::move(part)] {
      if (total != nullptr) return Annotate(total->Merge(std::move(*part)), shard.file);
      total = std::make_unique<A>(std::move(*part));
      return absl::OkStatus();
    };
  };
  if (absl::Status status = ForEachBlock(shard, options, work); !status.ok()) return status;
  return total == nullptr ? make() : std::move(*total);
}

}  // namespace tfxm::compute

#endif  // TFXM_COMPUTE_PASS_H_
