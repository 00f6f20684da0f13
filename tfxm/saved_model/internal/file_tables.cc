// SPDX-License-Identifier: Apache-2.0

#include "tfxm/saved_model/internal/file_tables.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "tensorflow/core/protobuf/meta_graph.pb.h"
#include "tensorflow/core/protobuf/saved_model.pb.h"
#include "tfxm/saved_model/internal/saved_model_copy.h"
#include "tfxm/saved_model/saved_model_files.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::internal {
namespace {

using tensorflow::NodeDef;
using Nodes = google::protobuf::RepeatedPtrField<NodeDef>;

std::string NodeName(const std::string& input) { return input.substr(0, input.find(':')); }

int64_t Attribute(const NodeDef& node, const char* name, int64_t otherwise) {
  const auto it = node.attr().find(name);
  return it == node.attr().end() ? otherwise : it->second.i();
}

// Of TextFileIndex: the keys are whole lines, the values their numbers.
bool IsOfLines(const NodeDef& node) {
  return node.op() == "InitializeTableFromTextFileV2" && node.input_size() >= 2 &&
         Attribute(node, "key_index", 0) == -2 && Attribute(node, "value_index", 0) == -1;
}

// The lines as TensorFlow reads them.
absl::StatusOr<std::vector<std::string>> Lines(const std::string& path, int64_t most) {
  ASSIGN_OR_RETURN(const std::string text, io::ReadFile(path));
  std::vector<std::string> lines = absl::StrSplit(absl::StrReplaceAll(text, {{"\r", ""}}), '\n');
  if (lines.back().empty()) lines.pop_back();
  if (most > 0 && static_cast<int64_t>(lines.size()) > most) lines.resize(most);
  return lines;
}

NodeDef& AddConstant(const std::string& name, tensorflow::DataType type, int64_t size, Nodes& nodes) {
  NodeDef& node = *nodes.Add();
  node.set_name(name);
  node.set_op("Const");
  (*node.mutable_attr())["dtype"].set_type(type);
  tensorflow::TensorProto& value = *(*node.mutable_attr())["value"].mutable_tensor();
  value.set_dtype(type);
  value.mutable_tensor_shape()->add_dim()->set_size(size);
  return node;
}

class FileTables {
 public:
  FileTables(absl::string_view dir, const std::string& signature, tensorflow::MetaGraphDef& meta_graph)
      : graph_(*meta_graph.mutable_graph_def()) {
    for (const NodeDef& node : graph_.node()) nodes_[node.name()] = &node;
    for (const auto& asset : meta_graph.asset_file_def()) {
      const std::string node = NodeName(asset.tensor_info().name());
      files_[node] = io::JoinPath(dir, "assets", asset.filename());
      variables_[node] = node;
    }
    for (const NodeDef& node : graph_.node()) {
      if (node.op() == "AssignVariableOp" && node.input_size() >= 2 && files_.count(NodeName(node.input(1))) > 0) {
        variables_[NodeName(node.input(0))] = NodeName(node.input(1));
      }
    }
    const auto exported = meta_graph.signature_def().find(signature);
    if (exported == meta_graph.signature_def().end()) return;
    for (const auto& [name, output] : exported->second.outputs()) Need(NodeName(output.name()));
    if (const auto init = meta_graph.signature_def().find("__saved_model_init_op");
        init != meta_graph.signature_def().end() && !init->second.outputs().empty()) {
      initializer_ = NodeName(init->second.outputs().begin()->second.name());
    }
  }

  absl::StatusOr<bool> Run() {
    bool any = false;
    for (int i = 0, n = graph_.node_size(); i < n; ++i) {
      if (!FillsNeededTable(graph_.node(i))) continue;
      if (IsOfLines(graph_.node(i))) {
        ASSIGN_OR_RETURN(const bool filled,
                         Fill(i, AssetOf(graph_.node(i).input(1)), /*is_function=*/false, *graph_.mutable_node()));
        any = any || filled;
      }
      const auto f = graph_.node(i).attr().find("f");
      if (f == graph_.node(i).attr().end()) continue;
      for (auto& function : *graph_.mutable_library()->mutable_function()) {
        if (function.signature().name() != f->second.func().name()) continue;
        ASSIGN_OR_RETURN(const bool filled, FillIn(function, i));
        any = any || filled;
      }
    }
    return LeaveOutOthers() || any;
  }

 private:
  void Need(const std::string& name) {
    std::vector<std::string> open = {name};
    while (!open.empty()) {
      const auto node = nodes_.find(open.back());
      open.pop_back();
      if (node == nodes_.end() || !needed_.insert(node->first).second) continue;
      for (const std::string& input : node->second->input()) open.push_back(NodeName(input.substr(input[0] == '^')));
    }
  }
  // The node, or the function that it calls, is given the handle of a table that the signature looks up.
  bool FillsNeededTable(const NodeDef& node) const {
    return std::any_of(node.input().begin(), node.input().end(), [&](const std::string& input) {
      const auto given = nodes_.find(NodeName(input));
      return given != nodes_.end() && absl::StrContains(given->second->op(), "HashTable") &&
             needed_.count(given->first) > 0;
    });
  }

