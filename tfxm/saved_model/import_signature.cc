// SPDX-License-Identifier: Apache-2.0

#include "tfxm/saved_model/import_signature.h"

#include <set>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tensorflow/core/common_runtime/graph_constructor.h"
#include "tensorflow/core/framework/graph.pb.h"
#include "tensorflow/core/framework/node_def.pb.h"
#include "tensorflow/core/framework/tensor.h"
#include "tensorflow/core/graph/tensor_id.h"
#include "tfxm/ops/internal/graph_access.h"
#include "tfxm/saved_model/internal/checkpoint.h"
#include "tfxm/saved_model/internal/fills_table.h"
#include "tfxm/saved_model/internal/inline_calls.h"
#include "tfxm/saved_model/internal/read_saved_model.h"
#include "tfxm/saved_model/internal/restored_variables.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

namespace tf = ::tensorflow;

using NodesByName = std::map<std::string, tf::NodeDef*, std::less<>>;

std::string NodeOf(absl::string_view input) { return std::string(tf::ParseTensorName(input).node()); }

std::string OutputNode(absl::string_view key) {
  std::string name = absl::StrCat("output/", key);
  for (char& c : name) {
    if (!absl::ascii_isalnum(c) && c != '/' && c != '_' && c != '.' && c != '-') c = '_';
  }
  return name;
}

// The nodes that `names` need, not going beyond those in `fed` (which are not among them).
std::set<std::string> Ancestors(const NodesByName& nodes, const std::vector<std::string>& names,
                                const std::set<std::string>& fed) {
  std::set<std::string> seen;
  std::vector<std::string> open = names;
  while (!open.empty()) {
    const std::string name = open.back();
    open.pop_back();
    const auto it = nodes.find(name);
    if (it == nodes.end() || fed.count(name) > 0 || !seen.insert(name).second) continue;
    for (const std::string& input : it->second->input()) open.push_back(NodeOf(input));
  }
  return seen;
}

// The loader feeds assets' names when it initializes a model; here they become constants.
absl::Status PlaceAssets(absl::string_view dir, const tf::MetaGraphDef& meta_graph, const NodesByName& nodes) {
  for (const tf::AssetFileDef& asset : meta_graph.asset_file_def()) {
    const auto it = nodes.find(NodeOf(asset.tensor_info().name()));
    if (it == nodes.end()) continue;
    const std::string path = io::AbsolutePath(io::JoinPath(dir, "assets", asset.filename()));
    if (!io::Exists(path)) {
      return absl::NotFoundError(
          absl::StrCat("the SavedModel ", dir, " needs its asset ", path, ", which does not exist"));
    }
    tf::NodeDef& node = *it->second;
    node.set_op("Const");
    node.clear_attr();
    node.clear_input();
    tf::Tensor value(tf::DT_STRING, tf::TensorShape({}));
    value.scalar<tf::tstring>()() = path;
    value.AsProtoField((*node.mutable_attr())["value"].mutable_tensor());
    (*node.mutable_attr())["dtype"].set_type(tf::DT_STRING);
  }
  return absl::OkStatus();
}

// Whether each tensor is for an input that the signature has, and of its type.
absl::Status CheckInputs(const tf::SignatureDef& signature, const std::map<std::string, ops::Tensor>& inputs,
                         absl::string_view what) {
  for (const auto& [key, tensor] : inputs) {
    const auto input = signature.inputs().find(key);
    if (input == signature.inputs().end()) {
      std::set<std::string> known;
      for (const auto& [known_key, info] : signature.inputs()) known.insert(known_key);
      return absl::InvalidArgumentError(
          absl::StrCat(what, " has no input \"", key, "\"; it has ", absl::StrJoin(known, ", ")));
    }
    if (static_cast<tf::DataType>(tensor.dtype()) != input->second.dtype()) {
      return absl::InvalidArgumentError(absl::StrCat(what, ": input \"", key, "\" is ",
                                                     DataTypeName(static_cast<DataType>(input->second.dtype())),
                                                     ", got ", DataTypeName(tensor.dtype())));
    }
  }
  return absl::OkStatus();
}

