// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/layers/convolutional.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "tfxm/nn/layers/function_layer.h"
#include "tfxm/ops/ops.h"

namespace tfxm::nn::layers {
namespace {

using ops::Tensor;

absl::Status CheckInput(const Shape& shape, size_t rank, absl::string_view padding) {
  if (shape.size() != rank || shape.back() < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("the input must have ", rank, " dimensions, channels known and last"));
  }
  if (padding != "valid" && padding != "same" && (rank != 3 || padding != "causal")) {
    return absl::InvalidArgumentError(absl::StrCat(
        "padding is \"valid\"", rank == 3 ? ", \"same\" or \"causal\"" : " or \"same\"", ", got \"", padding, "\""));
  }
  return absl::OkStatus();
}

std::string TfPadding(const std::string& padding) { return absl::AsciiStrToUpper(padding); }

// The kernel with zeros between its values: what a dilation stands for. TensorFlow's C++ gradients do not know
// dilations, so training works with this; other graphs keep the attribute, which runtimes have faster code for.
Tensor Dilated(const Tensor& kernel, const Size2D& rate) {
  const Shape k = kernel.shape();
  const Tensor apart = ops::Pad(ops::Reshape(kernel, Shape{k[0], 1, k[1], 1, k[2], k[3]}),
                                {{0, 0}, {0, rate.height - 1}, {0, 0}, {0, rate.width - 1}, {0, 0}, {0, 0}});
  const Tensor wide = ops::Reshape(apart, Shape{k[0] * rate.height, k[1] * rate.width, k[2], k[3]});
  return ops::Slice(
      wide, {0, 0, 0, 0},
      {static_cast<int32_t>((k[0] - 1) * rate.height + 1), static_cast<int32_t>((k[1] - 1) * rate.width + 1), -1, -1});
}

// What to convolve with, and the dilation that is left to the operation.
std::pair<Tensor, std::vector<int64_t>> KernelAndDilation(CallContext& context, const Tensor& kernel,
                                                          const Size2D& rate) {
  if (context.has_gradients() && (rate.height > 1 || rate.width > 1)) return {Dilated(kernel, rate), {1, 1}};
  return {kernel, rate.hw()};
}

// The transposed convolution of [batch, height, width, in] with a kernel [height, width, filters, in].
Tensor ConvTranspose(const Tensor& kernel, const Tensor& x, const Size2D& size, const Size2D& strides,
                     const std::string& padding) {
  const auto length = [&](int64_t in, int stride, int kernel_size) {
    return static_cast<int32_t>(in * stride + (padding == "valid" ? std::max(kernel_size - stride, 0) : 0));
  };
  const Shape shape = x.shape();
  if (shape.size() != 4 || shape[1] < 0 || shape[2] < 0) {
    return Fail(x, "a transposed convolution needs a known height and width, or number of steps");
  }
  const std::vector<int32_t> rest = {length(shape[1], strides.height, size.height),
                                     length(shape[2], strides.width, size.width),
                                     static_cast<int32_t>(kernel.shape()[2])};
  const Tensor sizes = ops::Concat({ops::Slice(ops::ShapeOf(x), {0}, {1}), ops::Constant(*x.graph(), rest)}, 0);
  return ops::Op(
      "Conv2DBackpropInput", {sizes, kernel, x},
      {{"strides", std::vector<int64_t>{1, strides.height, strides.width, 1}}, {"padding", TfPadding(padding)}});
}

// What all convolutions have: a kernel, a bias after it if it is asked for, and an activation.
template <typename Options>
class Convolution : public Layer {
 public:
  Convolution(std::string type, Options options) : Layer(std::move(type), options.name), options_(std::move(options)) {}
  Activation activation() const override { return options_.activation; }
  bool per_example() const override { return !options_.activation.is_custom(); }

 protected:
  void AddBias(int64_t channels) {
    if (!options_.use_bias) return;
    bias_ = AddWeight("bias", {channels},
                      {.initializer = options_.bias_initializer,
                       .regularizer = options_.bias_regularizer,
                       .constraint = options_.bias_constraint});
  }
  void AddKernelAndBias(const Shape& kernel, int64_t channels) {
    kernel_ = AddWeight("kernel", kernel,
                        {.initializer = options_.kernel_initializer,
                         .regularizer = options_.kernel_regularizer,
                         .constraint = options_.kernel_constraint});
    AddBias(channels);
  }
  void AddDepthwiseKernel(const Shape& kernel) {
    kernel_ = AddWeight("depthwise_kernel", kernel,
                        {.initializer = options_.depthwise_initializer,
                         .regularizer = options_.depthwise_regularizer,
                         .constraint = options_.depthwise_constraint});
  }
  Tensor BiasAndActivation(CallContext& context, Tensor y) const {
    if (bias_ != nullptr) y = ops::BiasAdd(y, context.Read(bias_));
    return context.Activate(options_.activation, y);
  }

