// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/files/fingerprint.h"

#include <cstddef>
#include <memory>
#include <new>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "openssl/sha.h"
#include "tfxm/util/files/list_tree.h"
#include "tfxm/util/filesystem/input_file.h"
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
  for (size_t i = 0; i < digest.size(); i += 4) {
    uint32_t word = 0;
    for (size_t k = 0; k < 4; ++k) word = word << 8 | digest[i + k];
    remainder = (remainder << 32 | word) % m;
  }
  return static_cast<uint32_t>(remainder);
}

namespace {

absl::StatusOr<int64_t> Hash(io::InputFile* file, Sha256* hash) {
  constexpr size_t kBlock = 1 << 20;
  const auto block = std::make_unique<char[]>(kBlock);
  int64_t size = 0;
  while (true) {
    ASSIGN_OR_RETURN(const size_t n, file->Read(block.get(), kBlock));
    hash->Update(absl::string_view(block.get(), n));
    size += static_cast<int64_t>(n);
    if (n < kBlock) return size;
  }
}

// As UpdatePart of the content.
absl::Status UpdateWithFile(absl::string_view path, Sha256* hash) {
  ASSIGN_OR_RETURN(const std::unique_ptr<io::InputFile> file, io::InputFile::Open(path));
  ASSIGN_OR_RETURN(const int64_t expected, file->Size());
  const auto size = static_cast<uint64_t>(expected);
  hash->Update(absl::string_view(reinterpret_cast<const char*>(&size), sizeof(size)));
  ASSIGN_OR_RETURN(const int64_t was_read, Hash(file.get(), hash));
  if (was_read == expected) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat(path, " has changed while it was read"));
}

}  // namespace

absl::StatusOr<int64_t> HashFile(absl::string_view path, Sha256* hash) {
  ASSIGN_OR_RETURN(const std::unique_ptr<io::InputFile> file, io::InputFile::Open(path));
  return Hash(file.get(), hash);
}

absl::StatusOr<std::string> FingerprintPath(absl::string_view path) {
  Sha256 h;
  if (!io::IsDirectory(path)) {
    RETURN_IF_ERROR(UpdateWithFile(path, &h));
    return h.HexDigest();
  }
  ASSIGN_OR_RETURN(const std::vector<TreeFile> files, ListTree(path));
  for (const TreeFile& file : files) {
    if (!file.is_file) continue;
    h.UpdatePart(absl::StrCat(absl::EndsWith(path, "/") ? "" : "/", file.path));
    RETURN_IF_ERROR(UpdateWithFile(io::JoinPath(path, file.path), &h));
  }
  return h.HexDigest();
}

}  // namespace tfxm
