// SPDX-License-Identifier: Apache-2.0

#include "tfxm/ops/internal/max_pool.h"

#include <algorithm>

#include "tensorflow/cc/framework/grad_op_registry.h"
#include "tensorflow/cc/framework/gradients.h"
#include "tensorflow/cc/ops/array_ops.h"
#include "tensorflow/core/framework/common_shape_fns.h"
#include "tensorflow/core/framework/kernel_shape_util.h"
#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/framework/op_kernel.h"
#include "tensorflow/core/framework/tensor_util.h"
#include "tensorflow/core/graph/node_builder.h"
#include "tensorflow/core/util/work_sharder.h"
#include "tfxm/ops/graph.h"
#include "tfxm/ops/internal/max_pool_kernels.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::ops::internal {
namespace {

namespace tf = ::tensorflow;

// What both operations have.
class PoolingKernel : public tf::OpKernel {
 public:
  explicit PoolingKernel(tf::OpKernelConstruction* context) : OpKernel(context) {
    std::string activation;
    OP_REQUIRES_OK(context, context->GetAttr("size", &size_));
    OP_REQUIRES_OK(context, context->GetAttr("strides", &strides_));
    OP_REQUIRES_OK(context, context->GetAttr("padding", &padding_));
    OP_REQUIRES_OK(context, context->GetAttr("activation", &activation));
    OP_REQUIRES(context, size_.size() == 2 && strides_.size() == 2, absl::InvalidArgumentError("size and strides"));
    capped_ = activation == "Relu6";
  }

 protected:
  absl::Status Fill(const tf::TensorShape& x, Pooling* pooling) const {
    if (x.dims() != 4) return absl::InvalidArgumentError("MaxPoolBias wants [batch, height, width, channels]");
    pooling->channels = x.dim_size(3);
    pooling->capped = capped_;
    for (int i = 0; i < 2; ++i) {
      Windows& windows = i == 0 ? pooling->rows : pooling->columns;
      windows.in = x.dim_size(1 + i);
      windows.size = size_[i];
      windows.stride = strides_[i];
      RETURN_IF_ERROR(tf::GetWindowedOutputSize(windows.in, windows.size, 1, windows.stride, padding_, &windows.out,
                                                &windows.before));
    }
    return absl::OkStatus();
  }
  // An image after the other on the threads that the session gives to an operation.
  static void ForEachImage(tf::OpKernelContext* context, const Pooling& p, int64_t images,
                           const std::function<void(int64_t, int64_t)>& work) {
    const auto& threads = *context->device()->tensorflow_cpu_worker_threads();
    tf::Shard(threads.num_threads, threads.workers, images, p.rows.in * p.columns.in * p.channels, work);
  }

  // The sum of the rows' parts that begin at `first`.
  static void AddRows(const float* rows, int64_t num_rows, int64_t row, int64_t first, tf::Tensor* total) {
    float* const to = total->unaligned_flat<float>().data();
    const int64_t n = total->NumElements();
    std::fill_n(to, n, 0.0F);
    for (int64_t i = 0; i < num_rows; ++i) {
      for (int64_t c = 0; c < n; ++c) to[c] += rows[i * row + first + c];
    }
  }

 private:
  std::vector<int32_t> size_, strides_;
  tf::Padding padding_;
  bool capped_ = false;
};

class MaxPoolBiasKernel : public PoolingKernel {
 public:
  using PoolingKernel::PoolingKernel;
  void Compute(tf::OpKernelContext* context) override {
    const tf::Tensor &x = context->input(0), &bias = context->input(1);
    Pooling p;
    OP_REQUIRES_OK(context, Fill(x.shape(), &p));
    OP_REQUIRES(context, bias.NumElements() == p.channels,
                absl::InvalidArgumentError("MaxPoolBias: one bias a channel"));
    const tf::TensorShape shape({x.dim_size(0), p.rows.out, p.columns.out, p.channels});
    tf::Tensor *y = nullptr, *where = nullptr;
    OP_REQUIRES_OK(context, context->allocate_output(0, shape, &y));
    OP_REQUIRES_OK(context, context->allocate_output(1, shape, &where));
    const int64_t in = p.rows.in * p.columns.in * p.channels, out = p.rows.out * p.columns.out * p.channels;
    ForEachImage(context, p, x.dim_size(0), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        BestMaxPoolCode().pool_forward(p, x.unaligned_flat<float>().data() + i * in,
                                       bias.unaligned_flat<float>().data(), y->unaligned_flat<float>().data() + i * out,
                                       where->unaligned_flat<int32_t>().data() + i * out);
      }
    });
  }
};

