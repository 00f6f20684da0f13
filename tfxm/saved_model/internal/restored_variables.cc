// SPDX-License-Identifier: Apache-2.0

#include "tfxm/saved_model/internal/restored_variables.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "tensorflow/core/framework/tensor.h"
#include "tensorflow/core/graph/tensor_id.h"
#include "tensorflow/core/protobuf/saved_model.pb.h"
#include "tfxm/saved_model/internal/saved_model_copy.h"
#include "tfxm/util/io.h"

namespace tfxm::internal {
namespace {

namespace tf = ::tensorflow;

using Nodes = google::protobuf::RepeatedPtrField<tf::NodeDef>;
using NodesByName = std::map<std::string, const tf::NodeDef*, std::less<>>;

NodesByName ByName(const Nodes& nodes) {
  NodesByName by_name;
  for (const tf::NodeDef& node : nodes) by_name[node.name()] = &node;
  return by_name;
}

const tf::NodeDef* Find(const NodesByName& nodes, const tf::NodeDef* consumer, int input, absl::string_view op) {
  if (consumer == nullptr || input >= consumer->input_size()) return nullptr;
  const std::string& name = consumer->input(input);
  const auto it = nodes.find(name.substr(0, name.find(':')));
  return it != nodes.end() && it->second->op() == op ? it->second : nullptr;
}

// What calls the function that restores; null where nodes of the graph do it, as TensorFlow 1 writes them.
const tf::NodeDef* RestoringCall(const tf::MetaGraphDef& meta_graph, const NodesByName& nodes) {
  const tf::TensorId restore = tf::ParseTensorName(meta_graph.saver_def().restore_op_name());
  const auto it = nodes.find(absl::string_view(restore.node()));
  if (it == nodes.end() || it->second->attr().count("f") == 0) return nullptr;
  return it->second;
}

// The strings that RestoreV2 takes from the checkpoint.
tf::Tensor KeysOf(const NodesByName& nodes, const tf::NodeDef& restore) {
  const tf::NodeDef* const names = Find(nodes, &restore, 1, "Const");
  tf::Tensor keys;
  if (names == nullptr || names->attr().count("value") == 0 || !keys.FromProto(names->attr().at("value").tensor()) ||
      keys.dtype() != tf::DT_STRING) {
    return tf::Tensor(tf::DT_STRING, tf::TensorShape({0}));
  }
  return keys;
}

}  // namespace

bool RestoreWhatIsRead(tf::MetaGraphDef* meta_graph) {
  const NodesByName nodes = ByName(meta_graph->graph_def().node());
  // It is in the graph, which is ours to change.
  auto* const restore = const_cast<tf::NodeDef*>(RestoringCall(*meta_graph, nodes));
  if (restore == nullptr) return false;
  std::map<std::string, int> restored;  // Each variable, and which input of the call it is.
  for (int i = 0; i < restore->input_size(); ++i) {
    if (const tf::NodeDef* variable = Find(nodes, restore, i, "VarHandleOp")) restored[variable->name()] = i;
  }
  bool changed = false;
  for (const tf::NodeDef& node : meta_graph->graph_def().node()) {
    if (node.op() != "AssignVariableOp") continue;
    const tf::NodeDef* const copy = Find(nodes, &node, 0, "VarHandleOp");
    const tf::NodeDef* const read = Find(nodes, Find(nodes, &node, 1, "ReadVariableOp"), 0, "VarHandleOp");
    if (copy == nullptr || read == nullptr || restored.count(read->name()) > 0) continue;
    const auto it = restored.find(copy->name());
    if (it == restored.end()) continue;
    restore->set_input(it->second, read->name());
    restored.erase(it);
    restored[read->name()] = 0;
    changed = true;
  }
  return changed;
}

absl::StatusOr<std::unique_ptr<io::TempDir>> WithRestoredVariables(absl::string_view dir, tf::MetaGraphDef meta_graph) {
  const bool is_pattern = io::EscapeGlob(dir) != dir;
  if (!RestoreWhatIsRead(&meta_graph) && !is_pattern) return nullptr;
  tf::SavedModel saved_model;
  saved_model.set_saved_model_schema_version(1);
  *saved_model.add_meta_graphs() = std::move(meta_graph);
  return CopySavedModel(dir, saved_model);
}

std::map<std::string, std::string> CheckpointKeys(const tf::MetaGraphDef& meta_graph) {
  std::map<std::string, std::string> keys;
  const NodesByName nodes = ByName(meta_graph.graph_def().node());
  const tf::NodeDef* const call = RestoringCall(meta_graph, nodes);
  if (call == nullptr) return keys;
  for (const tf::FunctionDef& function : meta_graph.graph_def().library().function()) {
    if (function.signature().name() != call->attr().at("f").func().name()) continue;
    const NodesByName body = ByName(function.node_def());
    std::map<std::string, int> arguments;
    for (const auto& argument : function.signature().input_arg()) {
      arguments.emplace(argument.name(), static_cast<int>(arguments.size()));
    }
    for (const tf::NodeDef& node : function.node_def()) {
      if (node.op() != "AssignVariableOp" || node.input_size() < 2 || arguments.count(node.input(0)) == 0) continue;
      const tf::NodeDef* const variable = Find(nodes, call, arguments.at(node.input(0)), "VarHandleOp");
      const tf::NodeDef* const value = Find(body, &node, 1, "Identity");
      const tf::NodeDef* const restore = Find(body, value, 0, "RestoreV2");
      if (variable == nullptr || restore == nullptr) continue;
      // RestoreV2:tensors:3
      const std::string& output = value->input(0);
      const tf::Tensor names = KeysOf(body, *restore);
      int index = -1;
      if (absl::SimpleAtoi(output.substr(output.rfind(':') + 1), &index) && index >= 0 && index < names.NumElements()) {
        keys[variable->name()] = std::string(names.flat<tf::tstring>()(index));
      }
    }
  }
  return keys;
}

}  // namespace tfxm::internal
