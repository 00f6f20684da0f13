// SPDX-License-Identifier: Apache-2.0

// TFRecord files, plain and gzip (data/tfrecord.h). The first byte says under which name, and whether what is
// read is written and read again.
#include "tfxm/data/tfrecord.h"

#include <isa-l/crc.h>

#include <cstring>
#include <random>

#include "fuzz/input.h"

namespace {

using tfxm::data::TFRecordReader;
using tfxm::data::TFRecordWriter;

constexpr size_t kHeader = 12, kFooter = 4;

uint32_t MaskedCrc(const uint8_t* data, size_t n) {
  const uint32_t crc = ~crc32_iscsi(const_cast<unsigned char*>(data), static_cast<int>(n), 0xffffffff);
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

absl::Status ReadAll(const std::string& path, std::vector<std::string>* records) {
  return tfxm::data::ForEachRecord({path}, [&](absl::string_view record) {
    records->emplace_back(record);
    return absl::OkStatus();
  });
}

}  // namespace

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

// Without right checksums nothing would be read: half of the inputs get them.
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned int seed) {
  size = LLVMFuzzerMutate(data, size, max_size);
  if (seed % 2 == 0) return size;
  for (size_t at = 1; at + kHeader <= size;) {
    uint64_t length;
    std::memcpy(&length, data + at, 8);
    if (seed % 4 == 1 && length > size - at) length = size < at + kHeader + kFooter ? 0 : size - at - kHeader - kFooter;
    std::memcpy(data + at, &length, 8);
    const uint32_t length_crc = MaskedCrc(data + at, 8);
    std::memcpy(data + at + 8, &length_crc, 4);
    if (length > size || at + kHeader + length + kFooter > size) break;
    const uint32_t crc = MaskedCrc(data + at + kHeader, length);
    std::memcpy(data + at + kHeader + length, &crc, 4);
    at += kHeader + length + kFooter;
  }
  return size;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const tfxm::fuzz::Scratch scratch;
  if (size == 0) return 0;
  const std::string path = scratch.Write(data[0] % 2 ? "a.gz" : "a", tfxm::fuzz::Text(data + 1, size - 1));
  std::vector<std::string> records, again;
  ReadAll(path, &records).IgnoreError();
  if (records.empty() || data[0] % 16 < 12) return 0;
  const std::string copy = scratch.path() + (data[0] % 4 < 2 ? "/b.gz" : "/b");
  auto writer = TFRecordWriter::Create(copy);
  if (!writer.ok()) abort();
  for (const std::string& record : records) {
    if (!(*writer)->Write(record).ok()) abort();
  }
  if (!(*writer)->Close().ok() || !ReadAll(copy, &again).ok() || records != again) abort();
  return 0;
}
