// SPDX-License-Identifier: Apache-2.0

// What `tfxm pass map` and `reduce` do.
//
//   ASSIGN_OR_RETURN(PassRequest request, ReadRequest("request.pbtxt"));
//   RETURN_IF_ERROR(PlanRequest(&request));
//   RETURN_IF_ERROR(MapShard(request, 0, "part-0"));  // any number of times, in any process
//   RETURN_IF_ERROR(ReduceParts(request, {"part-0"}, "FeatureStats.pb"));
#ifndef TFXM_DISTRIBUTION_PASS_PHASES_H_
#define TFXM_DISTRIBUTION_PASS_PHASES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tfxm/distribution/step.h"
#include "tfxm/proto/pass.pb.h"

namespace tfxm::distribution {

// Errors name the shard.
absl::Status MapShard(const PassRequest& request, int64_t shard, const std::string& output);
// Merges the parts, given in any order, in that of the shards. One that is damaged, of another request, missing or
// given twice is an error that names it; `output` is then as it was.
absl::Status ReduceParts(const PassRequest& request, const std::vector<std::string>& parts, const std::string& output);
// Adds the part of a shard to the step. Errors name the file.
absl::Status MergePart(const PassRequest& request, const std::string& request_hash, int64_t shard,
                       const std::string& path, Step* step);

}  // namespace tfxm::distribution

#endif  // TFXM_DISTRIBUTION_PASS_PHASES_H_
