// SPDX-License-Identifier: Apache-2.0

// Which variables a SavedModel restores, and from what.
//
// tf.saved_model.save of a Keras 3 model (model.export does not) writes each variable twice: "dense/kernel", which the
// signatures read, and a copy "Variable_3", which alone is restored. Python's loader does not go by the graph; TensorFlow's
// loader for C++ and the TFLite converter do, and leave what is read without a value.
#ifndef TFXM_SAVED_MODEL_INTERNAL_RESTORED_VARIABLES_H_
#define TFXM_SAVED_MODEL_INTERNAL_RESTORED_VARIABLES_H_

#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tensorflow/core/protobuf/meta_graph.pb.h"
#include "tfxm/util/files/temporary.h"

namespace tfxm::internal {

// Restores the variables that copies are made of instead of the copies. False if there are none: nothing is changed.
bool RestoreWhatIsRead(tensorflow::MetaGraphDef* meta_graph);

// A SavedModel to load in place of the one in `dir`, whose graph this is: there as long as both are. Null if that one
// restores what it reads, and lies where TensorFlow's RestoreV2, which takes the path for a pattern, finds it: in no
// folder with [, *, ? or \ in its name.
absl::StatusOr<std::unique_ptr<io::TempDir>> WithRestoredVariables(absl::string_view dir,
                                                                   tensorflow::MetaGraphDef meta_graph);

// The keys in the checkpoint, by the variable's node, of variables that a function restores, as TensorFlow 2 writes it.
// Names do not tell: two variables may have one.
std::map<std::string, std::string> CheckpointKeys(const tensorflow::MetaGraphDef& meta_graph);

}  // namespace tfxm::internal

#endif  // TFXM_SAVED_MODEL_INTERNAL_RESTORED_VARIABLES_H_
