// SPDX-License-Identifier: Apache-2.0

#include "tfxm/data/tfrecord.h"

#include <errno.h>
#include <fcntl.h>
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tfxm/util/filesystem/input_file.h"
#include "tfxm/util/filesystem/remote_files.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::data {
namespace {

constexpr size_t kHeaderSize = 12, kFooterSize = 4;
constexpr size_t kFileBlock = 256 << 10, kBufferSize = 1 << 20;

uint32_t MaskedCrc32c(const char* data, size_t n) {
  uint32_t crc = 0xffffffff;
  while (n > 0) {  // ISA-L takes an int length.
    const size_t part = std::min<size_t>(n, 1 << 30);
    crc = crc32_iscsi(reinterpret_cast<unsigned char*>(const_cast<char*>(data)), static_cast<int>(part), crc);
    data += part, n -= part;
  }
  crc = ~crc;
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

template <typename T>
T Load(const char* p) {
  T value;
  memcpy(&value, p, sizeof(value));
  return value;
}

absl::Status WriteError(int error, absl::string_view path) {
  if (error == ENOSPC || error == EDQUOT) {
    return absl::ResourceExhaustedError(
        absl::StrCat("cannot write ", path, ": ", strerror(error), "; free some space and run again"));
  }
  return absl::ErrnoToStatus(error, absl::StrCat("cannot write ", path));
}

}  // namespace

struct TFRecordReader::Rep {
  absl::Status StartGzip() {
    gzip = true;
    compressed.resize(kFileBlock);
    isal_inflate_init(&inflate);
    inflate.crc_flag = ISAL_GZIP;
    return absl::OkStatus();
  }

  // Appends up to n decompressed bytes at `to`; 0 at the end.
  absl::StatusOr<size_t> Inflate(char* to, size_t n) {
    inflate.next_out = reinterpret_cast<uint8_t*>(to);
    inflate.avail_out = static_cast<uint32_t>(n);
    while (inflate.avail_out == n) {
      if (inflate.avail_in == 0 && !file_ended) {
        ASSIGN_OR_RETURN(const size_t got, file->Read(compressed.data(), compressed.size()));
        file_ended = got < compressed.size();
        inflate.next_in = reinterpret_cast<uint8_t*>(compressed.data());
        inflate.avail_in = static_cast<uint32_t>(got);
      }
      if (inflate.block_state == ISAL_BLOCK_FINISH) {
        if (inflate.avail_in == 0) return 0;
        // Zeros are padding, as gzip sees it: no member begins with one.
        if (*inflate.next_in == 0) {
          if (!padded) {
            std::fprintf(stderr, "warning: %s: trailing zero bytes behind the gzip stream are ignored\n", path.c_str());
          }
          padded = true;
          while (inflate.avail_in > 0 && *inflate.next_in == 0) ++inflate.next_in, --inflate.avail_in;
          continue;
        }
        // Another gzip member follows.
        isal_inflate_reset(&inflate);
        inflate.crc_flag = ISAL_GZIP;
      }
      const bool starved = inflate.avail_in == 0;
      const int result = isal_inflate(&inflate);
      if (result != ISAL_DECOMP_OK && result != ISAL_END_INPUT) {
        return absl::DataLossError(
            absl::StrCat(path, ": corrupt gzip stream (",
                         result == ISAL_INCORRECT_CHECKSUM ? "wrong checksum" : "invalid compressed data", ") after ",
                         records, " records; restore or remake the file"));
      }
      if (starved && inflate.avail_out == n && inflate.block_state != ISAL_BLOCK_FINISH) {
        return absl::DataLossError(absl::StrCat(path, ": the gzip stream ends in the middle, after ", records,
                                                " records; the file is truncated, restore or remake it"));
      }
    }
    return n - inflate.avail_out;
  }

  // Makes at least `need` bytes available from `begin`, if the file has them; says whether it has. The buffer grows
  // only as data arrive, so that a corrupt length cannot ask for all memory.
  absl::StatusOr<bool> Fill(size_t need) {
    while (end - begin < need) {
      if (begin > 0) {
        memmove(buffer.data(), buffer.data() + begin, end - begin);
        end -= begin;
        begin = 0;
      }
      if (end == buffer.size()) buffer.resize(std::max(kBufferSize, 2 * buffer.size()));
      size_t got;
      if (gzip) {
        ASSIGN_OR_RETURN(got, Inflate(buffer.data() + end, buffer.size() - end));
      } else {
        ASSIGN_OR_RETURN(got, file->Read(buffer.data() + end, buffer.size() - end));
      }
      if (got == 0) return false;
      end += got;
    }
    return true;
  }

  absl::Status Corrupt(absl::string_view what) const {
    return absl::DataLossError(
        absl::StrCat(path, ": record ", records, " ", what, "; the file is damaged, restore or remake it"));
  }

