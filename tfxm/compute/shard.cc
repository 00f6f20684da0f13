// SPDX-License-Identifier: Apache-2.0

#include "tfxm/compute/shard.h"

#include <memory>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "tfxm/compute/pass.h"
#include "tfxm/data/tfrecord.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::compute {
namespace {

absl::StatusOr<std::vector<Shard>> PlanFile(const std::string& file, int64_t shard_bytes) {
  ASSIGN_OR_RETURN(const int64_t size, io::FileSize(file));
  ASSIGN_OR_RETURN(const std::unique_ptr<data::TFRecordReader> reader, data::TFRecordReader::Open(file));
  if (size <= shard_bytes || reader->offset() < 0) return std::vector<Shard>{{.file = file, .file_size = size}};
  std::vector<Shard> shards;
  while (true) {
    const int64_t begin = reader->offset(), record = reader->records_read();
    ASSIGN_OR_RETURN(const bool more, reader->Skip());
    const bool next = shards.empty() || ShardOf(begin, shard_bytes) != ShardOf(shards.back().begin, shard_bytes);
    if (!shards.empty() && (!more || next)) {
      shards.back().end = begin;
      shards.back().num_records = record - shards.back().first_record;
    }
    if (!more) return shards;
    if (next) shards.push_back({.file = file, .begin = begin, .first_record = record, .file_size = size});
  }
}

}  // namespace

std::string Shard::Name() const {
  if (num_records >= 0)
    return absl::StrCat(file, " (records ", first_record, " to ", first_record + num_records - 1, ")");
  return begin == 0 && end < 0 ? file : absl::StrCat(file, " (records from ", first_record, ")");
}

absl::StatusOr<std::vector<Shard>> PlanShards(const std::vector<std::string>& files, int64_t shard_bytes) {
  if (shard_bytes < 1) {
    return absl::InvalidArgumentError(absl::StrCat("shards of ", shard_bytes, " bytes; expected at least 1"));
  }
  std::vector<std::vector<Shard>> of_files(files.size());
  RETURN_IF_ERROR(ParallelFor(static_cast<int>(files.size()), [&](int f) -> absl::Status {
    ASSIGN_OR_RETURN(of_files[f], PlanFile(files[f], shard_bytes));
    return absl::OkStatus();
  }));
  std::vector<Shard> shards;
  for (std::vector<Shard>& of_file : of_files) shards.insert(shards.end(), of_file.begin(), of_file.end());
  return shards;
}

}  // namespace tfxm::compute
