// SPDX-License-Identifier: Apache-2.0

// Layers of several inputs: layers::Add()({x, y}). Shapes broadcast as in Keras.
#ifndef TFXM_NN_LAYERS_MERGING_H_
#define TFXM_NN_LAYERS_MERGING_H_

#include <array>
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

struct DotOptions {
  bool normalize = false;  // Along the axes first: cosine similarity.
  std::string name;
};
// The products of two inputs, examples apart, summed over an axis of each (not the batch, 0): [batch, n] and [batch, n]
// with axes 1 give [batch, 1].
LayerRef Dot(int axes, DotOptions options = {});
LayerRef Dot(std::array<int, 2> axes, DotOptions options = {});

}  // namespace tfxm::nn::layers

#endif  // TFXM_NN_LAYERS_MERGING_H_
