// SPDX-License-Identifier: Apache-2.0

// The arithmetic of max_pool.h, one picture at a time, in the best code for the processor.
#ifndef TFXM_OPS_INTERNAL_MAX_POOL_KERNELS_H_
#define TFXM_OPS_INTERNAL_MAX_POOL_KERNELS_H_

#include <algorithm>
#include <cstdint>
#include <vector>

namespace tfxm::ops::internal {

// Which pixel of its window was the largest; kNone if the activation lets no gradient through.
inline constexpr int32_t kNone = -1;
inline constexpr int64_t kMaxWindow = 64;
// The lanes of a vector: channels at a time.
inline constexpr int kLanes = 16;
// Of a convolution that is computed here: how many numbers an output is made of, and the pixels of a window.
inline constexpr int64_t kMaxTaps = 32, kMaxConvWindow = 9;

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

// The same for a convolution of few inputs before it, which is computed where it is needed.
struct Convolution {
  int64_t in_columns = 0, in_channels = 0;
  std::vector<int64_t> taps;     // Where the kernel's inputs are, from the first on.
  std::vector<int64_t> windows;  // Where the windows' pixels are.
  int64_t offset(const Pooling& p, int64_t row, int64_t column) const {
    return (row * p.rows.stride * in_columns + column * p.columns.stride) * in_channels;
  }
};

// `where` says which pixel of its window each of y is. Gradients of bias and kernel: PoolBackward adds, ConvBackward sets.
struct MaxPoolCode {
  void (*pool_forward)(const Pooling& p, const float* x, const float* bias, float* y, int32_t* where);
  void (*pool_backward)(const Pooling& p, const float* dy, const int32_t* where, float* dx, float* dbias);
  void (*conv_forward)(const Pooling& p, const Convolution& conv, const float* x, const float* kernel,
                       const float* bias, float* y, int32_t* where);
  void (*conv_backward)(const Pooling& p, const Convolution& conv, const float* x, const float* dy,
                        const int32_t* where, float* dkernel, float* dbias);
};
const MaxPoolCode& BestMaxPoolCode();

}  // namespace tfxm::ops::internal

#endif  // TFXM_OPS_INTERNAL_MAX_POOL_KERNELS_H_
