// SPDX-License-Identifier: Apache-2.0

// The MetaGraphDef of a SavedModel, piece by piece: functions, the resources they share, and a main graph that calls
// them. One use: construct, AddFunction…, Finish.
#ifndef TFXM_SAVED_MODEL_INTERNAL_META_GRAPH_H_
#define TFXM_SAVED_MODEL_INTERNAL_META_GRAPH_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "tensorflow/core/graph/graph.h"
#include "tensorflow/core/protobuf/meta_graph.pb.h"
#include "tfxm/saved_model/internal/extract_function.h"
#include "tfxm/saved_model/internal/object_graph.h"
#include "tfxm/saved_model/saved_model_builder.h"

namespace tfxm::internal {

class MetaGraphWriter {
 public:
  // Declares the variables: nodes of the main graph and of the object graph.
  explicit MetaGraphWriter(const std::map<std::string, SavedModelBuilder::Variable>& variables);

  absl::Status AddFunction(const SavedModelBuilder::Function& function);

  // Saving, restoring, initializing, and everything about the whole graph.
  absl::Status Finish();

  const tensorflow::MetaGraphDef& meta_graph() const { return meta_graph_; }
  const ObjectGraph& objects() const { return objects_; }
  // Name below assets/ to the file to copy there.
  const std::map<std::string, std::string>& assets() const { return assets_; }

 private:
  // A variable or table: where it is in the main graph and in the object graph.
  struct Resource {
    std::string node;
    int object = 0;
  };

  tensorflow::NodeDef* AddNode(absl::string_view name, absl::string_view op);
  std::string UniqueName(absl::string_view name);
  // A call of a function of the library in the main graph.
  tensorflow::NodeDef* AddCall(const tensorflow::FunctionDef& function, const std::vector<std::string>& inputs);
  void AddLibrary(const ExtractedFunction& function);
  absl::Status ResolveCaptures(const std::vector<const tensorflow::Node*>& captures, const tensorflow::Graph& graph,
                               std::vector<Resource>* resources);
  absl::Status CheckVariable(const tensorflow::Node& handle, const std::string& shared_name) const;
  absl::Status AddTable(const tensorflow::Node& handle, const tensorflow::Graph& graph);
  absl::Status AddAsset(const tensorflow::Node& filename, Resource* asset);
  void AddSaver();

  const std::map<std::string, SavedModelBuilder::Variable>& variables_;
  tensorflow::MetaGraphDef meta_graph_;
  ObjectGraph objects_;
  int signatures_object_ = 0;
  std::map<std::string, Resource> variable_resources_;           // By shared name.
  std::map<const tensorflow::Node*, Resource> other_resources_;  // Tables and assets.
  std::map<std::string, std::string> assets_;
  std::vector<std::string> initializers_;  // Calls that fill the tables.
  std::set<std::string> names_, library_names_;
  int num_functions_ = 0;
};

}  // namespace tfxm::internal

#endif  // TFXM_SAVED_MODEL_INTERNAL_META_GRAPH_H_
