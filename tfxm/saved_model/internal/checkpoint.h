// SPDX-License-Identifier: Apache-2.0

// The values of variables on disk: a tensor bundle (variables.index, variables.data-00000-of-00001).
#ifndef TFXM_SAVED_MODEL_INTERNAL_CHECKPOINT_H_
#define TFXM_SAVED_MODEL_INTERNAL_CHECKPOINT_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tensorflow/core/protobuf/trackable_object_graph.pb.h"
#include "tfxm/data/tensor.h"
#include "tfxm/saved_model/saved_model_builder.h"

namespace tfxm::internal {

// Writes every variable under CheckpointKey(name), and the object graph.
absl::Status WriteCheckpoint(absl::string_view saved_model_dir,
                             const std::map<std::string, SavedModelBuilder::Variable>& variables,
                             const tensorflow::TrackableObjectGraph& object_graph);

// The values of the variables with these names, whether the checkpoint was written by TensorFlow 2 (names are in its
// object graph, the first of a name counts) or 1 (names are the keys); `keys` are known better. NOT_FOUND names one that
// is missing and the file.
absl::StatusOr<std::map<std::string, tfxm::Tensor>> ReadVariables(absl::string_view saved_model_dir,
                                                                  const std::vector<std::string>& names,
                                                                  std::map<std::string, std::string> keys = {});

}  // namespace tfxm::internal

#endif  // TFXM_SAVED_MODEL_INTERNAL_CHECKPOINT_H_
