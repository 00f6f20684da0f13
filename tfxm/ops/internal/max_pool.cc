// SPDX-License-Identifier: Apache-2.0

#include "tfxm/ops/internal/max_pool.h"

#include <algorithm>
#include <cstring>

#include "tensorflow/cc/framework/grad_op_registry.h"
#include "tensorflow/cc/ops/array_ops.h"
#include "tensorflow/core/framework/common_shape_fns.h"
#include "tensorflow/core/framework/kernel_shape_util.h"
#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/framework/op_kernel.h"
#include "tensorflow/core/framework/tensor_util.h"
#include "tensorflow/core/graph/node_builder.h"
#include "tensorflow/core/util/work_sharder.h"
#include "tfxm/ops/graph.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::ops::internal {
namespace {

namespace tf = ::tensorflow;

// Which pixel of its window was the largest; kNone if the activation lets no gradient through.
constexpr int32_t kNone = -1;
constexpr int64_t kMaxWindow = 64;

// One dimension of the windows: output i takes the inputs from i * stride - before on, as many as there are.
struct Windows {
  int64_t in = 0, out = 0, size = 1, stride = 1, before = 0;
  int64_t begin(int64_t i) const { return std::max<int64_t>(i * stride - before, 0); }
  int64_t end(int64_t i) const { return std::min(i * stride - before + size, in); }
  int64_t number(int64_t i, int64_t at) const { return at - (i * stride - before); }  // Within the window.
  bool overlap() const { return stride < size; }
  // Each input is in one window.
  bool tile() const { return stride == size && before == 0 && out * stride >= in; }
};

struct Pooling {
  Windows rows, columns;
  int64_t channels = 0;
  bool capped = false;  // ReLU6.
};

// Vectors of the compiler, which become what the machine has.
constexpr int kLanes = 16;
using FloatLanes = float __attribute__((vector_size(kLanes * sizeof(float))));
using IntLanes = int32_t __attribute__((vector_size(kLanes * sizeof(int32_t))));

#define TFXM_INLINE inline __attribute__((always_inline))

// The pixels of a window.
struct Window {
  int count = 0;
  int64_t offset[kMaxWindow];  // From the image's first number.
  int32_t number[kMaxWindow];
};
TFXM_INLINE void FillWindow(const Pooling& p, int64_t row, int64_t column, Window* window) {
  window->count = 0;
  for (int64_t i = p.rows.begin(row); i < p.rows.end(row); ++i) {
    for (int64_t k = p.columns.begin(column); k < p.columns.end(column); ++k) {
      window->offset[window->count] = (i * p.columns.in + k) * p.channels;
      window->number[window->count++] =
          static_cast<int32_t>(p.rows.number(row, i) * p.columns.size + p.columns.number(column, k));
    }
  }
}

// kLanes channels, or n < kLanes of them.
template <bool all, typename Lanes, typename T>
TFXM_INLINE void Load(const T* from, int64_t n, Lanes& lanes) {
  if (!all) lanes = Lanes{};
  std::memcpy(&lanes, from, all ? sizeof(lanes) : static_cast<size_t>(n) * sizeof(T));
}
template <bool all, typename Lanes, typename T>
TFXM_INLINE void Store(const Lanes& lanes, int64_t n, T* to) {
  std::memcpy(to, &lanes, all ? sizeof(lanes) : static_cast<size_t>(n) * sizeof(T));
}

template <bool all>
TFXM_INLINE void ForwardLanes(const Window& window, bool capped, int64_t n, const float* x, const float* bias, float* y,
                              int32_t* where) {
  FloatLanes best, value;
  Load<all>(x + window.offset[0], n, best);
  IntLanes index = IntLanes{} + window.number[0];
  for (int i = 1; i < window.count; ++i) {
    Load<all>(x + window.offset[i], n, value);
    const IntLanes larger = value > best;
    best = larger ? value : best;
    index = larger ? IntLanes{} + window.number[i] : index;
  }
  Load<all>(bias, n, value);
  best += value;
  // Not "> 0", so that NaN stays NaN.
  const IntLanes negative = best <= 0;
  best = negative ? FloatLanes{} : best;
  index = negative ? IntLanes{} + kNone : index;
  if (capped) {
    const IntLanes large = best >= 6;
    best = large ? FloatLanes{} + 6 : best;
    index = large ? IntLanes{} + kNone : index;
  }
  Store<all>(best, n, y);
  Store<all>(index, n, where);
}

TFXM_INLINE void ForwardBody(const Pooling& p, const float* x, const float* bias, float* y, int32_t* where) {
  Window window;
  for (int64_t r = 0; r < p.rows.out; ++r) {
    for (int64_t q = 0; q < p.columns.out; ++q, y += p.channels, where += p.channels) {
      FillWindow(p, r, q, &window);
      int64_t c = 0;
      for (; c + kLanes <= p.channels; c += kLanes)
        ForwardLanes<true>(window, p.capped, kLanes, x + c, bias + c, y + c, where + c);
      if (c < p.channels) ForwardLanes<false>(window, p.capped, p.channels - c, x + c, bias + c, y + c, where + c);
    }
  }
}

template <bool all>
TFXM_INLINE void BackwardLanes(const Window& window, bool add, int64_t n, const float* dy, const int32_t* where,
                               float* dx, float* dbias) {
  FloatLanes gradient, value;
  IntLanes index;
  Load<all>(dy, n, gradient);
  Load<all>(where, n, index);
  Load<all>(dbias, n, value);
  value += index == kNone ? FloatLanes{} : gradient;
  Store<all>(value, n, dbias);
  for (int i = 0; i < window.count; ++i) {
    float* const to = dx + window.offset[i];
    value = index == window.number[i] ? gradient : FloatLanes{};
    if (add) {
      FloatLanes before;
      Load<all>(to, n, before);
      value += before;
    }
    Store<all>(value, n, to);
  }
}

TFXM_INLINE void BackwardBody(const Pooling& p, const float* dy, const int32_t* where, float* dx, float* dbias) {
  if (!p.rows.tile() || !p.columns.tile()) std::fill_n(dx, p.rows.in * p.columns.in * p.channels, 0.0F);
  const bool add = p.rows.overlap() || p.columns.overlap();
  Window window;
  for (int64_t r = 0; r < p.rows.out; ++r) {
    for (int64_t q = 0; q < p.columns.out; ++q, dy += p.channels, where += p.channels) {
      FillWindow(p, r, q, &window);
      int64_t c = 0;
      for (; c + kLanes <= p.channels; c += kLanes)
        BackwardLanes<true>(window, add, kLanes, dy + c, where + c, dx + c, dbias + c);
      if (c < p.channels) BackwardLanes<false>(window, add, p.channels - c, dy + c, where + c, dx + c, dbias + c);
    }
  }
}

// An image; the same code for what the machine has. Results are the same: there is nothing to be fused or reordered.
#if defined(__x86_64__)
#define TFXM_TARGETS 1
__attribute__((target("avx512f,avx512bw,avx512vl"))) void Forward512(const Pooling& p, const float* x,
                                                                     const float* bias, float* y, int32_t* where) {
  ForwardBody(p, x, bias, y, where);
}
__attribute__((target("avx512f,avx512bw,avx512vl"))) void Backward512(const Pooling& p, const float* dy,
                                                                      const int32_t* where, float* dx, float* dbias) {
  BackwardBody(p, dy, where, dx, dbias);
}
__attribute__((target("avx2"))) void Forward256(const Pooling& p, const float* x, const float* bias, float* y,
                                                int32_t* where) {
  ForwardBody(p, x, bias, y, where);
}
__attribute__((target("avx2"))) void Backward256(const Pooling& p, const float* dy, const int32_t* where, float* dx,
                                                 float* dbias) {
  BackwardBody(p, dy, where, dx, dbias);
}
#endif
void ForwardPlain(const Pooling& p, const float* x, const float* bias, float* y, int32_t* where) {
  ForwardBody(p, x, bias, y, where);
}
void BackwardPlain(const Pooling& p, const float* dy, const int32_t* where, float* dx, float* dbias) {
  BackwardBody(p, dy, where, dx, dbias);
}

struct Code {
  decltype(&ForwardPlain) forward = &ForwardPlain;
  decltype(&BackwardPlain) backward = &BackwardPlain;
};
const Code& BestCode() {
  static const Code code = [] {
    Code best;
#ifdef TFXM_TARGETS
    if (__builtin_cpu_supports("avx2")) best = {&Forward256, &Backward256};
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
      best = {&Forward512, &Backward512};
#endif
    return best;
  }();
  return code;
}

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
        BestCode().forward(p, x.unaligned_flat<float>().data() + i * in, bias.unaligned_flat<float>().data(),
                           y->unaligned_flat<float>().data() + i * out,
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
        BestCode().backward(p, dy.unaligned_flat<float>().data() + i * out,
                            where.unaligned_flat<int32_t>().data() + i * out,
                            dx->unaligned_flat<float>().data() + i * in, sum + i * p.channels);
      }
    });
    float* const total = dbias->unaligned_flat<float>().data();
    std::fill_n(total, p.channels, 0.0F);
    for (int64_t i = 0; i < images; ++i) {
      for (int64_t c = 0; c < p.channels; ++c) total[c] += sum[i * p.channels + c];
    }
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

absl::Status MaxPoolBiasGradient(const tf::Scope& scope, const tf::Operation& op, const std::vector<tf::Output>& grads,
                                 std::vector<tf::Output>* results) {
  const tf::ops::Shape shape(scope, op.input(0));
  tf::NodeBuilder builder(scope.GetUniqueNameForOp("MaxPoolBiasGrad"), "TfxmMaxPoolBiasGrad");
  builder.Input(grads[0].node(), grads[0].index()).Input(op.node(), 1).Input(shape.output.node());
  for (const char* attr : {"size", "strides", "padding", "activation"})
    builder.Attr(attr, *op.node()->attrs().Find(attr));
  scope.UpdateBuilder(&builder);
  tf::Node* node = nullptr;
  scope.UpdateStatus(builder.Finalize(scope.graph(), &node));
  RETURN_IF_ERROR(scope.status());
  scope.UpdateStatus(scope.DoShapeInference(node));
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

}  // namespace tfxm::ops::internal
