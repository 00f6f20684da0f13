// SPDX-License-Identifier: Apache-2.0

// What the step of a pass (distribution/request.h) needs of a process: the modules that it names, the plugin that has
// it.
//
//   RETURN_IF_ERROR(LoadPassStep(request));
//   RETURN_IF_ERROR(distribution::ReduceParts(request, parts, output));
#ifndef TFXM_COMPONENTS_PASS_STEP_H_
#define TFXM_COMPONENTS_PASS_STEP_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "tfxm/proto/pass.pb.h"

namespace tfxm {

// Before distribution::MapShard and ReduceParts. Errors as those of LoadMetricModules and LoadPlugin.
absl::Status LoadPassStep(const distribution::PassRequest& request);

// All that a worker does: reads the plan, goes to its folder, makes the part of one shard. Paths may be relative to this
// process's folder.
absl::Status MapShardOfPlan(const std::string& plan, int64_t shard, const std::string& output);

}  // namespace tfxm

#endif  // TFXM_COMPONENTS_PASS_STEP_H_
