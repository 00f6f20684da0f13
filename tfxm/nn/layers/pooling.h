// SPDX-License-Identifier: Apache-2.0

// Pooling over [batch, height, width, channels] and [batch, steps, channels]. Names, arguments and defaults are
// Keras's.
#ifndef TFXM_NN_LAYERS_POOLING_H_
#define TFXM_NN_LAYERS_POOLING_H_

#include <optional>
#include <string>

#include "tfxm/nn/layer.h"
#include "tfxm/nn/layers/convolutional.h"

namespace tfxm::nn::layers {

struct PoolingOptions {
  std::optional<Size2D> strides;  // pool_size if not given.
  std::string padding = "valid";
  std::string name;
};
LayerRef MaxPooling2D(Size2D pool_size = 2, PoolingOptions options = {});
LayerRef AveragePooling2D(Size2D pool_size = 2, PoolingOptions options = {});

struct Pooling1DOptions {
  std::optional<int> strides;
  std::string padding = "valid";
  std::string name;
};
LayerRef MaxPooling1D(int pool_size = 2, Pooling1DOptions options = {});
LayerRef AveragePooling1D(int pool_size = 2, Pooling1DOptions options = {});

struct GlobalPoolingOptions {
  bool keepdims = false;
  std::string name;
};
LayerRef GlobalAveragePooling2D(GlobalPoolingOptions options = {});
LayerRef GlobalMaxPooling2D(GlobalPoolingOptions options = {});
LayerRef GlobalAveragePooling1D(GlobalPoolingOptions options = {});
LayerRef GlobalMaxPooling1D(GlobalPoolingOptions options = {});

}  // namespace tfxm::nn::layers

#endif  // TFXM_NN_LAYERS_POOLING_H_