// Makes the names of variables and tables the import's own: the graph may have others of the same names. Returns the
// variables, by node, as the SavedModel calls them.
std::map<std::string, std::string> RenameShared(const NodesByName& nodes, absl::string_view name) {
  std::map<std::string, std::string> variables;
  for (const auto& [node_name, node] : nodes) {
    const bool is_variable = node->op() == "VarHandleOp";
    if (!is_variable && !absl::StrContains(node->op(), "HashTable")) continue;
    auto& attrs = *node->mutable_attr();
    const std::string shared_name = attrs["shared_name"].s().empty() ? node->name() : attrs["shared_name"].s();
    attrs["shared_name"].set_s(absl::StrCat(name, "/", shared_name));
    if (is_variable) variables[node_name] = shared_name;
  }
  return variables;
}

// What of the SavedModel's graph is imported.
struct Selection {
  std::map<std::string, ops::Tensor> fed;  // By tensor.
  std::vector<std::string> keys, outputs;  // The outputs that need no missing input, and their nodes.
  std::vector<std::string> fills;          // The nodes that fill the tables among what they need.
  std::set<std::string> kept;              // All nodes.
};

absl::StatusOr<Selection> Select(const tf::SignatureDef& signature, const NodesByName& nodes,
                                 const std::map<std::string, ops::Tensor>& inputs, absl::string_view what) {
  Selection selection;
  std::set<std::string> fed_nodes, missing, output_keys;
  for (const auto& [key, info] : signature.inputs()) {
    const auto given = inputs.find(key);
    if (given == inputs.end()) {
      missing.insert(NodeOf(info.name()));
    } else {
      selection.fed[info.name()] = given->second;
      fed_nodes.insert(NodeOf(info.name()));
    }
  }
  for (const auto& [key, info] : signature.outputs()) output_keys.insert(key);
  for (const std::string& key : output_keys) {
    const std::set<std::string> needed = Ancestors(nodes, {OutputNode(key)}, fed_nodes);
    bool ready = true;
    for (const std::string& node : missing) ready &= needed.count(node) == 0;
    if (!ready) continue;
    selection.keys.push_back(key);
    selection.outputs.push_back(OutputNode(key));
  }
  if (selection.outputs.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, ": every output needs an input that is missing (", absl::StrJoin(missing, ", "), ")"));
  }
  std::vector<std::string> roots = selection.outputs;
  selection.kept = Ancestors(nodes, roots, fed_nodes);
  for (const auto& [node_name, node] : nodes) {
    if (!internal::FillsTable(node->op())) continue;
    if (selection.kept.count(NodeOf(node->input(0))) > 0) selection.fills.push_back(node_name);
  }
  roots.insert(roots.end(), selection.fills.begin(), selection.fills.end());
  selection.kept = Ancestors(nodes, roots, fed_nodes);
  return selection;
}

tf::GraphDef Pruned(const tf::GraphDef& graph_def, const std::set<std::string>& kept) {
  tf::GraphDef pruned;
  *pruned.mutable_library() = graph_def.library();
  *pruned.mutable_versions() = graph_def.versions();
  for (const tf::NodeDef& node : graph_def.node()) {
    if (kept.count(node.name()) == 0) continue;
    tf::NodeDef* copy = pruned.add_node();
    *copy = node;
    // Notes of the graph it comes from, to runtimes that are not this one.
    copy->mutable_attr()->erase("_class");
  }
  return pruned;
}

