// SPDX-License-Identifier: Apache-2.0

#include "tfxm/components/pass_step.h"

#include "tfxm/components/modules/metric_modules.h"
#include "tfxm/distribution/pass_phases.h"
#include "tfxm/distribution/request.h"
#include "tfxm/util/io.h"
#include "tfxm/util/plugin.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {

absl::Status LoadPassStep(const distribution::PassRequest& request) {
  if (request.has_transform()) return LoadPlugin("components_tensorflow");
  if (!request.has_evaluate()) return absl::OkStatus();
  return LoadMetricModules(request.evaluate().module_file(), request.evaluate().eval_config());
}

absl::Status MapShardOfPlan(const std::string& plan, int64_t shard, const std::string& output) {
  ASSIGN_OR_RETURN(const distribution::PassRequest request, distribution::ReadRequest(plan));
  const std::string part = io::AbsolutePath(output);
  RETURN_IF_ERROR(distribution::EnterWorkingDirectory(request));
  RETURN_IF_ERROR(LoadPassStep(request));
  return distribution::MapShard(request, shard, part);
}

}  // namespace tfxm
