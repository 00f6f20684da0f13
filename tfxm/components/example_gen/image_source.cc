// SPDX-License-Identifier: Apache-2.0

#include "tfxm/components/example_gen/image_source.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tfxm/data/example_encoder.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm {
namespace {

constexpr size_t kBlockFiles = 1024;
constexpr int64_t kBlockBytes = 64 << 20;

uint32_t BigEndian(absl::string_view bytes, size_t at, size_t size) {
  uint32_t out = 0;
  for (size_t k = 0; k < size; ++k) out = out << 8 | static_cast<unsigned char>(bytes[at + k]);
  return out;
}

absl::StatusOr<ImageInfo> ReadPng(absl::string_view bytes) {
  if (bytes.size() < 24 || bytes.substr(12, 4) != "IHDR")
    return absl::InvalidArgumentError("a PNG file without a header");
  const uint32_t width = BigEndian(bytes, 16, 4), height = BigEndian(bytes, 20, 4);
  if (width == 0 || height == 0 || width > 0x7FFFFFFF || height > 0x7FFFFFFF) {
    return absl::InvalidArgumentError("a PNG file without a size");
  }
  return ImageInfo{"png", static_cast<int>(width), static_cast<int>(height)};
}

// ITU T.81, B.1.1: segments with a marker and a length up to the frame header.
absl::StatusOr<ImageInfo> ReadJpeg(absl::string_view bytes) {
  size_t at = 2;
  while (at + 4 <= bytes.size()) {
    if (bytes[at] != '\xFF') return absl::InvalidArgumentError("a damaged JPEG file");
    const unsigned char marker = static_cast<unsigned char>(bytes[at + 1]);
    if (marker == 0xFF) {  // Padding.
      ++at;
      continue;
    }
    const bool is_frame = marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
    const size_t length = BigEndian(bytes, at + 2, 2);
    if (is_frame && at + 9 <= bytes.size()) {
      const int height = static_cast<int>(BigEndian(bytes, at + 5, 2)),
                width = static_cast<int>(BigEndian(bytes, at + 7, 2));
      if (width == 0 || height == 0) return absl::InvalidArgumentError("a JPEG file without a size");
      return ImageInfo{"jpeg", width, height};
    }
    if (is_frame || length < 2 || marker == 0xDA || marker == 0xD9) break;
    at += 2 + length;
  }
  return absl::InvalidArgumentError("a JPEG file that is cut off in its head");
}

class ImageBlock : public data::ExampleBlock {
 public:
  ImageBlock(std::vector<ImageFile> files, std::shared_ptr<const std::vector<std::string>> labels)
      : files_(std::move(files)), labels_(std::move(labels)) {}

  int size() const override { return static_cast<int>(files_.size()); }
  std::string Origin(int i) const override { return files_[static_cast<size_t>(i)].path; }

  absl::Status Encode(int i, std::string* record) const override {
    const ImageFile& file = files_[static_cast<size_t>(i)];
    ASSIGN_OR_RETURN(const std::string bytes, io::ReadFile(file.path));
    ASSIGN_OR_RETURN(const ImageInfo info, ReadImageInfo(bytes));
    const auto label = std::lower_bound(labels_->begin(), labels_->end(), file.label);
    if (label == labels_->end() || *label != file.label) {
      return absl::InternalError(absl::StrCat("\"", file.label, "\" is not one of the labels"));
    }
    const int64_t number = label - labels_->begin(), height = info.height, width = info.width;
    const absl::string_view text = file.label, encoded = bytes;
    std::vector<data::ExampleColumn> columns;
    const auto add = [&](const char* name, data::ExampleColumn::Values values) {
      columns.emplace_back().name = name;
      columns.back().values = values;
      columns.back().row_size = 1;
    };
    add("image/class/label", std::span<const int64_t>(&number, 1));
    add("image/class/text", std::span<const absl::string_view>(&text, 1));
    add("image/encoded", std::span<const absl::string_view>(&encoded, 1));
    add("image/format", std::span<const absl::string_view>(&info.format, 1));
    add("image/height", std::span<const int64_t>(&height, 1));
    add("image/width", std::span<const int64_t>(&width, 1));
    data::EncodeExample(columns, 0, record);
    return absl::OkStatus();
  }

 private:
  const std::vector<ImageFile> files_;
  const std::shared_ptr<const std::vector<std::string>> labels_;
};

class ImageSource : public data::ExampleSource {
 public:
  ImageSource(std::vector<ImageFile> files, std::vector<std::string> labels) : files_(std::move(files)) {
    std::sort(labels.begin(), labels.end());
    labels_ = std::make_shared<const std::vector<std::string>>(std::move(labels));
  }

  absl::StatusOr<std::unique_ptr<data::ExampleBlock>> Next() override {
    std::vector<ImageFile> some;
    for (int64_t bytes = 0; at_ < files_.size() && some.size() < kBlockFiles && bytes < kBlockBytes; ++at_) {
      ASSIGN_OR_RETURN(const int64_t size, io::FileSize(files_[at_].path));
      bytes += size;
      some.push_back(files_[at_]);
    }
    if (some.empty()) return nullptr;
    return std::make_unique<ImageBlock>(std::move(some), labels_);
  }
  std::vector<std::string> EmptyFiles() const override { return {}; }

 private:
  const std::vector<ImageFile> files_;
  std::shared_ptr<const std::vector<std::string>> labels_;
  size_t at_ = 0;
};

}  // namespace

absl::StatusOr<ImageInfo> ReadImageInfo(absl::string_view bytes) {
  if (absl::StartsWith(bytes, "\x89PNG\r\n\x1a\n")) return ReadPng(bytes);
  if (absl::StartsWith(bytes, "\xFF\xD8\xFF")) return ReadJpeg(bytes);
  return absl::InvalidArgumentError("neither a PNG nor a JPEG file");
}

std::unique_ptr<data::ExampleSource> OpenImages(std::vector<ImageFile> files, std::vector<std::string> labels) {
  return std::make_unique<ImageSource>(std::move(files), std::move(labels));
}

}  // namespace tfxm