// Returns the outputs by key. Not Graph::Import: that leaves out what fills the tables, which no output needs.
absl::StatusOr<std::map<std::string, ops::Tensor>> Import(const tf::GraphDef& graph_def, const Selection& selection,
                                                          absl::string_view name, ops::Graph& graph) {
  tf::ImportGraphDefOptions options;
  options.prefix = graph.rep()->UniqueName(name);
  for (const auto& [tensor_name, tensor] : selection.fed) {
    const tf::TensorId id = tf::ParseTensorName(tensor_name);
    options.input_map[tf::SafeTensorId(id)] = tf::SafeTensorId(ops::internal::TfNode(tensor)->name(), tensor.index());
  }
  for (const std::string& output : selection.outputs) options.return_tensors.emplace_back(output, 0);
  options.return_nodes = selection.fills;
  tf::ImportGraphDefResults results;
  RETURN_IF_ERROR(tf::ImportGraphDef(options, Pruned(graph_def, selection.kept), &graph.rep()->graph,
                                     &graph.rep()->refiner, &results));
  std::map<std::string, ops::Tensor> outputs;
  for (size_t i = 0; i < selection.keys.size(); ++i) {
    const auto& [node, index] = results.return_tensors[i];
    outputs[selection.keys[i]] = ops::internal::FromTf(graph, node, index);
  }
  return outputs;
}

}  // namespace

absl::StatusOr<ImportedSignature> ImportSignature(ops::Graph& graph, absl::string_view dir,
                                                  absl::string_view signature_name,
                                                  const std::map<std::string, ops::Tensor>& inputs,
                                                  absl::string_view name) {
  RETURN_IF_ERROR(graph.status());
  ASSIGN_OR_RETURN(tf::MetaGraphDef meta_graph, internal::ReadMetaGraph(dir, {"serve"}));
  RETURN_IF_ERROR(internal::CheckVariablesExist(dir, meta_graph));
  const std::string what = absl::StrCat("signature \"", signature_name, "\" of ", dir);
  const auto it = meta_graph.signature_def().find(std::string(signature_name));
  if (it == meta_graph.signature_def().end()) return absl::NotFoundError(absl::StrCat("there is no ", what));
  const tf::SignatureDef& signature = it->second;
  RETURN_IF_ERROR(CheckInputs(signature, inputs, what));

  internal::RestoreWhatIsRead(&meta_graph);
  const std::map<std::string, std::string> key_of_node = internal::CheckpointKeys(meta_graph);
  tf::GraphDef& graph_def = *meta_graph.mutable_graph_def();
  // A call needs all of its arguments; inlined, an output needs only what it is computed from, and its shape is known.
  std::map<std::string, std::string> output_nodes;
  for (const auto& [key, info] : signature.outputs()) output_nodes[OutputNode(key)] = info.name();
  RETURN_IF_ERROR(Annotate(internal::InlineCalls(output_nodes, &graph_def), what));
  NodesByName nodes;
  for (tf::NodeDef& node : *graph_def.mutable_node()) nodes[node.name()] = &node;
  RETURN_IF_ERROR(PlaceAssets(dir, meta_graph, nodes));
  const std::map<std::string, std::string> variables = RenameShared(nodes, name);
  ASSIGN_OR_RETURN(const Selection selection, Select(signature, nodes, inputs, what));

  ImportedSignature imported;
  std::vector<std::string> needed_variables;
  std::map<std::string, std::string> keys;
  for (const auto& [node_name, shared_name] : variables) {
    if (selection.kept.count(node_name) == 0) continue;
    needed_variables.push_back(shared_name);
    if (const auto key = key_of_node.find(node_name); key != key_of_node.end()) keys[shared_name] = key->second;
  }
  ASSIGN_OR_RETURN(const auto values, internal::ReadVariables(dir, needed_variables, keys));
  for (const auto& [shared_name, value] : values) imported.variables[absl::StrCat(name, "/", shared_name)] = value;
  auto outputs = Import(graph_def, selection, name, graph);
  RETURN_IF_ERROR(Annotate(outputs.status(), what));
  imported.outputs = *std::move(outputs);
  return imported;
}

}  // namespace tfxm
