// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/layers/core.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tfxm/nn/layers/function_layer.h"
#include "tfxm/ops/ops.h"

namespace tfxm::nn::layers {
namespace {

class DenseLayer : public Layer {
 public:
  DenseLayer(int units, DenseOptions options)
      : Layer("Dense", options.name), units_(units), options_(std::move(options)) {}

  absl::Status Build(const std::vector<Shape>& input_shapes) override {
    if (input_shapes[0].size() < 2 || input_shapes[0].back() < 1) {
      return absl::InvalidArgumentError("the last dimension of the input must be known, of an input of at least two");
    }
    if (units_ < 1) return absl::InvalidArgumentError(absl::StrCat("units must be positive, got ", units_));
    kernel_ = AddWeight("kernel", {input_shapes[0].back(), units_},
                        {.initializer = options_.kernel_initializer,
                         .regularizer = options_.kernel_regularizer,
                         .constraint = options_.kernel_constraint});
    if (options_.use_bias) {
      bias_ = AddWeight("bias", {units_},
                        {.initializer = options_.bias_initializer,
                         .regularizer = options_.bias_regularizer,
                         .constraint = options_.bias_constraint});
    }
    return absl::OkStatus();
  }

  ops::Tensor Call(CallContext& context, const std::vector<ops::Tensor>& inputs) override {
    ops::Tensor x = inputs[0];
    Shape shape = x.shape();
    const bool is_matrix = shape.size() == 2;
    // More dimensions: one product of a tall matrix is faster than many small ones, and TFLite's fully connected op.
    if (!is_matrix) x = ops::Reshape(x, Shape{-1, kernel_->shape[0]});
    x = ops::MatMul(x, context.Read(kernel_));
    if (bias_ != nullptr) x = ops::BiasAdd(x, context.Read(bias_));
    if (!is_matrix) {
      shape.back() = units_;
      x = std::count(shape.begin(), shape.end(), -1) <= 1
              ? ops::Reshape(x, shape)
              : ops::Reshape(
                    x, ops::Concat({ops::Slice(ops::ShapeOf(inputs[0]), {0}, {static_cast<int32_t>(shape.size()) - 1}),
                                    ops::Constant(context.graph(), std::vector<int32_t>{units_})},
                                   0));
    }
    return context.Activate(options_.activation, x);
  }
  Activation activation() const override { return options_.activation; }
  bool supports_masking() const override { return true; }
  bool per_example() const override { return !options_.activation.is_custom(); }

 private:
  const int units_;
  const DenseOptions options_;
  const Weight* kernel_ = nullptr;
  const Weight* bias_ = nullptr;
};

LayerRef MakeDropout(std::string type, double rate, bool spatial, std::string name) {
  return MakeLayer<FunctionLayer>(
      std::move(type), std::move(name),
      [rate, spatial](CallContext& context, const std::vector<ops::Tensor>& inputs) {
        const ops::Tensor& x = inputs[0];
        if (rate < 0 || rate >= 1) {
          context.graph().SetError(absl::InvalidArgumentError(absl::StrCat("rate must be in [0, 1), got ", rate)));
          return x;
        }
        if (!context.training() || rate == 0 || !x.valid()) return x;
        ops::Tensor shape = ops::ShapeOf(x);
        if (spatial) {
          const auto dims = ops::Unstack(shape, x.rank(), 0);
          std::vector<ops::Tensor> map(dims.size(), ops::Constant(context.graph(), int32_t{1}));
          map.front() = dims.front();
          map.back() = dims.back();
          shape = ops::Stack(map, 0);
        }
        const ops::Tensor keep = ops::GreaterEqual(context.RandomUniform(shape), rate);
        // One multiplication by 0 or 1 / (1 - rate), which is also all that the gradient needs.
        return x * ops::StopGradient(ops::Cast(keep, x.dtype()) * (1 / (1 - rate)));
      },
      /*supports_masking=*/true);
}

LayerRef Simple(std::string type, LayerOptions options, std::function<ops::Tensor(const ops::Tensor&)> function) {
  return SimpleLayer(std::move(type), std::move(options.name), std::move(function));
}
// What keeps the steps of a sequence.
LayerRef ElementWise(std::string type, LayerOptions options, std::function<ops::Tensor(const ops::Tensor&)> function) {
  return SimpleLayer(std::move(type), std::move(options.name), std::move(function), /*supports_masking=*/true);
}

class ActivationLayerImpl : public Layer {
 public:
  ActivationLayerImpl(Activation activation, std::string name)
      : Layer("Activation", std::move(name)), activation_(std::move(activation)) {}
  ops::Tensor Call(CallContext& context, const std::vector<ops::Tensor>& inputs) override {
    return context.Activate(activation_, inputs[0]);
  }
  Activation activation() const override { return activation_; }
  bool supports_masking() const override { return true; }
  bool per_example() const override { return !activation_.is_custom(); }

