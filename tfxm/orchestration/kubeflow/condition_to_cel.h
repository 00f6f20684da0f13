// SPDX-License-Identifier: Apache-2.0

// A node's condition (dsl/condition.h) in the language of Kubeflow Pipelines' trigger_policy.condition, CEL, as TFX writes
// it:
//
// ```text
//   (inputs.artifacts['_Evaluator.blessing'].artifacts[0].metadata['blessed'] == 1.0)
// ```
#ifndef TFXM_ORCHESTRATION_KUBEFLOW_CONDITION_TO_CEL_H_
#define TFXM_ORCHESTRATION_KUBEFLOW_CONDITION_TO_CEL_H_

#include <string>

#include "absl/status/statusor.h"
#include "tfx/proto/orchestration/placeholder.pb.h"

namespace tfxm {

// UNIMPLEMENTED for what looks into an artifact's files (`.value`): Kubeflow knows their uris and metadata only.
absl::StatusOr<std::string> ConditionToCel(const tfx::orchestration::PlaceholderExpression& condition);

}  // namespace tfxm

#endif  // TFXM_ORCHESTRATION_KUBEFLOW_CONDITION_TO_CEL_H_
