// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/files/fingerprint.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <memory>
#include <new>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "openssl/sha.h"
#include "tfxm/util/files/file_descriptor.h"
#include "tfxm/util/files/list_tree.h"
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

namespace {

absl::StatusOr<FileDescriptor> Open(absl::string_view path) {
  FileDescriptor file(open(std::string(path).c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", path));
  return file;
}

absl::StatusOr<int64_t> Hash(const FileDescriptor& file, absl::string_view path, Sha256* hash) {
  constexpr size_t kBlock = 1 << 20;
  const auto block = std::make_unique<char[]>(kBlock);
  int64_t size = 0;
  ssize_t n;
  while ((n = read(file.get(), block.get(), kBlock)) > 0 || (n < 0 && errno == EINTR)) {
    if (n < 0) continue;
    hash->Update(absl::string_view(block.get(), static_cast<size_t>(n)));
    size += n;
  }
  if (n < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", path));
  return size;
}

// As UpdatePart of the content.
absl::Status UpdateWithFile(absl::string_view path, Sha256* hash) {
  ASSIGN_OR_RETURN(const FileDescriptor file, Open(path));
  struct stat info;
  if (fstat(file.get(), &info) != 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", path));
  const uint64_t size = info.st_size;
  hash->Update(absl::string_view(reinterpret_cast<const char*>(&size), sizeof(size)));
  ASSIGN_OR_RETURN(const int64_t was_read, Hash(file, path, hash));
  if (was_read == info.st_size) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat(path, " has changed while it was read"));
}

}  // namespace

absl::StatusOr<int64_t> HashFile(absl::string_view path, Sha256* hash) {
  ASSIGN_OR_RETURN(const FileDescriptor file, Open(path));
  return Hash(file, path, hash);
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
