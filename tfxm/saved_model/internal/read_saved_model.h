// SPDX-License-Identifier: Apache-2.0

// The protos of a SavedModel on disk, with errors that say what is wrong with the directory. Includes TensorFlow's
// protos: for .cc files.
#ifndef TFXM_SAVED_MODEL_INTERNAL_READ_SAVED_MODEL_H_
#define TFXM_SAVED_MODEL_INTERNAL_READ_SAVED_MODEL_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tensorflow/core/protobuf/meta_graph.pb.h"

namespace tfxm::internal {

// The MetaGraphDef that has exactly these tags. NOT_FOUND: no directory, no saved_model.pb in it, or no such tags (it
// lists those there are); INVALID_ARGUMENT: not a SavedModel proto.
absl::StatusOr<tensorflow::MetaGraphDef> ReadMetaGraph(absl::string_view dir, const std::vector<std::string>& tags);

// NOT_FOUND if the graph has variables that are restored, but variables/variables.index is missing.
absl::Status CheckVariablesExist(absl::string_view dir, const tensorflow::MetaGraphDef& meta_graph);

// dir/variables/variables
std::string VariablesPrefix(absl::string_view dir);

}  // namespace tfxm::internal

#endif  // TFXM_SAVED_MODEL_INTERNAL_READ_SAVED_MODEL_H_
