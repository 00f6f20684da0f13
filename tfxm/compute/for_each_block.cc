// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>

#include "absl/functional/function_ref.h"
#include "tfxm/compute/pass.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::compute {
namespace {

// What threads have done of the blocks, waiting for its turn.
class Turns {
 public:
  Turns(int num_files, int max_waiting, const std::function<absl::Status(int)>& file_done)
      : files_(num_files), max_waiting_(max_waiting), file_done_(file_done) {}

  // Before a new block is begun: waits until not too much is waiting. False: something has failed. It does not wait
  // forever, since what all wait for is a block that is in work, or somebody's turn.
  bool WaitForRoom() {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [this] { return num_waiting_ < max_waiting_ || failed_; });
    return !failed_;
  }

  void Fail(const RecordBlock& block, absl::Status status) {
    const std::lock_guard lock(mutex_);
    FailLocked({block.file, block.number}, std::move(status));
  }

  // Calls what has its turn now: perhaps this, perhaps more that have waited for it. While another thread does so in
  // this file, it is left to that one.
  void Done(const RecordBlock& block, InTurn in_turn) {
    std::unique_lock lock(mutex_);
    File& file = files_[block.file];
    file.waiting.emplace(block.number, std::move(in_turn));
    if (block.last) file.num_blocks = block.number + 1;
    ++num_waiting_;
    if (file.busy) return;
    file.busy = true;
    for (auto next = file.waiting.begin(); next != file.waiting.end() && next->first == file.next && !failed_;
         next = file.waiting.begin()) {
      InTurn turn = std::move(next->second);
      file.waiting.erase(next);
      lock.unlock();
      absl::Status status = turn();
      turn = nullptr;  // With what it keeps.
      lock.lock();
      if (!status.ok()) FailLocked({block.file, file.next}, std::move(status));
      ++file.next;
      --num_waiting_;
      room_.notify_all();
    }
    file.busy = false;
    FinishFiles(&lock);
  }

  absl::Status status() const { return status_; }

 private:
  struct File {
    std::map<int64_t, InTurn> waiting;
    int64_t next = 0, num_blocks = -1;  // -1: it is not known yet.
    bool busy = false;
  };

  void FinishFiles(std::unique_lock<std::mutex>* lock) {
    if (finishing_) return;
    finishing_ = true;
    for (; next_file_ < files_.size() && files_[next_file_].next == files_[next_file_].num_blocks && !failed_;
         ++next_file_) {
      lock->unlock();
      absl::Status status = file_done_(static_cast<int>(next_file_));
      lock->lock();
      if (!status.ok()) FailLocked({static_cast<int>(next_file_), files_[next_file_].next}, std::move(status));
    }
    finishing_ = false;
  }

  void FailLocked(std::pair<int, int64_t> place, absl::Status status) {
    if (!failed_ || place < failed_at_) {
      failed_at_ = place;
      status_ = std::move(status);
    }
    failed_ = true;
    room_.notify_all();
  }

  std::mutex mutex_;  // Guards what follows.
  std::condition_variable room_;
  std::vector<File> files_;
  size_t next_file_ = 0;
  bool finishing_ = false;
  int num_waiting_ = 0;
  const int max_waiting_;
  const std::function<absl::Status(int)>& file_done_;
  bool failed_ = false;
  std::pair<int, int64_t> failed_at_;
  absl::Status status_;
};

absl::Status ForEachBlock(int num_files, const PassOptions& options,
                          absl::FunctionRef<std::unique_ptr<BlockReader>(const BlockOptions&)> make_reader,
                          const std::function<absl::StatusOr<InTurn>(const RecordBlock& block)>& work,
                          const std::function<absl::Status(int file)>& file_done) {
  const int num_threads = std::min(options.num_threads > 0 ? options.num_threads : NumThreads(), kMaxThreads);
  const std::unique_ptr<BlockReader> reader = make_reader({.batch_size = options.batch_size,
                                                           .block_bytes = options.block_bytes,
                                                           .max_files_ahead = 2 * num_threads,
                                                           .shard_bytes = options.shard_bytes});
  Turns turns(num_files, 2 * num_threads, file_done);
  RETURN_IF_ERROR(ParallelFor(
      num_threads,
      [&](int) {
        RecordBlock block;
        while (turns.WaitForRoom()) {
          const absl::StatusOr<bool> more = reader->Next(&block);
          if (!more.ok()) turns.Fail(block, more.status());
          if (!more.ok() || !*more) break;
          absl::StatusOr<InTurn> in_turn = work(block);
          if (!in_turn.ok()) {
            turns.Fail(block, in_turn.status());
          } else {
            turns.Done(block, *std::move(in_turn));
          }
        }
        return absl::OkStatus();
      },
      num_threads));
  return turns.status();
}

}  // namespace

absl::Status ForEachBatch(const std::string& file, const RecordBlock& block, const PassOptions& options,
                          const std::function<absl::Status(const data::ExampleBatch&)>& fn) {
  data::ExampleBatch batch(options.keep_records, options.sequence_examples);
  for (int i = 0; i < block.size();) {
    batch.Clear(block.first_record + i);
    for (const int end = std::min(block.size(), i + options.batch_size); i < end; ++i) {
      RETURN_IF_ERROR(Annotate(batch.Append(block.record(i)), absl::StrCat(file, ": record ", block.first_record + i)));
    }
    RETURN_IF_ERROR(Annotate(fn(batch), file));
  }
  return absl::OkStatus();
}

absl::Status ForEachBlock(const std::vector<std::string>& files, const PassOptions& options,
                          const std::function<absl::StatusOr<InTurn>(const RecordBlock& block)>& work,
                          const std::function<absl::Status(int file)>& file_done) {
  return ForEachBlock(
      static_cast<int>(files.size()), options,
      [&](const BlockOptions& blocks) { return std::make_unique<BlockReader>(files, blocks); }, work, file_done);
}

absl::Status ForEachBlock(const Shard& shard, const PassOptions& options,
                          const std::function<absl::StatusOr<InTurn>(const RecordBlock& block)>& work) {
  return ForEachBlock(
      1, options, [&](const BlockOptions& blocks) { return std::make_unique<BlockReader>(shard, blocks); }, work,
      [](int) { return absl::OkStatus(); });
}

}  // namespace tfxm::compute
