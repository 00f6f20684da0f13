// SPDX-License-Identifier: Apache-2.0

#include "tfxm/distribution/steps/whole_files.h"

#include <limits>

#include "absl/strings/str_cat.h"
#include "tfxm/util/files/temporary.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::distribution {

void SplitIntoFiles(const std::vector<std::string>& files, PassRequest* request) {
  request->mutable_files()->Assign(files.begin(), files.end());
  request->set_shard_bytes(std::numeric_limits<int64_t>::max());
}

absl::StatusOr<FileNumber> NumberOf(const compute::Shard& shard, const PassRequest& request) {
  for (int i = 0; i < request.shards_size() && shard.begin == 0 && shard.end < 0; ++i) {
    if (request.shards(i).file() == shard.file) return FileNumber{.number = i, .count = request.shards_size()};
  }
  return absl::InvalidArgumentError(absl::StrCat("the step needs whole files as shards; ", shard.Name(), " is none"));
}

absl::Status WriteWhole(const std::string& tmp_dir, const std::string& output_dir, const std::string& name,
                        const std::function<absl::Status(const std::string& folder)>& write) {
  ASSIGN_OR_RETURN(const auto folder, io::TempDir::Make(tmp_dir, ".writing-", io::TempDir::Rights::kUmask));
  RETURN_IF_ERROR(write(folder->path()));
  return io::Rename(io::JoinPath(folder->path(), name), io::JoinPath(output_dir, name));
}

absl::StatusOr<std::string> LedStep::Map(const compute::Shard& shard, int64_t* num_examples) {
  return absl::UnimplementedError("this step is mapped by workers");
}

absl::Status LedByAnother::Merge(const compute::Shard& shard, StateReader* values) {
  return absl::UnimplementedError("the parts of this step are put together by the process that has asked for them");
}

}  // namespace tfxm::distribution