class MaxPoolBiasGradKernel : public PoolingKernel {
 public:
  using PoolingKernel::PoolingKernel;
  void Compute(tf::OpKernelContext* context) override {
    const tf::Tensor &dy = context->input(0), &where = context->input(1);
    tf::TensorShape shape;
    OP_REQUIRES_OK(context, tf::tensor::MakeShape(context->input(2), &shape));
    Pooling p;
    OP_REQUIRES_OK(context, Fill(shape, &p));
    OP_REQUIRES(context,
                dy.shape() == where.shape() &&
                    dy.shape() == tf::TensorShape({shape.dim_size(0), p.rows.out, p.columns.out, p.channels}),
                absl::InvalidArgumentError("MaxPoolBiasGrad: gradients of another shape"));
    const int64_t images = shape.dim_size(0);
    tf::Tensor *dx = nullptr, *dbias = nullptr, sums;
    OP_REQUIRES_OK(context, context->allocate_output(0, shape, &dx));
    OP_REQUIRES_OK(context, context->allocate_output(1, tf::TensorShape({p.channels}), &dbias));
    // By image, so that the sum does not depend on the number of threads.
    OP_REQUIRES_OK(context, context->allocate_temp(tf::DT_FLOAT, tf::TensorShape({images, p.channels}), &sums));
    const int64_t in = p.rows.in * p.columns.in * p.channels, out = p.rows.out * p.columns.out * p.channels;
    float* const sum = sums.unaligned_flat<float>().data();
    std::fill_n(sum, images * p.channels, 0.0F);
    ForEachImage(context, p, images, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        BestMaxPoolCode().pool_backward(p, dy.unaligned_flat<float>().data() + i * out,
                                        where.unaligned_flat<int32_t>().data() + i * out,
                                        dx->unaligned_flat<float>().data() + i * in, sum + i * p.channels);
      }
    });
    AddRows(sum, images, p.channels, 0, dbias);
  }
};

class ConvMaxPoolBiasKernel : public PoolingKernel {
 public:
  using PoolingKernel::PoolingKernel;

 protected:
  // Of an image batch and a convolution's kernel.
  absl::Status FillConv(const tf::TensorShape& x, const tf::TensorShape& kernel, Pooling* p, Convolution* conv) const {
    if (x.dims() != 4 || kernel.dims() != 4 || kernel.dim_size(2) != x.dim_size(3) ||
        x.dim_size(1) < kernel.dim_size(0) || x.dim_size(2) < kernel.dim_size(1)) {
      return absl::InvalidArgumentError("ConvMaxPoolBias: the kernel does not fit the picture");
    }
    RETURN_IF_ERROR(Fill(tf::TensorShape({x.dim_size(0), x.dim_size(1) - kernel.dim_size(0) + 1,
                                          x.dim_size(2) - kernel.dim_size(1) + 1, kernel.dim_size(3)}),
                         p));
    conv->in_columns = x.dim_size(2);
    conv->in_channels = x.dim_size(3);
    const auto fill = [&](int64_t rows, int64_t columns, int64_t channels, std::vector<int64_t>* offsets) {
      for (int64_t i = 0; i < rows; ++i) {
        for (int64_t k = 0; k < columns; ++k) {
          for (int64_t c = 0; c < channels; ++c) offsets->push_back((i * conv->in_columns + k) * conv->in_channels + c);
        }
      }
    };
    fill(kernel.dim_size(0), kernel.dim_size(1), kernel.dim_size(2), &conv->taps);
    fill(p->rows.size, p->columns.size, 1, &conv->windows);
    if (static_cast<int64_t>(conv->taps.size()) <= kMaxTaps &&
        static_cast<int64_t>(conv->windows.size()) <= kMaxConvWindow && p->rows.before == 0 && p->columns.before == 0) {
      return absl::OkStatus();
    }
    return absl::InvalidArgumentError("ConvMaxPoolBias: the kernel or the windows are too large");
  }
};

