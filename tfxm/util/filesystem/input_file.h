// SPDX-License-Identifier: Apache-2.0

// A file that is read, wherever it is. One thread at a time.
//
//   ASSIGN_OR_RETURN(std::unique_ptr<io::InputFile> file, io::InputFile::Open("s3://bucket/train/a.gz"));
//   char start[12];
//   ASSIGN_OR_RETURN(const size_t n, file->Read(start, sizeof(start)));
//
// Of an object in a store 256 KiB are asked for first and, as long as the reader goes on from there, twice as many each
// time, up to 8 MiB, the next ones while these are used. So a reader that looks here and there gets little more than what
// it wants, and one that reads all waits little.
#ifndef TFXM_UTIL_FILESYSTEM_INPUT_FILE_H_
#define TFXM_UTIL_FILESYSTEM_INPUT_FILE_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tfxm::io {

class InputFile {
 public:
  // Errors name the path, here and below.
  static absl::StatusOr<std::unique_ptr<InputFile>> Open(absl::string_view path);
  virtual ~InputFile() = default;
  // Up to n bytes; fewer only at the end.
  virtual absl::StatusOr<size_t> Read(char* to, size_t n) = 0;
  // Where the next Read begins; it may lie behind the end.
  virtual absl::Status Seek(int64_t offset) = 0;
  virtual absl::StatusOr<int64_t> Size() = 0;
};

}  // namespace tfxm::io

#endif  // TFXM_UTIL_FILESYSTEM_INPUT_FILE_H_