  // What fills a table that the signature does not need is not done.
  bool LeaveOutOthers() {
    bool any = false;
    for (NodeDef& node : *graph_.mutable_node()) {
      if (node.name() != initializer_) continue;
      auto* const calls = node.mutable_input();
      const auto kept = std::remove_if(calls->begin(), calls->end(), [&](const std::string& call) {
        return call[0] == '^' && FillsOthers(call.substr(1));
      });
      any = kept != calls->end();
      calls->erase(kept, calls->end());
    }
    return any;
  }
  bool FillsOthers(const std::string& name) const {
    const auto node = nodes_.find(name);
    if (node == nodes_.end()) return false;
    bool fills = false;
    for (const std::string& input : node->second->input()) {
      const auto given = nodes_.find(NodeName(input));
      if (given == nodes_.end() || given->second->op() == "Const") continue;
      if (needed_.count(given->first) > 0) return false;
      fills = true;
    }
    return fills;
  }

  // The node of the asset whose name a tensor of the graph is; empty if it is none.
  std::string AssetOf(const std::string& tensor) const {
    std::string name = NodeName(tensor);
    for (size_t steps = 0; steps < nodes_.size(); ++steps) {
      const auto it = nodes_.find(name);
      if (it == nodes_.end() || it->second->input_size() == 0) break;
      if (it->second->op() != "Identity" && it->second->op() != "ReadVariableOp") break;
      name = NodeName(it->second->input(0));
    }
    const auto asset = variables_.find(name);
    return asset == variables_.end() ? "" : asset->second;
  }

  absl::StatusOr<bool> FillIn(tensorflow::FunctionDef& function, int call) {
    bool any = false;
    std::map<std::string, int> arguments;
    for (const auto& argument : function.signature().input_arg()) {
      arguments.emplace(argument.name(), static_cast<int>(arguments.size()));
    }
    for (int i = 0, n = function.node_def_size(); i < n; ++i) {
      if (!IsOfLines(function.node_def(i))) continue;
      const auto argument = arguments.find(function.node_def(i).input(1));
      if (argument == arguments.end() || argument->second >= graph_.node(call).input_size()) continue;
      const std::string asset = AssetOf(graph_.node(call).input(argument->second));
      ASSIGN_OR_RETURN(const bool filled, Fill(i, asset, /*is_function=*/true, *function.mutable_node_def()));
      if (!filled) continue;
      // The converter leaves out a call that needs a variable.
      graph_.mutable_node(call)->set_input(argument->second, asset);
      any = true;
    }
    return any;
  }

  absl::StatusOr<bool> Fill(int index, const std::string& asset, bool is_function, Nodes& nodes) {
    if (asset.empty()) return false;
    ASSIGN_OR_RETURN(const std::vector<std::string> lines,
                     Lines(files_.at(asset), Attribute(nodes[index], "vocab_size", -1)));
    const std::string name = nodes[index].name();
    const int64_t offset = Attribute(nodes[index], "offset", 0);
    const auto size = static_cast<int64_t>(lines.size());
    NodeDef& keys = AddConstant(absl::StrCat(name, "/keys"), tensorflow::DT_STRING, size, nodes);
    auto& words = *(*keys.mutable_attr())["value"].mutable_tensor();
    for (const std::string& line : lines) words.add_string_val(line);
    NodeDef& values = AddConstant(absl::StrCat(name, "/values"), tensorflow::DT_INT64, size, nodes);
    auto& numbers = *(*values.mutable_attr())["value"].mutable_tensor();
    for (int64_t i = 0; i < size; ++i) numbers.add_int64_val(offset + i);
    NodeDef& fill = nodes[index];
    fill.set_op("LookupTableImportV2");
    // Functions name the output, graphs do not.
    const char* const output = is_function ? ":output:0" : "";
    fill.set_input(1, absl::StrCat(name, "/keys", output));
    fill.add_input(absl::StrCat(name, "/values", output));
    // Inputs for control come last.
    std::rotate(fill.mutable_input()->begin() + 2, fill.mutable_input()->end() - 1, fill.mutable_input()->end());
    fill.clear_attr();
    (*fill.mutable_attr())["Tin"].set_type(tensorflow::DT_STRING);
    (*fill.mutable_attr())["Tout"].set_type(tensorflow::DT_INT64);
    return true;
  }

  tensorflow::GraphDef& graph_;
  std::map<std::string, const NodeDef*> nodes_;
  std::string initializer_;                       // The node that has what a model does when it is loaded before it.
  std::set<std::string> needed_;                  // By the signature's outputs.
  std::map<std::string, std::string> files_;      // By the asset's node.
  std::map<std::string, std::string> variables_;  // What holds the name of an asset, and its node.
};

}  // namespace

absl::StatusOr<std::unique_ptr<io::TempDir>> WithTablesOfFiles(absl::string_view saved_model_dir,
                                                               const std::string& signature) {
  tensorflow::SavedModel saved_model;
  RETURN_IF_ERROR(io::ReadBinaryProto(io::JoinPath(saved_model_dir, kSavedModelFile), &saved_model));
  bool any = false;
  for (auto& meta_graph : *saved_model.mutable_meta_graphs()) {
    ASSIGN_OR_RETURN(const bool filled, FileTables(saved_model_dir, signature, meta_graph).Run());
    any = any || filled;
  }
  if (!any) return nullptr;
  return CopySavedModel(saved_model_dir, saved_model);
}

}  // namespace tfxm::internal
