// SPDX-License-Identifier: Apache-2.0

#include "tfxm/saved_model/internal/meta_graph.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "tensorflow/c/c_api.h"
#include "tensorflow/core/framework/graph_def_util.h"
#include "tensorflow/core/framework/node_def_util.h"
#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/framework/tensor.h"
#include "tensorflow/core/public/version.h"
#include "tfxm/ops/internal/graph_access.h"
#include "tfxm/saved_model/internal/fills_table.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::internal {
namespace {

namespace tf = ::tensorflow;

// What a node or a function may be called.
std::string Sanitize(absl::string_view name) {
  std::string result(name);
  for (char& c : result) {
    if (!absl::ascii_isalnum(c) && c != '_' && c != '.' && c != '/' && c != '-') c = '_';
  }
  if (result.empty() || !(absl::ascii_isalnum(result[0]) || result[0] == '.')) result = absl::StrCat("x", result);
  return result;
}

void SetShape(const Shape& shape, tf::TensorShapeProto* proto) {
  proto->Clear();
  for (const int64_t size : shape) proto->add_dim()->set_size(size);
}

void SetTensorInfo(const std::string& name, const ops::Tensor& tensor, tf::TensorInfo* info) {
  info->set_name(name);
  info->set_dtype(static_cast<tf::DataType>(tensor.dtype()));
  if (tensor.has_rank()) {
    SetShape(tensor.shape(), info->mutable_tensor_shape());
  } else {
    info->mutable_tensor_shape()->set_unknown_rank(true);
  }
}

void SetStrings(const std::vector<std::string>& values, tf::NodeDef* node, tf::AttrValue* value) {
  tf::Tensor tensor(tf::DT_STRING, tf::TensorShape({static_cast<int64_t>(values.size())}));
  for (size_t i = 0; i < values.size(); ++i) tensor.vec<tf::tstring>()(i) = values[i];
  tensor.AsProtoField(value->mutable_tensor());
  (*node->mutable_attr())["dtype"].set_type(tf::DT_STRING);
}

void SetString(const std::string& value, tf::NodeDef* node) {
  tf::Tensor tensor(tf::DT_STRING, tf::TensorShape({}));
  tensor.scalar<tf::tstring>()() = value;
  tensor.AsProtoField((*node->mutable_attr())["value"].mutable_tensor());
  (*node->mutable_attr())["dtype"].set_type(tf::DT_STRING);
}

std::vector<ops::Tensor> Flatten(const std::map<std::string, SavedModelBuilder::Value>& values) {
  std::vector<ops::Tensor> flat;
  for (const auto& [key, value] : values) {
    if (const auto* sparse = std::get_if<ops::SparseTensor>(&value)) {
      flat.insert(flat.end(), {sparse->indices, sparse->values, sparse->dense_shape});
    } else if (const auto* ragged = std::get_if<ops::RaggedTensor>(&value)) {
      flat.push_back(ragged->values);
      flat.insert(flat.end(), ragged->row_splits.begin(), ragged->row_splits.end());
    } else {
      flat.push_back(std::get<ops::Tensor>(value));
    }
  }
  return flat;
}

}  // namespace

MetaGraphWriter::MetaGraphWriter(const std::map<std::string, SavedModelBuilder::Variable>& variables)
    : variables_(variables) {
  // Keras's names for the lists, which TFSMLayer and others look for.
  const int all = objects_.AddUserObject("trackable_list_wrapper");
  const int trainable = objects_.AddUserObject("trackable_list_wrapper");
  signatures_object_ = objects_.AddUserObject("signature_map");
  objects_.AddChild(0, "variables", all);
  objects_.AddChild(0, "trainable_variables", trainable);
  objects_.AddChild(0, "signatures", signatures_object_);
  int index = 0, trainable_index = 0;
  for (const auto& [name, variable] : variables) {
    Resource& resource = variable_resources_[name];
    resource.object = objects_.AddVariable(name, variable);
    objects_.AddChild(all, absl::StrCat(index++), resource.object);
    if (variable.trainable) objects_.AddChild(trainable, absl::StrCat(trainable_index++), resource.object);
    tf::NodeDef* node = AddNode(name, "VarHandleOp");
    resource.node = node->name();
    (*node->mutable_attr())["dtype"].set_type(static_cast<tf::DataType>(variable.value.dtype()));
    SetShape(variable.value.shape(), (*node->mutable_attr())["shape"].mutable_shape());
    (*node->mutable_attr())["shared_name"].set_s(name);
  }
}

