// SPDX-License-Identifier: Apache-2.0

// Variables on disk, as a TensorFlow checkpoint (a tensor bundle).
#ifndef TFXM_NN_CALLBACKS_CHECKPOINT_H_
#define TFXM_NN_CALLBACKS_CHECKPOINT_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/data/tensor.h"

namespace tfxm::nn {

// Writes `path`.index and `path`.data-00000-of-00001, under the keys NAME/.ATTRIBUTES/VARIABLE_VALUE. An existing
// checkpoint of that path is replaced only when the new one is complete.
absl::Status WriteVariables(absl::string_view path, const std::map<std::string, Tensor>& variables);

// Whether files can be written beside `path`, in a folder that is made if need be: a training finds that out before it
// begins. The error is `who`'s.
absl::Status CheckFolder(absl::string_view who, absl::string_view path);

// Those of `names` (all if there are none) from a checkpoint of this kind, or from a SavedModel's directory. NOT_FOUND
// names the path, or a missing variable unless that is allowed.
absl::StatusOr<std::map<std::string, Tensor>> ReadVariables(absl::string_view path,
                                                            const std::vector<std::string>& names, bool allow_missing);

// A variable in a checkpoint.
struct StoredVariable {
  std::string name;  // "dense/kernel": what its maker called it, or its key
  std::string key;   // ReadVariables takes this too.
  DataType dtype = DataType::kInvalid;
  Shape shape;
  bool in_order = false;  // Whether it stands among the others as its layer does in a Keras model.
};
// All variables, in the order of their objects in Keras's checkpoints, of their keys in others. Optimizers' are left
// out, and those that are there twice.
absl::StatusOr<std::vector<StoredVariable>> ListVariables(absl::string_view path);

}  // namespace tfxm::nn

#endif  // TFXM_NN_CALLBACKS_CHECKPOINT_H_
