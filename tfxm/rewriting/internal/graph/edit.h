// SPDX-License-Identifier: Apache-2.0

// Changing the graphs of a SavedModel before it is converted.
//
//   class Doubled : public NodeEdit {
//    public:
//     using NodeEdit::NodeEdit;
//     bool Run();  // Whether anything has been changed.
//   };
//
//   ASSIGN_OR_RETURN(auto changed, EditGraphs<Doubled>(saved_model_dir));
//   if (changed != nullptr) ConvertSavedModel(changed->path(), …)
#ifndef TFXM_REWRITING_INTERNAL_GRAPH_EDIT_H_
#define TFXM_REWRITING_INTERNAL_GRAPH_EDIT_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "tensorflow/core/framework/node_def.pb.h"
#include "tfxm/util/files/temporary.h"

namespace tfxm::rewriting {

using Nodes = google::protobuf::RepeatedPtrField<tensorflow::NodeDef>;

// The nodes of one graph, or of one function's body.
class NodeEdit {
 public:
  NodeEdit(Nodes* nodes, bool is_function);

 protected:
  // The node that makes an input ("name", "name:1", "name:output:0"); nullptr for an argument of the function.
  tensorflow::NodeDef* Maker(const std::string& input) const;
  // The values of a constant of int32, one dimension, or none and one value; nothing if it is something else.
  static std::optional<std::vector<int32_t>> Values(const tensorflow::NodeDef* node, bool or_scalar = false);

  tensorflow::NodeDef& Add(const std::string& name, const char* op, const std::vector<std::string>& inputs);
  // A new constant of int32: its output, as an input.
  std::string Constant(const std::string& name, const std::vector<int32_t>& values, bool is_scalar = false);
  static void SetType(tensorflow::NodeDef& node, const char* attr, tensorflow::DataType type);
  // Functions name the output, graphs do not.
  std::string OutputOf(const tensorflow::NodeDef& node, const char* output) const;

  Nodes& nodes_;

 private:
  const bool is_function_;
  std::map<std::string, int> index_;  // Of what was there from the beginning.
};

// A copy of the SavedModel whose graphs and functions `edit` has been called for; null if it has changed none of them.
absl::StatusOr<std::unique_ptr<io::TempDir>> EditGraphs(
    absl::string_view saved_model_dir, const std::function<bool(Nodes* nodes, bool is_function)>& edit);

template <typename Edit>
absl::StatusOr<std::unique_ptr<io::TempDir>> EditGraphs(absl::string_view saved_model_dir) {
  return EditGraphs(saved_model_dir, [](Nodes* nodes, bool is_function) { return Edit(nodes, is_function).Run(); });
}

}  // namespace tfxm::rewriting

#endif  // TFXM_REWRITING_INTERNAL_GRAPH_EDIT_H_