std::string MetaGraphWriter::UniqueName(absl::string_view name) {
  std::string unique = Sanitize(name);
  const std::string base = unique;
  for (int i = 1; !names_.insert(unique).second; ++i) unique = absl::StrCat(base, "_", i);
  return unique;
}

tf::NodeDef* MetaGraphWriter::AddNode(absl::string_view name, absl::string_view op) {
  tf::NodeDef* node = meta_graph_.mutable_graph_def()->add_node();
  node->set_name(UniqueName(name));
  node->set_op(std::string(op));
  return node;
}

tf::NodeDef* MetaGraphWriter::AddCall(const tf::FunctionDef& function, const std::vector<std::string>& inputs) {
  const char* op = function.signature().is_stateful() ? "StatefulPartitionedCall" : "PartitionedCall";
  tf::NodeDef* node = AddNode(op, op);
  auto& attrs = *node->mutable_attr();
  attrs["f"].mutable_func()->set_name(function.signature().name());
  auto* in = attrs["Tin"].mutable_list();
  auto* out = attrs["Tout"].mutable_list();
  for (const auto& arg : function.signature().input_arg()) in->add_type(arg.type());
  for (const auto& arg : function.signature().output_arg()) out->add_type(arg.type());
  for (const std::string& input : inputs) node->add_input(input);
  return node;
}

void MetaGraphWriter::AddLibrary(const ExtractedFunction& function) {
  auto* library = meta_graph_.mutable_graph_def()->mutable_library();
  if (library_names_.insert(function.function.signature().name()).second) *library->add_function() = function.function;
  std::map<std::string, const tf::FunctionDef*> called;  // Sorted: the library's own order is that of a hash map.
  for (const tf::FunctionDef& other : function.library.function()) called[other.signature().name()] = &other;
  for (const auto& [name, other] : called) {
    if (library_names_.insert(name).second) *library->add_function() = *other;
  }
}

absl::Status MetaGraphWriter::CheckVariable(const tf::Node& handle, const std::string& shared_name) const {
  const auto it = variables_.find(shared_name);
  if (it == variables_.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("uses the variable \"", shared_name, "\", which has no value; call AddVariable"));
  }
  tf::DataType dtype;
  tf::PartialTensorShape shape;
  RETURN_IF_ERROR(tf::GetNodeAttr(handle.attrs(), "dtype", &dtype));
  RETURN_IF_ERROR(tf::GetNodeAttr(handle.attrs(), "shape", &shape));
  const tfxm::Tensor& value = it->second.value;
  if (static_cast<DataType>(dtype) != value.dtype() || !shape.IsCompatibleWith(tf::PartialTensorShape(value.shape()))) {
    return absl::InvalidArgumentError(absl::StrCat(
        "uses the variable \"", shared_name, "\" as ", DataTypeName(static_cast<DataType>(dtype)), " ",
        shape.DebugString(), ", but its value is ", DataTypeName(value.dtype()), " ", ShapeString(value.shape())));
  }
  return absl::OkStatus();
}

absl::Status MetaGraphWriter::ResolveCaptures(const std::vector<const tf::Node*>& captures, const tf::Graph& graph,
                                              std::vector<Resource>* resources) {
  for (const tf::Node* node : captures) {
    if (IsVariableHandle(*node)) {
      std::string shared_name;
      RETURN_IF_ERROR(tf::GetNodeAttr(node->attrs(), "shared_name", &shared_name));
      if (shared_name.empty()) shared_name = node->name();
      RETURN_IF_ERROR(CheckVariable(*node, shared_name));
      resources->push_back(variable_resources_.at(shared_name));
    } else {
      if (other_resources_.count(node) == 0) RETURN_IF_ERROR(AddTable(*node, graph));
      resources->push_back(other_resources_.at(node));
    }
  }
  return absl::OkStatus();
}

