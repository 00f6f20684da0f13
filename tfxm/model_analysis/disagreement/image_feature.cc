// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/disagreement/image_feature.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace tfxm::model_analysis {
namespace {

constexpr int kMinSide = 8, kMaxSide = 4096;
constexpr int64_t kMnist = 784;

bool SoundsLikeAnImage(absl::string_view feature) {
  const std::string name = absl::AsciiStrToLower(feature);
  for (const char* word : {"image", "img", "pixel", "picture", "photo"}) {
    if (absl::StrContains(name, word)) return true;
  }
  return false;
}

std::optional<ImageShape> Checked(ImageShape shape, int64_t num_values) {
  const bool sides =
      shape.height >= kMinSide && shape.width >= kMinSide && shape.height <= kMaxSide && shape.width <= kMaxSide;
  const bool channels = shape.channels == 1 || shape.channels == 3 || shape.channels == 4;
  if (!sides || !channels || shape.size() != num_values) return std::nullopt;
  return shape;
}

std::optional<ImageShape> FromSchema(absl::string_view feature, int64_t num_values,
                                     const ::tensorflow::metadata::v0::Schema& schema) {
  for (const auto& of_schema : schema.feature()) {
    if (of_schema.name() != feature || !of_schema.has_shape()) continue;
    std::vector<int> sizes;
    for (const auto& dimension : of_schema.shape().dim()) {
      sizes.push_back(static_cast<int>(std::clamp<int64_t>(dimension.size(), 0, kMaxSide + 1)));
    }
    if (sizes.size() == 2) return Checked({sizes[0], sizes[1], 1}, num_values);
    if (sizes.size() == 3) return Checked({sizes[0], sizes[1], sizes[2]}, num_values);
  }
  return std::nullopt;
}

std::optional<ImageShape> Square(int64_t num_values, int channels) {
  const int side = static_cast<int>(std::lround(std::sqrt(static_cast<double>(num_values) / channels)));
  return Checked({side, side, channels}, num_values);
}

// What is added to a value, and what it is then multiplied with, to get 0 to 255.
std::pair<double, double> Scaling(double least, double most, bool integers) {
  struct Range {
    double least, most;
  };
  constexpr std::array<Range, 4> kRanges = {{{-0.5, 0.5}, {0, 1}, {-1, 1}, {0, 255}}};
  for (const Range& range : kRanges) {
    if (integers && range.most < 1) continue;
    // Without a negative value it is one of the ranges from 0.
    if (range.least < 0 && least >= 0) continue;
    if (least >= range.least && most <= range.most) return {-range.least, 255 / (range.most - range.least)};
  }
  return {-least, most > least ? 255 / (most - least) : 0};
}

}  // namespace

std::optional<ImageShape> ShapeOfImage(absl::string_view feature, int64_t num_values,
                                       const ::tensorflow::metadata::v0::Schema* schema) {
  if (schema != nullptr) {
    if (const auto shape = FromSchema(feature, num_values, *schema)) return shape;
  }
  if (num_values == kMnist) return Square(num_values, 1);
  if (!SoundsLikeAnImage(feature)) return std::nullopt;
  if (const auto grey = Square(num_values, 1)) return grey;
  return Square(num_values, 3);
}

std::optional<PixelImage> ToImage(const data::Column& column, const ::tensorflow::metadata::v0::Schema* schema) {
  PixelImage image;
  const auto take_shape = [&](const std::optional<ImageShape>& shape) {
    if (!shape) return false;
    image.height = shape->height;
    image.width = shape->width;
    image.channels = shape->channels;
    return true;
  };
  const int n = column.num_values(0);
  if (column.type() == data::ValueType::kBytes) {
    if (n != 1) return std::nullopt;
    const absl::string_view bytes = column.bytes(0, 0);
    if (!take_shape(ShapeOfImage(column.name(), static_cast<int64_t>(bytes.size()), schema))) return std::nullopt;
    image.pixels = std::string(bytes);
    return image;
  }
  if (n == 0 || !take_shape(ShapeOfImage(column.name(), n, schema))) return std::nullopt;
  double least = column.number(0, 0), most = least;
  for (int k = 0; k < n; ++k) {
    const double x = column.number(0, k);
    if (!std::isfinite(x)) return std::nullopt;
    least = std::min(least, x);
    most = std::max(most, x);
  }
  const auto [shift, scale] = Scaling(least, most, column.type() == data::ValueType::kInt);
  image.pixels.resize(n);
  for (int k = 0; k < n; ++k) {
    image.pixels[k] = static_cast<char>(static_cast<uint8_t>(std::lround((column.number(0, k) + shift) * scale)));
  }
  return image;
}

}  // namespace tfxm::model_analysis