  const Options options_;
  const Weight* kernel_ = nullptr;
  const Weight* bias_ = nullptr;
};

class Conv2DLayer : public Convolution<ConvOptions> {
 public:
  Conv2DLayer(int filters, Size2D kernel_size, ConvOptions options, bool transpose)
      : Convolution(transpose ? "Conv2DTranspose" : "Conv2D", std::move(options)),
        filters_(filters),
        size_(kernel_size),
        transpose_(transpose) {}

  absl::Status Build(const std::vector<Shape>& input_shapes) override {
    if (absl::Status status = CheckInput(input_shapes[0], 4, options_.padding); !status.ok()) return status;
    const int64_t channels = input_shapes[0].back();
    AddKernelAndBias(transpose_ ? Shape{size_.height, size_.width, filters_, channels}
                                : Shape{size_.height, size_.width, channels, filters_},
                     filters_);
    return absl::OkStatus();
  }

  Tensor Call(CallContext& context, const std::vector<Tensor>& inputs) override {
    const Tensor& x = inputs[0];
    const auto [kernel, dilation] =
        KernelAndDilation(context, context.Read(kernel_), transpose_ ? 1 : options_.dilation_rate);
    const Tensor y = transpose_ ? ConvTranspose(kernel, x, size_, options_.strides, options_.padding)
                                : ops::Conv2D(x, kernel, options_.strides.hw(), TfPadding(options_.padding), dilation);
    return BiasAndActivation(context, y);
  }

 private:
  const int filters_;
  const Size2D size_;
  const bool transpose_;
};

class Conv1DLayer : public Convolution<Conv1DOptions> {
 public:
  Conv1DLayer(int filters, int kernel_size, Conv1DOptions options)
      : Convolution("Conv1D", std::move(options)), filters_(filters), size_(kernel_size) {}

  absl::Status Build(const std::vector<Shape>& input_shapes) override {
    if (absl::Status status = CheckInput(input_shapes[0], 3, options_.padding); !status.ok()) return status;
    AddKernelAndBias({size_, input_shapes[0].back(), filters_}, filters_);
    return absl::OkStatus();
  }

  Tensor Call(CallContext& context, const std::vector<Tensor>& inputs) override {
    Tensor x = inputs[0];
    std::string padding = TfPadding(options_.padding);
    if (options_.padding == "causal") {
      x = ops::Pad(x, {{0, 0}, {options_.dilation_rate * (size_ - 1), 0}, {0, 0}});
      padding = "VALID";
    }
    // A picture of one row.
    const auto [kernel, dilation] = KernelAndDilation(
        context, context.Read(kernel_, {1, size_, kernel_->shape[1], filters_}), {1, options_.dilation_rate});
    const Tensor y = ops::Conv2D(ops::ExpandDims(x, 1), kernel, {1, options_.strides}, padding, dilation);
    return BiasAndActivation(context, ops::Squeeze(y, {1}));
  }

 private:
  const int filters_;
  const int size_;
};

class Conv1DTransposeLayer : public Convolution<Conv1DOptions> {
 public:
  Conv1DTransposeLayer(int filters, int kernel_size, Conv1DOptions options)
      : Convolution("Conv1DTranspose", std::move(options)), filters_(filters), size_(kernel_size) {}

  absl::Status Build(const std::vector<Shape>& input_shapes) override {
    if (options_.padding == "causal" || options_.dilation_rate != 1) {
      return absl::InvalidArgumentError("padding is \"valid\" or \"same\", and the dilation_rate 1");
    }
    if (absl::Status status = CheckInput(input_shapes[0], 3, options_.padding); !status.ok()) return status;
    AddKernelAndBias({size_, filters_, input_shapes[0].back()}, filters_);
    return absl::OkStatus();
  }

  Tensor Call(CallContext& context, const std::vector<Tensor>& inputs) override {
    // A picture of one row.
    const Tensor y = ConvTranspose(context.Read(kernel_, {1, size_, filters_, kernel_->shape[2]}),
                                   ops::ExpandDims(inputs[0], 1), {1, size_}, {1, options_.strides}, options_.padding);
    return BiasAndActivation(context, ops::Squeeze(y, {1}));
  }

