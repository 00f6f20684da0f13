// SPDX-License-Identifier: Apache-2.0

#ifndef TFXM_TRANSFORM_INTERNAL_TRANSFORM_GRAPH_REP_H_
#define TFXM_TRANSFORM_INTERNAL_TRANSFORM_GRAPH_REP_H_

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tfxm/ops/session.h"
#include "tfxm/transform/internal/features.h"
#include "tfxm/transform/internal/trace.h"
#include "tfxm/transform/transform_graph.h"

namespace tfxm::transform {

struct TransformGraph::Rep {
  ops::Graph graph;
  std::vector<internal::RawFeature> features;  // Sorted by name.
  std::map<std::string, FeatureTensor> outputs;
  tensorflow::metadata::v0::Schema raw_schema, transformed_schema;
  FeatureSpec transformed_spec;               // What transformed_schema was made of.
  bool sequence_examples = false;             // What the raw data are.
  std::vector<std::string> vocabularies;      // The files.
  std::map<std::string, std::string> assets;  // Names that tft.annotate_asset has given to files.
};

namespace internal {

// The nodes that `tensors` are computed from, their own included, by id.
std::set<int> Ancestors(const std::vector<ops::Tensor>& tensors);

// The graph goes on with `to` where `from` was.
void ReplaceTensor(const ops::Tensor& from, const ops::Tensor& to);

// A session of the graph as it is now, and the function from some raw features to `fetches`.
struct Program {
  std::unique_ptr<ops::Session> session;
  std::unique_ptr<ops::Function> function;
  std::vector<int> features;  // Fed, as places in the list of all.

  // Runs it on the batch, whose fed features are checked.
  absl::Status Run(const data::ExampleBatch& batch, const std::vector<RawFeature>& all,
                   std::vector<tensorflow::Tensor>* outputs) const;
};
// Tables that need nothing but constants are filled. `num_threads`: that one operation may use.
absl::StatusOr<Program> MakeProgram(ops::Graph& graph, const std::vector<RawFeature>& features,
                                    const std::vector<ops::Tensor>& fetches, int num_threads);

}  // namespace internal
}  // namespace tfxm::transform

#endif  // TFXM_TRANSFORM_INTERNAL_TRANSFORM_GRAPH_REP_H_
