// SPDX-License-Identifier: Apache-2.0

// The part of a metadata store that an artifact comes from, or that has come from it: as data, JSON or a picture.
//
//   ASSIGN_OR_RETURN(LineageGraph graph, CollectLineage(store.get(), {artifact.id()}, LineageDirection::kDescendants));
//   std::fputs(ToDot(graph).c_str(), stdout);    // | dot -Tsvg
#ifndef TFXM_ORCHESTRATION_LINEAGE_LINEAGE_GRAPH_H_
#define TFXM_ORCHESTRATION_LINEAGE_LINEAGE_GRAPH_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ml_metadata/proto/metadata_store.pb.h"
#include "tfxm/metadata/metadata_store.h"

namespace tfxm {

enum class LineageDirection { kAncestors, kDescendants };

struct LineageGraph {
  struct ExecutionNode {
    ml_metadata::Execution execution;
    std::string pipeline, run, node;  // Of its contexts; empty where it has none.
  };
  std::map<int64_t, ml_metadata::Artifact> artifacts;  // By id.
  std::map<int64_t, ExecutionNode> executions;         // By id.
  std::vector<ml_metadata::Event> events;              // Inputs and outputs between them, in the order they were put.
};

// Whether the execution made the artifact, rather than read it.
bool IsOutput(const ml_metadata::Event& event);

// From these artifacts on: to the executions that made them and what those read, and so on; or to the executions that
// read them and what those made. An execution that took its outputs from the cache has made none, and is left out.
absl::StatusOr<LineageGraph> CollectLineage(MetadataStore* store, const std::vector<int64_t>& artifact_ids,
                                            LineageDirection direction);
// All of these executions, cached ones too, with what they read and put out.
absl::StatusOr<LineageGraph> CollectExecutions(MetadataStore* store, const std::vector<int64_t>& execution_ids);

// {"artifacts": [{"id": 1, "type": "Examples", "uri": …, "state": "LIVE", "properties": {…},
//                 "custom_properties": {…}}],
//  "executions": [{"id": 1, "type": …, "node": …, "pipeline": …, "run": …, "state": …,
//                  "created_ms": …, "updated_ms": …,
//                  "custom_properties": {…}}],
//  "events": [{"execution": 1, "artifact": 1, "type": "OUTPUT", "key": "examples", "index": 0}]}
std::string ToJson(const LineageGraph& graph);
// For Graphviz.
std::string ToDot(const LineageGraph& graph);

}  // namespace tfxm

#endif  // TFXM_ORCHESTRATION_LINEAGE_LINEAGE_GRAPH_H_