 private:
  const int filters_;
  const int size_;
};

// DepthwiseConv2D, and SeparableConv2D if there are filters.
class DepthwiseLayer : public Convolution<DepthwiseConvOptions> {
 public:
  DepthwiseLayer(int filters, Size2D kernel_size, DepthwiseConvOptions options)
      : Convolution(filters > 0 ? "SeparableConv2D" : "DepthwiseConv2D", std::move(options)),
        filters_(filters),
        size_(kernel_size) {}

  absl::Status Build(const std::vector<Shape>& input_shapes) override {
    if (absl::Status status = CheckInput(input_shapes[0], 4, options_.padding); !status.ok()) return status;
    if (options_.strides.height != options_.strides.width) {
      return absl::InvalidArgumentError("a depthwise convolution has the same stride in both dimensions");
    }
    const int64_t channels = input_shapes[0].back(), deep = channels * options_.depth_multiplier;
    AddDepthwiseKernel({size_.height, size_.width, channels, options_.depth_multiplier});
    if (filters_ > 0) {
      pointwise_ = AddWeight("pointwise_kernel", {1, 1, deep, filters_},
                             {.initializer = options_.pointwise_initializer,
                              .regularizer = options_.pointwise_regularizer,
                              .constraint = options_.pointwise_constraint});
    }
    AddBias(filters_ > 0 ? filters_ : deep);
    return absl::OkStatus();
  }

  Tensor Call(CallContext& context, const std::vector<Tensor>& inputs) override {
    const auto [kernel, dilation] = KernelAndDilation(context, context.Read(kernel_), options_.dilation_rate);
    Tensor y = ops::DepthwiseConv2D(inputs[0], kernel, options_.strides.hw(), TfPadding(options_.padding), dilation);
    if (pointwise_ != nullptr) {
      y = ops::Conv2D(context.Intermediate("depthwise", y), context.Read(pointwise_), {1, 1}, "VALID");
    }
    return BiasAndActivation(context, y);
  }

 private:
  const int filters_;
  const Size2D size_;
  const Weight* pointwise_ = nullptr;
};

// DepthwiseConv1D, and SeparableConv1D if there are filters.
class DepthwiseConv1DLayer : public Convolution<DepthwiseConv1DOptions> {
 public:
  DepthwiseConv1DLayer(int filters, int kernel_size, DepthwiseConv1DOptions options)
      : Convolution(filters > 0 ? "SeparableConv1D" : "DepthwiseConv1D", std::move(options)),
        filters_(filters),
        size_(kernel_size) {}

  absl::Status Build(const std::vector<Shape>& input_shapes) override {
    if (options_.padding == "causal") {
      return absl::InvalidArgumentError("padding is \"valid\" or \"same\", got \"causal\"; use ZeroPadding1D");
    }
    if (absl::Status status = CheckInput(input_shapes[0], 3, options_.padding); !status.ok()) return status;
    const int64_t channels = input_shapes[0].back(), deep = channels * options_.depth_multiplier;
    AddDepthwiseKernel({size_, channels, options_.depth_multiplier});
    if (filters_ > 0) {
      pointwise_ = AddWeight("pointwise_kernel", {1, deep, filters_},
                             {.initializer = options_.pointwise_initializer,
                              .regularizer = options_.pointwise_regularizer,
                              .constraint = options_.pointwise_constraint});
    }
    AddBias(filters_ > 0 ? filters_ : deep);
    return absl::OkStatus();
  }

  Tensor Call(CallContext& context, const std::vector<Tensor>& inputs) override {
    // A picture of one row, whose stride does not matter; the operation wants the same in both directions.
    const auto [kernel, dilation] =
        KernelAndDilation(context, context.Read(kernel_, {1, size_, kernel_->shape[1], options_.depth_multiplier}),
                          {1, options_.dilation_rate});
    Tensor y = ops::DepthwiseConv2D(ops::ExpandDims(inputs[0], 1), kernel, {options_.strides, options_.strides},
                                    TfPadding(options_.padding), dilation);
    if (pointwise_ != nullptr) {
      const Shape pointwise = {1, 1, pointwise_->shape[1], filters_};
      y = ops::Conv2D(context.Intermediate("depthwise", y), context.Read(pointwise_, pointwise), {1, 1}, "VALID");
    }
    return BiasAndActivation(context, ops::Squeeze(y, {1}));
  }

 private:
  const int filters_;
  const int size_;
  const Weight* pointwise_ = nullptr;
};

}  // namespace

