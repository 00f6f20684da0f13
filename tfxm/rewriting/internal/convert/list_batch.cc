// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/convert/list_batch.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "tensorflow/core/protobuf/meta_graph.pb.h"
#include "tensorflow/core/protobuf/saved_model.pb.h"
#include "tfxm/saved_model/internal/saved_model_copy.h"
#include "tfxm/saved_model/saved_model_files.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::rewriting {
namespace {

using Nodes = google::protobuf::RepeatedPtrField<tensorflow::NodeDef>;
using tensorflow::NodeDef;

std::string NodeName(const std::string& input) { return input.substr(0, input.find(':')); }

// The values of a constant of int32, one dimension; nothing if it is something else.
std::optional<std::vector<int32_t>> Values(const NodeDef& node) {
  const auto attr = node.attr().find("value");
  if (node.op() != "Const" || attr == node.attr().end()) return std::nullopt;
  const tensorflow::TensorProto& value = attr->second.tensor();
  if (value.dtype() != tensorflow::DT_INT32 || value.tensor_shape().dim_size() != 1) return std::nullopt;
  std::vector<int32_t> out(value.tensor_shape().dim(0).size());
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

// The lists of one graph, or one function's body.
class ListBatch {
 public:
  ListBatch(Nodes* nodes, bool is_function) : nodes_(*nodes), is_function_(is_function) {
    for (int i = 0; i < nodes_.size(); ++i) index_[nodes_[i].name()] = i;
  }

  bool Run() {
    bool any = false;
    const int size = nodes_.size();
    for (int loop = 0; loop < size; ++loop) {
      if (nodes_[loop].op() != "While" && nodes_[loop].op() != "StatelessWhile") continue;
      for (const std::string& input : nodes_[loop].input()) {
        const auto it = index_.find(NodeName(input));
        if (it == index_.end() || nodes_[it->second].op() != "TensorListReserve") continue;
        any = Open(loop, it->second) || any;
      }
    }
    return any;
  }

 private:
  // Of which input of the loop the batch is which dimension.
  struct Source {
    std::string input;
    int dim;
    tensorflow::DataType type;
  };

  bool Open(int loop, int list) {
    const auto shape = index_.find(NodeName(nodes_[list].input(0)));
    if (shape == index_.end()) return false;
    const auto element = Values(nodes_[shape->second]);
    if (!element || element->empty() || (*element)[0] >= 0) return false;
    const std::optional<Source> source = FindSource(nodes_[loop], *element);
    if (!source) return false;
    const std::string name = absl::StrCat(nodes_[list].name(), "/tfxm_batch");
    NodeDef& of_source = Add(absl::StrCat(name, "/shape"), "Shape", {source->input});
    SetType(of_source, "T", source->type);
    SetType(of_source, "out_type", tensorflow::DT_INT32);
    const std::string source_shape = OutputOf(of_source, "output");
    const std::vector<std::string> slice = {source_shape, Constant(absl::StrCat(name, "/begin"), {source->dim}),
                                            Constant(absl::StrCat(name, "/end"), {source->dim + 1}),
                                            Constant(absl::StrCat(name, "/strides"), {1})};
    NodeDef& batch = Add(name, "StridedSlice", slice);
    SetType(batch, "T", tensorflow::DT_INT32);
    SetType(batch, "Index", tensorflow::DT_INT32);
    for (const char* mask : {"begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask"}) {
      (*batch.mutable_attr())[mask].set_i(0);
    }
    const std::vector<std::string> parts = {
        OutputOf(batch, "output"), Constant(absl::StrCat(name, "/rest"), {element->begin() + 1, element->end()}),
        Constant(absl::StrCat(name, "/axis"), {0}, /*is_scalar=*/true)};
    NodeDef& whole = Add(absl::StrCat(name, "/element_shape"), "ConcatV2", parts);
    (*whole.mutable_attr())["N"].set_i(2);
    SetType(whole, "T", tensorflow::DT_INT32);
    SetType(whole, "Tidx", tensorflow::DT_INT32);
    *nodes_[list].mutable_input(0) = OutputOf(whole, "output");
    return true;
  }

  std::optional<Source> FindSource(const NodeDef& loop, const std::vector<int32_t>& element) const {
    const auto shapes = loop.attr().find("output_shapes"), types = loop.attr().find("T");
    if (shapes != loop.attr().end() && types != loop.attr().end()) {
      const auto& list = shapes->second.list();
      for (int i = 0; i < list.shape_size() && i < loop.input_size() && i < types->second.list().type_size(); ++i) {
        const tensorflow::DataType type = types->second.list().type(i);
        if (type == tensorflow::DT_VARIANT || type == tensorflow::DT_RESOURCE) continue;
        if (IsShape(list.shape(i), element)) return Source{loop.input(i), 0, type};
      }
    }
    for (const std::string& input : loop.input()) {
      const auto it = index_.find(NodeName(input));
      if (it == index_.end() || nodes_[it->second].op() != "TensorListFromTensor") continue;
      return Source{nodes_[it->second].input(0), 1, nodes_[it->second].attr().at("element_dtype").type()};
    }
    return std::nullopt;
  }

  static bool IsShape(const tensorflow::TensorShapeProto& shape, const std::vector<int32_t>& element) {
    if (shape.unknown_rank() || shape.dim_size() != static_cast<int>(element.size())) return false;
    for (int d = 0; d < shape.dim_size(); ++d) {
      if (shape.dim(d).size() != element[d]) return false;
    }
    return true;
  }

  NodeDef& Add(const std::string& name, const char* op, const std::vector<std::string>& inputs) {
    NodeDef& node = *nodes_.Add();
    node.set_name(name);
    node.set_op(op);
    for (const std::string& input : inputs) node.add_input(input);
    return node;
  }
  std::string Constant(const std::string& name, const std::vector<int32_t>& values, bool is_scalar = false) {
    NodeDef& node = Add(name, "Const", {});
    SetType(node, "dtype", tensorflow::DT_INT32);
    tensorflow::TensorProto& tensor = *(*node.mutable_attr())["value"].mutable_tensor();
    tensor.set_dtype(tensorflow::DT_INT32);
    if (!is_scalar) tensor.mutable_tensor_shape()->add_dim()->set_size(static_cast<int64_t>(values.size()));
    for (const int32_t value : values) tensor.add_int_val(value);
    return OutputOf(node, "output");
  }
  static void SetType(NodeDef& node, const char* attr, tensorflow::DataType type) {
    (*node.mutable_attr())[attr].set_type(type);
  }
  // Functions name the output, graphs do not.
  std::string OutputOf(const NodeDef& node, const char* output) const {
    return is_function_ ? absl::StrCat(node.name(), ":", output, ":0") : node.name();
  }

  Nodes& nodes_;
  const bool is_function_;
  std::map<std::string, int> index_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<io::TempDir>> WithListsOfTheBatch(absl::string_view saved_model_dir) {
  tensorflow::SavedModel saved_model;
  RETURN_IF_ERROR(io::ReadBinaryProto(io::JoinPath(saved_model_dir, kSavedModelFile), &saved_model));
  bool any = false;
  for (auto& meta_graph : *saved_model.mutable_meta_graphs()) {
    tensorflow::GraphDef& graph = *meta_graph.mutable_graph_def();
    any = ListBatch(graph.mutable_node(), /*is_function=*/false).Run() || any;
    for (auto& function : *graph.mutable_library()->mutable_function()) {
      any = ListBatch(function.mutable_node_def(), /*is_function=*/true).Run() || any;
    }
  }
  if (!any) return nullptr;
  return internal::CopySavedModel(saved_model_dir, saved_model);
}

}  // namespace tfxm::rewriting
