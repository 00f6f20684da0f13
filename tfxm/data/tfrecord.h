// SPDX-License-Identifier: Apache-2.0

// TFRecord files: a sequence of byte records, each with a CRC of its length and of its data (format: TensorFlow,
// core/lib/io/record_writer.h). Files ending in ".gz" are gzip-compressed; a reader also recognizes gzip under other
// names. Zero bytes behind a gzip stream are ignored with a warning, as gzip does.
//
//   ASSIGN_OR_RETURN(auto reader, TFRecordReader::Open("data_tfrecord-00000-of-00002.gz"));
//   absl::string_view record;
//   while (true) {
//     ASSIGN_OR_RETURN(bool more, reader->Next(&record));
//     if (!more) break;
//     …
//   }
//
// Files may be in an object store (util/filesystem/file_system.h) to be read, and are of this machine to be written.
//
// Readers and writers are used by one thread at a time.
#ifndef TFXM_DATA_TFRECORD_H_
#define TFXM_DATA_TFRECORD_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tfxm::data {

class TFRecordReader {
 public:
  static absl::StatusOr<std::unique_ptr<TFRecordReader>> Open(absl::string_view path);
  // From the record on that begins at this byte of a file that is not compressed; it is the file's `record`th.
  static absl::StatusOr<std::unique_ptr<TFRecordReader>> OpenAt(absl::string_view path, int64_t offset, int64_t record);
  ~TFRecordReader();

  // True and the next record, valid until the next call; false at the end. DATA_LOSS names the file and the record's
  // number (from 0) for a wrong CRC, a truncated record or a corrupt gzip stream.
  absl::StatusOr<bool> Next(absl::string_view* record);
  // The same without the record, whose data are neither read, where they are long, nor checked.
  absl::StatusOr<bool> Skip();

  const std::string& path() const;
  // The number in the file of the record that Next would read: of those read so far, for one that began at the first.
  int64_t records_read() const;
  // The byte of the file at which that record begins; -1 if the file is compressed.
  int64_t offset() const;

 private:
  TFRecordReader();
  struct Rep;
  std::unique_ptr<Rep> rep_;
};

class TFRecordWriter {
 public:
  // Creates or truncates `path`; a ".gz" is compressed for speed (ISA-L's level 1). The gzip stream has no time stamp:
  // the same records give the same bytes.
  static absl::StatusOr<std::unique_ptr<TFRecordWriter>> Create(absl::string_view path);
  // Does not finish the file: without Close it is incomplete.
  ~TFRecordWriter();

  absl::Status Write(absl::string_view record);
  // Flushes and closes; no Write may follow. RESOURCE_EXHAUSTED when the disk is full.
  absl::Status Close();

 private:
  TFRecordWriter();
  struct Rep;
  std::unique_ptr<Rep> rep_;
};

// Calls fn(record) for every record of every file, in order.
template <typename Fn>
absl::Status ForEachRecord(const std::vector<std::string>& files, Fn&& fn) {
  for (const std::string& file : files) {
    auto reader = TFRecordReader::Open(file);
    if (!reader.ok()) return reader.status();
    absl::string_view record;
    while (true) {
      auto more = (*reader)->Next(&record);
      if (!more.ok()) return more.status();
      if (!*more) break;
      if (absl::Status status = fn(record); !status.ok()) return status;
    }
  }
  return absl::OkStatus();
}

}  // namespace tfxm::data

#endif  // TFXM_DATA_TFRECORD_H_
