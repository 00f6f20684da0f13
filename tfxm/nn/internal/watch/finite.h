// SPDX-License-Identifier: Apache-2.0

// Whether numbers are numbers.
#ifndef TFXM_NN_INTERNAL_WATCH_FINITE_H_
#define TFXM_NN_INTERNAL_WATCH_FINITE_H_

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <span>

namespace tfxm::nn {

// The index of the first value that is nan or infinite; -1 if all are finite. As fast as memory is.
inline int64_t FirstNotFinite(std::span<const float> values) {
  constexpr uint32_t kExponent = 0x7f800000;
  constexpr size_t kBlock = 1024;
  for (size_t begin = 0; begin < values.size(); begin += kBlock) {
    const std::span<const float> block = values.subspan(begin, std::min(kBlock, values.size() - begin));
    // Without a way out of the loop, so that it is made of vector instructions.
    uint32_t found = 0;
    for (const float value : block) found |= (std::bit_cast<uint32_t>(value) & kExponent) == kExponent ? 1 : 0;
    if (found == 0) continue;
    const auto first = std::find_if_not(block.begin(), block.end(), [](float value) { return std::isfinite(value); });
    return static_cast<int64_t>(begin) + (first - block.begin());
  }
  return -1;
}

}  // namespace tfxm::nn

#endif  // TFXM_NN_INTERNAL_WATCH_FINITE_H_