absl::Status MetaGraphWriter::AddAsset(const tf::Node& filename, Resource* asset) {
  tf::Tensor value;
  RETURN_IF_ERROR(tf::GetNodeAttr(filename.attrs(), "value", &value));
  const std::string path(value.flat<tf::tstring>()(0));
  const std::string base = io::Basename(path);
  std::string name = base;
  for (int i = 1; assets_.count(name) > 0 && assets_[name] != path; ++i) name = absl::StrCat(base, "_", i);
  assets_[name] = path;
  tf::NodeDef* node = AddNode("asset_path", "Const");
  SetString(absl::StrCat("assets/", name), node);
  asset->node = node->name();
  asset->object = objects_.AddAsset(meta_graph_.asset_file_def_size());
  tf::AssetFileDef* file = meta_graph_.add_asset_file_def();
  file->mutable_tensor_info()->set_name(absl::StrCat(node->name(), ":0"));
  file->set_filename(name);
  return absl::OkStatus();
}

absl::Status MetaGraphWriter::AddTable(const tf::Node& handle, const tf::Graph& graph) {
  const tf::Node* initializer = nullptr;
  for (const tf::Edge* edge : handle.out_edges()) {
    if (FillsTable(edge->dst()->type_string()) && (initializer == nullptr || edge->dst()->id() < initializer->id())) {
      initializer = edge->dst();
    }
  }
  if (initializer == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("uses the table \"", handle.name(),
                     "\", which no operation of the graph fills (InitializeTableFromTextFileV2, …)"));
  }
  const int id = num_functions_++;
  Resource& table = other_resources_[&handle];

  // Numbers of their own: the fingerprint's hash of the object graph counts one function of each number, any one.
  ExtractedFunction creator;
  creator.function.mutable_signature()->set_name(absl::StrCat("__inference__creator_", id));
  creator.function.mutable_signature()->set_is_stateful(true);
  auto* result = creator.function.mutable_signature()->add_output_arg();
  result->set_name("handle");
  result->set_type(tf::DT_RESOURCE);
  tf::NodeDef* make = creator.function.add_node_def();
  *make = handle.def();
  make->set_name("table");
  // Without a name of its own, two tables loaded into one process would be one.
  (*make->mutable_attr())["shared_name"].set_s(absl::StrCat("table_", id, "_", handle.name()));
  (*creator.function.mutable_ret())["handle"] = "table:table_handle:0";
  (*creator.function.mutable_control_ret())["table"] = "table";
  creator.function.mutable_signature()->add_control_output("table");
  AddLibrary(creator);

  tf::NodeDef* node = AddNode(handle.name(), handle.type_string());
  *node->mutable_attr() = make->attr();
  table.node = node->name();

  FunctionBoundary boundary{.effect = initializer};
  std::vector<const tf::Node*> filenames;
  if (initializer->type_string() == "InitializeTableFromTextFileV2") {
    const tf::Node* filename = nullptr;
    RETURN_IF_ERROR(initializer->input_node(1, &filename));
    if (filename->type_string() != "Const") {
      return absl::InvalidArgumentError(
          absl::StrCat("the table \"", handle.name(), "\" is filled from a file whose name is not a constant"));
    }
    boundary.captures.insert(filename);
    if (other_resources_.count(filename) == 0) {
      Resource asset;
      RETURN_IF_ERROR(AddAsset(*filename, &asset));
      other_resources_[filename] = asset;
    }
  }
  ASSIGN_OR_RETURN(ExtractedFunction fill,
                   ExtractFunction(absl::StrCat("__inference__initializer_", num_functions_++), graph, boundary));
  AddLibrary(fill);
  std::vector<std::string> inputs;
  std::vector<int> captured_objects;
  for (const tf::Node* capture : fill.captures) {
    if (capture == &handle) {
      inputs.push_back(table.node);
      captured_objects.push_back(-1);  // The table itself, which has no number yet.
      continue;
    }
    std::vector<Resource> resources;
    RETURN_IF_ERROR(ResolveCaptures({capture}, graph, &resources));
    inputs.push_back(resources[0].node);
    captured_objects.push_back(resources[0].object);
  }
  initializers_.push_back(AddCall(fill.function, inputs)->name());

  ExtractedFunction destroyer;
  destroyer.function.mutable_signature()->set_name(absl::StrCat("__inference__destroyer_", num_functions_++));
  AddLibrary(destroyer);
  table.object = objects_.AddTable(creator.function.signature().name(), fill.function.signature().name(),
                                   destroyer.function.signature().name(), captured_objects);
  objects_.AddChild(0, absl::StrCat("_table_", id), table.object);
  return absl::OkStatus();
}

