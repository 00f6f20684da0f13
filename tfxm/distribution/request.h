// SPDX-License-Identifier: Apache-2.0

// What many processes are told to do together: a step over files of tf.Examples, in shards (tfxm/proto/pass.proto).
//
//   ASSIGN_OR_RETURN(PassRequest request, ReadRequest("request.pbtxt"));
//   RETURN_IF_ERROR(PlanRequest(&request));
//   const std::string hash = RequestHash(request);
#ifndef TFXM_DISTRIBUTION_REQUEST_H_
#define TFXM_DISTRIBUTION_REQUEST_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/compute/shard.h"
#include "tfxm/proto/pass.pb.h"

namespace tfxm::distribution {

// By the file's ending: text (.pbtxt), JSON (.json), else bytes. INVALID_ARGUMENT if it has no files or no step.
absl::StatusOr<PassRequest> ReadRequest(const std::string& path);
absl::Status WriteRequest(const std::string& path, const PassRequest& request);

// Before anything that the request names is looked for: makes its working_directory this process's, if it has one.
absl::Status EnterWorkingDirectory(const PassRequest& request);

// Finds the files and their shards; one that has shards keeps them.
absl::Status PlanRequest(PassRequest* request);

// 32 bytes that stand for a planned request, in the parts that are made of it.
std::string RequestHash(const PassRequest& request);

// The shard of that number. INVALID_ARGUMENT if there is no such, DATA_LOSS if its file has another size than planned.
absl::StatusOr<compute::Shard> FindShard(const PassRequest& request, int64_t number);
// "shard 3 of 8, data.tfrecord (records 1000 to 1999)": counted from 0, as --shard is.
std::string ShardName(const PassRequest& request, int64_t number);

}  // namespace tfxm::distribution

#endif  // TFXM_DISTRIBUTION_REQUEST_H_
