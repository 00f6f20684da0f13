// SPDX-License-Identifier: Apache-2.0

// The tree of objects that tf.saved_model.load restores: written twice, with the same node numbers, into saved_model.pb
// (what each object is) and into the checkpoint (where its value is).
#ifndef TFXM_SAVED_MODEL_INTERNAL_OBJECT_GRAPH_H_
#define TFXM_SAVED_MODEL_INTERNAL_OBJECT_GRAPH_H_

#include <string>
#include <vector>

#include "tensorflow/core/protobuf/saved_object_graph.pb.h"
#include "tensorflow/core/protobuf/trackable_object_graph.pb.h"
#include "tfxm/data/tensor.h"
#include "tfxm/saved_model/saved_model_builder.h"

namespace tfxm::internal {

// The checkpoint's key of a variable.
std::string CheckpointKey(const std::string& variable);

// The shape that is known of a tensor.
void SetShape(const ops::Tensor& tensor, tensorflow::TensorShapeProto* shape);

class ObjectGraph {
 public:
  // Creates the root, node 0.
  ObjectGraph();

  // Each adds a node and returns its number.
  int AddUserObject(const std::string& identifier);
  int AddVariable(const std::string& name, const SavedModelBuilder::Variable& variable);
  int AddAsset(int asset_file_index);
  // A table: made, filled and destroyed by functions of the library, of which `initializer` takes
  // `initializer_captures`.
  int AddTable(const std::string& creator, const std::string& initializer, const std::string& destroyer,
               const std::vector<int>& initializer_captures);
  // A function of the library whose last arguments are the nodes `captures`.
  int AddFunction(const SavedModelBuilder::Function& function, const std::string& library_name,
                  const std::vector<int>& captures);
  void AddChild(int parent, const std::string& name, int child);

  const tensorflow::SavedObjectGraph& saved() const { return saved_; }
  // With the values of has_checkpoint_values filled in.
  tensorflow::TrackableObjectGraph Trackable() const;

 private:
  int AddNode();
  int AddNullaryFunction(const std::string& library_name, const std::vector<int>& captures);
  tensorflow::SavedObjectGraph saved_;
  tensorflow::TrackableObjectGraph trackable_;
};

}  // namespace tfxm::internal

#endif  // TFXM_SAVED_MODEL_INTERNAL_OBJECT_GRAPH_H_
