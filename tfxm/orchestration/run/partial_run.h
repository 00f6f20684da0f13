// SPDX-License-Identifier: Apache-2.0

// A partial run: some of a pipeline's nodes run; those that they take from and that are left out put out what they have
// made before. As TFX's partial_run_utils, with the latest execution of each node.
//
//   absl::StatusOr<PartialRun> TrainAndEvaluate(const std::vector<OrderedNode>& nodes) {
//     return SelectNodes(nodes, {"Trainer"}, {"Evaluator"});
//   }
#ifndef TFXM_ORCHESTRATION_RUN_PARTIAL_RUN_H_
#define TFXM_ORCHESTRATION_RUN_PARTIAL_RUN_H_

#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tfxm/dsl/pipeline.h"

namespace tfxm {

struct PartialRun {
  // In their order; their neighbours are those among them. Those that are left out wait for none.
  std::vector<OrderedNode> nodes;
  std::set<std::string> left_out;
};

// The nodes that come after one of `from_nodes` or are one, and before one of `to_nodes` or are one; no names: all. With
// them the nodes, left out, that they need at first hand. A UsageError (util/exit_status.h) names a node that is not
// there and what is near it, or says that no node lies between.
absl::StatusOr<PartialRun> SelectNodes(std::vector<OrderedNode> nodes, const std::vector<std::string>& from_nodes,
                                       const std::vector<std::string>& to_nodes);

}  // namespace tfxm

#endif  // TFXM_ORCHESTRATION_RUN_PARTIAL_RUN_H_
