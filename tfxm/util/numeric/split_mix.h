// SPDX-License-Identifier: Apache-2.0

// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014): 64 well-mixed bits
// of any 64. The generator's state is a counter, so that number k of a seed is known without the ones before it:
//
//   uint64_t first = SplitMix64(seed), second = SplitMix64(seed + kSplitMixGamma);
#ifndef TFXM_UTIL_NUMERIC_SPLIT_MIX_H_
#define TFXM_UTIL_NUMERIC_SPLIT_MIX_H_

#include <cstdint>

namespace tfxm {

inline constexpr uint64_t kSplitMixGamma = 0x9e3779b97f4a7c15u;

inline uint64_t SplitMix64(uint64_t x) {
  x += kSplitMixGamma;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

}  // namespace tfxm

#endif  // TFXM_UTIL_NUMERIC_SPLIT_MIX_H_
