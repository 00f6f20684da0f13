// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/graph/edit.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "tensorflow/core/protobuf/meta_graph.pb.h"
#include "tensorflow/core/protobuf/saved_model.pb.h"
#include "tfxm/saved_model/internal/saved_model_copy.h"
#include "tfxm/saved_model/saved_model_files.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::rewriting {

using tensorflow::NodeDef;

NodeEdit::NodeEdit(Nodes* nodes, bool is_function) : nodes_(*nodes), is_function_(is_function) {
  for (int i = 0; i < nodes_.size(); ++i) index_[nodes_[i].name()] = i;
}

NodeDef* NodeEdit::Maker(const std::string& input) const {
  const auto it = index_.find(input.substr(0, input.find(':')));
  return it == index_.end() ? nullptr : nodes_.Mutable(it->second);
}

std::optional<std::vector<int32_t>> NodeEdit::Values(const NodeDef* node, bool or_scalar) {
  if (node == nullptr || node->op() != "Const") return std::nullopt;
  const auto attr = node->attr().find("value");
  if (attr == node->attr().end()) return std::nullopt;
  const tensorflow::TensorProto& value = attr->second.tensor();
  const bool is_scalar = or_scalar && value.tensor_shape().dim_size() == 0;
  if (value.dtype() != tensorflow::DT_INT32 || (!is_scalar && value.tensor_shape().dim_size() != 1)) {
    return std::nullopt;
  }
  std::vector<int32_t> out(is_scalar ? 1 : value.tensor_shape().dim(0).size());
  if (value.tensor_content().size() == out.size() * sizeof(int32_t)) {
    if (!out.empty()) std::memcpy(out.data(), value.tensor_content().data(), value.tensor_content().size());
    return out;
  }
  if (value.int_val_size() == 0) return std::nullopt;
  // Values that are not there are the last one's.
  for (size_t i = 0; i < out.size(); ++i) {
    out[i] = value.int_val(std::min(static_cast<int>(i), value.int_val_size() - 1));
  }
  return out;
}

NodeDef& NodeEdit::Add(const std::string& name, const char* op, const std::vector<std::string>& inputs) {
  NodeDef& node = *nodes_.Add();
  node.set_name(name);
  node.set_op(op);
  for (const std::string& input : inputs) node.add_input(input);
  return node;
}

std::string NodeEdit::Constant(const std::string& name, const std::vector<int32_t>& values, bool is_scalar) {
  NodeDef& node = Add(name, "Const", {});
  SetType(node, "dtype", tensorflow::DT_INT32);
  tensorflow::TensorProto& tensor = *(*node.mutable_attr())["value"].mutable_tensor();
  tensor.set_dtype(tensorflow::DT_INT32);
  if (!is_scalar) tensor.mutable_tensor_shape()->add_dim()->set_size(static_cast<int64_t>(values.size()));
  for (const int32_t value : values) tensor.add_int_val(value);
  return OutputOf(node, "output");
}

void NodeEdit::SetType(NodeDef& node, const char* attr, tensorflow::DataType type) {
  (*node.mutable_attr())[attr].set_type(type);
}

std::string NodeEdit::OutputOf(const NodeDef& node, const char* output) const {
  return is_function_ ? absl::StrCat(node.name(), ":", output, ":0") : node.name();
}

absl::StatusOr<std::unique_ptr<io::TempDir>> EditGraphs(
    absl::string_view saved_model_dir, const std::function<bool(Nodes* nodes, bool is_function)>& edit) {
  tensorflow::SavedModel saved_model;
  RETURN_IF_ERROR(io::ReadBinaryProto(io::JoinPath(saved_model_dir, kSavedModelFile), &saved_model));
  bool any = false;
  for (auto& meta_graph : *saved_model.mutable_meta_graphs()) {
    tensorflow::GraphDef& graph = *meta_graph.mutable_graph_def();
    any = edit(graph.mutable_node(), /*is_function=*/false) || any;
    for (auto& function : *graph.mutable_library()->mutable_function()) {
      any = edit(function.mutable_node_def(), /*is_function=*/true) || any;
    }
  }
  if (!any) return nullptr;
  return internal::CopySavedModel(saved_model_dir, saved_model);
}

}  // namespace tfxm::rewriting
