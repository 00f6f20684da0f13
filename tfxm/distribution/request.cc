// SPDX-License-Identifier: Apache-2.0

#include "tfxm/distribution/request.h"

#include <errno.h>
#include <unistd.h>

#include <set>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tfxm/data/examples.h"
#include "tfxm/util/files/fingerprint.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::distribution {
namespace {

compute::Shard ToShard(const PassShard& shard) {
  return {.file = shard.file(),
          .begin = shard.begin(),
          .end = shard.end(),
          .first_record = shard.first_record(),
          .num_records = shard.num_records(),
          .file_size = shard.file_size()};
}

absl::Status CheckRequest(const PassRequest& request) {
  if (request.files().empty()) return absl::InvalidArgumentError("the request has no `files`");
  if (request.step_case() == PassRequest::STEP_NOT_SET) {
    return absl::InvalidArgumentError("the request has no step; expected one of: statistics, evaluate");
  }
  for (const PassShard& shard : request.shards()) {
    if (shard.begin() < 0 || (shard.end() >= 0 && shard.end() < shard.begin()) || shard.first_record() < 0) {
      return absl::InvalidArgumentError(absl::StrCat("a shard of ", shard.file(), " has impossible bounds"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> FindFiles(const PassRequest& request) {
  std::vector<std::string> files;
  for (const std::string& pattern : request.files()) {
    std::vector<std::string> matched = {pattern};  // A file by its own name, whatever is in that.
    if (!io::Exists(pattern) || io::IsDirectory(pattern)) {
      ASSIGN_OR_RETURN(matched, data::MatchFiles(pattern));
    }
    files.insert(files.end(), matched.begin(), matched.end());
  }
  std::set<std::string> seen;
  for (const std::string& file : files) {
    if (!seen.insert(file).second) {
      return absl::InvalidArgumentError(absl::StrCat("`files` of the request match ", file, " twice"));
    }
  }
  return files;
}

}  // namespace

absl::StatusOr<PassRequest> ReadRequest(const std::string& path) {
  PassRequest request;
  if (absl::EndsWith(path, ".pbtxt")) {
    RETURN_IF_ERROR(io::ReadTextProto(path, &request));
  } else if (absl::EndsWith(path, ".json")) {
    ASSIGN_OR_RETURN(const std::string json, io::ReadFile(path));
    RETURN_IF_ERROR(Annotate(io::ParseJson(json, &request), path));
  } else {
    RETURN_IF_ERROR(io::ReadBinaryProto(path, &request));
  }
  RETURN_IF_ERROR(Annotate(CheckRequest(request), path));
  return request;
}

absl::Status WriteRequest(const std::string& path, const PassRequest& request) {
  if (absl::EndsWith(path, ".pbtxt")) return io::WriteTextProto(path, request);
  if (!absl::EndsWith(path, ".json")) return io::WriteFile(path, io::SerializeDeterministically(request));
  ASSIGN_OR_RETURN(const std::string json, io::ToJson(request));
  return io::WriteFile(path, json);
}

absl::Status EnterWorkingDirectory(const PassRequest& request) {
  const std::string& folder = request.working_directory();
  if (folder.empty() || chdir(folder.c_str()) == 0) return absl::OkStatus();
  return absl::ErrnoToStatus(errno, absl::StrCat("cannot enter the request's working_directory ", folder));
}

absl::Status PlanRequest(PassRequest* request) {
  RETURN_IF_ERROR(CheckRequest(*request));
  if (!request->shards().empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<std::string> files, FindFiles(*request));
  const int64_t bytes = request->shard_bytes() == 0 ? compute::kShardBytes : request->shard_bytes();
  ASSIGN_OR_RETURN(const std::vector<compute::Shard> shards, compute::PlanShards(files, bytes));
  for (const compute::Shard& from : shards) {
    PassShard* to = request->add_shards();
    to->set_file(from.file);
    to->set_begin(from.begin);
    to->set_end(from.end);
    to->set_first_record(from.first_record);
    to->set_num_records(from.num_records);
    to->set_file_size(from.file_size);
  }
  return absl::OkStatus();
}

std::string RequestHash(const PassRequest& request) {
  const Sha256Digest digest = Sha256::Hash(io::SerializeDeterministically(request));
  return std::string(reinterpret_cast<const char*>(digest.data()), digest.size());
}

absl::StatusOr<compute::Shard> FindShard(const PassRequest& request, int64_t number) {
  if (number < 0 || number >= request.shards_size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("there is no shard ", number, "; the request has ", request.shards_size(), ", from 0 on"));
  }
  compute::Shard shard = ToShard(request.shards(static_cast<int>(number)));
  ASSIGN_OR_RETURN(const int64_t size, io::FileSize(shard.file));
  if (size != shard.file_size) {
    return absl::DataLossError(absl::StrCat(shard.file, " has ", size, " bytes, and had ", shard.file_size,
                                            " when the pass was planned; plan it again"));
  }
  return shard;
}

std::string ShardName(const PassRequest& request, int64_t number) {
  return absl::StrCat("shard ", number, " of ", request.shards_size(), ", ",
                      ToShard(request.shards(static_cast<int>(number))).Name());
}

}  // namespace tfxm::distribution
