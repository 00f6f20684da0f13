// SPDX-License-Identifier: Apache-2.0

// A sum of doubles whose result does not depend on the order of the additions or on how they were split up and merged:
// every addend is kept exactly and only the result is rounded, once, to nearest. Accumulators are built on it, so that
// any sharding gives the same bits.
//
//   ExactSum a, b;  a.Add(1e100); a.Add(1); b.Add(-1e100);  a.Merge(b);  // a.Value() == 1
//
// After R. M. Neal, "Fast exact summation using small and large superaccumulators" (2015): the small superaccumulator,
// 67 chunks of 64 bits that overlap by 32. An addition costs about 2 ns. Infinities and NaN are counted and give what
// IEEE addition would, in any order. Not thread safe.
#ifndef TFXM_UTIL_NUMERIC_EXACT_SUM_H_
#define TFXM_UTIL_NUMERIC_EXACT_SUM_H_

#include <array>
#include <cstdint>

#include "tfxm/util/coding/state.h"

namespace tfxm {

class ExactSum {
 public:
  void Add(double x);
  // x * count, exactly as if added `count` times.
  void AddTimes(double x, int64_t count);
  // a * b without rounding the product (two additions, by fused multiply-add). Exact unless the product underflows.
  void AddProduct(double a, double b);
  void Merge(const ExactSum& other);
  double Value() const;

  // Some 10 bytes for each of the chunks in use, which are few; equal sums have equal bytes (util/coding/state.h).
  void Save(StateWriter* writer) const;
  void Load(StateReader* reader);

 private:
  void Propagate();
  static constexpr int kChunks = 67;
  std::array<int64_t, kChunks> chunk_{};
  int adds_until_propagate_ = (1 << 10) - 1;
  bool nan_ = false, positive_infinity_ = false, negative_infinity_ = false;
};

}  // namespace tfxm

#endif  // TFXM_UTIL_NUMERIC_EXACT_SUM_H_
