// SPDX-License-Identifier: Apache-2.0

// IEEE half precision as bits, for which C++ has no type.
//
//   const uint16_t bits = FloatToHalf(0.1f);   // 0x2e66
//   const float value = HalfToFloat(bits);     // 0.0999756
#ifndef TFXM_UTIL_NUMERIC_HALF_H_
#define TFXM_UTIL_NUMERIC_HALF_H_

#include <bit>
#include <cmath>
#include <cstdint>

namespace tfxm {

inline float HalfToFloat(uint16_t half) {
  const int exponent = (half >> 10) & 31, mantissa = half & 1023;
  float magnitude;
  if (exponent == 31) {
    magnitude = mantissa == 0 ? INFINITY : NAN;
  } else if (exponent == 0) {
    magnitude = std::ldexp(static_cast<float>(mantissa), -24);
  } else {
    magnitude = std::ldexp(static_cast<float>(mantissa | 1024), exponent - 25);
  }
  return half & 0x8000 ? -magnitude : magnitude;
}

// The nearest one, of two the one with the even mantissa; from 65,520 on infinity.
inline uint16_t FloatToHalf(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const auto sign = static_cast<uint16_t>((bits >> 16) & 0x8000);
  const float magnitude = std::abs(value);
  if (std::isnan(value)) return sign | 0x7e00;
  if (magnitude >= 65520.0f) return sign | 0x7c00;
  // Below 2^-14 a half is a multiple of 2^-24.
  if (magnitude < 0x1p-14f) return sign | static_cast<uint16_t>(std::nearbyint(magnitude * 0x1p24f));
  const uint32_t positive = bits & 0x7fffffff;
  const uint32_t rounded = positive + 0xfff + ((positive >> 13) & 1);  // 13 bits of the mantissa go.
  return sign | static_cast<uint16_t>((rounded - (uint32_t{127 - 15} << 23)) >> 13);
}

}  // namespace tfxm

#endif  // TFXM_UTIL_NUMERIC_HALF_H_
