// SPDX-License-Identifier: Apache-2.0

#include "tfxm/tables/internal/text_stream.h"

#include <iconv.h>

#include <cerrno>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "arrow/io/compressed.h"
#include "arrow/status.h"
#include "arrow/util/compression.h"
#include "tfxm/tables/internal/arrow_input.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::tables {
namespace {

// NOLINTNEXTLINE(performance-no-int-to-ptr): that is how iconv_open says it.
const iconv_t kNoConverter = reinterpret_cast<iconv_t>(-1);

bool IsUtf8Name(absl::string_view encoding) {
  const std::string name = absl::AsciiStrToLower(encoding);
  return name == "utf-8" || name == "utf8";
}

}  // namespace

absl::Status FromArrow(const arrow::Status& status) {
  if (status.ok()) return absl::OkStatus();
  if (status.IsOutOfMemory()) return absl::ResourceExhaustedError(status.message());
  return absl::InvalidArgumentError(status.message());
}

struct TextStream::Rep {
  std::unique_ptr<arrow::util::Codec> codec;
  std::shared_ptr<arrow::io::InputStream> stream;
  iconv_t converter = kNoConverter;
  std::string bytes;  // Read and not yet converted.
};

TextStream::TextStream() : rep_(std::make_unique<Rep>()) {}

TextStream::~TextStream() {
  if (rep_->converter != kNoConverter) iconv_close(rep_->converter);
}

absl::StatusOr<std::unique_ptr<TextStream>> TextStream::Open(const std::string& file, const std::string& encoding) {
  auto text = std::unique_ptr<TextStream>(new TextStream);
  ASSIGN_OR_RETURN(const std::shared_ptr<arrow::io::RandomAccessFile> raw, OpenForArrow(file));
  text->rep_->stream = raw;
  char magic[2] = {};
  const auto read = raw->Read(2, magic);
  if (!read.ok()) return Annotate(FromArrow(read.status()), file);
  RETURN_IF_ERROR(Annotate(FromArrow(raw->Seek(0)), file));
  if (*read == 2 && magic[0] == '\x1f' && magic[1] == '\x8b') {
    auto codec = arrow::util::Codec::Create(arrow::Compression::GZIP);
    if (!codec.ok()) return Annotate(FromArrow(codec.status()), file);
    text->rep_->codec = *std::move(codec);
    auto stream = arrow::io::CompressedInputStream::Make(text->rep_->codec.get(), raw);
    if (!stream.ok()) return Annotate(FromArrow(stream.status()), file);
    text->rep_->stream = *stream;
  }
  if (!IsUtf8Name(encoding)) {
    text->rep_->converter = iconv_open("UTF-8", encoding.c_str());
    if (text->rep_->converter == kNoConverter) {
      return absl::InvalidArgumentError(
          absl::StrCat(file, ": there is no encoding \"", encoding, "\"; `iconv -l` lists them"));
    }
  }
  return text;
}

absl::Status TextStream::Read(size_t bytes, std::string* out) {
  std::string* const to = rep_->converter == kNoConverter ? out : &rep_->bytes;
  const size_t before = to->size();
  to->resize(before + bytes);
  const auto read = rep_->stream->Read(static_cast<int64_t>(bytes), to->data() + before);
  to->resize(before + (read.ok() ? static_cast<size_t>(*read) : 0));
  if (!read.ok()) return FromArrow(read.status());
  return rep_->converter == kNoConverter ? absl::OkStatus() : Convert(/*is_last=*/*read == 0, out);
}

absl::Status TextStream::Convert(bool is_last, std::string* out) {
  char* in = rep_->bytes.data();
  size_t left = rep_->bytes.size();
  std::string buffer(64 << 10, '\0');
  while (left > 0) {
    char* to = buffer.data();
    size_t room = buffer.size();
    const size_t result = iconv(rep_->converter, &in, &left, &to, &room);
    const int error = errno;
    out->append(buffer.data(), buffer.size() - room);
    if (result != static_cast<size_t>(-1) || error == E2BIG) continue;
    if (error == EINVAL && !is_last) break;  // The rest of a character is still to come.
    return absl::InvalidArgumentError("bytes that are not in the encoding; another one is named by --encoding");
  }
  rep_->bytes.erase(0, rep_->bytes.size() - left);
  return absl::OkStatus();
}

}  // namespace tfxm::tables
