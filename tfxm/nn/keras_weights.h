// SPDX-License-Identifier: Apache-2.0

// The weights in Keras's own files: `.keras` archives, `.weights.h5`, and the older `.h5`.
//
// A `.keras` file is a zip that holds a `.weights.h5`, and a `config.json` with the layers in their order. In those
// (keras.src.saving.saving_lib) a layer is a group named after its class ("layers/dense_1" for the second Dense) whose
// variables are numbered, also within models and wrappers ("layers/time_distributed/layer"); in `.h5` files of Keras 2 and
// of Keras 3's legacy format (legacy_h5_format) the layers and their weights have names, in the order of the model.
#ifndef TFXM_NN_KERAS_WEIGHTS_H_
#define TFXM_NN_KERAS_WEIGHTS_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/data/tensor.h"
#include "tfxm/nn/callbacks/checkpoint.h"
#include "tfxm/nn/layer.h"

namespace tfxm::nn {

// Whether there is a file at `path` that is a Keras archive or HDF5, by its content.
bool IsKerasWeights(absl::string_view path);

// The variables of the layers in such a file, by keys. Those of a `.weights.h5` are named as Keras's loading finds
// them: by the classes of `layers` and their order or, if the file's model is another one, by the layers' names, and in
// the order of the model if they are in an archive; where there is no such layer, "NAME/INDEX". DATA_LOSS for a broken file, INVALID_ARGUMENT for one that has no Keras
// weights.
absl::StatusOr<std::vector<StoredVariable>> ListKerasWeights(absl::string_view path,
                                                             const std::vector<std::shared_ptr<Layer>>& layers);
// Those of `keys`, which must be of shapes that are no surprise: a file may say anything.
absl::StatusOr<std::map<std::string, Tensor>> ReadKerasWeights(absl::string_view path,
                                                               const std::vector<std::string>& keys);

}  // namespace tfxm::nn

#endif  // TFXM_NN_KERAS_WEIGHTS_H_