absl::Status MetaGraphWriter::AddFunction(const SavedModelBuilder::Function& function) {
  FunctionBoundary boundary{.inputs = Flatten(function.inputs), .outputs = Flatten(function.outputs)};
  if (boundary.outputs.empty()) return absl::InvalidArgumentError("it has no outputs");
  ops::Graph* graph = boundary.outputs[0].graph();
  std::vector<ops::Tensor> tensors = boundary.inputs;
  tensors.insert(tensors.end(), boundary.outputs.begin(), boundary.outputs.end());
  for (const ops::Tensor& tensor : tensors) {
    if (tensor.graph() != nullptr) RETURN_IF_ERROR(tensor.graph()->status());
    if (!tensor.valid()) return absl::InvalidArgumentError("an input or output is an unassigned tensor");
  }
  for (const ops::Tensor& tensor : tensors) {
    if (tensor.graph() != graph) return absl::InvalidArgumentError("its inputs and outputs are of different graphs");
  }
  for (size_t i = 0; i < boundary.outputs.size(); ++i) {
    boundary.output_names.push_back(i == 0 ? "identity" : absl::StrCat("identity_", i));
  }
  const std::string library_name = absl::StrCat("__inference_", function.is_signature ? "signature_wrapper_" : "",
                                                Sanitize(function.name), "_", num_functions_++);
  const tf::Graph& tf_graph = ops::internal::TfGraph(*graph);
  ASSIGN_OR_RETURN(ExtractedFunction extracted, ExtractFunction(library_name, tf_graph, boundary));
  std::vector<Resource> resources;
  RETURN_IF_ERROR(ResolveCaptures(extracted.captures, tf_graph, &resources));
  AddLibrary(extracted);
  std::vector<int> captured_objects;
  for (const Resource& resource : resources) captured_objects.push_back(resource.object);
  const int object = objects_.AddFunction(function, library_name, captured_objects);
  objects_.AddChild(function.is_signature ? signatures_object_ : 0, function.name, object);
  if (!function.is_signature) return absl::OkStatus();

  tf::SignatureDef& signature = (*meta_graph_.mutable_signature_def())[function.name];
  signature.set_method_name("tensorflow/serving/predict");
  std::vector<std::string> call_inputs;
  int i = 0;
  for (const auto& [key, value] : function.inputs) {
    const ops::Tensor& tensor = boundary.inputs[i++];
    tf::NodeDef* placeholder = AddNode(absl::StrCat(function.name, "_", key), "Placeholder");
    (*placeholder->mutable_attr())["dtype"].set_type(static_cast<tf::DataType>(tensor.dtype()));
    if (tensor.has_rank()) {
      SetShape(tensor.shape(), (*placeholder->mutable_attr())["shape"].mutable_shape());
    } else {
      (*placeholder->mutable_attr())["shape"].mutable_shape()->set_unknown_rank(true);
    }
    call_inputs.push_back(placeholder->name());
    SetTensorInfo(absl::StrCat(placeholder->name(), ":0"), tensor, &(*signature.mutable_inputs())[key]);
  }
  for (const Resource& resource : resources) call_inputs.push_back(resource.node);
  const std::string call = AddCall(extracted.function, call_inputs)->name();
  i = 0;
  for (const auto& [key, value] : function.outputs) {
    SetTensorInfo(absl::StrCat(call, ":", i), boundary.outputs[i], &(*signature.mutable_outputs())[key]);
    ++i;
  }
  return absl::OkStatus();
}