class ConvForwardKernel : public ConvMaxPoolBiasKernel {
 public:
  using ConvMaxPoolBiasKernel::ConvMaxPoolBiasKernel;
  void Compute(tf::OpKernelContext* context) override {
    const tf::Tensor &x = context->input(0), &kernel = context->input(1), &bias = context->input(2);
    Pooling p;
    Convolution conv;
    OP_REQUIRES_OK(context, FillConv(x.shape(), kernel.shape(), &p, &conv));
    OP_REQUIRES(context, bias.NumElements() == p.channels,
                absl::InvalidArgumentError("ConvMaxPoolBias: one bias a channel"));
    const tf::TensorShape shape({x.dim_size(0), p.rows.out, p.columns.out, p.channels});
    tf::Tensor *y = nullptr, *where = nullptr;
    OP_REQUIRES_OK(context, context->allocate_output(0, shape, &y));
    OP_REQUIRES_OK(context, context->allocate_output(1, shape, &where));
    const int64_t in = x.dim_size(1) * x.dim_size(2) * x.dim_size(3), out = p.rows.out * p.columns.out * p.channels;
    ForEachImage(context, p, x.dim_size(0), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        BestMaxPoolCode().conv_forward(p, conv, x.unaligned_flat<float>().data() + i * in,
                                       kernel.unaligned_flat<float>().data(), bias.unaligned_flat<float>().data(),
                                       y->unaligned_flat<float>().data() + i * out,
                                       where->unaligned_flat<int32_t>().data() + i * out);
      }
    });
  }
};

class ConvBackwardKernel : public ConvMaxPoolBiasKernel {
 public:
  using ConvMaxPoolBiasKernel::ConvMaxPoolBiasKernel;
  void Compute(tf::OpKernelContext* context) override {
    const tf::Tensor &dy = context->input(0), &where = context->input(1), &x = context->input(2);
    const tf::TensorShape kernel = context->input(3).shape();
    Pooling p;
    Convolution conv;
    OP_REQUIRES_OK(context, FillConv(x.shape(), kernel, &p, &conv));
    const int64_t images = x.dim_size(0);
    OP_REQUIRES(
        context,
        dy.shape() == where.shape() && dy.shape() == tf::TensorShape({images, p.rows.out, p.columns.out, p.channels}),
        absl::InvalidArgumentError("ConvMaxPoolBiasGrad: gradients of another shape"));
    tf::Tensor *dkernel = nullptr, *dbias = nullptr, sums;
    OP_REQUIRES_OK(context, context->allocate_output(0, kernel, &dkernel));
    OP_REQUIRES_OK(context, context->allocate_output(1, tf::TensorShape({p.channels}), &dbias));
    // By image, so that the sums do not depend on the number of threads: the kernel's, then the bias's.
    const int64_t row = kernel.num_elements() + p.channels;
    OP_REQUIRES_OK(context, context->allocate_temp(tf::DT_FLOAT, tf::TensorShape({images, row}), &sums));
    float* const sum = sums.unaligned_flat<float>().data();
    const int64_t in = x.dim_size(1) * x.dim_size(2) * x.dim_size(3), out = p.rows.out * p.columns.out * p.channels;
    ForEachImage(context, p, images, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        float* const to = sum + i * row;
        BestMaxPoolCode().conv_backward(
            p, conv, x.unaligned_flat<float>().data() + i * in, dy.unaligned_flat<float>().data() + i * out,
            where.unaligned_flat<int32_t>().data() + i * out, to, to + kernel.num_elements());
      }
    });
    AddRows(sum, images, row, 0, dkernel);
    AddRows(sum, images, row, kernel.num_elements(), dbias);
  }
};

absl::Status PooledShape(tf::shape_inference::InferenceContext* c) {
  tf::shape_inference::ShapeHandle x;
  RETURN_IF_ERROR(c->WithRank(c->input(0), 4, &x));
  std::vector<int32_t> size, strides;
  tf::Padding padding;
  RETURN_IF_ERROR(c->GetAttr("size", &size));
  RETURN_IF_ERROR(c->GetAttr("strides", &strides));
  RETURN_IF_ERROR(c->GetAttr("padding", &padding));
  tf::shape_inference::DimensionHandle dims[2];
  for (int i = 0; i < 2; ++i) {
    RETURN_IF_ERROR(tf::shape_inference::GetWindowedOutputSizeFromDims(c, c->Dim(x, 1 + i), size[i], strides[i],
                                                                       padding, &dims[i]));
  }
  const auto shape = c->MakeShape({c->Dim(x, 0), dims[0], dims[1], c->Dim(x, 3)});
  c->set_output(0, shape);
  c->set_output(1, shape);
  return absl::OkStatus();
}

