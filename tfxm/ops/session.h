// SPDX-License-Identifier: Apache-2.0

// Runs a Graph in this process.
//
//   ASSIGN_OR_RETURN(auto session, ops::Session::Create(graph));
//   ASSIGN_OR_RETURN(auto function, session->MakeFunction({x}, {y}));
//   ASSIGN_OR_RETURN(std::vector<tfxm::Tensor> outputs, function->Run({tensor}));
//
// The session holds the values of the graph's variables, by shared name. A Function is what is fed and what comes out,
// pruned, optimized and scheduled once; running it is cheap (a few microseconds and about one per node). Functions may
// run in different threads at once; the session must outlive them.
#ifndef TFXM_OPS_SESSION_H_
#define TFXM_OPS_SESSION_H_

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tfxm/data/tensor.h"
#include "tfxm/ops/graph.h"

namespace tfxm::ops {

struct SessionOptions {
  // Threads a single operation may use; 0: all cores.
  int num_threads = 1;
  // How many nodes run at the same time. 1: one after the other in the caller's thread, where a node costs about a
  // microsecond; more cost several, so that this is for graphs whose nodes have much to do.
  int num_parallel_nodes = 1;
};

class Function {
 public:
  ~Function();
  // One tensor per fed tensor, in order; returns one per fetched tensor. INVALID_ARGUMENT names a fed tensor of the
  // wrong type; errors of operations name the node.
  absl::StatusOr<std::vector<tfxm::Tensor>> Run(const std::vector<tfxm::Tensor>& feeds) const;

  struct Rep;  // internal/session_access.h
  Rep* rep() const { return rep_.get(); }

 private:
  friend class Session;
  Function();
  std::unique_ptr<Rep> rep_;
};

class Session {
 public:
  // Takes a copy of the graph as it is now; graph.status() if that is not OK.
  static absl::StatusOr<std::unique_ptr<Session>> Create(const Graph& graph, const SessionOptions& options = {});
  ~Session();

  // Adds the nodes that came to the graph since; functions made before stay valid. No node of before may have changed.
  absl::Status Extend(const Graph& graph);

  // `targets` are run without fetching anything of them.
  absl::StatusOr<std::unique_ptr<Function>> MakeFunction(const std::vector<Tensor>& feeds,
                                                         const std::vector<Tensor>& fetches,
                                                         const std::vector<Node>& targets = {}) const;

  struct Rep;
  Rep* rep() const { return rep_.get(); }

 private:
  Session();
  std::unique_ptr<Rep> rep_;
};

}  // namespace tfxm::ops

#endif  // TFXM_OPS_SESSION_H_
