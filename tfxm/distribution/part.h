// SPDX-License-Identifier: Apache-2.0

// What one shard comes to, as a file: the state of an accumulator (util/coding/state.h) with the request and the shard
// that it is of, all under one checksum.
//
//   RETURN_IF_ERROR(WritePart(path, {RequestHash(request), shard, num_examples, {"statistics", 1}}, values));
//   …
//   ASSIGN_OR_RETURN(const Part part, ReadPart(path));
//   StateReader reader(part.values());
//
// A part may come from anywhere; memory is bounded by the file's size, and that by kMaxStateBytes.
#ifndef TFXM_DISTRIBUTION_PART_H_
#define TFXM_DISTRIBUTION_PART_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/proto/pass.pb.h"
#include "tfxm/util/coding/state.h"

namespace tfxm::distribution {

struct PartHeader {
  std::string request_hash;
  int64_t shard = 0;
  int64_t num_examples = 0;
  std::string kind;  // StateKind
  uint32_t version = 0;
};

class Part {
 public:
  Part(PartHeader header, std::string bytes, size_t begin, size_t size)
      : header_(std::move(header)), bytes_(std::move(bytes)), begin_(begin), size_(size) {}
  const PartHeader& header() const { return header_; }
  // What the accumulator has saved.
  absl::string_view values() const { return absl::string_view(bytes_).substr(begin_, size_); }

 private:
  PartHeader header_;
  std::string bytes_;
  size_t begin_, size_;
};

// Under a temporary name first: `path` is a whole part or not there.
absl::Status WritePart(const std::string& path, const PartHeader& header, absl::string_view values);
// DATA_LOSS names the file if it is damaged, truncated or something else.
absl::StatusOr<Part> ReadPart(const std::string& path);
// ReadPart of what must be this shard of this request; FAILED_PRECONDITION if it is of another.
absl::StatusOr<Part> ReadPartOf(const PassRequest& request, const std::string& request_hash, int64_t shard,
                                const StateKind& kind, const std::string& path);

// The paths, with the files in a folder for it.
absl::StatusOr<std::vector<std::string>> FilesOfParts(const std::vector<std::string>& paths);
// FilesOfParts by shard. INVALID_ARGUMENT if a shard has none or two, or a file is of
// another request; DATA_LOSS if one is none.
absl::StatusOr<std::vector<std::string>> SortParts(const PassRequest& request, const std::string& request_hash,
                                                   const std::vector<std::string>& paths);

}  // namespace tfxm::distribution

#endif  // TFXM_DISTRIBUTION_PART_H_
