// SPDX-License-Identifier: Apache-2.0

#include "tfxm/ops/graph.h"

#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tensorflow/cc/framework/scope_internal.h"
#include "tensorflow/core/common_runtime/graph_constructor.h"
#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/graph/node_builder.h"
#include "tfxm/ops/internal/attr_value.h"
#include "tfxm/ops/internal/graph_access.h"

namespace tfxm::ops {
namespace {

namespace tf = ::tensorflow;

// "name" and 0, or what "name:index" says.
std::pair<std::string, int> SplitTensorName(absl::string_view name) {
  const size_t colon = name.rfind(':');
  int index = 0;
  if (colon != absl::string_view::npos && absl::SimpleAtoi(name.substr(colon + 1), &index)) {
    return {std::string(name.substr(0, colon)), index};
  }
  return {std::string(name), 0};
}

const tf::OpDef::AttrDef* FindAttrDef(const tf::OpDef& op_def, absl::string_view name) {
  for (const auto& attr : op_def.attr()) {
    if (attr.name() == name) return &attr;
  }
  return nullptr;
}

absl::Status SetInputs(const tf::OpDef& op_def, const Inputs& inputs, tf::NodeBuilder* builder) {
  if (static_cast<int>(inputs.size()) != op_def.input_arg_size()) {
    std::vector<std::string> wanted;
    for (const auto& arg : op_def.input_arg()) wanted.push_back(arg.name());
    return absl::InvalidArgumentError(absl::StrCat("takes ", op_def.input_arg_size(), " inputs (",
                                                   absl::StrJoin(wanted, ", "), "), got ", inputs.size()));
  }
  for (int i = 0; i < op_def.input_arg_size(); ++i) {
    const auto& arg = op_def.input_arg(i);
    const bool wants_list = !arg.number_attr().empty() || !arg.type_list_attr().empty();
    if (!wants_list && inputs[i].is_list()) {
      return absl::InvalidArgumentError(absl::StrCat("input \"", arg.name(), "\" takes one tensor, got a list"));
    }
    std::vector<tf::NodeBuilder::NodeOut> outs;
    for (const Tensor& tensor : inputs[i].tensors()) outs.emplace_back(internal::TfNode(tensor), tensor.index());
    if (wants_list) {
      builder->Input(outs);
    } else {
      builder->Input(outs[0]);
    }
  }
  return absl::OkStatus();
}

absl::Status SetAttrs(const tf::OpDef& op_def, const Attrs& attrs, tf::NodeBuilder* builder) {
  for (const auto& [key, value] : attrs) {
    const tf::OpDef::AttrDef* attr_def = FindAttrDef(op_def, key);
    // An attribute that starts with "_" is a note to the runtime, not part of the definition.
    if (attr_def == nullptr && !absl::StartsWith(key, "_")) {
      std::vector<std::string> known;
      for (const auto& attr : op_def.attr()) known.push_back(attr.name());
      return absl::InvalidArgumentError(
          absl::StrCat("has no attribute \"", key, "\"; it has: ", absl::StrJoin(known, ", ")));
    }
    auto converted = internal::ToAttrValue(value, attr_def == nullptr ? "" : attr_def->type());
    if (!converted.ok()) {
      return absl::Status(converted.status().code(),
                          absl::StrCat("attribute \"", key, "\": ", converted.status().message()));
    }
    builder->Attr(key, *converted);
  }
  return absl::OkStatus();
}

// "x float32[2], y int64[?]"
std::string Describe(const Inputs& inputs) {
  std::vector<std::string> given;
  for (const Input& input : inputs) {
    for (const Tensor& t : input.tensors()) {
      given.push_back(
          absl::StrCat(t.name(), " ", DataTypeName(t.dtype()), t.has_rank() ? ShapeString(t.shape()) : "[?]"));
    }
  }
  return absl::StrJoin(given, ", ");
}

}  // namespace

Graph::Rep::Rep() : graph(tf::OpRegistry::Global()), refiner(graph.versions(), graph.op_registry()) {
  // Constants folded while inferring shapes are what makes Reshape's and StridedSlice's results known.
  refiner.set_require_shape_inference_fns(false);
}

std::string Graph::Rep::UniqueName(absl::string_view name) {
  const std::string wanted = absl::StrCat(prefix, name);
  std::string unique = wanted;
  int& count = names[wanted];
  while (!taken.insert(unique).second) unique = absl::StrCat(wanted, "_", ++count);
  return unique;
}

Graph::Graph() : rep_(std::make_unique<Rep>()) {}
Graph::~Graph() = default;

const absl::Status& Graph::status() const { return rep_->status; }

void Graph::SetError(absl::Status status) {
  if (rep_->status.ok()) rep_->status = std::move(status);
}

Node Graph::Add(absl::string_view type, const Inputs& inputs, const Attrs& attrs, absl::string_view name) {
  const Node invalid(this, -1);
  const tf::OpDef* op_def = nullptr;
  if (const absl::Status found = tf::OpRegistry::Global()->LookUpOpDef(std::string(type), &op_def); !found.ok()) {
    SetError(absl::NotFoundError(absl::StrCat("node \"", rep_->prefix, name.empty() ? type : name,
                                              "\": TensorFlow has no operation \"", type, "\"")));
    return invalid;
  }
  // What is built from an invalid tensor is invalid; the error was kept when that tensor came to be.
  for (const Input& input : inputs) {
    for (const Tensor& tensor : input.tensors()) {
      if (tensor.valid() && tensor.graph() == this) continue;
      if (tensor.graph() != this) {
        SetError(absl::InvalidArgumentError(
            absl::StrCat("node \"", rep_->prefix, name.empty() ? type : name, "\" (", type, "): an input is ",
                         tensor.graph() == nullptr ? "an unassigned Tensor" : "a tensor of another Graph")));
      } else {
        SetError(absl::InternalError("invalid tensor"));
      }
      return invalid;
    }
  }
  const std::string unique = rep_->UniqueName(name.empty() ? type : name);
  tf::NodeBuilder builder(unique, op_def);
  tf::Node* node = nullptr;
  absl::Status status = SetInputs(*op_def, inputs, &builder);
  if (status.ok()) status = SetAttrs(*op_def, attrs, &builder);
  if (status.ok()) status = builder.Finalize(&rep_->graph, &node);
  if (status.ok()) {
    status = rep_->refiner.AddNode(node);
    if (!status.ok()) rep_->graph.RemoveNode(node);
  }
  if (status.ok()) return Node(this, node->id());
  SetError(absl::Status(status.code(), absl::StrCat("node \"", unique, "\" (", type, ") of (", Describe(inputs),
                                                    "): ", status.message())));
  return invalid;
}

void Graph::AddControlDependency(const Node& dependency, const Node& node) {
  if (!dependency.valid() || !node.valid()) return;
  rep_->graph.AddControlEdge(rep_->graph.FindNodeId(dependency.id()), rep_->graph.FindNodeId(node.id()));
}

absl::StatusOr<std::vector<Tensor>> Graph::Import(const tf::GraphDef& graph_def,
                                                  const std::map<std::string, Tensor>& inputs,
                                                  const std::vector<std::string>& outputs, absl::string_view prefix) {
  if (!rep_->status.ok()) return rep_->status;
  tf::ImportGraphDefOptions options;
  options.prefix = rep_->UniqueName(prefix);
  options.skip_mapped_nodes = true;
  for (const auto& [name, tensor] : inputs) {
    if (!tensor.valid()) return absl::InvalidArgumentError(absl::StrCat("no valid tensor for \"", name, "\""));
    options.input_map[tf::SafeTensorId(SplitTensorName(name).first, SplitTensorName(name).second)] =
        tf::SafeTensorId(internal::TfNode(tensor)->name(), tensor.index());
  }
  for (const std::string& name : outputs) {
    options.return_tensors.emplace_back(SplitTensorName(name).first, SplitTensorName(name).second);
  }
  tf::ImportGraphDefResults results;
  const absl::Status imported = tf::ImportGraphDef(options, graph_def, &rep_->graph, &rep_->refiner, &results);
  if (!imported.ok()) {
    return absl::Status(imported.code(),
                        absl::StrCat("importing a graph as \"", options.prefix, "\": ", imported.message()));
  }
  std::vector<Tensor> tensors;
  for (const auto& [node, index] : results.return_tensors) tensors.push_back(internal::FromTf(*this, node, index));
  return tensors;
}

void Graph::ToGraphDef(tf::GraphDef* graph_def) const { rep_->graph.ToGraphDef(graph_def); }

absl::StatusOr<Tensor> Graph::FindTensor(absl::string_view name) {
  const auto [node_name, index] = SplitTensorName(name);
  for (const tf::Node* node : rep_->graph.op_nodes()) {
    if (node->name() != node_name) continue;
    if (index < 0 || index >= node->num_outputs()) break;
    return internal::FromTf(*this, node, index);
  }
  return absl::NotFoundError(absl::StrCat("the graph has no tensor \"", name, "\""));
}

NameScope::NameScope(Graph& graph, absl::string_view name) : graph_(graph) {
  Graph::Rep& rep = *graph.rep_;
  rep.prefixes.push_back(rep.prefix);
  rep.prefix = absl::StrCat(rep.UniqueName(name), "/");
}

NameScope::~NameScope() {
  Graph::Rep& rep = *graph_.rep_;
  rep.prefix = rep.prefixes.back();
  rep.prefixes.pop_back();
}

Node Op(absl::string_view type, const Inputs& inputs, const Attrs& attrs, absl::string_view name) {
  for (const Input& input : inputs) {
    for (const Tensor& tensor : input.tensors()) {
      if (tensor.graph() != nullptr) return tensor.graph()->Add(type, inputs, attrs, name);
    }
  }
  return Node();
}

Node Op(Graph& graph, absl::string_view type, const Inputs& inputs, const Attrs& attrs, absl::string_view name) {
  return graph.Add(type, inputs, attrs, name);
}

DataType Tensor::dtype() const {
  const tf::Node* node = internal::TfNode(*this);
  return node == nullptr ? DataType::kInvalid : static_cast<DataType>(node->output_type(index_));
}

bool Tensor::has_rank() const {
  const tf::Node* node = internal::TfNode(*this);
  auto* context = node == nullptr ? nullptr : graph_->rep()->refiner.GetContext(node);
  return context != nullptr && context->RankKnown(context->output(index_));
}

Shape Tensor::shape() const {
  Shape shape;
  if (!has_rank()) return shape;
  auto* context = graph_->rep()->refiner.GetContext(internal::TfNode(*this));
  const auto handle = context->output(index_);
  for (int i = 0; i < context->Rank(handle); ++i) {
    const auto dim = context->Dim(handle, i);
    shape.push_back(context->ValueKnown(dim) ? context->Value(dim) : -1);
  }
  return shape;
}

std::string Tensor::name() const {
  const tf::Node* node = internal::TfNode(*this);
  if (node == nullptr) return "<invalid>";
  return index_ == 0 ? node->name() : absl::StrCat(node->name(), ":", index_);
}

int Node::num_outputs() const {
  const tf::Node* node = internal::TfNode(output(0));
  return node == nullptr ? 0 : node->num_outputs();
}

std::string Node::name() const {
  const tf::Node* node = internal::TfNode(output(0));
  return node == nullptr ? "<invalid>" : node->name();
}

namespace internal {

tf::Node* TfNode(const Tensor& tensor) {
  return tensor.valid() ? tensor.graph()->rep()->graph.FindNodeId(tensor.node()) : nullptr;
}

Tensor FromTf(Graph& graph, const tf::Node* node, int index) {
  return node == nullptr ? Tensor(&graph, -1, 0) : Tensor(&graph, node->id(), index);
}

tf::Scope TfScope(Graph& graph, absl::string_view name, absl::Status* status) {
  Graph::Rep& rep = *graph.rep();
  return tf::NewInternalScope(&rep.graph, status, &rep.refiner).NewSubScope(rep.UniqueName(name));
}

absl::StatusOr<tf::Tensor> ToTf(const tfxm::Tensor& tensor) {
  const auto dtype = static_cast<tf::DataType>(tensor.dtype());
  tf::Tensor out(dtype, tf::TensorShape(tensor.shape()));
  if (dtype == tf::DT_STRING) {
    auto flat = out.flat<tf::tstring>();
    for (int64_t i = 0; i < flat.size(); ++i) flat(i) = tensor.strings()[i];
    return out;
  }
  if (out.tensor_data().size() != tensor.bytes().size()) {
    return absl::InvalidArgumentError(absl::StrCat("a ", DataTypeName(tensor.dtype()), " tensor of shape ",
                                                   ShapeString(tensor.shape()), " has ", tensor.bytes().size(),
                                                   " bytes"));
  }
  // A tensor without elements has no memory.
  if (!tensor.bytes().empty()) std::memcpy(out.data(), tensor.bytes().data(), tensor.bytes().size());
  return out;
}

absl::StatusOr<tfxm::Tensor> FromTf(const tf::Tensor& tensor) {
  const auto dtype = static_cast<DataType>(tensor.dtype());
  Shape shape;
  for (int i = 0; i < tensor.dims(); ++i) shape.push_back(tensor.dim_size(i));
  if (dtype != DataType::kString && DataTypeSize(dtype) == 0) {
    return absl::UnimplementedError(absl::StrCat("tensors of type ", tf::DataTypeString(tensor.dtype())));
  }
  tfxm::Tensor out(dtype, shape);
  if (dtype == DataType::kString) {
    const auto flat = tensor.flat<tf::tstring>();
    for (int64_t i = 0; i < flat.size(); ++i) out.strings()[i] = std::string(flat(i));
  } else if (!out.bytes().empty()) {
    std::memcpy(out.bytes().data(), tensor.tensor_data().data(), out.bytes().size());
  }
  return out;
}

}  // namespace internal
}  // namespace tfxm::ops