LayerRef Conv2D(int filters, Size2D kernel_size, ConvOptions options) {
  return MakeLayer<Conv2DLayer>(filters, kernel_size, std::move(options), false);
}
LayerRef Conv2DTranspose(int filters, Size2D kernel_size, ConvOptions options) {
  return MakeLayer<Conv2DLayer>(filters, kernel_size, std::move(options), true);
}
LayerRef Conv1D(int filters, int kernel_size, Conv1DOptions options) {
  return MakeLayer<Conv1DLayer>(filters, kernel_size, std::move(options));
}
LayerRef DepthwiseConv2D(Size2D kernel_size, DepthwiseConvOptions options) {
  return MakeLayer<DepthwiseLayer>(0, kernel_size, std::move(options));
}
LayerRef SeparableConv2D(int filters, Size2D kernel_size, DepthwiseConvOptions options) {
  return MakeLayer<DepthwiseLayer>(filters, kernel_size, std::move(options));
}

LayerRef DepthwiseConv1D(int kernel_size, DepthwiseConv1DOptions options) {
  return MakeLayer<DepthwiseConv1DLayer>(0, kernel_size, std::move(options));
}
LayerRef SeparableConv1D(int filters, int kernel_size, DepthwiseConv1DOptions options) {
  return MakeLayer<DepthwiseConv1DLayer>(filters, kernel_size, std::move(options));
}
LayerRef Conv1DTranspose(int filters, int kernel_size, Conv1DOptions options) {
  return MakeLayer<Conv1DTransposeLayer>(filters, kernel_size, std::move(options));
}

LayerRef ZeroPadding1D(int before, int after, PaddingOptions options) {
  return SimpleLayer("ZeroPadding1D", std::move(options.name),
                     [=](const Tensor& x) { return ops::Pad(x, {{0, 0}, {before, after}, {0, 0}}); });
}
LayerRef ZeroPadding2D(int padding, PaddingOptions options) {
  return ZeroPadding2D(Margins{{{padding, padding}, {padding, padding}}}, std::move(options));
}
LayerRef ZeroPadding2D(Margins padding, PaddingOptions options) {
  return SimpleLayer("ZeroPadding2D", std::move(options.name), [padding](const Tensor& x) {
    return ops::Pad(x, {{0, 0}, {padding[0][0], padding[0][1]}, {padding[1][0], padding[1][1]}, {0, 0}});
  });
}
LayerRef Cropping2D(Margins cropping, PaddingOptions options) {
  return SimpleLayer("Cropping2D", std::move(options.name), [cropping](const Tensor& x) {
    const Shape shape = x.shape();
    if (shape.size() != 4 || shape[1] < 0 || shape[2] < 0) return Fail(x, "Cropping2D needs a known height and width");
    return ops::Slice(x, {0, cropping[0][0], cropping[1][0], 0},
                      {-1, static_cast<int32_t>(shape[1]) - cropping[0][0] - cropping[0][1],
                       static_cast<int32_t>(shape[2]) - cropping[1][0] - cropping[1][1], -1});
  });
}
LayerRef Cropping1D(int before, int after, PaddingOptions options) {
  return SimpleLayer("Cropping1D", std::move(options.name), [=](const Tensor& x) {
    const Shape shape = x.shape();
    if (shape.size() != 3 || shape[1] < 0) return Fail(x, "Cropping1D needs a known number of steps");
    return ops::Slice(x, {0, before, 0}, {-1, static_cast<int32_t>(shape[1]) - before - after, -1});
  });
}
LayerRef UpSampling1D(int size, PaddingOptions options) {
  return SimpleLayer("UpSampling1D", std::move(options.name), [size](const Tensor& x) {
    const Shape shape = x.shape();
    if (shape.size() != 3 || shape[1] < 0 || shape[2] < 0)
      return Fail(x, "UpSampling1D needs a known number of steps and channels");
    return ops::Reshape(ops::Tile(ops::ExpandDims(x, 2), {1, 1, size, 1}), Shape{-1, shape[1] * size, shape[2]});
  });
}
LayerRef UpSampling2D(Size2D size, UpSamplingOptions options) {
  return SimpleLayer("UpSampling2D", options.name, [size, options](const Tensor& x) {
    const Shape shape = x.shape();
    if (shape.size() != 4 || shape[1] < 0 || shape[2] < 0)
      return Fail(x, "UpSampling2D needs a known height and width");
    if (options.interpolation != "nearest" && options.interpolation != "bilinear") {
      return Fail(x, absl::StrCat("interpolation is \"nearest\" or \"bilinear\", got \"", options.interpolation, "\""));
    }
    const Tensor target = ops::Constant(*x.graph(), std::vector<int32_t>{static_cast<int32_t>(shape[1]) * size.height,
                                                                         static_cast<int32_t>(shape[2]) * size.width});
    return Tensor(ops::Op(options.interpolation == "nearest" ? "ResizeNearestNeighbor" : "ResizeBilinear", {x, target},
                          {{"half_pixel_centers", true}}));
  });
}

}  // namespace tfxm::nn::layers
