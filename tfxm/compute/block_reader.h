// SPDX-License-Identifier: Apache-2.0

// The one reader of TFRecord files: hands out their records in blocks to several threads, each record once. Even a
// single file keeps all threads busy: reading (and decompressing) a file is under its lock, what is done with a block
// is not.
//
//   BlockReader reader(files, {.batch_size = 1024, .block_bytes = 8 << 20});
//   RecordBlock block;
//   while (true) {                                        // in every thread
//     ASSIGN_OR_RETURN(const bool more, reader.Next(&block));
//     if (!more) break;
//     for (int i = 0; i < block.size(); ++i) Use(block.record(i));
//   }
//
// Which records make a block follows from the data and the options alone, never from the threads: as many whole batches
// as have block_bytes bytes in all, or one batch; at the end of a shard (shard.h) what is left. A thread takes the next
// block of the first file that no other thread reads.
#ifndef TFXM_COMPUTE_BLOCK_READER_H_
#define TFXM_COMPUTE_BLOCK_READER_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/compute/shard.h"
#include "tfxm/data/tfrecord.h"

namespace tfxm::compute {

// Records of one file, back to back.
struct RecordBlock {
  std::string bytes;
  std::vector<size_t> ends;
  int file = 0;
  int64_t number = 0;  // Of the block in its file, from 0.
  int64_t first_record = 0;
  int64_t shard = 0;  // Of its file, as ShardOf counts them.
  bool last = false;  // Of its file.

  int size() const { return static_cast<int>(ends.size()); }
  absl::string_view record(int i) const {
    const size_t from = i == 0 ? 0 : ends[i - 1];
    return absl::string_view(bytes).substr(from, ends[i] - from);
  }
  // The next record is another one.
  void Append(absl::string_view record) {
    bytes.append(record);
    ends.push_back(bytes.size());
  }
};

struct BlockOptions {
  int batch_size = 1024;   // A block is so many records, or several times as many.
  size_t block_bytes = 0;  // 0: one batch a block.
  // Threads are at most so many files beyond the first that has not been read. 0: no limit.
  int max_files_ahead = 0;
  int64_t shard_bytes = kShardBytes;  // No block has records of two shards.
};

class BlockReader {
 public:
  BlockReader(std::vector<std::string> files, const BlockOptions& options);
  // Of one file only what is in a shard of it.
  BlockReader(const Shard& shard, const BlockOptions& options);
  // Fills `block` with the next records of one file; a file without any has one block of none. False: there are no
  // more. Thread safe. Errors name the file and the record; block->file and first_record then say where the block is.
  absl::StatusOr<bool> Next(RecordBlock* block);
  const std::vector<std::string>& files() const { return files_; }

 private:
  struct File {
    std::mutex mutex;
    std::atomic<bool> done = false;
    std::unique_ptr<data::TFRecordReader> reader;
    absl::string_view ahead;   // The record that begins the next block,
    int64_t ahead_offset = 0;  // and where it begins.
    int64_t next_block = 0;
  };
  // The next records of a file that is not done and whose mutex is held.
  absl::Status Read(size_t index, RecordBlock* block);
  // False at the end of the file, or of the shard.
  absl::StatusOr<bool> ReadAhead(File* file) const;

  const std::vector<std::string> files_;
  const Shard shard_;  // Of the only file, if it has a file.
  const BlockOptions options_;
  std::vector<std::unique_ptr<File>> states_;
  std::atomic<size_t> first_not_done_ = 0;
};

}  // namespace tfxm::compute

#endif  // TFXM_COMPUTE_BLOCK_READER_H_
