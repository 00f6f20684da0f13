// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/numeric/exact_sum.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace tfxm {
namespace {
constexpr uint64_t kMantissaMask = (uint64_t{1} << 52) - 1;
constexpr int64_t kLowMask = 0xffffffff;
constexpr int kAddsUntilPropagate = (1 << 10) - 1;
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

std::string ExactSum::Serialize() const {
  ExactSum s = *this;
  s.Propagate();
  int first = 0, last = kChunks;
  while (first < last && s.chunk_[first] == 0) ++first;
  while (last > first && s.chunk_[last - 1] == 0) --last;
  std::string out;
  out.push_back(static_cast<char>(nan_ | positive_infinity_ << 1 | negative_infinity_ << 2));
  out.push_back(static_cast<char>(first));
  out.append(reinterpret_cast<const char*>(s.chunk_.data() + first), (last - first) * sizeof(int64_t));
  return out;
}

absl::Status ExactSum::Parse(absl::string_view bytes) {
  *this = ExactSum();
  if (bytes.size() < 2 || (bytes.size() - 2) % 8 != 0 ||
      static_cast<uint8_t>(bytes[1]) + (bytes.size() - 2) / 8 > static_cast<size_t>(kChunks)) {
    return absl::DataLossError("not a serialized ExactSum");
  }
  nan_ = bytes[0] & 1;
  positive_infinity_ = bytes[0] & 2;
  negative_infinity_ = bytes[0] & 4;
  std::memcpy(chunk_.data() + static_cast<uint8_t>(bytes[1]), bytes.data() + 2, bytes.size() - 2);
  Propagate();
  return absl::OkStatus();
}

}  // namespace tfxm
