// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/files/fingerprint.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <new>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "openssl/sha.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

SHA256_CTX* Context(std::byte* state) { return reinterpret_cast<SHA256_CTX*>(state); }

}  // namespace

Sha256::Sha256() {
  static_assert(sizeof(state_) >= sizeof(SHA256_CTX) && alignof(uint64_t) >= alignof(SHA256_CTX));
  SHA256_Init(new (state_) SHA256_CTX);
}

void Sha256::Update(absl::string_view data) { SHA256_Update(Context(state_), data.data(), data.size()); }

void Sha256::UpdatePart(absl::string_view data) {
  const uint64_t size = data.size();
  Update(absl::string_view(reinterpret_cast<const char*>(&size), sizeof(size)));
  Update(data);
}

Sha256Digest Sha256::Digest() {
  Sha256Digest digest;
  SHA256_Final(digest.data(), Context(state_));
  return digest;
}

std::string Sha256::HexDigest() {
  const Sha256Digest digest = Digest();
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
}

Sha256Digest Sha256::Hash(absl::string_view data) {
  Sha256 h;
  h.Update(data);
  return h.Digest();
}

std::string Sha256::HexHash(absl::string_view data) {
  Sha256 h;
  h.Update(data);
  return h.HexDigest();
}

uint32_t DigestModulo(const Sha256Digest& digest, uint32_t m) {
  uint64_t remainder = 0;
  for (const uint8_t byte : digest) remainder = (remainder << 8 | byte) % m;
  return static_cast<uint32_t>(remainder);
}

absl::StatusOr<std::string> FingerprintPath(absl::string_view path) {
  Sha256 h;
  if (!io::IsDirectory(path)) {
    ASSIGN_OR_RETURN(const std::string content, io::ReadFile(path));
    h.UpdatePart(content);
    return h.HexDigest();
  }
  std::vector<std::string> files;
  std::error_code error;
  std::filesystem::recursive_directory_iterator entry(std::string(path), error), end;
  for (; !error && entry != end; entry.increment(error)) {
    if (entry->is_regular_file(error)) files.push_back(entry->path().string());
    if (error) break;
  }
  if (error) return absl::UnavailableError(absl::StrCat("cannot list ", path, ": ", error.message()));
  std::sort(files.begin(), files.end());
  for (const std::string& file : files) {
    ASSIGN_OR_RETURN(const std::string content, io::ReadFile(file));
    h.UpdatePart(absl::string_view(file).substr(path.size()));
    h.UpdatePart(content);
  }
  return h.HexDigest();
}

}  // namespace tfxm
