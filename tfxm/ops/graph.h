// SPDX-License-Identifier: Apache-2.0

// TensorFlow graphs, built symbolically, without TensorFlow's headers: what a preprocessing_fn, a custom layer or a
// signature is written with.
//
//   ops::Graph graph;
//   ops::Tensor x = ops::Placeholder(graph, DataType::kFloat, {-1, 784}, "x");
//   ops::Tensor y = ops::Relu(ops::MatMul(x, w) + b);                 // readable helpers: ops/*_ops.h
//   ops::Tensor z = ops::Op("Atan2", {y, x}, {}, "angle");            // any TensorFlow operation, by its name
//   RETURN_IF_ERROR(graph.status());
//
// Building never fails in the middle: the first error is kept in graph.status() with the node's name and TensorFlow's
// message, and everything built from an invalid tensor is invalid too. Types and shapes are inferred as nodes are
// added. The same calls give the same node names, so the same GraphDef. A Graph is used by one thread at a time and
// must outlive its tensors.
#ifndef TFXM_OPS_GRAPH_H_
#define TFXM_OPS_GRAPH_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/data/tensor.h"
#include "tfxm/ops/attr.h"

namespace tensorflow {
class GraphDef;
}

namespace tfxm::ops {

class Graph;

// One output of a node: a handle of a few bytes, copied freely.
class Tensor {
 public:
  // Invalid, until assigned.
  Tensor() = default;
  Tensor(Graph* graph, int node, int index) : graph_(graph), node_(node), index_(index) {}

  bool valid() const { return graph_ != nullptr && node_ >= 0; }
  // Null for a default-constructed tensor only.
  Graph* graph() const { return graph_; }
  // The node's id in its graph.
  int node() const { return node_; }
  int index() const { return index_; }

  DataType dtype() const;
  // Whether the number of dimensions is known when the graph is built.
  bool has_rank() const;
  // The static shape, -1 where a dimension is not known; {} if not even the rank is.
  Shape shape() const;
  int rank() const { return static_cast<int>(shape().size()); }
  // "name" or "name:index", as GraphDef names a tensor; "<invalid>".
  std::string name() const;

 private:
  Graph* graph_ = nullptr;
  int node_ = -1;
  int index_ = 0;
};

// A node with any number of outputs. Stands for its first output where a Tensor is wanted.
class Node {
 public:
  Node() = default;
  Node(Graph* graph, int id) : graph_(graph), id_(id) {}
  bool valid() const { return graph_ != nullptr && id_ >= 0; }
  Graph* graph() const { return graph_; }
  int id() const { return id_; }
  int num_outputs() const;
  Tensor output(int index) const { return Tensor(graph_, id_, index); }
  Tensor operator[](int index) const { return output(index); }
  operator Tensor() const { return output(0); }
  std::string name() const;

 private:
  Graph* graph_ = nullptr;
  int id_ = -1;
};

using TensorList = std::vector<Tensor>;

// An argument of an operation: one tensor, or a list where its definition takes one ("values: N * T").
class Input {
 public:
  Input(const Tensor& tensor) : tensors_{tensor} {}
  Input(const Node& node) : tensors_{node.output(0)} {}
  Input(TensorList list) : is_list_(true), tensors_(std::move(list)) {}
  bool is_list() const { return is_list_; }
  const TensorList& tensors() const { return tensors_; }

 private:
  bool is_list_ = false;
  TensorList tensors_;
};

using Inputs = std::vector<Input>;

class Graph {
 public:
  Graph();
  ~Graph();
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  // The first error; OK if none.
  const absl::Status& status() const;
  // Keeps `status` unless there is an earlier error.
  void SetError(absl::Status status);

  // Adds the operation `type`. Attributes that follow from the inputs' types need not be given. `name` is made unique
  // within the open scopes ("MatMul", "MatMul_1", …); empty: the type.
  Node Add(absl::string_view type, const Inputs& inputs, const Attrs& attrs = {}, absl::string_view name = "");
  // `node` runs only after `dependency`.
  void AddControlDependency(const Node& dependency, const Node& node);

  // Copies the nodes of `graph_def` that are needed for `outputs` (and its functions), their names below `prefix`. Keys
  // of `inputs` and `outputs` are tensor names in graph_def ("x:0" or "x"); tensors in `inputs` take their place.
  // Returns the copies of `outputs`.
  absl::StatusOr<std::vector<Tensor>> Import(const tensorflow::GraphDef& graph_def,
                                             const std::map<std::string, Tensor>& inputs,
                                             const std::vector<std::string>& outputs, absl::string_view prefix);

  // The graph as a proto, nodes in the order they were added.
  void ToGraphDef(tensorflow::GraphDef* graph_def) const;

  // The output of a tensor's name, "node" or "node:index"; NOT_FOUND if there is none.
  absl::StatusOr<Tensor> FindTensor(absl::string_view name);

  struct Rep;  // internal/graph_access.h
  Rep* rep() const { return rep_.get(); }

 private:
  friend class NameScope;
  std::unique_ptr<Rep> rep_;
};

// While it lives, names of new nodes are "NAME/…". Scopes nest; a second scope of the same name is "NAME_1".
class NameScope {
 public:
  NameScope(Graph& graph, absl::string_view name);
  ~NameScope();
  NameScope(const NameScope&) = delete;
  NameScope& operator=(const NameScope&) = delete;

 private:
  Graph& graph_;
};

// An operation with at least one input, in the graph of that input.
Node Op(absl::string_view type, const Inputs& inputs, const Attrs& attrs = {}, absl::string_view name = "");
// An operation without inputs, or with a graph to be explicit.
Node Op(Graph& graph, absl::string_view type, const Inputs& inputs, const Attrs& attrs = {},
        absl::string_view name = "");

// The derivatives of the sum of `ys` with respect to each of `xs`, as new nodes. `grad_ys`: the derivatives with
// respect to ys (empty: ones). An x that no y depends on has an invalid Tensor. UNIMPLEMENTED-like errors name the
// operation that has no gradient.
absl::StatusOr<std::vector<Tensor>> Gradients(const std::vector<Tensor>& ys, const std::vector<Tensor>& xs,
                                              const std::vector<Tensor>& grad_ys = {});

}  // namespace tfxm::ops

#endif  // TFXM_OPS_GRAPH_H_
