// SPDX-License-Identifier: Apache-2.0

// A pipeline: its nodes, where they put what they make, and where that is written down.
//
//   absl::StatusOr<Pipeline> CreatePipeline(const PipelineArgs& args) {
//     auto example_gen = ImportExampleGen({.input_base = args.data_root});
//     auto statistics_gen = StatisticsGen({.examples = example_gen.outputs("examples")});
//     return Pipeline{.pipeline_name = "mnist_native_keras",
//                     .pipeline_root = io::JoinPath(args.output, "pipeline_root"),
//                     .components = {example_gen, statistics_gen},
//                     .enable_cache = true,
//                     .metadata_path = io::JoinPath(args.output, "metadata.db")};
//   }
#ifndef TFXM_DSL_PIPELINE_H_
#define TFXM_DSL_PIPELINE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tfxm/distribution/launcher.h"
#include "tfxm/dsl/node.h"

namespace tfxm {

struct Pipeline {
  std::string pipeline_name;
  std::string pipeline_root;  // Artifacts are at PIPELINE_ROOT/NODE/KEY/EXECUTION.
  std::vector<Node> components;
  bool enable_cache = false;
  std::string metadata_path;  // ML Metadata: an SQLite file, or postgresql://… (metadata/postgresql.h).
  // Who makes the passes over examples: {.launcher = "processes:4"}. What flags or $TFXM_LAUNCHER say comes first, and
  // the IR does not have it: results do not depend on it.
  distribution::LauncherOptions launcher = {};
};

// A node of a checked pipeline, with its neighbours as indices into the order.
struct OrderedNode {
  const NodeSpec* spec = nullptr;
  std::vector<int> upstream;    // Sorted.
  std::vector<int> downstream;  // Sorted.
};

// The nodes, each after all those it depends on, layer by layer, within a layer as the author listed them.
// INVALID_ARGUMENT names the node and what is wrong: no name or path, two nodes of one id, a cycle, an input without a
// channel or of another type, a channel of a node that is not in the pipeline or that has no such output. The result
// points into `pipeline`.
absl::StatusOr<std::vector<OrderedNode>> OrderNodes(const Pipeline& pipeline);

}  // namespace tfxm

#endif  // TFXM_DSL_PIPELINE_H_
