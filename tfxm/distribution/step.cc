// SPDX-License-Identifier: Apache-2.0

#include "tfxm/distribution/step.h"

#include "tfxm/distribution/statistics_step.h"

namespace tfxm::distribution {

absl::StatusOr<std::unique_ptr<Step>> MakeStep(const PassRequest& request) {
  switch (request.step_case()) {
    case PassRequest::kStatistics: return StatisticsPass::Make(request);
    case PassRequest::STEP_NOT_SET: break;
  }
  return absl::InvalidArgumentError("the request has no step; expected one of: statistics");
}

}  // namespace tfxm::distribution
