// SPDX-License-Identifier: Apache-2.0

#include "absl/strings/match.h"
#include "tensorflow/core/graph/graph.h"
#include "tfxm/ops/internal/graph_access.h"
#include "tfxm/ops/internal/session_access.h"
#include "tfxm/saved_model/internal/fills_table.h"
#include "tfxm/transform/internal/transform_graph_rep.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::transform::internal {
std::set<int> Ancestors(const std::vector<ops::Tensor>& tensors) {
  std::set<int> seen;
  std::vector<const tensorflow::Node*> open;
  for (const ops::Tensor& tensor : tensors) {
    if (const tensorflow::Node* node = ops::internal::TfNode(tensor)) open.push_back(node);
  }
  while (!open.empty()) {
    const tensorflow::Node* node = open.back();
    open.pop_back();
    if (!node->IsOp() || !seen.insert(node->id()).second) continue;
    for (const tensorflow::Edge* edge : node->in_edges()) open.push_back(edge->src());
    if (!absl::StrContains(node->type_string(), "HashTable")) continue;
    // A table is what fills it.
    for (const tensorflow::Edge* edge : node->out_edges()) {
      if (tfxm::internal::FillsTable(edge->dst()->type_string())) open.push_back(edge->dst());
    }
  }
  return seen;
}

void ReplaceTensor(const ops::Tensor& from, const ops::Tensor& to) {
  tensorflow::Graph& graph = ops::internal::TfGraph(*from.graph());
  const tensorflow::Node* const node = ops::internal::TfNode(from);
  const std::vector<const tensorflow::Edge*> edges(node->out_edges().begin(), node->out_edges().end());
  for (const tensorflow::Edge* edge : edges) {
    if (edge->src_output() != from.index()) continue;
    graph.UpdateEdge(ops::internal::TfNode(to), to.index(), edge->dst(), edge->dst_input()).IgnoreError();
  }
}

absl::StatusOr<Program> MakeProgram(ops::Graph& graph, const std::vector<RawFeature>& features,
                                    const std::vector<ops::Tensor>& fetches, int num_threads) {
  Program program;
  ASSIGN_OR_RETURN(program.session, ops::Session::Create(graph, {.num_threads = num_threads}));
  const std::set<int> needed = Ancestors(fetches);
  std::vector<ops::Tensor> feeds;
  for (size_t i = 0; i < features.size(); ++i) {
    bool used = false;
    for (const ops::Tensor& placeholder : features[i].placeholders()) used |= needed.count(placeholder.node()) > 0;
    if (!used) continue;
    program.features.push_back(static_cast<int>(i));
    for (const ops::Tensor& placeholder : features[i].placeholders()) feeds.push_back(placeholder);
  }
  std::vector<ops::Node> fills;
  for (const tensorflow::Node* node : ops::internal::TfGraph(graph).op_nodes()) {
    if (tfxm::internal::FillsTable(node->type_string()) && needed.count(node->id()) > 0) {
      fills.push_back(ops::Node(&graph, node->id()));
    }
  }
  if (!fills.empty()) {
    ASSIGN_OR_RETURN(const auto initialize, program.session->MakeFunction({}, {}, fills));
    RETURN_IF_ERROR(initialize->Run({}).status());
  }
  ASSIGN_OR_RETURN(program.function, program.session->MakeFunction(feeds, fetches));
  return program;
}

absl::Status Program::Run(const data::ExampleBatch& batch, const std::vector<RawFeature>& all,
                          std::vector<tensorflow::Tensor>* outputs) const {
  std::vector<tensorflow::Tensor> feeds;
  for (const int feature : features) AppendFeeds(batch, all[feature], &feeds);
  return function->rep()->Run(feeds, outputs);
}

}  // namespace tfxm::transform::internal