REGISTER_OP("TfxmMaxPoolBias")
    .Input("x: float")
    .Input("bias: float")
    .Output("y: float")
    .Output("where: int32")
    .Attr("size: list(int) >= 2")
    .Attr("strides: list(int) >= 2")
    .Attr(tf::GetPaddingAttrString())
    .Attr("activation: {'Relu', 'Relu6'}")
    .SetShapeFn(PooledShape);
REGISTER_KERNEL_BUILDER(Name("TfxmMaxPoolBias").Device(tf::DEVICE_CPU), MaxPoolBiasKernel);

REGISTER_OP("TfxmMaxPoolBiasGrad")
    .Input("dy: float")
    .Input("where: int32")
    .Input("shape: int32")
    .Output("dx: float")
    .Output("dbias: float")
    .Attr("size: list(int) >= 2")
    .Attr("strides: list(int) >= 2")
    .Attr(tf::GetPaddingAttrString())
    .Attr("activation: {'Relu', 'Relu6'}")
    .SetShapeFn([](tf::shape_inference::InferenceContext* c) -> absl::Status {
      tf::shape_inference::ShapeHandle dy, dx;
      RETURN_IF_ERROR(c->WithRank(c->input(0), 4, &dy));
      RETURN_IF_ERROR(c->MakeShapeFromShapeTensor(2, &dx));
      c->set_output(0, dx);
      c->set_output(1, c->Vector(c->Dim(dy, 3)));
      return absl::OkStatus();
    });
REGISTER_KERNEL_BUILDER(Name("TfxmMaxPoolBiasGrad").Device(tf::DEVICE_CPU), MaxPoolBiasGradKernel);

REGISTER_OP("TfxmConvMaxPoolBias")
    .Input("x: float")
    .Input("kernel: float")
    .Input("bias: float")
    .Output("y: float")
    .Output("where: int32")
    .Attr("size: list(int) >= 2")
    .Attr("strides: list(int) >= 2")
    .Attr(tf::GetPaddingAttrString())
    .Attr("activation: {'Relu', 'Relu6'}")
    .SetShapeFn([](tf::shape_inference::InferenceContext* c) -> absl::Status {
      tf::shape_inference::ShapeHandle x, kernel;
      RETURN_IF_ERROR(c->WithRank(c->input(0), 4, &x));
      RETURN_IF_ERROR(c->WithRank(c->input(1), 4, &kernel));
      std::vector<int32_t> size, strides;
      RETURN_IF_ERROR(c->GetAttr("size", &size));
      RETURN_IF_ERROR(c->GetAttr("strides", &strides));
      tf::shape_inference::DimensionHandle dims[2];
      for (int i = 0; i < 2; ++i) {
        RETURN_IF_ERROR(tf::shape_inference::GetWindowedOutputSizeFromDims(c, c->Dim(x, 1 + i), c->Dim(kernel, i), 1,
                                                                           tf::VALID, &dims[i]));
        RETURN_IF_ERROR(
            tf::shape_inference::GetWindowedOutputSizeFromDims(c, dims[i], size[i], strides[i], tf::VALID, &dims[i]));
      }
      const auto shape = c->MakeShape({c->Dim(x, 0), dims[0], dims[1], c->Dim(kernel, 3)});
      c->set_output(0, shape);
      c->set_output(1, shape);
      return absl::OkStatus();
    });
REGISTER_KERNEL_BUILDER(Name("TfxmConvMaxPoolBias").Device(tf::DEVICE_CPU), ConvForwardKernel);

REGISTER_OP("TfxmConvMaxPoolBiasGrad")
    .Input("dy: float")
    .Input("where: int32")
    .Input("x: float")
    .Input("kernel: float")
    .Output("dkernel: float")
    .Output("dbias: float")
    .Attr("size: list(int) >= 2")
    .Attr("strides: list(int) >= 2")
    .Attr(tf::GetPaddingAttrString())
    .Attr("activation: {'Relu', 'Relu6'}")
    .SetShapeFn([](tf::shape_inference::InferenceContext* c) -> absl::Status {
      tf::shape_inference::ShapeHandle kernel;
      RETURN_IF_ERROR(c->WithRank(c->input(3), 4, &kernel));
      c->set_output(0, kernel);
      c->set_output(1, c->Vector(c->Dim(kernel, 3)));
      return absl::OkStatus();
    });
