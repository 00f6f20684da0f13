// SPDX-License-Identifier: Apache-2.0

// What a node runs on the condition of: TFX's dsl.Cond, as the expression that its compiler makes of the predicate.
//
//   RETURN_IF_ERROR(CheckCondition(expression));                           // Before anything starts.
//   ASSIGN_OR_RETURN(const bool holds, EvaluateCondition(expression, inputs));  // The node's.
//
// An expression compares, and joins by and, or, not, the uri, the value, a property or a custom property of an artifact
// that is an input of the node (`_Evaluator.blessing` if it is one for the condition alone), and constants.
#ifndef TFXM_DSL_CONDITION_H_
#define TFXM_DSL_CONDITION_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tfx/proto/orchestration/placeholder.pb.h"
#include "tfxm/metadata/artifact.h"

namespace tfxm {

// UNIMPLEMENTED names an operator that is not among those above.
absl::Status CheckCondition(const tfx::orchestration::PlaceholderExpression& expression);

// A property that is not there equals nothing. INVALID_ARGUMENT: an input that has no such artifact, a text compared by
// order with a number; an error of the file that an artifact's value is read from.
absl::StatusOr<bool> EvaluateCondition(const tfx::orchestration::PlaceholderExpression& expression,
                                       const ArtifactDict& inputs);

}  // namespace tfxm

#endif  // TFXM_DSL_CONDITION_H_
