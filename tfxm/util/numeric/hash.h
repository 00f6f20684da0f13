// SPDX-License-Identifier: Apache-2.0

// Hashes of bytes that are the same on every little-endian machine and in every process, as results depend on them. Not
// against an adversary: for that, Sha256 (util/files/fingerprint.h).
//
//   const uint64_t salt = HashBytes("country=DE");
#ifndef TFXM_UTIL_NUMERIC_HASH_H_
#define TFXM_UTIL_NUMERIC_HASH_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "absl/strings/string_view.h"
#include "tfxm/util/numeric/split_mix.h"

namespace tfxm {

// 64-bit FNV-1a (Fowler, Noll, Vo; RFC 9923). Its low bits depend little on the last bytes.
inline uint64_t Fnv1a(absl::string_view bytes) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : bytes) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3u;
  return hash;
}

// Eight bytes at a time, for much data. The project's own: multiplications and shifts between two SplitMix64.
inline uint64_t HashBytes(absl::string_view bytes) {
  uint64_t hash = SplitMix64(bytes.size());
  size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    uint64_t word;
    std::memcpy(&word, bytes.data() + i, 8);
    hash = (hash ^ word) * 0x9fb21c651e98df25u;
    hash ^= hash >> 32;
  }
  uint64_t word = 0;
  std::memcpy(&word, bytes.data() + i, bytes.size() - i);
  return SplitMix64(hash ^ word);
}

}  // namespace tfxm

#endif  // TFXM_UTIL_NUMERIC_HASH_H_