 private:
  const Activation activation_;
};

class PReLULayer : public Layer {
 public:
  explicit PReLULayer(PReLUOptions options) : Layer("PReLU", options.name), options_(std::move(options)) {}
  absl::Status Build(const std::vector<Shape>& input_shapes) override {
    Shape shape(input_shapes[0].begin() + 1, input_shapes[0].end());
    for (const int axis : options_.shared_axes) {
      if (axis < 1 || axis > static_cast<int>(shape.size())) {
        return absl::InvalidArgumentError(absl::StrCat("shared axis ", axis, " of ", ShapeString(input_shapes[0])));
      }
      shape[axis - 1] = 1;
    }
    alpha_ = AddWeight("alpha", shape, {.initializer = options_.alpha_initializer});
    return absl::OkStatus();
  }
  ops::Tensor Call(CallContext& context, const std::vector<ops::Tensor>& inputs) override {
    return ops::Relu(inputs[0]) - context.Read(alpha_) * ops::Relu(-inputs[0]);
  }
  bool supports_masking() const override { return true; }
  bool per_example() const override { return true; }

 private:
  const PReLUOptions options_;
  const Weight* alpha_ = nullptr;
};

class EmbeddingLayer : public Layer {
 public:
  EmbeddingLayer(int input_dim, int output_dim, EmbeddingOptions options)
      : Layer("Embedding", options.name),
        input_dim_(input_dim),
        output_dim_(output_dim),
        options_(std::move(options)) {}
  absl::Status Build(const std::vector<Shape>&) override {
    embeddings_ = AddWeight("embeddings", {input_dim_, output_dim_},
                            {.initializer = options_.embeddings_initializer,
                             .regularizer = options_.embeddings_regularizer,
                             .constraint = options_.embeddings_constraint});
    return absl::OkStatus();
  }
  ops::Tensor Call(CallContext& context, const std::vector<ops::Tensor>& inputs) override {
    ops::Tensor indices = inputs[0];
    if (indices.dtype() != DataType::kInt64) indices = ops::Cast(indices, DataType::kInt32);
    if (options_.mask_zero) context.SetOutputMask(ops::NotEqual(indices, 0));
    const ops::Tensor table = context.Read(embeddings_);
    // GatherV2 is for any axis, and its gradient a copy of the table to bring the axis where it was.
    return context.has_gradients() ? ops::Op("Gather", {table, indices}) : ops::Gather(table, indices);
  }
  bool per_example() const override { return true; }
  int64_t input_dim() const override { return input_dim_; }

