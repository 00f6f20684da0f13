// SPDX-License-Identifier: Apache-2.0

// TensorFlow's own view of an ops::Graph, for the .cc files of ops, saved_model, transform and nn. Includes TensorFlow
// headers: never include it from a public header.
#ifndef TFXM_OPS_INTERNAL_GRAPH_ACCESS_H_
#define TFXM_OPS_INTERNAL_GRAPH_ACCESS_H_

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tensorflow/cc/framework/scope.h"
#include "tensorflow/core/common_runtime/shape_refiner.h"
#include "tensorflow/core/framework/tensor.h"
#include "tensorflow/core/graph/graph.h"
#include "tfxm/data/tensor.h"
#include "tfxm/ops/graph.h"

namespace tfxm::ops {

struct Graph::Rep {
  Rep();
  tensorflow::Graph graph;
  tensorflow::ShapeRefiner refiner;
  absl::Status status;
  std::string prefix;                 // Of new names: "" or "a/b/".
  std::vector<std::string> prefixes;  // Of the scopes around.
  std::map<std::string, int> names;   // How often each name was asked for.
  std::set<std::string> taken;
  std::map<std::string, Tensor> variables;  // Handles by shared name.

  // A name that no node or scope has yet; `name` itself the first time.
  std::string UniqueName(absl::string_view name);
};

namespace internal {

inline tensorflow::Graph& TfGraph(Graph& graph) { return graph.rep()->graph; }
inline const tensorflow::Graph& TfGraph(const Graph& graph) { return graph.rep()->graph; }

// The TensorFlow node of a tensor; null if it is invalid.
tensorflow::Node* TfNode(const Tensor& tensor);
Tensor FromTf(Graph& graph, const tensorflow::Node* node, int index);

// A Scope on the graph that adds nodes below `name`; its errors go to `status`, which must outlive it.
tensorflow::Scope TfScope(Graph& graph, absl::string_view name, absl::Status* status);

// Values between the two kinds of tensors; numbers and strings.
absl::StatusOr<tensorflow::Tensor> ToTf(const tfxm::Tensor& tensor);
absl::StatusOr<tfxm::Tensor> FromTf(const tensorflow::Tensor& tensor);

}  // namespace internal
}  // namespace tfxm::ops

#endif  // TFXM_OPS_INTERNAL_GRAPH_ACCESS_H_
