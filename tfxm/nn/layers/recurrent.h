// SPDX-License-Identifier: Apache-2.0

// Recurrent layers over [batch, steps, features]. Names, arguments, defaults, weights and the order of gates are
// Keras's.
//
//   KerasTensor x = layers::LSTM(32, {.return_sequences = true})(readings);   // [batch, steps, 32]
//   x = layers::Bidirectional(layers::GRU(16))(x);                            // [batch, 32]
//
// The number of steps must be known: the steps are laid out one after the other in the graph, which trains fast and
// becomes plain TFLite operators at any batch. Sequences of several lengths are padded to one and masked (Embedding's
// mask_zero, Masking): a masked step leaves output and state as they were; in the sequence of a Bidirectional it is 0.
//
// Inputs after the first are the states to begin with (zeros where there are none): {h, c} of an LSTM, {h} of the
// others. With return_state, LayerRef::Outputs gives the last states after the output. Both together are a model that
// does one step per call and leaves its state to the caller, as a phone runs it (examples/sequence):
//
//   LayerRef lstm = layers::LSTM(32, {.return_state = true});
//   std::vector<KerasTensor> step = lstm.Outputs({Input({1, 8}), h, c});      // {output, h, c}
//
// This takes the place of Keras's `stateful`, which keeps the states inside the layer.
#ifndef TFXM_NN_LAYERS_RECURRENT_H_
#define TFXM_NN_LAYERS_RECURRENT_H_

#include <optional>
#include <string>

#include "tfxm/nn/layer.h"

namespace tfxm::nn::layers {

struct SimpleRNNOptions {
  Activation activation = "tanh";
  bool use_bias = true;
  Initializer kernel_initializer = "glorot_uniform";
  Initializer recurrent_initializer = "orthogonal";
  Initializer bias_initializer = "zeros";
  Regularizer kernel_regularizer;
  Regularizer recurrent_regularizer;
  Regularizer bias_regularizer;
  Constraint kernel_constraint;
  Constraint recurrent_constraint;
  Constraint bias_constraint;
  double dropout = 0;            // Of the inputs; the same features at all steps.
  double recurrent_dropout = 0;  // Of the output of the step before.
  bool return_sequences = false;
  bool return_state = false;
  // From the last step to the first; a returned sequence is in that order.
  bool go_backwards = false;
  std::string name;
};
// h = activation(x . kernel + bias + h . recurrent_kernel)
LayerRef SimpleRNN(int units, SimpleRNNOptions options = {});

struct LSTMOptions {
  Activation activation = "tanh";
  Activation recurrent_activation = "sigmoid";
  bool use_bias = true;
  Initializer kernel_initializer = "glorot_uniform";
  Initializer recurrent_initializer = "orthogonal";
  Initializer bias_initializer = "zeros";
  bool unit_forget_bias = true;  // The bias of the forget gate starts with 1.
  Regularizer kernel_regularizer;
  Regularizer recurrent_regularizer;
  Regularizer bias_regularizer;
  Constraint kernel_constraint;
  Constraint recurrent_constraint;
  Constraint bias_constraint;
  double dropout = 0;
  double recurrent_dropout = 0;
  bool return_sequences = false;
  bool return_state = false;
  bool go_backwards = false;
  // Not Keras's: whether TFLite's converter makes one operator of it, UNIDIRECTIONAL_SEQUENCE_LSTM, where it knows the
  // batch (a signature of a fixed batch, or the rewriter's batch_size); with an open batch the steps are laid out all
  // the same. Needs tanh, sigmoid, a bias, no mask, and states that neither go in nor come out. docs/usage.md says when
  // that is faster.
  bool fused = false;
  std::string name;
};
// Kernels [in, 4 * units] and [units, 4 * units], bias [4 * units]: input gate, forget gate, cell, output gate.
LayerRef LSTM(int units, LSTMOptions options = {});

struct GRUOptions {
  Activation activation = "tanh";
  Activation recurrent_activation = "sigmoid";
  bool use_bias = true;
  Initializer kernel_initializer = "glorot_uniform";
  Initializer recurrent_initializer = "orthogonal";
  Initializer bias_initializer = "zeros";
  Regularizer kernel_regularizer;
  Regularizer recurrent_regularizer;
  Regularizer bias_regularizer;
  Constraint kernel_constraint;
  Constraint recurrent_constraint;
  Constraint bias_constraint;
  double dropout = 0;
  double recurrent_dropout = 0;
  bool return_sequences = false;
  bool return_state = false;
  bool go_backwards = false;
  // Whether the reset gate comes after the product with the recurrent kernel. Then there are two biases: [2, 3 *
  // units].
  bool reset_after = true;
  std::string name;
};
// Kernels [in, 3 * units] and [units, 3 * units]: update gate, reset gate, new state.
LayerRef GRU(int units, GRUOptions options = {});

struct BidirectionalOptions {
  std::string merge_mode = "concat";  // "sum", "mul" or "ave".
  // For the way back; must have go_backwards. None: as `layer`.
  std::optional<LayerRef> backward_layer;
  std::string name;
};
// `layer`, one of those above, forwards and backwards, each with weights of its own (`layer` is only the pattern).
LayerRef Bidirectional(const LayerRef& layer, BidirectionalOptions options = {});

struct MaskingOptions {
  std::string name;
};
// Steps in which every feature is `mask_value` do not count; they become 0.
LayerRef Masking(double mask_value = 0, MaskingOptions options = {});

}  // namespace tfxm::nn::layers

#endif  // TFXM_NN_LAYERS_RECURRENT_H_
