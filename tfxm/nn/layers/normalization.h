// SPDX-License-Identifier: Apache-2.0

// Normalization. Names, arguments and defaults are Keras's; the last axis is normalized.
#ifndef TFXM_NN_LAYERS_NORMALIZATION_H_
#define TFXM_NN_LAYERS_NORMALIZATION_H_

#include <string>

#include "tfxm/nn/layer.h"

namespace tfxm::nn::layers {

struct BatchNormalizationOptions {
  double momentum = 0.99;
  double epsilon = 1e-3;
  bool center = true;
  bool scale = true;
  Initializer beta_initializer = "zeros";
  Initializer gamma_initializer = "ones";
  Initializer moving_mean_initializer = "zeros";
  Initializer moving_variance_initializer = "ones";
  Regularizer beta_regularizer;
  Regularizer gamma_regularizer;
  Constraint beta_constraint;
  Constraint gamma_constraint;
  std::string name;
};
// In training by the mean and variance of the batch, which the moving ones follow; otherwise, and where the layer is
// not trainable, by the moving ones. Rank 2 to 4.
LayerRef BatchNormalization(BatchNormalizationOptions options = {});

// What a BatchNormalization is outside of training, x * factor + offset, for those who fold it into another layer: its
// layer is one of these, too.
class FixedNormalization {
 public:
  struct Terms {
    ops::Tensor factor, offset;  // [channels]
  };
  virtual ~FixedNormalization() = default;
  virtual Terms FixedTerms(CallContext& context) const = 0;
};

struct LayerNormalizationOptions {
  double epsilon = 1e-3;
  bool center = true;
  bool scale = true;
  Initializer beta_initializer = "zeros";
  Initializer gamma_initializer = "ones";
  std::string name;
};
LayerRef LayerNormalization(LayerNormalizationOptions options = {});

// Channels in `groups` groups, each normalized over its channels and all dimensions between batch and channels. -1: as
// many groups as channels. The dimensions must be known.
LayerRef GroupNormalization(int groups = 32, LayerNormalizationOptions options = {});

}  // namespace tfxm::nn::layers

#endif  // TFXM_NN_LAYERS_NORMALIZATION_H_
