// SPDX-License-Identifier: Apache-2.0

// How often each number occurs, in bounded memory; quantiles come from it.
//
//   ValueHistogram<int64_t> histogram(/*max_buckets=*/1 << 14);
//   histogram.Add(2.5, 1);
//   for (const WeightedValue& v : histogram.Sorted(min, max)) …
//
// Exact as long as there are at most max_buckets distinct numbers. Beyond, numbers that agree in all but their
// `dropped_bits` lowest bits (of the IEEE double) share a bucket, with the smallest dropped_bits for which the buckets
// suffice. That number and the counts depend on the set of the numbers only, not on their order or on how they were
// split over histograms that were merged: any sharding gives the same result, which sketches with a rank guarantee (as
// TFDV's, within epsilon = 0.01) do not. A quantile then is off by at most half a bucket, 2^(dropped_bits - 53) of its
// value. With the default of 2^14 buckets dropped_bits <= 50 (1/8 of the value) in the worst case, numbers spread over
// all 4,096 signs and exponents; numbers within a factor of two keep 13 bits (1e-4).
//
// The rank error of a quantile is at most its bucket's share of the numbers: for 200,000 different normal, lognormal
// (sigma 5) and uniform numbers at most 0.012 % at any decile (TFDV 1.15: 0.014 %). Smallest and largest number, and
// zero, are exact always.
//
// W is int64_t for counts or Weight for weights. Not synchronized.
#ifndef TFXM_STATISTICS_ACCUMULATE_VALUE_HISTOGRAM_H_
#define TFXM_STATISTICS_ACCUMULATE_VALUE_HISTOGRAM_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "tfxm/util/coding/state.h"

namespace tfxm::statistics {

// A sum of weights in units of 2^-64, saturating at 2^62: integer, so that the order of additions does not matter.
using Weight = __int128;
inline constexpr Weight kMaxWeight = Weight{1} << 126;
Weight ToWeight(double weight);
double WeightValue(Weight weight);
inline double WeightValue(int64_t count) { return static_cast<double>(count); }

struct WeightedValue {
  double value;
  double weight;
};

template <typename W>
class ValueHistogram {
 public:
  explicit ValueHistogram(int max_buckets = 1 << 14) : max_buckets_(max_buckets), slots_(16) {}

  // `value` may be infinite but not NaN. Zero and negative weights do not count.
  void Add(double value, W weight) {
    if (weight > 0) AddKey(KeyOf(value) & kept_bits_, weight);
  }
  void Merge(const ValueHistogram& other);
  // util/coding/state.h. Loaded into one with the same max_buckets.
  void Save(StateWriter* writer) const;
  void Load(StateReader* reader);

  bool empty() const { return used_ == 0; }
  // 0 while exact.
  int dropped_bits() const;
  // By increasing value, equal ones joined. min and max: of all the values added.
  std::vector<WeightedValue> Sorted(double min, double max) const;

 private:
  struct Slot {
    uint64_t key = 0;  // Orders as the double does; the dropped bits are 0.
    W weight = 0;      // 0: the slot is free.
  };
  // Keys order as the numbers do: negative ones have all bits flipped, the others the sign only. -0 becomes 0.
  static uint64_t KeyOf(double value) {
    const uint64_t bits = std::bit_cast<uint64_t>(value + 0.0);
    return bits ^ (static_cast<uint64_t>(static_cast<int64_t>(bits) >> 63) | (uint64_t{1} << 63));
  }
  // The multiplication carries the high bits, where most numbers differ, to the top, whence the slot is taken.
  size_t SlotOf(uint64_t key) const { return ((key ^ (key >> 32)) * 0x9E3779B97F4A7C15u) >> shift_; }
  void AddKey(uint64_t key, W weight) {
    Slot& slot = slots_[SlotOf(key)];
    if (slot.key != key || slot.weight == 0) {
      AddElsewhere(key, weight);
    } else {
      Increase(weight, &slot.weight);
    }
  }
  static void Increase(W weight, W* sum) {
    *sum += weight;
    if constexpr (sizeof(W) == sizeof(Weight)) {
      if (*sum > kMaxWeight) *sum = kMaxWeight;
    }
  }
  std::vector<Slot> SortedSlots() const;
  void AddElsewhere(uint64_t key, W weight);
  void Rebuild(size_t num_slots, int dropped_bits);
  void DropBits();
  // Dropping bits takes a sort of the keys, and right after it there is room for few: so half as many buckets more are
  // kept until then. What is read has been brought down to max_buckets.
  bool IsSettled() const { return used_ <= max_buckets_; }
  // A small table, as that of a picture's 256 values, has more room, so that hardly two keys want one slot.
  bool IsCrowded() const {
    constexpr size_t kSmall = 2048;
    return static_cast<size_t>(used_) * (slots_.size() < kSmall ? 8 : 2) > slots_.size();
  }
  ValueHistogram Settled() const;

  int max_buckets_;
  int used_ = 0;
  int dropped_bits_ = 0;
  uint64_t kept_bits_ = ~uint64_t{0};
  int shift_ = 60;           // 64 - log2(slots_.size())
  std::vector<Slot> slots_;  // Open addressing; the size is a power of two.
};

extern template class ValueHistogram<int64_t>;
extern template class ValueHistogram<Weight>;

}  // namespace tfxm::statistics

#endif  // TFXM_STATISTICS_ACCUMULATE_VALUE_HISTOGRAM_H_
