// SPDX-License-Identifier: Apache-2.0

#include "tfxm/saved_model/internal/inline_calls.h"

#include <memory>
#include <unordered_map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tensorflow/core/common_runtime/function_body.h"
#include "tensorflow/core/common_runtime/function_def_utils.h"
#include "tensorflow/core/common_runtime/graph_constructor.h"
#include "tensorflow/core/common_runtime/inline_function_utils.h"
#include "tensorflow/core/framework/node_def_util.h"
#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/graph/graph.h"
#include "tensorflow/core/graph/node_builder.h"
#include "tensorflow/core/graph/tensor_id.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::internal {
namespace {

namespace tf = ::tensorflow;

absl::Status InlineCall(tf::Graph* graph, tf::Node* call) {
  tf::NameAttrList callee;
  RETURN_IF_ERROR(tf::GetNodeAttr(call->attrs(), "f", &callee));
  auto record = graph->flib_def().FindRecord(callee.name());
  if (record == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("node \"", call->name(), "\" calls \"", callee.name(),
                                                   "\", which the graph's library does not have"));
  }
  std::unique_ptr<tf::FunctionBody> body;
  RETURN_IF_ERROR(
      tf::FunctionDefToBodyHelper(std::move(record), tf::AttrSlice(&callee.attr()), &graph->flib_def(), &body));
  tf::InlineFunctionBodyOptions options;
  options.ignore_noinline = true;
  options.keep_caller_node = tf::InlineFunctionBodyOptions::KeepCallerNode::kDoNotKeep;
  options.output_control_src = tf::InlineFunctionBodyOptions::OutputControlSource::kControlOutputs;
  return tf::InlineFunctionBody(graph->flib_def(), graph, call, body.get(), options);
}

// Consumers of the Identity nodes that inlining leaves for arguments and results take what goes into these instead:
// then a table's handle is a direct input of what fills it.
void BypassIdentities(const std::map<std::string, std::string>& keep, tf::Graph* graph) {
  std::vector<tf::Node*> identities;
  for (tf::Node* node : graph->op_nodes()) {
    if (node->type_string() == "Identity" && keep.count(node->name()) == 0) identities.push_back(node);
  }
  for (tf::Node* node : identities) {
    const tf::Edge* in = nullptr;
    bool has_control_input = false;
    for (const tf::Edge* edge : node->in_edges()) {
      if (!edge->IsControlEdge()) {
        in = edge;
      } else if (edge->src()->IsOp()) {
        has_control_input = true;
      }
    }
    if (in == nullptr || has_control_input) continue;
    tf::Node* const source = in->src();
    const int index = in->src_output();
    const std::vector<const tf::Edge*> out(node->out_edges().begin(), node->out_edges().end());
    for (const tf::Edge* edge : out) {
      if (edge->IsControlEdge()) continue;
      graph->UpdateEdge(source, index, edge->dst(), edge->dst_input()).IgnoreError();
    }
  }
}

}  // namespace

absl::Status InlineCalls(const std::map<std::string, std::string>& names, tf::GraphDef* graph_def) {
  tf::Graph graph(tf::OpRegistry::Global());
  tf::GraphConstructorOptions options;
  options.allow_internal_ops = true;
  RETURN_IF_ERROR(tf::ConvertGraphDefToGraph(options, *graph_def, &graph));
  const std::unordered_map<std::string, tf::Node*> by_name = graph.BuildNodeNameIndex();
  for (const auto& [name, tensor] : names) {
    const tf::TensorId id = tf::ParseTensorName(tensor);
    const auto it = by_name.find(std::string(id.node()));
    if (it == by_name.end() || id.index() < 0 || id.index() >= it->second->num_outputs()) {
      return absl::InvalidArgumentError(absl::StrCat("the graph has no tensor \"", tensor, "\""));
    }
    tf::Node* identity = nullptr;
    RETURN_IF_ERROR(tf::NodeBuilder(name, "Identity").Input(it->second, id.index()).Finalize(&graph, &identity));
  }
  // Calls inside of what is inlined become nodes after those there are, so one pass sees them all.
  for (int id = 0; id < graph.num_node_ids(); ++id) {
    tf::Node* node = graph.FindNodeId(id);
    if (node != nullptr &&
        (node->type_string() == "PartitionedCall" || node->type_string() == "StatefulPartitionedCall")) {
      RETURN_IF_ERROR(InlineCall(&graph, node));
    }
  }
  BypassIdentities(names, &graph);
  graph.ToGraphDef(graph_def);
  const tf::FunctionLibraryDefinition reachable = graph.flib_def().ReachableDefinitions(*graph_def);
  *graph_def->mutable_library() = reachable.ToProto();
  return absl::OkStatus();
}

}  // namespace tfxm::internal