void MetaGraphWriter::AddSaver() {
  tf::NodeDef* filename = AddNode("saver_filename", "Placeholder");
  const std::string filename_name = filename->name();
  (*filename->mutable_attr())["dtype"].set_type(tf::DT_STRING);
  (*filename->mutable_attr())["shape"].mutable_shape();
  std::vector<std::string> keys, slices, reads, assigns;
  for (const auto& [name, variable] : variables_) {
    keys.push_back(CheckpointKey(name));
    slices.push_back("");
  }
  const auto add_strings = [&](const char* name, const std::vector<std::string>& values) {
    tf::NodeDef* node = AddNode(name, "Const");
    SetStrings(values, node, &(*node->mutable_attr())["value"]);
    return node->name();
  };
  std::string save, restore;
  if (!keys.empty()) {
    const std::string keys_name = add_strings("saver/keys", keys), slices_name = add_strings("saver/slices", slices);
    for (const auto& [name, variable] : variables_) {
      tf::NodeDef* read = AddNode(absl::StrCat(name, "/Read/ReadVariableOp"), "ReadVariableOp");
      read->add_input(variable_resources_.at(name).node);
      (*read->mutable_attr())["dtype"].set_type(static_cast<tf::DataType>(variable.value.dtype()));
      reads.push_back(read->name());
    }
    tf::NodeDef* save_node = AddNode("saver/SaveV2", "SaveV2");
    tf::NodeDef* restore_node = AddNode("saver/RestoreV2", "RestoreV2");
    save = save_node->name();
    restore = restore_node->name();
    for (tf::NodeDef* node : {save_node, restore_node}) {
      node->add_input(filename_name);
      node->add_input(keys_name);
      node->add_input(slices_name);
      auto* types = (*node->mutable_attr())["dtypes"].mutable_list();
      for (const auto& [name, variable] : variables_)
        types->add_type(static_cast<tf::DataType>(variable.value.dtype()));
    }
    for (const std::string& read : reads) save_node->add_input(read);
    int i = 0;
    for (const auto& [name, variable] : variables_) {
      tf::NodeDef* assign = AddNode(absl::StrCat(name, "/Restore/AssignVariableOp"), "AssignVariableOp");
      assign->add_input(variable_resources_.at(name).node);
      assign->add_input(absl::StrCat(restore, ":", i++));
      (*assign->mutable_attr())["dtype"].set_type(static_cast<tf::DataType>(variable.value.dtype()));
      assigns.push_back(assign->name());
    }
  }
  tf::NodeDef* saved = AddNode("saver/saved", "Identity");
  saved->add_input(filename_name);
  if (!save.empty()) saved->add_input(absl::StrCat("^", save));
  (*saved->mutable_attr())["T"].set_type(tf::DT_STRING);
  const std::string saved_name = saved->name();
  tf::NodeDef* restored = AddNode("saver/restored", "NoOp");
  for (const std::string& assign : assigns) restored->add_input(absl::StrCat("^", assign));
  tf::SaverDef* saver = meta_graph_.mutable_saver_def();
  saver->set_filename_tensor_name(absl::StrCat(filename_name, ":0"));
  saver->set_save_tensor_name(absl::StrCat(saved_name, ":0"));
  saver->set_restore_op_name(restored->name());
  saver->set_version(tf::SaverDef::V2);
}

absl::Status MetaGraphWriter::Finish() {
  tf::NodeDef* init = AddNode("init", "NoOp");
  for (const std::string& initializer : initializers_) init->add_input(absl::StrCat("^", initializer));
  const std::string init_name = init->name();
  (*meta_graph_.mutable_collection_def())["saved_model_main_op"].mutable_node_list()->add_value(init_name);
  tf::TensorInfo& init_info =
      (*(*meta_graph_.mutable_signature_def())["__saved_model_init_op"].mutable_outputs())["__saved_model_init_op"];
  init_info.set_name(init_name);
  init_info.mutable_tensor_shape()->set_unknown_rank(true);
  AddSaver();

  tf::GraphDef& graph = *meta_graph_.mutable_graph_def();
  graph.mutable_versions()->set_producer(TF_GRAPH_DEF_VERSION);
  graph.mutable_versions()->set_min_consumer(TF_GRAPH_DEF_VERSION_MIN_CONSUMER);
  // Attributes that have their default values are left out: an older TensorFlow may not know them.
  tf::StripDefaultAttributes(*tf::OpRegistry::Global(), graph.mutable_node());
  for (tf::FunctionDef& function : *graph.mutable_library()->mutable_function()) {
    tf::StripDefaultAttributes(*tf::OpRegistry::Global(), function.mutable_node_def());
  }
  auto* info = meta_graph_.mutable_meta_info_def();
  info->add_tags("serve");
  info->set_tensorflow_version(TF_Version());
  info->set_stripped_default_attrs(true);
  RETURN_IF_ERROR(tf::StrippedOpListForGraph(graph, *tf::OpRegistry::Global(), info->mutable_stripped_op_list()));
  *meta_graph_.mutable_object_graph_def() = objects_.saved();
  return absl::OkStatus();
}

}  // namespace tfxm::internal
