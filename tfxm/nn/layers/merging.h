// SPDX-License-Identifier: Apache-2.0

// Layers of several inputs: layers::Add()({x, y}). Shapes broadcast as in Keras.
#ifndef TFXM_NN_LAYERS_MERGING_H_
#define TFXM_NN_LAYERS_MERGING_H_

#include <string>

#include "tfxm/nn/layer.h"

namespace tfxm::nn::layers {

struct MergeOptions {
  std::string name;
};
LayerRef Add(MergeOptions options = {});
LayerRef Subtract(MergeOptions options = {});  // Of two.
LayerRef Multiply(MergeOptions options = {});
LayerRef Average(MergeOptions options = {});
LayerRef Maximum(MergeOptions options = {});
LayerRef Minimum(MergeOptions options = {});
// `axis` counts the batch as 0; -1 is the last.
LayerRef Concatenate(int axis = -1, MergeOptions options = {});

}  // namespace tfxm::nn::layers

#endif  // TFXM_NN_LAYERS_MERGING_H_
