// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/numeric/exact_sum.h"

#include <bit>
#include <cmath>
#include <limits>

namespace tfxm {
namespace {
constexpr uint64_t kMantissaMask = (uint64_t{1} << 52) - 1;
constexpr int64_t kLowMask = 0xffffffff;
constexpr int kAddsUntilPropagate = (1 << 10) - 1;
constexpr int64_t kLargestLastChunk = int64_t{1} << 56;  // What no number of additions that happens comes to.
}  // namespace

void ExactSum::Add(double x) {
  const uint64_t bits = std::bit_cast<uint64_t>(x);
  int exponent = static_cast<int>(bits >> 52) & 0x7ff;
  int64_t mantissa = static_cast<int64_t>(bits & kMantissaMask);
  if (exponent == 0x7ff) {
    (mantissa != 0 ? nan_ : (x > 0 ? positive_infinity_ : negative_infinity_)) = true;
    return;
  }
  if (exponent == 0) {
    if (mantissa == 0) return;
    exponent = 1;
  } else {
    mantissa |= int64_t{1} << 52;
  }
  const int index = exponent >> 5, shift = exponent & 31;
  const int64_t low = static_cast<int64_t>((static_cast<uint64_t>(mantissa) << shift) & kLowMask);
  const int64_t high = mantissa >> (32 - shift);
  if (static_cast<int64_t>(bits) < 0) {
    chunk_[index] -= low;
    chunk_[index + 1] -= high;
  } else {
    chunk_[index] += low;
    chunk_[index + 1] += high;
  }
  if (--adds_until_propagate_ <= 0) Propagate();
}

void ExactSum::AddTimes(double x, int64_t count) {
  if (count < 0) {
    x = -x;
    count = -count;
  }
  for (int bit = 0; count >> bit != 0; ++bit) {
    if ((count >> bit) & 1) Add(std::ldexp(x, bit));
  }
}

void ExactSum::AddProduct(double a, double b) {
  const double product = a * b;
  Add(product);
  if (std::isfinite(product)) Add(std::fma(a, b, -product));
}

// Afterwards every chunk but the last is in [0, 2^32) and the last carries the sign.
void ExactSum::Propagate() {
  for (int i = 0; i + 1 < kChunks; ++i) {
    chunk_[i + 1] += chunk_[i] >> 32;
    chunk_[i] &= kLowMask;
  }
  adds_until_propagate_ = kAddsUntilPropagate;
}

void ExactSum::Merge(const ExactSum& other) {
  // Both sides are canonical before the addition, so no chunk can overflow.
  Propagate();
  ExactSum right = other;
  right.Propagate();
  for (int i = 0; i < kChunks; ++i) chunk_[i] += right.chunk_[i];
  Propagate();
  nan_ |= other.nan_;
  positive_infinity_ |= other.positive_infinity_;
  negative_infinity_ |= other.negative_infinity_;
}

double ExactSum::Value() const {
  if (nan_ || (positive_infinity_ && negative_infinity_)) return std::numeric_limits<double>::quiet_NaN();
  if (positive_infinity_) return std::numeric_limits<double>::infinity();
  if (negative_infinity_) return -std::numeric_limits<double>::infinity();
  ExactSum s = *this;
  s.Propagate();
  const bool negative = s.chunk_[kChunks - 1] < 0;
  if (negative) {
    for (int64_t& c : s.chunk_) c = -c;
    s.Propagate();
  }
  int top = kChunks - 1;
  while (top >= 0 && s.chunk_[top] == 0) --top;
  if (top < 0) return 0;
  unsigned __int128 value = 0;
  for (int i = top; i > top - 3; --i) value = (value << 32) | static_cast<uint64_t>(i >= 0 ? s.chunk_[i] : 0);
  for (int i = top - 3; i >= 0; --i) {
    if (s.chunk_[i] != 0) {
      value |= 1;  // Below the rounding position: it only decides ties.
      break;
    }
  }
  const double magnitude = std::ldexp(static_cast<double>(value), 32 * (top - 2) - 1075);
  return negative ? -magnitude : magnitude;
}

// The magnitude, so that a small negative number has as few chunks as a positive one; the sign is one of the flags.
void ExactSum::Save(StateWriter* writer) const {
  ExactSum s = *this;
  s.Propagate();
  const bool negative = s.chunk_[kChunks - 1] < 0;
  if (negative) {
    for (int64_t& c : s.chunk_) c = -c;
    s.Propagate();
  }
  int first = 0, last = kChunks;
  while (first < last && s.chunk_[first] == 0) ++first;
  while (last > first && s.chunk_[last - 1] == 0) --last;
  const int flags = nan_ | positive_infinity_ << 1 | negative_infinity_ << 2 | negative << 3;
  writer->Write(static_cast<uint8_t>(flags), static_cast<uint8_t>(first), static_cast<uint8_t>(last - first));
  for (int i = first; i < last; ++i) writer->Write(static_cast<uint64_t>(s.chunk_[i]));
}

void ExactSum::Load(StateReader* reader) {
  *this = ExactSum();
  uint8_t flags, first, count;
  reader->Read(&flags, &first, &count);
  if (flags > 15 || first + count > kChunks) return reader->Fail("it has a sum that cannot be");
  for (int i = first; i < first + count; ++i) {
    uint64_t chunk;
    reader->Read(&chunk);
    if (chunk > static_cast<uint64_t>(i + 1 < kChunks ? kLowMask : kLargestLastChunk)) {
      return reader->Fail("it has a sum that cannot be");
    }
    chunk_[i] = static_cast<int64_t>(chunk);
  }
  nan_ = flags & 1;
  positive_infinity_ = flags & 2;
  negative_infinity_ = flags & 4;
  if (flags & 8) {
    for (int64_t& c : chunk_) c = -c;
  }
  Propagate();
}

}  // namespace tfxm
