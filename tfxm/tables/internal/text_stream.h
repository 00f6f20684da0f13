// SPDX-License-Identifier: Apache-2.0

// A file's text in UTF-8, unpacked.
//
//   ASSIGN_OR_RETURN(std::unique_ptr<TextStream> stream, TextStream::Open("people.csv.gz", "cp932"));
//   std::string text;
//   RETURN_IF_ERROR(stream->Read(1 << 20, &text));
#ifndef TFXM_TABLES_INTERNAL_TEXT_STREAM_H_
#define TFXM_TABLES_INTERNAL_TEXT_STREAM_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace arrow {
class Status;
}

namespace tfxm::tables {

// RESOURCE_EXHAUSTED if memory is short, else INVALID_ARGUMENT, for what is wrong with a file.
absl::Status FromArrow(const arrow::Status& status);

class TextStream {
 public:
  // `encoding`: any that iconv knows. gzip is told by its first bytes. NOT_FOUND, or INVALID_ARGUMENT for an encoding
  // that there is not; the error names the file.
  static absl::StatusOr<std::unique_ptr<TextStream>> Open(const std::string& file, const std::string& encoding);
  ~TextStream();

  // Appends what about so many bytes of the (unpacked) file hold; nothing at its end. UTF-8 is passed on unchecked. The
  // error does not name the file.
  absl::Status Read(size_t bytes, std::string* out);

 private:
  TextStream();
  absl::Status Convert(bool is_last, std::string* out);
  struct Rep;
  std::unique_ptr<Rep> rep_;
};

}  // namespace tfxm::tables

#endif  // TFXM_TABLES_INTERNAL_TEXT_STREAM_H_
