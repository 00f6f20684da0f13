// SPDX-License-Identifier: Apache-2.0

// Convolutions over [batch, height, width, channels] and [batch, steps, channels]. Names, arguments and defaults are
// Keras's.
#ifndef TFXM_NN_LAYERS_CONVOLUTIONAL_H_
#define TFXM_NN_LAYERS_CONVOLUTIONAL_H_

#include <array>
#include <string>

#include "tfxm/nn/layer.h"

namespace tfxm::nn::layers {

// One number for both dimensions, or {height, width}.
struct Size2D {
  Size2D(int both) : height(both), width(both) {}
  Size2D(int h, int w) : height(h), width(w) {}
  int height;
  int width;
  std::vector<int64_t> hw() const { return {height, width}; }
};

struct ConvOptions {
  Size2D strides = 1;
  std::string padding = "valid";  // or "same"
  Size2D dilation_rate = 1;
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
// Kernel [height, width, in, filters].
LayerRef Conv2D(int filters, Size2D kernel_size, ConvOptions options = {});
// Kernel [height, width, filters, in]. Output: input * stride, plus max(kernel - stride, 0) with "valid".
LayerRef Conv2DTranspose(int filters, Size2D kernel_size, ConvOptions options = {});

struct Conv1DOptions {
  int strides = 1;
  std::string padding = "valid";  // "same" or "causal"
  int dilation_rate = 1;
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
// Kernel [size, in, filters].
LayerRef Conv1D(int filters, int kernel_size, Conv1DOptions options = {});
// Kernel [size, filters, in], without a dilation. Output: steps * stride, plus max(size - stride, 0) with "valid".
LayerRef Conv1DTranspose(int filters, int kernel_size, Conv1DOptions options = {});

struct DepthwiseConvOptions {
  Size2D strides = 1;  // Both the same.
  std::string padding = "valid";
  int depth_multiplier = 1;
  Size2D dilation_rate = 1;
  Activation activation;
  bool use_bias = true;
  Initializer depthwise_initializer = "glorot_uniform";
  Initializer pointwise_initializer = "glorot_uniform";  // SeparableConv2D only.
  Initializer bias_initializer = "zeros";
  Regularizer depthwise_regularizer;
  Regularizer pointwise_regularizer;
  Regularizer bias_regularizer;
  Constraint depthwise_constraint;
  Constraint pointwise_constraint;
  Constraint bias_constraint;
  std::string name;
};
// Kernel [height, width, in, depth_multiplier].
LayerRef DepthwiseConv2D(Size2D kernel_size, DepthwiseConvOptions options = {});
// A depthwise convolution, then one of 1 x 1.
LayerRef SeparableConv2D(int filters, Size2D kernel_size, DepthwiseConvOptions options = {});

struct DepthwiseConv1DOptions {
  int strides = 1;
  std::string padding = "valid";  // or "same"
  int depth_multiplier = 1;
  int dilation_rate = 1;
  Activation activation;
  bool use_bias = true;
  Initializer depthwise_initializer = "glorot_uniform";
  Initializer pointwise_initializer = "glorot_uniform";  // SeparableConv1D only.
  Initializer bias_initializer = "zeros";
  Regularizer depthwise_regularizer;
  Regularizer pointwise_regularizer;
  Regularizer bias_regularizer;
  Constraint depthwise_constraint;
  Constraint pointwise_constraint;
  Constraint bias_constraint;
  std::string name;
};
// Kernel [size, in, depth_multiplier].
LayerRef DepthwiseConv1D(int kernel_size, DepthwiseConv1DOptions options = {});
// A depthwise convolution, then one of a single step.
LayerRef SeparableConv1D(int filters, int kernel_size, DepthwiseConv1DOptions options = {});

struct PaddingOptions {
  std::string name;
};
// Rows and columns of zeros: {{top, bottom}, {left, right}}.
using Margins = std::array<std::array<int, 2>, 2>;
LayerRef ZeroPadding2D(int padding = 1, PaddingOptions options = {});
LayerRef ZeroPadding2D(Margins padding, PaddingOptions options = {});
// Steps of zeros before and after.
LayerRef ZeroPadding1D(int before = 1, int after = 1, PaddingOptions options = {});
LayerRef Cropping2D(Margins cropping, PaddingOptions options = {});
// So many steps less at the beginning and at the end.
LayerRef Cropping1D(int before = 1, int after = 1, PaddingOptions options = {});
struct UpSamplingOptions {
  std::string interpolation = "nearest";  // or "bilinear"
  std::string name;
};
LayerRef UpSampling2D(Size2D size = 2, UpSamplingOptions options = {});
// Each step `size` times.
LayerRef UpSampling1D(int size = 2, PaddingOptions options = {});

}  // namespace tfxm::nn::layers

#endif  // TFXM_NN_LAYERS_CONVOLUTIONAL_H_
