// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/metrics/detection/class_image.h"

#include <spng.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"

namespace tfxm::model_analysis {
namespace {

constexpr uint32_t kLargestSide = 65536;
// More than deflate can do: an image of more bytes than that is not in the file.
constexpr size_t kMostCompression = 1100;

}  // namespace

absl::StatusOr<ClassImage> DecodeClassPng(absl::string_view bytes) {
  constexpr absl::string_view kSignature("\x89PNG\r\n\x1a\n", 8);
  if (!bytes.starts_with(kSignature)) {
    return absl::InvalidArgumentError(
        absl::StrCat("an image of classes must be a PNG", bytes.starts_with("\xff\xd8") ? ", not a JPEG" : ""));
  }
  const auto broken = [](int error) {
    return absl::InvalidArgumentError(absl::StrCat("the PNG is broken: ", spng_strerror(error)));
  };
  const std::unique_ptr<spng_ctx, void (*)(spng_ctx*)> png(spng_ctx_new(0), spng_ctx_free);
  if (png == nullptr) return absl::ResourceExhaustedError("no memory to decode a PNG");
  spng_set_image_limits(png.get(), kLargestSide, kLargestSide);
  spng_set_png_buffer(png.get(), bytes.data(), bytes.size());
  spng_ihdr header;
  if (const int error = spng_get_ihdr(png.get(), &header); error != 0) return broken(error);
  const bool gray = header.color_type == SPNG_COLOR_TYPE_GRAYSCALE;
  const int depth = header.bit_depth;
  if ((!gray && header.color_type != SPNG_COLOR_TYPE_INDEXED) || depth > 8) {
    return absl::InvalidArgumentError(
        absl::StrCat("the PNG must have one channel of at most 8 bits, gray or with a palette; it has color type ",
                     static_cast<int>(header.color_type), " and ", depth, " bits"));
  }
  const size_t stride = (static_cast<size_t>(header.width) * depth + 7) / 8;
  if (stride * header.height > bytes.size() * kMostCompression) {
    return absl::InvalidArgumentError(absl::StrCat("the PNG is cut off: ", bytes.size(), " bytes cannot hold ",
                                                   header.width, " x ", header.height, " pixels"));
  }
  std::vector<uint8_t> rows(stride * header.height);
  // As they are in the file: gray values and indices of the palette.
  if (const int error = spng_decode_image(png.get(), rows.data(), rows.size(), SPNG_FMT_RAW, 0); error != 0) {
    return broken(error);
  }
  // To the end of the file: the CRC of the last pixels comes behind them.
  if (const int error = spng_decode_chunks(png.get()); error != 0) return broken(error);
  ClassImage image{.height = static_cast<int>(header.height), .width = static_cast<int>(header.width)};
  image.pixels.reserve(static_cast<size_t>(image.width) * image.height);
  const int largest = (1 << depth) - 1, scale = gray && depth > 1 ? 255 / largest : 1;
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      const int bit = x * depth, shift = 8 - depth - bit % 8;
      image.pixels.push_back(static_cast<uint8_t>((rows[y * stride + bit / 8] >> shift & largest) * scale));
    }
  }
  return image;
}

}  // namespace tfxm::model_analysis
