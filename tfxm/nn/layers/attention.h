// SPDX-License-Identifier: Apache-2.0

// Attention. Names, arguments, defaults and weights are Keras's.
#ifndef TFXM_NN_LAYERS_ATTENTION_H_
#define TFXM_NN_LAYERS_ATTENTION_H_

#include <string>

#include "tfxm/nn/layer.h"

namespace tfxm::nn::layers {

struct MultiHeadAttentionOptions {
  int value_dim = 0;   // 0: key_dim.
  double dropout = 0;  // Of the attention scores.
  bool use_bias = true;
  int output_dim = 0;  // Keras's output_shape; 0: that of the query.
  Initializer kernel_initializer = "glorot_uniform";
  Initializer bias_initializer = "zeros";
  Regularizer kernel_regularizer;
  Regularizer bias_regularizer;
  Constraint kernel_constraint;
  Constraint bias_constraint;
  // Step t of the query sees the steps of the value up to t only.
  bool use_causal_mask = false;
  // The last input is a mask: bool or numbers [batch, query steps, value steps], 0 where the query does not see.
  bool attention_mask = false;
  std::string name;
};
// Inputs {query, value} or {query, value, key}, then the mask if there is one: [batch, steps, features]; {x, x} is
// self-attention. -> [batch, query steps, features of the query]. Steps that Embedding's mask_zero or Masking leave out
// are not seen. The number of steps must be known.
LayerRef MultiHeadAttention(int num_heads, int key_dim, MultiHeadAttentionOptions options = {});

}  // namespace tfxm::nn::layers

#endif  // TFXM_NN_LAYERS_ATTENTION_H_
