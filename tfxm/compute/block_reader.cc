// SPDX-License-Identifier: Apache-2.0

#include "tfxm/compute/block_reader.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::compute {

BlockReader::BlockReader(std::vector<std::string> files, const BlockOptions& options)
    : files_(std::move(files)), options_(options) {
  for (size_t i = 0; i < files_.size(); ++i) states_.push_back(std::make_unique<File>());
}

BlockReader::BlockReader(const Shard& shard, const BlockOptions& options)
    : files_({shard.file}), shard_(shard), options_(options) {
  states_.push_back(std::make_unique<File>());
}

absl::StatusOr<bool> BlockReader::ReadAhead(File* file) const {
  file->ahead_offset = file->reader->offset();
  const bool to_the_end = shard_.end < 0 || file->ahead_offset < 0;  // Or compressed.
  if (!to_the_end && file->ahead_offset == shard_.end) return false;
  ASSIGN_OR_RETURN(const bool more, file->reader->Next(&file->ahead));
  if (!to_the_end && (!more || file->reader->offset() > shard_.end)) {
    return absl::DataLossError(absl::StrCat(file->reader->path(), ": no record ends at byte ", shard_.end,
                                            ", as one did when its shards were planned; plan them again"));
  }
  return more;
}

absl::Status BlockReader::Read(size_t index, RecordBlock* block) {
  File& file = *states_[index];
  block->bytes.clear();
  block->bytes.reserve(options_.block_bytes);
  block->ends.clear();
  block->file = static_cast<int>(index);
  block->number = file.next_block++;
  block->first_record = shard_.first_record;
  block->shard = 0;
  block->last = false;
  bool more = true;
  if (file.reader == nullptr) {
    ASSIGN_OR_RETURN(file.reader, data::TFRecordReader::OpenAt(files_[index], shard_.begin, shard_.first_record));
    ASSIGN_OR_RETURN(more, ReadAhead(&file));
  } else {
    block->first_record = file.reader->records_read() - 1;
  }
  if (more) block->shard = ShardOf(file.ahead_offset, options_.shard_bytes);
  // One record is read ahead, so that the last block is known to be the last.
  while (more) {
    if (block->size() > 0 && block->size() % options_.batch_size == 0 && block->bytes.size() >= options_.block_bytes) {
      return absl::OkStatus();
    }
    if (ShardOf(file.ahead_offset, options_.shard_bytes) != block->shard) return absl::OkStatus();
    block->Append(file.ahead);
    ASSIGN_OR_RETURN(more, ReadAhead(&file));
  }
  block->last = true;
  file.reader.reset();
  return absl::OkStatus();
}

absl::StatusOr<bool> BlockReader::Next(RecordBlock* block) {
  while (true) {
    size_t first = first_not_done_;
    while (first < files_.size() && states_[first]->done) ++first;
    if (first == files_.size()) return false;
    first_not_done_ = first;
    const size_t end = options_.max_files_ahead == 0
                           ? files_.size()
                           : std::min(files_.size(), first + static_cast<size_t>(options_.max_files_ahead) + 1);
    // A file that nobody reads now, rather than waiting for one that somebody does.
    for (const bool wait : {false, true}) {
      for (size_t index = first; index < end; ++index) {
        File& file = *states_[index];
        std::unique_lock<std::mutex> lock(file.mutex, std::defer_lock);
        if (wait) {
          lock.lock();
        } else if (!lock.try_lock()) {
          continue;
        }
        if (file.done) continue;
        absl::Status status = Read(index, block);
        if (block->last || !status.ok()) file.done = true;
        if (!status.ok()) return status;
        return true;
      }
    }
  }
}

}  // namespace tfxm::compute
