// SPDX-License-Identifier: Apache-2.0

// The layers every model has. Names, arguments and defaults are Keras's.
#ifndef TFXM_NN_LAYERS_CORE_H_
#define TFXM_NN_LAYERS_CORE_H_

#include <functional>
#include <string>

#include "tfxm/nn/layer.h"

namespace tfxm::nn::layers {

struct DenseOptions {
  Activation activation;
  bool use_bias = true;
  Initializer kernel_initializer = "glorot_uniform";
  Initializer bias_initializer = "zeros";
  Regularizer kernel_regularizer;
  Regularizer bias_regularizer;
  Constraint kernel_constraint;
  Constraint bias_constraint;
  std::string name;
};
// activation(x . kernel + bias) over the last dimension: [..., in] -> [..., units].
LayerRef Dense(int units, DenseOptions options = {});

struct LayerOptions {
  std::string name;
};
// While training, sets a share `rate` of the values to 0 and scales the others by 1 / (1 - rate).
LayerRef Dropout(double rate, LayerOptions options = {});
// As Dropout, for self-normalizing networks (activation "selu"): mean and variance stay.
LayerRef AlphaDropout(double rate, LayerOptions options = {});
// As Dropout, with whole feature maps: [batch, height, width, channels].
LayerRef SpatialDropout2D(double rate, LayerOptions options = {});
// The same for [batch, steps, channels].
LayerRef SpatialDropout1D(double rate, LayerOptions options = {});
// While training, adds normal noise.
LayerRef GaussianNoise(double stddev, LayerOptions options = {});
// Adds l1 * sum|x| + l2 * sum x^2 of what goes through, per example, to the loss: the activity_regularizer of the layer
// before it.
LayerRef ActivityRegularization(Regularizer regularizer, LayerOptions options = {});
// [batch, ...] -> [batch, product].
LayerRef Flatten(LayerOptions options = {});
// To [batch, target_shape...]; one dimension may be -1.
LayerRef Reshape(Shape target_shape, LayerOptions options = {});
// dims count from 1, as in Keras (0 is the batch and stays).
LayerRef Permute(std::vector<int32_t> dims, LayerOptions options = {});
// [batch, features] -> [batch, n, features].
LayerRef RepeatVector(int n, LayerOptions options = {});

LayerRef ActivationLayer(Activation activation, LayerOptions options = {});
LayerRef Softmax(LayerOptions options = {});
struct ReLUOptions {
  double max_value = 0;  // 0: no limit.
  double negative_slope = 0;
  double threshold = 0;
  std::string name;
};
LayerRef ReLU(ReLUOptions options = {});
// Keras's default: 0.3.
LayerRef LeakyReLU(double negative_slope = 0.3, LayerOptions options = {});
LayerRef ELU(double alpha = 1, LayerOptions options = {});
struct PReLUOptions {
  Initializer alpha_initializer = "zeros";
  // Dimensions (from 1) over which one slope is shared: {1, 2} for images.
  std::vector<int> shared_axes;
  std::string name;
};
LayerRef PReLU(PReLUOptions options = {});
// x * scale + offset.
LayerRef Rescaling(double scale, double offset = 0, LayerOptions options = {});

// Any function of tensors as a layer without weights.
LayerRef Lambda(std::function<ops::Tensor(const std::vector<ops::Tensor>&)> function, LayerOptions options = {});

struct EmbeddingOptions {
  Initializer embeddings_initializer = initializers::RandomUniform();
  Regularizer embeddings_regularizer;
  Constraint embeddings_constraint;
  // 0 stands for no step (padding): recurrent layers, attention and averages over steps pass it over.
  bool mask_zero = false;
  std::string name;
};
// Integers in [0, input_dim) -> vectors: [...] -> [..., output_dim].
LayerRef Embedding(int input_dim, int output_dim, EmbeddingOptions options = {});

struct CategoryEncodingOptions {
  // "multi_hot": 1 for each token that is there; "count": how many times it is; "one_hot": one token, [..., 1] or [...].
  std::string output_mode = "multi_hot";
  std::string name;
};
// Integers in [0, num_tokens) -> numbers by token: [..., n] -> [..., num_tokens]. A token outside is none (an error in
// Keras), so that lists of several lengths may be padded with -1. With "count", a second input may weigh the tokens.
// Dense behind "count" adds up a vector per token: an embedding bag.
LayerRef CategoryEncoding(int num_tokens, CategoryEncodingOptions options = {});

}  // namespace tfxm::nn::layers

#endif  // TFXM_NN_LAYERS_CORE_H_
