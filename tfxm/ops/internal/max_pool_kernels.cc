// SPDX-License-Identifier: Apache-2.0

#include "tfxm/ops/internal/max_pool_kernels.h"

#include <cstring>

namespace tfxm::ops::internal {
namespace {

// Vectors of the compiler, which become what the machine has.
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

TFXM_INLINE void Activate(bool capped, const FloatLanes& x, const IntLanes& where, FloatLanes* y, IntLanes* index) {
  // Not "> 0", so that NaN stays NaN.
  const IntLanes negative = x <= 0;
  *y = negative ? FloatLanes{} : x;
  *index = negative ? IntLanes{} + kNone : where;
  if (!capped) return;
  const IntLanes large = x >= 6;
  *y = large ? FloatLanes{} + 6 : *y;
  *index = large ? IntLanes{} + kNone : *index;
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
  Activate(capped, best + value, index, &best, &index);
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

template <bool all>
TFXM_INLINE void ConvForwardLanes(const Pooling& p, const Convolution& conv, int64_t n, const float* x,
                                  const float* kernel, const float* bias, float* y, int32_t* where) {
  FloatLanes best = {}, weights, sums[kMaxConvWindow];
  IntLanes index = {};
  const int count = static_cast<int>(conv.windows.size()), taps = static_cast<int>(conv.taps.size());
  if (count == 4) {
    // The usual one, whose sums stay in registers.
    FloatLanes a = {}, b = {}, c = {}, d = {};
    const float *xa = x + conv.windows[0], *xb = x + conv.windows[1], *xc = x + conv.windows[2],
                *xd = x + conv.windows[3];
    for (int t = 0; t < taps; ++t) {
      Load<all>(kernel + t * p.channels, n, weights);
      const int64_t tap = conv.taps[t];
      a += weights * xa[tap];
      b += weights * xb[tap];
      c += weights * xc[tap];
      d += weights * xd[tap];
    }
    sums[0] = a, sums[1] = b, sums[2] = c, sums[3] = d;
  } else {
    for (int i = 0; i < count; ++i) {
      sums[i] = FloatLanes{};
      for (int t = 0; t < taps; ++t) {
        Load<all>(kernel + t * p.channels, n, weights);
        sums[i] += weights * x[conv.windows[i] + conv.taps[t]];
      }
    }
  }
  best = sums[0];
  for (int i = 1; i < count; ++i) {
    const IntLanes larger = sums[i] > best;
    best = larger ? sums[i] : best;
    index = larger ? IntLanes{} + i : index;
  }
  Load<all>(bias, n, weights);
  Activate(p.capped, best + weights, index, &best, &index);
  Store<all>(best, n, y);
  Store<all>(index, n, where);
}

TFXM_INLINE void ConvForwardBody(const Pooling& p, const Convolution& conv, const float* x, const float* kernel,
                                 const float* bias, float* y, int32_t* where) {
  for (int64_t r = 0; r < p.rows.out; ++r) {
    for (int64_t q = 0; q < p.columns.out; ++q, y += p.channels, where += p.channels) {
      const float* const from = x + conv.offset(p, r, q);
      int64_t c = 0;
      for (; c + kLanes <= p.channels; c += kLanes)
        ConvForwardLanes<true>(p, conv, kLanes, from, kernel + c, bias + c, y + c, where + c);
      if (c < p.channels)
        ConvForwardLanes<false>(p, conv, p.channels - c, from, kernel + c, bias + c, y + c, where + c);
    }
  }
}

// Adds to the gradients of kernel and bias.
template <bool all>
TFXM_INLINE void ConvBackwardLanes(const Pooling& p, const Convolution& conv, int64_t n, const float* x,
                                   const float* dy, const int32_t* where, float* dkernel, float* dbias) {
  FloatLanes sums[kMaxTaps] = {}, bias = {}, gradient, parts[kMaxConvWindow];
  IntLanes index;
  const int count = static_cast<int>(conv.windows.size()), taps = static_cast<int>(conv.taps.size());
  for (int64_t r = 0; r < p.rows.out; ++r) {
    for (int64_t q = 0; q < p.columns.out; ++q, dy += p.channels, where += p.channels) {
      const float* const from = x + conv.offset(p, r, q);
      Load<all>(dy, n, gradient);
      Load<all>(where, n, index);
      bias += index == kNone ? FloatLanes{} : gradient;
      for (int i = 0; i < count; ++i) parts[i] = index == i ? gradient : FloatLanes{};
      if (count == 4) {
        const float *xa = from + conv.windows[0], *xb = from + conv.windows[1], *xc = from + conv.windows[2],
                    *xd = from + conv.windows[3];
        for (int t = 0; t < taps; ++t) {
          const int64_t tap = conv.taps[t];
          sums[t] += (parts[0] * xa[tap] + parts[1] * xb[tap]) + (parts[2] * xc[tap] + parts[3] * xd[tap]);
        }
        continue;
      }
      for (int t = 0; t < taps; ++t) {
        for (int i = 0; i < count; ++i) sums[t] += parts[i] * from[conv.windows[i] + conv.taps[t]];
      }
    }
  }
  for (int t = 0; t < taps; ++t) Store<all>(sums[t], n, dkernel + t * p.channels);
  Store<all>(bias, n, dbias);
}

TFXM_INLINE void ConvBackwardBody(const Pooling& p, const Convolution& conv, const float* x, const float* dy,
                                  const int32_t* where, float* dkernel, float* dbias) {
  int64_t c = 0;
  for (; c + kLanes <= p.channels; c += kLanes)
    ConvBackwardLanes<true>(p, conv, kLanes, x, dy + c, where + c, dkernel + c, dbias + c);
  if (c < p.channels) ConvBackwardLanes<false>(p, conv, p.channels - c, x, dy + c, where + c, dkernel + c, dbias + c);
}

// An image; the same code for what the machine has.
#define TFXM_KERNELS(name, target)                                                                               \
  target void Forward##name(const Pooling& p, const float* x, const float* bias, float* y, int32_t* where) {     \
    ForwardBody(p, x, bias, y, where);                                                                           \
  }                                                                                                              \
  target void Backward##name(const Pooling& p, const float* dy, const int32_t* where, float* dx, float* dbias) { \
    BackwardBody(p, dy, where, dx, dbias);                                                                       \
  }                                                                                                              \
  target void ConvForward##name(const Pooling& p, const Convolution& conv, const float* x, const float* kernel,  \
                                const float* bias, float* y, int32_t* where) {                                   \
    ConvForwardBody(p, conv, x, kernel, bias, y, where);                                                         \
  }                                                                                                              \
  target void ConvBackward##name(const Pooling& p, const Convolution& conv, const float* x, const float* dy,     \
                                 const int32_t* where, float* dkernel, float* dbias) {                           \
    ConvBackwardBody(p, conv, x, dy, where, dkernel, dbias);                                                     \
  }
TFXM_KERNELS(Plain, )
#if defined(__x86_64__)
TFXM_KERNELS(256, __attribute__((target("avx2,fma"))))
TFXM_KERNELS(512, __attribute__((target("avx512f,avx512bw,avx512vl,fma"))))
#endif

}  // namespace

const MaxPoolCode& BestMaxPoolCode() {
  static const MaxPoolCode code = [] {
    MaxPoolCode best = {&ForwardPlain, &BackwardPlain, &ConvForwardPlain, &ConvBackwardPlain};
#if defined(__x86_64__)
    const bool fma = __builtin_cpu_supports("fma");
    if (fma && __builtin_cpu_supports("avx2")) best = {&Forward256, &Backward256, &ConvForward256, &ConvBackward256};
    if (fma && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl")) {
      best = {&Forward512, &Backward512, &ConvForward512, &ConvBackward512};
    }
#endif
    return best;
  }();
  return code;
}

}  // namespace tfxm::ops::internal
