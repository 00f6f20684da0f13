// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/graph/fixed_batch.h"

#include <cstring>
#include <map>

#include "absl/strings/match.h"
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

void FixFirst(tensorflow::TensorShapeProto* shape, int32_t batch) {
  if (shape->dim_size() > 0 && shape->dim(0).size() < 0) shape->mutable_dim(0)->set_size(batch);
}

// [-1, 5] in a constant of a list's element shape: [batch, 5].
void FixElementShape(tensorflow::TensorProto* value, int32_t batch) {
  if (value->dtype() != tensorflow::DT_INT32 || value->tensor_shape().dim_size() != 1 ||
      value->tensor_shape().dim(0).size() < 2) {
    return;
  }
  constexpr int32_t kOpen = -1;
  if (std::string& bytes = *value->mutable_tensor_content(); bytes.size() >= sizeof(kOpen)) {
    if (std::memcmp(bytes.data(), &kOpen, sizeof(kOpen)) == 0) std::memcpy(bytes.data(), &batch, sizeof(batch));
    return;
  }
  if (value->int_val_size() == 0 || value->int_val(0) != kOpen) return;
  // Values that are not there are the last one's.
  while (value->int_val_size() < value->tensor_shape().dim(0).size()) {
    value->add_int_val(value->int_val(value->int_val_size() - 1));
  }
  value->set_int_val(0, batch);
}

void FixNodes(Nodes* nodes, int32_t batch) {
  std::map<std::string, tensorflow::NodeDef*> constants;
  for (tensorflow::NodeDef& node : *nodes) {
    node.mutable_attr()->erase("_output_shapes");  // What was inferred for an open batch
    if (node.op() == "Const") constants[node.name()] = &node;
    if (node.op() == "Placeholder") FixFirst((*node.mutable_attr())["shape"].mutable_shape(), batch);
  }
  for (const tensorflow::NodeDef& node : *nodes) {
    if (!absl::StartsWith(node.op(), "TensorList") && node.op() != "EmptyTensorList") continue;
    for (const std::string& input : node.input()) {
      const auto it = constants.find(input.substr(0, input.find(':')));
      if (it != constants.end()) FixElementShape((*it->second->mutable_attr())["value"].mutable_tensor(), batch);
    }
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<io::TempDir>> WithBatch(absl::string_view saved_model_dir, int32_t batch) {
  tensorflow::SavedModel saved_model;
  RETURN_IF_ERROR(io::ReadBinaryProto(io::JoinPath(saved_model_dir, kSavedModelFile), &saved_model));
  for (auto& graph : *saved_model.mutable_meta_graphs()) {
    for (auto& [name, signature] : *graph.mutable_signature_def()) {
      for (auto& [key, input] : *signature.mutable_inputs()) FixFirst(input.mutable_tensor_shape(), batch);
    }
    FixNodes(graph.mutable_graph_def()->mutable_node(), batch);
    for (auto& function : *graph.mutable_graph_def()->mutable_library()->mutable_function()) {
      for (auto& [i, argument] : *function.mutable_arg_attr()) argument.mutable_attr()->erase("_output_shapes");
      FixNodes(function.mutable_node_def(), batch);
    }
  }
  return internal::CopySavedModel(saved_model_dir, saved_model);
}

}  // namespace tfxm::rewriting
