// SPDX-License-Identifier: Apache-2.0

// Files of tf.Examples in shards: what one process does at a time. Threads merge by the same shards (pass.h), so that
// a pass over many processes ends with the same bits.
//
//   ASSIGN_OR_RETURN(const std::vector<Shard> shards, PlanShards(files));
//   for (const Shard& shard : shards) Use(shard.Name());  // "data.tfrecord (records 1000 to 1999)"
//
// A compressed file is one shard, and so is a small one. Of others a record is in the shard whose part of the file, of
// so many bytes, it begins in.
#ifndef TFXM_COMPUTE_SHARD_H_
#define TFXM_COMPUTE_SHARD_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace tfxm::compute {

inline constexpr int64_t kShardBytes = int64_t{128} << 20;

struct Shard {
  std::string file;
  // Its bytes of the file; at both ends records begin or end. Without an end it goes to that of the file.
  int64_t begin = 0, end = -1;
  int64_t first_record = 0, num_records = -1;  // -1: it is not known how many there are.
  int64_t file_size = 0;

  // For messages: the file and, where it is known, the records.
  std::string Name() const;
};

// The shard of its file in which a record is that begins at a byte; 0 in a compressed file (-1).
inline int64_t ShardOf(int64_t offset, int64_t shard_bytes) { return offset < 0 ? 0 : offset / shard_bytes; }

// In the files' order. Large files are read for it, but for the data of long records. Errors name the file and record.
absl::StatusOr<std::vector<Shard>> PlanShards(const std::vector<std::string>& files, int64_t shard_bytes = kShardBytes);

}  // namespace tfxm::compute

#endif  // TFXM_COMPUTE_SHARD_H_
