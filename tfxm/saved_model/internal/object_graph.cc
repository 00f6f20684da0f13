// SPDX-License-Identifier: Apache-2.0

#include "tfxm/saved_model/internal/object_graph.h"

#include "absl/strings/str_cat.h"
#include "tensorflow/core/protobuf/struct.pb.h"

namespace tfxm::internal {
namespace {

namespace tf = ::tensorflow;

void SetSpec(const std::string& name, const SavedModelBuilder::Value& value, tf::StructuredValue* out) {
  if (const auto* sparse = std::get_if<ops::SparseTensor>(&value)) {
    tf::TypeSpecProto* spec = out->mutable_type_spec_value();
    spec->set_type_spec_class(tf::TypeSpecProto::SPARSE_TENSOR_SPEC);
    spec->set_type_spec_class_name("SparseTensorSpec");
    spec->set_num_flat_components(3);
    tf::TupleValue* state = spec->mutable_type_state()->mutable_tuple_value();
    // The dense shape's length is the rank; its values are only known when it runs.
    tf::TensorShapeProto* shape = state->add_values()->mutable_tensor_shape_value();
    const Shape dense_shape = sparse->dense_shape.shape();
    if (dense_shape.size() == 1 && dense_shape[0] >= 0) {
      for (int64_t i = 0; i < dense_shape[0]; ++i) shape->add_dim()->set_size(-1);
    } else {
      shape->set_unknown_rank(true);
    }
    state->add_values()->set_tensor_dtype_value(static_cast<tf::DataType>(sparse->values.dtype()));
    return;
  }
  if (const auto* ragged = std::get_if<ops::RaggedTensor>(&value)) {
    const int rank = static_cast<int>(ragged->row_splits.size());
    tf::TypeSpecProto* spec = out->mutable_type_spec_value();
    spec->set_type_spec_class(tf::TypeSpecProto::RAGGED_TENSOR_SPEC);
    spec->set_type_spec_class_name("RaggedTensorSpec");
    spec->set_num_flat_components(rank + 1);
    // The shape, the type, the number of ragged dimensions, the type of the row splits.
    tf::TupleValue* state = spec->mutable_type_state()->mutable_tuple_value();
    tf::TensorShapeProto* shape = state->add_values()->mutable_tensor_shape_value();
    for (int i = 0; i < rank; ++i) shape->add_dim()->set_size(-1);
    for (const int64_t size : ragged->values.shape()) shape->add_dim()->set_size(size);
    state->add_values()->set_tensor_dtype_value(static_cast<tf::DataType>(ragged->values.dtype()));
    state->add_values()->set_int64_value(rank);
    state->add_values()->set_tensor_dtype_value(static_cast<tf::DataType>(ragged->row_splits[0].dtype()));
    return;
  }
  const ops::Tensor& tensor = std::get<ops::Tensor>(value);
  tf::TensorSpecProto* spec = out->mutable_tensor_spec_value();
  spec->set_name(name);
  spec->set_dtype(static_cast<tf::DataType>(tensor.dtype()));
  SetShape(tensor, spec->mutable_shape());
}

void SetDict(const std::map<std::string, SavedModelBuilder::Value>& values, absl::string_view name_prefix,
             tf::StructuredValue* out) {
  auto* fields = out->mutable_dict_value()->mutable_fields();
  for (const auto& [key, value] : values) SetSpec(absl::StrCat(name_prefix, key), value, &(*fields)[key]);
}

// inspect.FullArgSpec, as Python's loader expects it.
void SetFunctionSpec(const std::vector<std::string>& keywords, bool no_signature, tf::FunctionSpec* spec) {
  tf::NamedTupleValue* tuple = spec->mutable_fullargspec()->mutable_named_tuple_value();
  tuple->set_name("FullArgSpec");
  const auto add = [tuple](const char* key) {
    auto* pair = tuple->add_values();
    pair->set_key(key);
    return pair->mutable_value();
  };
  add("args")->mutable_list_value();
  add("varargs")->mutable_none_value();
  add("varkw")->mutable_none_value();
  add("defaults")->mutable_none_value();
  tf::ListValue* list = add("kwonlyargs")->mutable_list_value();
  for (const std::string& keyword : keywords) list->add_values()->set_string_value(keyword);
  add("kwonlydefaults")->mutable_none_value();
  add("annotations")->mutable_dict_value();
  if (no_signature) {
    spec->mutable_input_signature()->mutable_none_value();
  } else {
    spec->mutable_input_signature()->mutable_tuple_value();
  }
}

}  // namespace

void SetShape(const ops::Tensor& tensor, tf::TensorShapeProto* shape) {
  if (!tensor.has_rank()) return shape->set_unknown_rank(true);
  for (const int64_t size : tensor.shape()) shape->add_dim()->set_size(size);
}

std::string CheckpointKey(const std::string& variable) { return absl::StrCat(variable, "/.ATTRIBUTES/VARIABLE_VALUE"); }

ObjectGraph::ObjectGraph() { AddUserObject("_generic_user_object"); }

int ObjectGraph::AddNode() {
  saved_.add_nodes();
  trackable_.add_nodes();
  return saved_.nodes_size() - 1;
}

int ObjectGraph::AddUserObject(const std::string& identifier) {
  const int node = AddNode();
  tf::SavedUserObject* object = saved_.mutable_nodes(node)->mutable_user_object();
  object->set_identifier(identifier);
  object->mutable_version()->set_producer(1);
  object->mutable_version()->set_min_consumer(1);
  return node;
}

int ObjectGraph::AddVariable(const std::string& name, const SavedModelBuilder::Variable& variable) {
  const int node = AddNode();
  tf::SavedVariable* saved = saved_.mutable_nodes(node)->mutable_variable();
  saved->set_dtype(static_cast<tf::DataType>(variable.value.dtype()));
  saved->mutable_shape();
  for (const int64_t size : variable.value.shape()) saved->mutable_shape()->add_dim()->set_size(size);
  saved->set_trainable(variable.trainable);
  saved->set_name(name);
  auto* attribute = trackable_.mutable_nodes(node)->add_attributes();
  attribute->set_name("VARIABLE_VALUE");
  attribute->set_full_name(name);
  attribute->set_checkpoint_key(CheckpointKey(name));
  return node;
}

int ObjectGraph::AddAsset(int asset_file_index) {
  const int node = AddNode();
  saved_.mutable_nodes(node)->mutable_asset()->set_asset_file_def_index(asset_file_index);
  return node;
}

int ObjectGraph::AddTable(const std::string& creator, const std::string& initializer, const std::string& destroyer,
                          const std::vector<int>& initializer_captures) {
  const int node = AddNode();
  saved_.mutable_nodes(node)->mutable_resource();
  saved_.mutable_nodes(node)->set_registered_name("tf.StaticHashTable");
  AddChild(node, "_create_resource", AddNullaryFunction(creator, {}));
  tf::TensorSpecProto* handle =
      (*saved_.mutable_concrete_functions())[creator].mutable_output_signature()->mutable_tensor_spec_value();
  handle->set_name("handle");
  handle->mutable_shape();
  handle->set_dtype(tf::DT_RESOURCE);
  std::vector<int> captures = initializer_captures;
  for (int& capture : captures) capture = capture < 0 ? node : capture;
  AddChild(node, "_initialize", AddNullaryFunction(initializer, captures));
  AddChild(node, "_destroy_resource", AddNullaryFunction(destroyer, {}));
  return node;
}

int ObjectGraph::AddNullaryFunction(const std::string& library_name, const std::vector<int>& captures) {
  tf::SavedConcreteFunction& concrete = (*saved_.mutable_concrete_functions())[library_name];
  for (const int capture : captures) concrete.add_bound_inputs(capture);
  tf::TupleValue* arguments = concrete.mutable_canonicalized_input_signature()->mutable_tuple_value();
  arguments->add_values()->mutable_tuple_value();
  arguments->add_values()->mutable_dict_value();
  concrete.mutable_output_signature()->mutable_none_value();
  const int node = AddNode();
  tf::SavedFunction* function = saved_.mutable_nodes(node)->mutable_function();
  function->add_concrete_functions(library_name);
  SetFunctionSpec({}, /*no_signature=*/false, function->mutable_function_spec());
  return node;
}

int ObjectGraph::AddFunction(const SavedModelBuilder::Function& function, const std::string& library_name,
                             const std::vector<int>& captures) {
  tf::SavedConcreteFunction& concrete = (*saved_.mutable_concrete_functions())[library_name];
  for (const int capture : captures) concrete.add_bound_inputs(capture);
  tf::TupleValue* arguments = concrete.mutable_canonicalized_input_signature()->mutable_tuple_value();
  tf::TupleValue* positional = arguments->add_values()->mutable_tuple_value();
  tf::StructuredValue* named = arguments->add_values();
  named->mutable_dict_value();
  const int node = AddNode();
  tf::SavedBareConcreteFunction* bare = saved_.mutable_nodes(node)->mutable_bare_concrete_function();
  bare->set_concrete_function_name(library_name);
  if (function.is_signature) {
    std::vector<std::string> keywords;
    for (const auto& [key, value] : function.inputs) keywords.push_back(key);
    for (const std::string& keyword : keywords) bare->add_argument_keywords(keyword);
    if (keywords.size() == 1) bare->set_allowed_positional_arguments(1);
    SetFunctionSpec(keywords, /*no_signature=*/true, bare->mutable_function_spec());
    SetDict(function.inputs, "", named);
  } else {
    int flat = 0;
    for (const auto& [key, value] : function.inputs) {
      const auto* ragged = std::get_if<ops::RaggedTensor>(&value);
      flat += ragged != nullptr                                  ? static_cast<int>(ragged->row_splits.size()) + 1
              : std::holds_alternative<ops::SparseTensor>(value) ? 3
                                                                 : 1;
    }
    for (int i = 0; i < flat; ++i) bare->add_argument_keywords(i == 0 ? "inputs" : absl::StrCat("inputs_", i));
    bare->set_allowed_positional_arguments(flat);
    SetDict(function.inputs, "inputs_", positional->add_values());
  }
  SetDict(function.outputs, "", concrete.mutable_output_signature());
  return node;
}

void ObjectGraph::AddChild(int parent, const std::string& name, int child) {
  auto* saved = saved_.mutable_nodes(parent)->add_children();
  saved->set_local_name(name);
  saved->set_node_id(child);
  auto* trackable = trackable_.mutable_nodes(parent)->add_children();
  trackable->set_local_name(name);
  trackable->set_node_id(child);
}

tf::TrackableObjectGraph ObjectGraph::Trackable() const {
  tf::TrackableObjectGraph graph = trackable_;
  // Whether the node or one below it has a value. Parents may come before their children or after.
  for (bool changed = true; changed;) {
    changed = false;
    for (auto& node : *graph.mutable_nodes()) {
      if (node.has_checkpoint_values().value()) continue;
      bool has = node.attributes_size() > 0;
      for (const auto& child : node.children()) has |= graph.nodes(child.node_id()).has_checkpoint_values().value();
      if (has) {
        node.mutable_has_checkpoint_values()->set_value(true);
        changed = true;
      } else {
        node.mutable_has_checkpoint_values();
      }
    }
  }
  return graph;
}

}  // namespace tfxm::internal
