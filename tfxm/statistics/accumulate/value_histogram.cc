// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/accumulate/value_histogram.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

namespace tfxm::statistics {
namespace {

constexpr uint64_t kSign = uint64_t{1} << 63;
constexpr double kWeightUnits = 18446744073709551616.0;  // 2^64
constexpr int kMaxDroppedBits = 52, kSignsAndExponents = 4096;  // Signs and exponents are always kept apart.

double ValueOf(uint64_t key) { return std::bit_cast<double>(key & kSign ? key & ~kSign : ~key); }

// A number in the middle of the bucket that starts at `key`.
double BucketValue(uint64_t key, int dropped_bits) {
  const double low = ValueOf(key);
  const double high = ValueOf(key | ((uint64_t{1} << dropped_bits) - 1));
  if (dropped_bits == 0 || low == 0 || std::isinf(low)) return low;
  // Buckets of negative numbers have the larger magnitude first; -infinity, alone in the mantissa, is their last key.
  if (std::isnan(low) || std::isinf(high)) return high;
  return low + (high - low) / 2;
}

}  // namespace

Weight ToWeight(double weight) {
  if (weight >= 0x1p62) return kMaxWeight;
  if (weight <= -0x1p62) return -kMaxWeight;
  return static_cast<Weight>(std::nearbyint(weight * kWeightUnits));
}

double WeightValue(Weight weight) { return static_cast<double>(weight) / kWeightUnits; }

template <typename W>
void ValueHistogram<W>::AddElsewhere(uint64_t key, W weight) {
  const size_t mask = slots_.size() - 1;
  size_t i = SlotOf(key);
  while (slots_[i].weight != 0 && slots_[i].key != key) i = (i + 1) & mask;
  Slot& slot = slots_[i];
  if (slot.weight == 0) {
    slot.key = key;
    ++used_;
  }
  Increase(weight, &slot.weight);
  if (used_ > max_buckets_ + max_buckets_ / 2) {
    DropBits();
  } else if (IsCrowded() && slots_.size() < 2 * std::bit_ceil(static_cast<size_t>(max_buckets_))) {
    Rebuild(slots_.size() * 2, dropped_bits_);
  }
}

template <typename W>
void ValueHistogram<W>::Rebuild(size_t num_slots, int dropped_bits) {
  const std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(num_slots));
  shift_ = 64 - std::countr_zero(num_slots);
  used_ = 0;
  dropped_bits_ = dropped_bits;
  kept_bits_ = ~((uint64_t{1} << dropped_bits) - 1);
  for (const Slot& slot : old) {
    if (slot.weight != 0) AddKey(slot.key & kept_bits_, slot.weight);
  }
}

template <typename W>
void ValueHistogram<W>::DropBits() {
  std::vector<uint64_t> keys;
  keys.reserve(used_);
  for (const Slot& slot : slots_) {
    if (slot.weight != 0) keys.push_back(slot.key);
  }
  std::sort(keys.begin(), keys.end());
  // Two neighbours stay apart when b bits are dropped if their highest different bit is bit b or above.
  std::array<int, 64> highest_difference{};
  for (size_t i = 1; i < keys.size(); ++i) ++highest_difference[63 - std::countl_zero(keys[i - 1] ^ keys[i])];
  int bits = dropped_bits_, buckets = 1;
  for (int b = bits; b < 64; ++b) buckets += highest_difference[b];
  while (buckets > max_buckets_ && bits < kMaxDroppedBits) buckets -= highest_difference[bits++];
  if (bits == kMaxDroppedBits) max_buckets_ = std::max(max_buckets_, kSignsAndExponents);
  Rebuild(slots_.size(), bits);
}

template <typename W>
ValueHistogram<W> ValueHistogram<W>::Settled() const {
  ValueHistogram settled = *this;
  if (!IsSettled()) settled.DropBits();
  return settled;
}

template <typename W>
int ValueHistogram<W>::dropped_bits() const {
  return Settled().dropped_bits_;
}

template <typename W>
void ValueHistogram<W>::Merge(const ValueHistogram& other) {
  if (other.dropped_bits_ > dropped_bits_) Rebuild(slots_.size(), other.dropped_bits_);
  for (const Slot& slot : other.slots_) {
    if (slot.weight != 0) AddKey(slot.key & kept_bits_, slot.weight);
  }
}

template <typename W>
std::vector<typename ValueHistogram<W>::Slot> ValueHistogram<W>::SortedSlots() const {
  std::vector<Slot> used;
  used.reserve(used_);
  for (const Slot& slot : slots_) {
    if (slot.weight != 0) used.push_back(slot);
  }
  std::sort(used.begin(), used.end(), [](const Slot& a, const Slot& b) { return a.key < b.key; });
  return used;
}

template <typename W>
void ValueHistogram<W>::Save(StateWriter* writer) const {
  if (!IsSettled()) return Settled().Save(writer);
  writer->Write(dropped_bits_, static_cast<uint64_t>(used_));
  uint64_t last = 0;
  for (const Slot& slot : SortedSlots()) {
    writer->Write((slot.key - last) >> dropped_bits_, slot.weight);
    last = slot.key;
  }
}

template <typename W>
void ValueHistogram<W>::Load(StateReader* reader) {
  constexpr W kLargest = sizeof(W) == sizeof(Weight) ? static_cast<W>(kMaxWeight) : static_cast<W>(kMaxStateCount);
  int dropped_bits;
  reader->Read(&dropped_bits);
  const size_t n = reader->ReadSize();
  if (dropped_bits < 0 || dropped_bits > kMaxDroppedBits) return reader->Fail("it has a histogram that cannot be");
  if (dropped_bits == kMaxDroppedBits) max_buckets_ = std::max(max_buckets_, kSignsAndExponents);
  if (n > static_cast<size_t>(max_buckets_)) return reader->Fail("it has a histogram with too many buckets");
  slots_.assign(16, Slot());
  Rebuild(16, dropped_bits);
  const uint64_t smallest = KeyOf(-std::numeric_limits<double>::infinity()) & kept_bits_;
  const uint64_t largest = KeyOf(std::numeric_limits<double>::infinity());
  uint64_t last = 0;
  for (size_t i = 0; i < n && reader->ok(); ++i) {
    uint64_t step;
    W weight;
    reader->Read(&step, &weight);
    const uint64_t key = last + (step << dropped_bits);
    if ((i > 0 && key <= last) || step > (largest - last) >> dropped_bits || key < smallest || weight <= 0 ||
        weight > kLargest) {
      return reader->Fail("it has a histogram that cannot be");
    }
    AddKey(key, weight);
    last = key;
  }
}

template <typename W>
std::vector<WeightedValue> ValueHistogram<W>::Sorted(double min, double max) const {
  if (!IsSettled()) return Settled().Sorted(min, max);
  const std::vector<Slot> used = SortedSlots();
  std::vector<WeightedValue> sorted;
  sorted.reserve(used.size());
  for (const Slot& slot : used) {
    sorted.push_back({std::clamp(BucketValue(slot.key, dropped_bits_), min, max), WeightValue(slot.weight)});
  }
  if (dropped_bits_ > 0 && sorted.size() > 1) {
    sorted.front().value = min;
    sorted.back().value = max;
  }
  return sorted;
}

template class ValueHistogram<int64_t>;
template class ValueHistogram<Weight>;

}  // namespace tfxm::statistics