 private:
  const int input_dim_;
  const int output_dim_;
  const EmbeddingOptions options_;
  const Weight* embeddings_ = nullptr;
};

}  // namespace

LayerRef Dense(int units, DenseOptions options) { return MakeLayer<DenseLayer>(units, std::move(options)); }

LayerRef Dropout(double rate, LayerOptions options) {
  return MakeDropout("Dropout", rate, false, std::move(options.name));
}
LayerRef AlphaDropout(double rate, LayerOptions options) {
  return MakeLayer<FunctionLayer>(
      "AlphaDropout", std::move(options.name),
      [rate](CallContext& context, const std::vector<ops::Tensor>& inputs) {
        const ops::Tensor& x = inputs[0];
        if (rate < 0 || rate >= 1) return Fail(x, absl::StrCat("rate must be in [0, 1), got ", rate));
        if (!context.training() || rate == 0 || !x.valid()) return x;
        // What selu tends to below: dropped values become that, and all are scaled and shifted back.
        constexpr double kLowest = -1.7580993408473766;
        const double scale = 1 / std::sqrt((1 - rate) * (1 + rate * kLowest * kLowest));
        const ops::Tensor keep = ops::GreaterEqual(context.RandomUniform(ops::ShapeOf(x)), rate);
        return ops::Where(keep, x, ops::Constant(context.graph(), static_cast<float>(kLowest))) * scale -
               scale * kLowest * rate;
      },
      /*supports_masking=*/true);
}
LayerRef SpatialDropout2D(double rate, LayerOptions options) {
  return MakeDropout("SpatialDropout2D", rate, true, std::move(options.name));
}

LayerRef SpatialDropout1D(double rate, LayerOptions options) {
  return MakeDropout("SpatialDropout1D", rate, true, std::move(options.name));
}
LayerRef GaussianNoise(double stddev, LayerOptions options) {
  return MakeLayer<FunctionLayer>(
      "GaussianNoise", std::move(options.name),
      [stddev](CallContext& context, const std::vector<ops::Tensor>& inputs) {
        const ops::Tensor& x = inputs[0];
        if (!context.training() || stddev == 0 || !x.valid()) return x;
        return x + context.RandomNormal(ops::ShapeOf(x)) * stddev;
      },
      /*supports_masking=*/true);
}
LayerRef ActivityRegularization(Regularizer regularizer, LayerOptions options) {
  return MakeLayer<FunctionLayer>(
      "ActivityRegularization", std::move(options.name),
      [regularizer](CallContext& context, const std::vector<ops::Tensor>& inputs) {
        const ops::Tensor& x = inputs[0];
        if (!x.valid()) return x;
        const ops::Tensor examples =
            ops::Cast(ops::Reshape(ops::Slice(ops::ShapeOf(x), {0}, {1}), Shape{}), DataType::kFloat);
        const auto add = [&](const ops::Tensor& values, double factor) {
          if (factor != 0) context.AddLoss(ops::ReduceSum(values) * factor / examples);
        };
        add(ops::Abs(x), regularizer.l1);
        add(ops::Square(x), regularizer.l2);
        return x;
      },
      /*supports_masking=*/true, /*per_example=*/false);
}

LayerRef Flatten(LayerOptions options) {
  return Simple("Flatten", std::move(options), [](const ops::Tensor& x) {
    if (!x.valid()) return x;
    int64_t size = 1;
    const Shape shape = x.shape();
    for (size_t i = 1; i < shape.size(); ++i) size = shape[i] < 0 || size < 0 ? -1 : size * shape[i];
    if (size >= 0) return ops::Reshape(x, Shape{-1, size});
    x.graph()->SetError(absl::InvalidArgumentError(
        absl::StrCat("Flatten needs to know all dimensions but the batch; they are ", ShapeString(shape))));
    return x;
  });
}

LayerRef Reshape(Shape target_shape, LayerOptions options) {
  return Simple("Reshape", std::move(options), [target_shape](const ops::Tensor& x) {
    if (!x.valid()) return x;
    Shape shape = target_shape;
    const Shape from = x.shape();
    // The batch takes the -1, so another one has to be worked out here.
    int64_t size = 1, known = 1;
    for (size_t i = 1; i < from.size(); ++i) size *= from[i];
    for (const int64_t dim : shape) known *= dim < 0 ? 1 : dim;
    for (int64_t& dim : shape) {
      if (dim < 0 && known > 0) dim = size / known;
    }
    if (NumElements(shape) != size) {
      x.graph()->SetError(absl::InvalidArgumentError(
          absl::StrCat("cannot reshape ", ShapeString(from), " to ", ShapeString(target_shape), " per example")));
      return x;
    }
    shape.insert(shape.begin(), -1);
    return ops::Reshape(x, shape);
  });
}

LayerRef Permute(std::vector<int32_t> dims, LayerOptions options) {
  dims.insert(dims.begin(), 0);
  return Simple("Permute", std::move(options), [dims](const ops::Tensor& x) { return ops::Transpose(x, dims); });
}

LayerRef RepeatVector(int n, LayerOptions options) {
  return Simple("RepeatVector", std::move(options),
                [n](const ops::Tensor& x) { return ops::Tile(ops::ExpandDims(x, 1), {1, n, 1}); });
}

LayerRef ActivationLayer(Activation activation, LayerOptions options) {
  return MakeLayer<ActivationLayerImpl>(std::move(activation), std::move(options.name));
}
LayerRef Softmax(LayerOptions options) {
  return ElementWise("Softmax", std::move(options), [](const ops::Tensor& x) { return ops::Softmax(x); });
}
LayerRef ReLU(ReLUOptions options) {
  return ElementWise("ReLU", {options.name}, [options](const ops::Tensor& x) {
    if (options.negative_slope == 0 && options.threshold == 0) {
      if (options.max_value == 6) return ops::Relu6(x);
      const ops::Tensor relu = ops::Relu(x);
      return options.max_value > 0 ? ops::Minimum(relu, options.max_value) : relu;
    }
    const ops::Tensor above = options.max_value > 0 ? ops::Minimum(x, options.max_value) : x;
    return ops::Where(ops::GreaterEqual(x, options.threshold), above, options.negative_slope * (x - options.threshold));
  });
}
LayerRef LeakyReLU(double negative_slope, LayerOptions options) {
  return ElementWise("LeakyReLU", std::move(options),
                     [negative_slope](const ops::Tensor& x) { return ops::LeakyRelu(x, negative_slope); });
}
LayerRef ELU(double alpha, LayerOptions options) {
  return ElementWise("ELU", std::move(options), [alpha](const ops::Tensor& x) {
    const ops::Tensor elu = ops::Elu(x);
    return alpha == 1 ? elu : ops::Where(ops::Greater(x, 0), elu, alpha * elu);
  });
}
LayerRef PReLU(PReLUOptions options) { return MakeLayer<PReLULayer>(std::move(options)); }
LayerRef Rescaling(double scale, double offset, LayerOptions options) {
  return ElementWise("Rescaling", std::move(options), [=](const ops::Tensor& x) {
    const ops::Tensor scaled = ops::Cast(x, DataType::kFloat) * scale;
    return offset == 0 ? scaled : scaled + offset;
  });
}

LayerRef Lambda(std::function<ops::Tensor(const std::vector<ops::Tensor>&)> function, LayerOptions options) {
  return MakeLayer<FunctionLayer>(
      "Lambda", std::move(options.name),
      [function = std::move(function)](CallContext&, const std::vector<ops::Tensor>& inputs) {
        return function(inputs);
      },
      /*supports_masking=*/true, /*per_example=*/false);
}

LayerRef CategoryEncoding(int num_tokens, CategoryEncodingOptions options) {
  const std::string mode = options.output_mode;
  return MakeLayer<FunctionLayer>(
      "CategoryEncoding", std::move(options.name),
      [num_tokens, mode](CallContext&, const std::vector<ops::Tensor>& inputs) {
        const ops::Tensor& tokens = inputs[0];
        if (!tokens.valid()) return tokens;
        if (mode != "multi_hot" && mode != "count" && mode != "one_hot")
          return Fail(tokens,
                      absl::StrCat("output_mode is \"multi_hot\", \"count\" or \"one_hot\", got \"", mode, "\""));
        if (num_tokens < 1) return Fail(tokens, absl::StrCat("num_tokens must be positive, got ", num_tokens));
        if (tokens.dtype() == DataType::kString || tokens.rank() < 1)
          return Fail(tokens, "it takes integers; of strings, a vocabulary in the preprocessing_fn makes integers");
        if (inputs.size() > 1 && (mode != "count" || inputs.size() > 2))
          return Fail(tokens, "a second input is weights of the tokens, for output_mode \"count\"");
        const bool is_integer = tokens.dtype() == DataType::kInt32 || tokens.dtype() == DataType::kInt64;
        ops::Tensor hot = ops::OneHot(is_integer ? tokens : ops::Cast(tokens, DataType::kInt64), num_tokens);
        if (mode == "one_hot") return tokens.shape().back() == 1 ? ops::Squeeze(hot, {-2}) : hot;
        if (inputs.size() == 2) hot = hot * ops::ExpandDims(ops::Cast(inputs[1], DataType::kFloat), -1);
        return mode == "count" ? ops::ReduceSum(hot, {-2}) : ops::ReduceMax(hot, {-2});
      });
}

LayerRef Embedding(int input_dim, int output_dim, EmbeddingOptions options) {
  return MakeLayer<EmbeddingLayer>(input_dim, output_dim, std::move(options));
}

}  // namespace tfxm::nn::layers
