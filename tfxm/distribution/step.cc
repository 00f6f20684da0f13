// SPDX-License-Identifier: Apache-2.0

#include "tfxm/distribution/step.h"

#include "tfxm/distribution/steps/evaluate_step.h"
#include "tfxm/distribution/steps/statistics_step.h"

namespace tfxm::distribution {

absl::StatusOr<std::unique_ptr<Step>> MakeStep(const PassRequest& request, const std::string& output) {
  switch (request.step_case()) {
    case PassRequest::kStatistics: return StatisticsPass::Make(request, output);
    case PassRequest::kEvaluate: return EvaluatePass::Make(request, output);
    case PassRequest::kTransform: return StepRegistry::Get().Create("transform", request, output);
    case PassRequest::kInfer: return StepRegistry::Get().Create("infer", request, output);
    case PassRequest::STEP_NOT_SET: break;
  }
  return absl::InvalidArgumentError("the request has no step; expected one of: statistics, evaluate");
}

}  // namespace tfxm::distribution