  std::string path;
  std::unique_ptr<io::InputFile> file;
  bool gzip = false, file_ended = false;
  bool padded = false;  // There are zeros behind the gzip stream.
  std::string compressed;
  inflate_state inflate{};
  // The length of the record at hand; -1 at the end of the file.
  absl::StatusOr<int64_t> ReadHeader() {
    ASSIGN_OR_RETURN(const bool has_header, Fill(kHeaderSize));
    if (!has_header && end == begin) return -1;
    if (!has_header) return Corrupt(records == 0 ? "is truncated (is this a TFRecord file?)" : "is truncated");
    const char* header = buffer.data() + begin;
    if (Load<uint32_t>(header + 8) != MaskedCrc32c(header, 8)) {
      return Corrupt(records == 0 ? "has a wrong length CRC (is this a TFRecord file?)" : "has a wrong length CRC");
    }
    const uint64_t length = Load<uint64_t>(header);
    if (length > SIZE_MAX / 4) return Corrupt("has an impossible length");
    return static_cast<int64_t>(length);
  }

  std::string buffer;
  size_t begin = 0, end = 0;
  int64_t records = 0, offset = 0;
};

TFRecordReader::TFRecordReader() : rep_(new Rep) {}
TFRecordReader::~TFRecordReader() = default;
const std::string& TFRecordReader::path() const { return rep_->path; }
int64_t TFRecordReader::records_read() const { return rep_->records; }

absl::StatusOr<std::unique_ptr<TFRecordReader>> TFRecordReader::Open(absl::string_view path) {
  std::unique_ptr<TFRecordReader> reader(new TFRecordReader);
  Rep& r = *reader->rep_;
  r.path = std::string(path);
  ASSIGN_OR_RETURN(r.file, io::InputFile::Open(path));
  r.buffer.resize(kBufferSize);
  if (absl::EndsWith(path, ".gz")) {
    char start[kHeaderSize];
    ASSIGN_OR_RETURN(const size_t got, r.file->Read(start, sizeof(start)));
    if (got == sizeof(start) && Load<uint32_t>(start + 8) == MaskedCrc32c(start, 8)) {
      return absl::InvalidArgumentError(
          absl::StrCat(path,
                       ": the name says gzip, but these are TFRecords that are not compressed; rename the file "
                       "without .gz, or compress it"));
    }
    RETURN_IF_ERROR(r.file->Seek(0));
    RETURN_IF_ERROR(r.StartGzip());
    return reader;
  }
  ASSIGN_OR_RETURN(const bool has_header, r.Fill(kHeaderSize));
  const bool is_record = has_header && Load<uint32_t>(r.buffer.data() + 8) == MaskedCrc32c(r.buffer.data(), 8);
  if (!is_record && r.end > 2 && r.buffer[0] == '\x1f' && r.buffer[1] == '\x8b') {
    RETURN_IF_ERROR(r.file->Seek(0));
    r.begin = r.end = 0;
    RETURN_IF_ERROR(r.StartGzip());
  }
  return reader;
}

absl::StatusOr<std::unique_ptr<TFRecordReader>> TFRecordReader::OpenAt(absl::string_view path, int64_t offset,
                                                                       int64_t record) {
  ASSIGN_OR_RETURN(auto reader, Open(path));
  Rep& r = *reader->rep_;
  if (offset == 0) return reader;
  if (r.gzip) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": is compressed; it can only be read from its beginning"));
  }
  RETURN_IF_ERROR(r.file->Seek(offset));
  r.begin = r.end = 0;
  r.offset = offset;
  r.records = record;
  return reader;
}

int64_t TFRecordReader::offset() const { return rep_->gzip ? -1 : rep_->offset; }

absl::StatusOr<bool> TFRecordReader::Next(absl::string_view* record) {
  Rep& r = *rep_;
  ASSIGN_OR_RETURN(const int64_t length, r.ReadHeader());
  if (length < 0) return false;
  const size_t whole = kHeaderSize + static_cast<size_t>(length) + kFooterSize;
  ASSIGN_OR_RETURN(const bool complete, r.Fill(whole));
  if (!complete) return r.Corrupt("is truncated");
  const char* data = r.buffer.data() + r.begin + kHeaderSize;
  if (Load<uint32_t>(data + length) != MaskedCrc32c(data, length)) return r.Corrupt("has a wrong data CRC");
  *record = absl::string_view(data, length);
  r.begin += whole;
  r.offset += static_cast<int64_t>(whole);
  ++r.records;
  return true;
}

absl::StatusOr<bool> TFRecordReader::Skip() {
  Rep& r = *rep_;
  absl::string_view record;
  if (r.gzip) return Next(&record);
  ASSIGN_OR_RETURN(const int64_t length, r.ReadHeader());
  if (length < 0) return false;
  const size_t whole = kHeaderSize + static_cast<size_t>(length) + kFooterSize;
  if (whole > r.end - r.begin) {
    // The last byte is read, so that a truncated record is found.
    const int64_t last = r.offset + static_cast<int64_t>(whole) - 1;
    if (!r.file->Seek(last).ok()) return r.Corrupt("has an impossible length");
    r.begin = r.end = 0;
    ASSIGN_OR_RETURN(const bool complete, r.Fill(1));
    if (!complete) return r.Corrupt("is truncated");
    r.begin = 1;
  } else {
    r.begin += whole;
  }
  r.offset += static_cast<int64_t>(whole);
  ++r.records;
  return true;
}

