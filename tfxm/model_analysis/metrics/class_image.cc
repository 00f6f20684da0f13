#include "tfxm/model_analysis/metrics/class_image.h"

#include <isa-l/igzip_lib.h>

#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"

namespace tfxm::model_analysis {
namespace {

uint32_t BigEndian(absl::string_view bytes) {
  uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | static_cast<uint8_t>(bytes[i]);
  return value;
}

// The PNG filter's guess from the pixels to the left, above, and above left.
int Paeth(int a, int b, int c) {
  const int p = a + b - c, pa = std::abs(p - a), pb = std::abs(p - b), pc = std::abs(p - c);
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

}  // namespace

absl::StatusOr<ClassImage> DecodeClassPng(absl::string_view bytes) {
  constexpr absl::string_view kSignature("\x89PNG\r\n\x1a\n", 8);
  if (!bytes.starts_with(kSignature)) {
    return absl::InvalidArgumentError(
        absl::StrCat("an image of classes must be a PNG", bytes.starts_with("\xff\xd8") ? ", not a JPEG" : ""));
  }
  ClassImage image;
  int depth = 0, color = 0;
  std::string compressed;
  for (size_t at = 8; at + 12 <= bytes.size();) {
    const size_t size = BigEndian(bytes.substr(at));
    const absl::string_view type = bytes.substr(at + 4, 4);
    if (size > bytes.size() - at - 12) break;
    const absl::string_view content = bytes.substr(at + 8, size);
    if (type == "IHDR" && size == 13) {
      const uint32_t width = BigEndian(content), height = BigEndian(content.substr(4));
      if (width == 0 || height == 0 || width > 65536 || height > 65536) {
        return absl::InvalidArgumentError(absl::StrCat("the PNG is ", width, " x ", height, " pixels"));
      }
      image.width = static_cast<int>(width);
      image.height = static_cast<int>(height);
      depth = content[8];
      color = content[9];
      if ((color != 0 && color != 3) || depth > 8 || content[12] != 0) {
        return absl::InvalidArgumentError(
            absl::StrCat("the PNG must have one channel of at most 8 bits, gray or with a palette, and not be "
                         "interlaced; it has color type ",
                         color, " and ", depth, " bits"));
      }
    } else if (type == "IDAT") {
      compressed.append(content);
    } else if (type == "IEND") {
      break;
    }
    at += 12 + size;
  }
  if (depth == 0 || compressed.empty()) return absl::InvalidArgumentError("the PNG is cut off");

  const size_t stride = (static_cast<size_t>(image.width) * depth + 7) / 8;
  std::vector<uint8_t> data((stride + 1) * image.height);
  inflate_state state;
  isal_inflate_init(&state);
  state.crc_flag = ISAL_ZLIB;
  state.next_in = reinterpret_cast<uint8_t*>(compressed.data());
  state.avail_in = static_cast<uint32_t>(compressed.size());
  state.next_out = data.data();
  state.avail_out = static_cast<uint32_t>(data.size());
  if (isal_inflate(&state) != ISAL_DECOMP_OK || state.avail_out != 0) {
    return absl::InvalidArgumentError("the PNG's pixels are broken");
  }
  image.pixels.resize(static_cast<size_t>(image.width) * image.height);
  std::vector<uint8_t> above(stride, 0);
  for (int y = 0; y < image.height; ++y) {
    uint8_t* const row = data.data() + y * (stride + 1) + 1;
    const int filter = row[-1];
    if (filter > 4) return absl::InvalidArgumentError("the PNG's pixels are broken");
    for (size_t i = 0; i < stride; ++i) {
      const int left = i > 0 ? row[i - 1] : 0, up = above[i], corner = i > 0 ? above[i - 1] : 0;
      const int guess = filter == 0   ? 0
                        : filter == 1 ? left
                        : filter == 2 ? up
                        : filter == 3 ? (left + up) / 2
                                      : Paeth(left, up, corner);
      row[i] = static_cast<uint8_t>(row[i] + guess);
    }
    above.assign(row, row + stride);
    const int scale = color == 0 && depth > 1 && depth < 8 ? 255 / ((1 << depth) - 1) : 1;
    for (int x = 0; x < image.width; ++x) {
      const int bit = x * depth, shift = 8 - depth - bit % 8;
      image.pixels[static_cast<size_t>(y) * image.width + x] =
          static_cast<uint8_t>((row[bit / 8] >> shift & ((1 << depth) - 1)) * scale);
    }
  }
  return image;
}

}  // namespace tfxm::model_analysis
