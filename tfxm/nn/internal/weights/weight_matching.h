// SPDX-License-Identifier: Apache-2.0

// Which variable of a checkpoint is which weight of a model: for tfxm's own checkpoints, of Keras 2 and 3 and of
// SavedModels made with them, whose keys are paths of objects ("layer_with_weights-0/kernel") and not names.
#ifndef TFXM_NN_INTERNAL_WEIGHTS_WEIGHT_MATCHING_H_
#define TFXM_NN_INTERNAL_WEIGHTS_WEIGHT_MATCHING_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tfxm/nn/callbacks/checkpoint.h"
#include "tfxm/nn/layer.h"

namespace tfxm::nn {

// Keys of the checkpoint by the weights' full names. In this order:
//   1. by name: "dense/kernel", also at the end of a longer one ("model/dense/kernel"); Keras 3's "kernel" of a
//      depthwise convolution is "depthwise_kernel" here;
//   2. of Keras's, if no name of a layer is known, by order: the n-th weight is the n-th variable, of the same name
//      within its layer;
//   3. of Keras's, if some names are known and others are not, by order as well if all weights fit in their places and
//      the names that say otherwise are automatic: the second model of a session in Python has "dense_1" where the first
//      has "dense".
// INVALID_ARGUMENT names every weight that has no variable, or one of another shape or type, and the variables that are
// left over. With `skip_mismatch` such weights are left out, and it is an error only if nothing fits.
absl::StatusOr<std::map<std::string, std::string>> MatchWeights(const std::vector<const Weight*>& weights,
                                                                const std::vector<StoredVariable>& variables,
                                                                bool skip_mismatch);

}  // namespace tfxm::nn

#endif  // TFXM_NN_INTERNAL_WEIGHTS_WEIGHT_MATCHING_H_
