// SPDX-License-Identifier: Apache-2.0

#include "tfxm/util/coding/state.h"

#include <bit>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tfxm/util/files/fingerprint.h"
#include "tfxm/util/text/text.h"

namespace tfxm {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are written as they are in memory");

constexpr absl::string_view kMagic = "TFXMSTAT";

}  // namespace

void StateWriter::WriteVarint(uint64_t value) {
  for (; value >= 0x80; value >>= 7) bytes_.push_back(static_cast<char>(value | 0x80));
  bytes_.push_back(static_cast<char>(value));
}

void StateReader::Fail(absl::string_view what) {
  bytes_ = {};
  if (status_.ok()) status_ = absl::DataLossError(absl::StrCat("a saved state cannot be loaded: ", what));
}

absl::Status StateReader::Finish() {
  if (!bytes_.empty()) Fail(absl::StrCat(bytes_.size(), " bytes are left at its end"));
  return status_;
}

uint64_t StateReader::ReadVarint(uint64_t max) {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes_.size() && i < 10; ++i) {
    const auto byte = static_cast<uint8_t>(bytes_[i]);
    if (i == 9 && byte > 1) break;
    value |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
    if (byte >= 0x80) continue;
    if (i > 0 && byte == 0) break;  // One number has one form only.
    bytes_.remove_prefix(i + 1);
    if (value <= max) return value;
    Fail("a number is too large");
    return 0;
  }
  Fail(bytes_.size() < 10 ? "it ends too early" : "it has a number without an end");
  return 0;
}

void StateReader::ReadFixed(void* to, size_t n) {
  if (bytes_.size() < n) {
    Fail("it ends too early");
    std::memset(to, 0, n);
    return;
  }
  std::memcpy(to, bytes_.data(), n);
  bytes_.remove_prefix(n);
}

size_t StateReader::ReadSize() {
  const uint64_t size = ReadVarint(std::numeric_limits<uint64_t>::max());
  if (size <= bytes_.size()) return size;
  Fail("it ends too early");
  return 0;
}

void StateReader::ReadOne(std::string* text) {
  const size_t size = ReadSize();
  text->assign(bytes_.substr(0, size));
  bytes_.remove_prefix(size);
}

absl::StatusOr<std::string> SealState(const StateKind& kind, absl::string_view values) {
  if (values.size() > kMaxStateBytes) {
    return absl::ResourceExhaustedError(absl::StrCat("the state \"", kind.name, "\" has ", values.size(),
                                                     " bytes, more than the ", kMaxStateBytes, " that are allowed"));
  }
  StateWriter head;
  head.Write(std::string(kind.name), kind.version);
  const uint64_t size = values.size();
  std::string bytes =
      absl::StrCat(kMagic, head.bytes(), absl::string_view(reinterpret_cast<const char*>(&size), sizeof(size)), values);
  const Sha256Digest digest = Sha256::Hash(bytes);
  bytes.append(reinterpret_cast<const char*>(digest.data()), digest.size());
  return bytes;
}

absl::StatusOr<absl::string_view> OpenState(const StateKind& kind, absl::string_view bytes) {
  constexpr size_t kDigest = sizeof(Sha256Digest);
  if (!absl::StartsWith(bytes, kMagic)) return absl::DataLossError("these bytes are not a saved state");
  const auto damaged = [&](absl::string_view what) {
    return absl::DataLossError(absl::StrCat("a saved state (expected: \"", kind.name, "\") ", what, "; make it again"));
  };
  if (bytes.size() < kMagic.size() + kDigest) return damaged("is truncated");
  const absl::string_view content = bytes.substr(0, bytes.size() - kDigest);
  const Sha256Digest digest = Sha256::Hash(content);
  if (bytes.substr(content.size()) != absl::string_view(reinterpret_cast<const char*>(digest.data()), kDigest)) {
    return damaged("is damaged or truncated: its checksum is not that of its content");
  }
  StateReader head(content.substr(kMagic.size()));
  std::string name;
  uint32_t version;
  head.Read(&name, &version);
  if (!head.ok()) return damaged("has no kind");
  if (name != kind.name || version != kind.version) {
    return absl::FailedPreconditionError(absl::StrCat("a saved state is of \"", PrintableText(name), "\" version ",
                                                      version, ", expected \"", kind.name, "\" version ", kind.version,
                                                      "; make it with this version of the program"));
  }
  StateWriter expected_head;
  expected_head.Write(name, version);
  const size_t begin = kMagic.size() + expected_head.bytes().size() + sizeof(uint64_t);
  uint64_t size;
  if (content.size() < begin) return damaged("is truncated");
  std::memcpy(&size, content.data() + begin - sizeof(size), sizeof(size));
  if (size > kMaxStateBytes || size != content.size() - begin) return damaged("is not as long as it says");
  return content.substr(begin);
}

}  // namespace tfxm
