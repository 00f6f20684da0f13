// SPDX-License-Identifier: Apache-2.0

// Where things are below pipeline_root, as TFX lays them out:
//
// ```text
//   NODE/KEY/EXECUTION                                    an artifact
//   NODE/.system/executor_execution/EXECUTION             the execution's log, and its request until it has succeeded
//   NODE/.system/checkpoints/CACHE_KEY                    what a node goes on from that was killed or failed
//   .temp/EXECUTION                                       what a running execution is making
// ```
//
// An artifact comes to its place by renaming, when it is whole. What is in .temp when a run begins is of a run that was
// killed.
#ifndef TFXM_ORCHESTRATION_OUTPUT_LAYOUT_H_
#define TFXM_ORCHESTRATION_OUTPUT_LAYOUT_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "tfxm/dsl/node.h"
#include "tfxm/metadata/artifact.h"

namespace tfxm {

class OutputLayout {
 public:
  explicit OutputLayout(const std::string& pipeline_root);

  const std::string& pipeline_root() const { return root_; }
  std::string SystemDir(const std::string& node_id, int64_t execution_id) const;
  std::string ExecutorTmpDir(int64_t execution_id) const;
  // Of all executions of the node with this cache key.
  std::string CheckpointDir(const std::string& node_id, const std::string& cache_key) const;

  // One artifact for each output of the node, its uri in .temp.
  ArtifactDict NewOutputs(const NodeSpec& spec, int64_t execution_id) const;
  // Moves the artifacts to their places; uris, and string properties that hold the temporary path, change with them.
  // Whatever may be at a place already is of an execution that no store knows, and is replaced.
  absl::Status MoveIntoPlace(const NodeSpec& spec, int64_t execution_id, ArtifactDict* outputs) const;
  // A text in which the temporary paths are those after MoveIntoPlace.
  std::string WithFinalPaths(const NodeSpec& spec, int64_t execution_id, std::string text) const;
  // Removes what an execution has in .temp.
  absl::Status RemoveTemp(int64_t execution_id) const;

  // Removes what killed runs have left in .temp.
  absl::Status RemoveAllTemp() const;
  // Removes what a killed execution may have moved into place already, and what it was writing into its SystemDir.
  absl::Status RemoveArtifacts(const std::string& node_id, int64_t execution_id) const;

 private:
  std::string TempDir(int64_t execution_id) const;
  std::string root_;
};

}  // namespace tfxm

#endif  // TFXM_ORCHESTRATION_OUTPUT_LAYOUT_H_