struct TFRecordWriter::Rep {
  ~Rep() {
    if (fd >= 0) close(fd);
  }

  absl::Status WriteFile(const char* data, size_t n) {
    while (n > 0) {
      const ssize_t w = write(fd, data, n);
      if (w < 0 && errno == EINTR) continue;
      if (w < 0) return WriteError(errno, path);
      data += w, n -= static_cast<size_t>(w);
    }
    return absl::OkStatus();
  }

  // Writes out what is pending, compressed if need be.
  absl::Status Flush(bool last) {
    if (!gzip) {
      RETURN_IF_ERROR(WriteFile(pending.data(), pending.size()));
      pending.clear();
      return absl::OkStatus();
    }
    // ISA-L 2.30 enters the third byte of a stream into its table of earlier bytes by the address of `deflate` (in
    // isal_deflate_icf_body, through a register that was never set), and one time in thousands that changes what it
    // finds there. Bytes that are flushed go another way, so the first ones do: then equal records are equal files.
    const size_t first = deflate.total_in == 0 ? std::min(kHeaderSize, pending.size()) : 0;
    if (first > 0) RETURN_IF_ERROR(Deflate(pending.data(), first, SYNC_FLUSH, /*last=*/false));
    RETURN_IF_ERROR(Deflate(pending.data() + first, pending.size() - first, NO_FLUSH, last));
    pending.clear();
    return absl::OkStatus();
  }

  absl::Status Deflate(char* data, size_t n, int flush, bool last) {
    deflate.next_in = reinterpret_cast<uint8_t*>(data);
    deflate.avail_in = static_cast<uint32_t>(n);
    deflate.flush = static_cast<uint16_t>(flush);
    deflate.end_of_stream = last;
    do {
      deflate.next_out = reinterpret_cast<uint8_t*>(compressed.data());
      deflate.avail_out = static_cast<uint32_t>(compressed.size());
      if (isal_deflate(&deflate) != COMP_OK) return absl::InternalError(absl::StrCat("cannot compress ", path));
      RETURN_IF_ERROR(WriteFile(compressed.data(), compressed.size() - deflate.avail_out));
    } while (deflate.avail_in > 0 || deflate.avail_out == 0);
    return absl::OkStatus();
  }

  std::string path;
  int fd = -1;
  bool gzip = false;
  isal_zstream deflate{};
  std::string level_buffer, compressed, pending;
};

TFRecordWriter::TFRecordWriter() : rep_(new Rep) {}
TFRecordWriter::~TFRecordWriter() = default;

absl::StatusOr<std::unique_ptr<TFRecordWriter>> TFRecordWriter::Create(absl::string_view path) {
  if (io::IsRemote(path)) return io::remote::LocalOnly("write", path);
  std::unique_ptr<TFRecordWriter> writer(new TFRecordWriter);
  Rep& r = *writer->rep_;
  r.path = std::string(path);
  r.fd = open(r.path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (r.fd < 0) return WriteError(errno, path);
  r.gzip = absl::EndsWith(path, ".gz");
  if (r.gzip) {
    isal_deflate_init(&r.deflate);
    r.deflate.gzip_flag = IGZIP_GZIP;
    r.deflate.level = 1;
    r.level_buffer.resize(ISAL_DEF_LVL1_DEFAULT);
    r.deflate.level_buf = reinterpret_cast<uint8_t*>(r.level_buffer.data());
    r.deflate.level_buf_size = static_cast<uint32_t>(r.level_buffer.size());
    r.compressed.resize(kFileBlock);
  }
  return writer;
}

absl::Status TFRecordWriter::Write(absl::string_view record) {
  Rep& r = *rep_;
  if (record.size() > (uint64_t{1} << 31)) return absl::InvalidArgumentError("a record over 2 GiB");
  const uint64_t length = record.size();
  const char* length_bytes = reinterpret_cast<const char*>(&length);
  const uint32_t length_crc = MaskedCrc32c(length_bytes, 8), data_crc = MaskedCrc32c(record.data(), record.size());
  r.pending.append(length_bytes, 8);
  r.pending.append(reinterpret_cast<const char*>(&length_crc), 4);
  r.pending.append(record.data(), record.size());
  r.pending.append(reinterpret_cast<const char*>(&data_crc), 4);
  return r.pending.size() >= kBufferSize ? r.Flush(/*last=*/false) : absl::OkStatus();
}

absl::Status TFRecordWriter::Close() {
  Rep& r = *rep_;
  RETURN_IF_ERROR(r.Flush(/*last=*/true));
  const int fd = std::exchange(r.fd, -1);
  if (close(fd) != 0) return WriteError(errno, r.path);
  return absl::OkStatus();
}

}  // namespace tfxm::data
