// SPDX-License-Identifier: Apache-2.0

// SHA-256 (FIPS 180-4), as TFX uses it for splits and this project for cache keys. BoringSSL's, which is linked with
// TensorFlow and uses the processor's instructions for it.
//
//   Sha256 h; h.Update(a); h.Update(b); std::string key = h.HexDigest();
#ifndef TFXM_UTIL_FILES_FINGERPRINT_H_
#define TFXM_UTIL_FILES_FINGERPRINT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tfxm {

using Sha256Digest = std::array<uint8_t, 32>;

class Sha256 {
 public:
  Sha256();
  void Update(absl::string_view data);
  // Like Update, but delimits the part, so that ("ab", "c") and ("a", "bc") differ.
  void UpdatePart(absl::string_view data);
  Sha256Digest Digest();  // Ends the computation.
  std::string HexDigest();

  static Sha256Digest Hash(absl::string_view data);
  static std::string HexHash(absl::string_view data);

 private:
  alignas(uint64_t) std::byte state_[112];  // BoringSSL's SHA256_CTX.
};

// The digest as one big-endian number, modulo `m` (1 <= m <= 2^31): the bucket TFX's hash split puts a record in.
uint32_t DigestModulo(const Sha256Digest& digest, uint32_t m);

// Adds a file's content, block by block, as a model may be larger than the memory; returns its size.
absl::StatusOr<int64_t> HashFile(absl::string_view path, Sha256* hash);

// Hex digest of a file's content, or of a tree: every path below it with its content.
absl::StatusOr<std::string> FingerprintPath(absl::string_view path);

}  // namespace tfxm

#endif  // TFXM_UTIL_FILES_FINGERPRINT_H_