REGISTER_KERNEL_BUILDER(Name("TfxmConvMaxPoolBiasGrad").Device(tf::DEVICE_CPU), ConvBackwardKernel);

// `type` of dy, the windows' largest and `inputs`, with the attributes of `op`.
absl::StatusOr<tf::Node*> AddGradient(const tf::Scope& scope, const char* type, const tf::Operation& op,
                                      const tf::Output& dy, const std::vector<tf::Output>& inputs) {
  tf::NodeBuilder builder(scope.GetUniqueNameForOp(type), type);
  builder.Input(dy.node(), dy.index()).Input(op.node(), 1);
  for (const tf::Output& input : inputs) builder.Input(input.node(), input.index());
  for (const char* attr : {"size", "strides", "padding", "activation"})
    builder.Attr(attr, *op.node()->attrs().Find(attr));
  scope.UpdateBuilder(&builder);
  tf::Node* node = nullptr;
  scope.UpdateStatus(builder.Finalize(scope.graph(), &node));
  RETURN_IF_ERROR(scope.status());
  scope.UpdateStatus(scope.DoShapeInference(node));
  RETURN_IF_ERROR(scope.status());
  return node;
}

// There is none of the pictures: ConvMaxPoolBias is for what no weight has gone into.
absl::Status ConvMaxPoolBiasGradient(const tf::Scope& scope, const tf::Operation& op,
                                     const std::vector<tf::Output>& grads, std::vector<tf::Output>* results) {
  ASSIGN_OR_RETURN(tf::Node* const node,
                   AddGradient(scope, "TfxmConvMaxPoolBiasGrad", op, grads[0], {op.input(0), op.input(1)}));
  *results = {tf::NoGradient(), tf::Output(node, 0), tf::Output(node, 1)};
  return scope.status();
}
REGISTER_GRADIENT_OP("TfxmConvMaxPoolBias", ConvMaxPoolBiasGradient);

absl::Status MaxPoolBiasGradient(const tf::Scope& scope, const tf::Operation& op, const std::vector<tf::Output>& grads,
                                 std::vector<tf::Output>* results) {
  const tf::ops::Shape shape(scope, op.input(0));
  ASSIGN_OR_RETURN(tf::Node* const node, AddGradient(scope, "TfxmMaxPoolBiasGrad", op, grads[0], {shape.output}));
  *results = {tf::Output(node, 0), tf::Output(node, 1)};
  return scope.status();
}
REGISTER_GRADIENT_OP("TfxmMaxPoolBias", MaxPoolBiasGradient);

}  // namespace

bool CanMaxPoolBias(const Tensor& x, const std::vector<int64_t>& size) {
  return x.dtype() == DataType::kFloat && x.rank() == 4 && size[0] * size.back() <= kMaxWindow;
}

Tensor MaxPoolBias(const Tensor& x, const Tensor& bias, const std::vector<int64_t>& size,
                   const std::vector<int64_t>& strides, absl::string_view padding, absl::string_view activation) {
  return Op(kMaxPoolBias, {x, bias},
            {{"size", std::vector<int64_t>{size[0], size.back()}},
             {"strides", std::vector<int64_t>{strides[0], strides.back()}},
             {"padding", padding},
             {"activation", activation}});
}

bool CanConvMaxPoolBias(const Tensor& x, const Shape& kernel, const std::vector<int64_t>& size,
                        const std::vector<int64_t>& strides) {
  const auto apart = [&](size_t i) {
    return strides[std::min(i, strides.size() - 1)] >= size[std::min(i, size.size() - 1)];
  };
  return x.dtype() == DataType::kFloat && x.rank() == 4 && kernel.size() == 4 &&
         kernel[0] * kernel[1] * kernel[2] <= kMaxTaps && kernel[3] >= kLanes &&
         size[0] * size.back() <= kMaxConvWindow && apart(0) && apart(1);
}

Tensor ConvMaxPoolBias(const Tensor& x, const Tensor& kernel, const Tensor& bias, const std::vector<int64_t>& size,
                       const std::vector<int64_t>& strides, absl::string_view activation) {
  return Op(kConvMaxPoolBias, {x, kernel, bias},
            {{"size", std::vector<int64_t>{size[0], size.back()}},
             {"strides", std::vector<int64_t>{strides[0], strides.back()}},
             {"padding", "VALID"},
             {"activation", activation}});
}

}  // namespace tfxm::ops::internal
