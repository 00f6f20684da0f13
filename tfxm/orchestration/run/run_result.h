// SPDX-License-Identifier: Apache-2.0

// What a run came to.
#ifndef TFXM_ORCHESTRATION_RUN_RUN_RESULT_H_
#define TFXM_ORCHESTRATION_RUN_RUN_RESULT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "tfxm/metadata/artifact.h"

namespace tfxm {

enum class NodeState {
  kPending,
  kRunning,
  kComplete,
  kCached,    // The outputs of an earlier execution were used.
  kFailed,    // `status` says why.
  kSkipped,   // It needs a node that failed, or a condition does not hold; `status` says so.
  kCanceled,  // The run was interrupted.
};

struct NodeResult {
  std::string node_id;
  std::string type_name;
  NodeState state = NodeState::kPending;
  absl::Status status;
  bool ruled_out = false;      // Skipped because a condition does not hold, its own or of a node that it needs.
  int64_t execution_id = 0;    // In ML Metadata; 0 if none was made.
  ArtifactDict outputs;        // Of complete and cached nodes.
  std::string message;         // What the executor said last; of a Resolver, what it found.
  std::string cache;           // Why former outputs were used, or were not.
  bool cache_damaged = false;  // They would have been, were they still whole.
  bool left_out = false;       // Of a partial run: its former outputs are taken, whatever has changed.
  std::string log_path;        // Of nodes that ran a process.
  int retries = 0;             // How often it was started again after it had failed.
  double seconds = 0;
  double start_seconds = 0;           // After the run's first node.
  std::vector<std::string> upstream;  // Ids of the nodes that it waits for.
};

struct RunResult {
  std::string pipeline_name;
  std::string run_id;
  std::vector<NodeResult> nodes;  // In the order of the pipeline.
  double seconds = 0;
  bool interrupted = false;
  int signal = 0;  // That interrupted it; 0 if something else has cancelled it.

  // Every node is complete or cached, or ruled out by a condition.
  bool ok() const {
    for (const NodeResult& node : nodes) {
      if (node.ruled_out) continue;
      if (node.state != NodeState::kComplete && node.state != NodeState::kCached) return false;
    }
    return true;
  }
  // Null if there is no such node.
  const NodeResult* Find(absl::string_view node_id) const {
    for (const NodeResult& node : nodes) {
      if (node.node_id == node_id) return &node;
    }
    return nullptr;
  }
  int Count(NodeState state) const {
    int n = 0;
    for (const NodeResult& node : nodes) n += node.state == state;
    return n;
  }
};

}  // namespace tfxm

#endif  // TFXM_ORCHESTRATION_RUN_RUN_RESULT_H_
