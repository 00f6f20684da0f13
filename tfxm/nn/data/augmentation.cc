// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/data/augmentation.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tfxm/nn/random.h"

namespace tfxm::nn {
namespace {

struct Image {
  const float* pixels;
  int64_t height, width, channels;
  std::optional<float> fill_value;

  float At(int64_t y, int64_t x, int64_t c) const {
    if (fill_value && (y < 0 || x < 0 || y >= height || x >= width)) return *fill_value;
    y = std::clamp<int64_t>(y, 0, height - 1);
    x = std::clamp<int64_t>(x, 0, width - 1);
    return pixels[(y * width + x) * channels + c];
  }
};

// Where a pixel of the new picture comes from: (y, x) = matrix * (y, x) + offset.
struct Transform {
  double yy = 1, yx = 0, xy = 0, xx = 1, y0 = 0, x0 = 0;
};

Transform Draw(const ImageAugmentationOptions& options, int64_t height, int64_t width, int64_t out_height,
               int64_t out_width, Random& random) {
  // In a fixed order and always all of them, so that one option does not change what another one draws.
  const auto around = [&](double limit) { return limit * (2 * random.Uniform() - 1); };
  const double flip_x = random.Uniform() < 0.5 && options.horizontal_flip ? -1 : 1;
  const double flip_y = random.Uniform() < 0.5 && options.vertical_flip ? -1 : 1;
  const double shift_y = around(options.height_shift) * static_cast<double>(height);
  const double shift_x = around(options.width_shift) * static_cast<double>(width);
  const double angle = around(options.rotation) * 2 * M_PI;
  const double scale = 1 / (1 + around(options.zoom));
  const double crop_y = static_cast<double>(random.Below(static_cast<uint64_t>(height - out_height + 1)));
  const double crop_x = static_cast<double>(random.Below(static_cast<uint64_t>(width - out_width + 1)));
  const double cos = std::cos(angle) * scale, sin = std::sin(angle) * scale;
  Transform t;
  t.yy = cos * flip_y;
  t.yx = -sin * flip_x;
  t.xy = sin * flip_y;
  t.xx = cos * flip_x;
  // Around the middle of the picture.
  const double middle_y = static_cast<double>(height - 1) / 2, middle_x = static_cast<double>(width - 1) / 2;
  const double from_y = crop_y - middle_y - shift_y, from_x = crop_x - middle_x - shift_x;
  t.y0 = middle_y + t.yy * from_y + t.yx * from_x;
  t.x0 = middle_x + t.xy * from_y + t.xx * from_x;
  return t;
}

void Apply(const Transform& t, const Image& from, int64_t height, int64_t width, float* to) {
  for (int64_t row = 0; row < height; ++row) {
    for (int64_t column = 0; column < width; ++column) {
      const double y = t.y0 + t.yy * static_cast<double>(row) + t.yx * static_cast<double>(column);
      const double x = t.x0 + t.xy * static_cast<double>(row) + t.xx * static_cast<double>(column);
      // Within rounding of a whole pixel there is nothing to interpolate: flips and crops stay exact.
      const double near_y = std::round(y), near_x = std::round(x);
      const double exact_y = std::fabs(y - near_y) < 1e-6 ? near_y : y,
                   exact_x = std::fabs(x - near_x) < 1e-6 ? near_x : x;
      const int64_t top = static_cast<int64_t>(std::floor(exact_y)), left = static_cast<int64_t>(std::floor(exact_x));
      const float down = static_cast<float>(exact_y - static_cast<double>(top));
      const float right = static_cast<float>(exact_x - static_cast<double>(left));
      for (int64_t c = 0; c < from.channels; ++c) {
        float value = from.At(top, left, c);
        if (down > 0 || right > 0) {
          const float above = value * (1 - right) + from.At(top, left + 1, c) * right;
          const float below = from.At(top + 1, left, c) * (1 - right) + from.At(top + 1, left + 1, c) * right;
          value = above * (1 - down) + below * down;
        }
        *to++ = value;
      }
    }
  }
}

}  // namespace

Dataset::MapFunction ImageAugmentation(std::string name, ImageAugmentationOptions options) {
  const uint64_t seed = DeriveSeed(options.seed.value_or(RandomSeed()), absl::StrCat("augment/", name));
  return [=](Batch& batch, int64_t index) -> absl::Status {
    const auto found = batch.features.find(name);
    if (found == batch.features.end())
      return absl::InvalidArgumentError(absl::StrCat("there is no feature \"", name, "\" to augment"));
    const Tensor& images = found->second;
    if (images.dtype() != DataType::kFloat || images.shape().size() != 4) {
      return absl::InvalidArgumentError(
          absl::StrCat("feature \"", name, "\" is ", DataTypeName(images.dtype()), ShapeString(images.shape()),
                       "; only float32 [batch, height, width, channels] can be augmented"));
    }
    const int64_t n = images.shape()[0], height = images.shape()[1], width = images.shape()[2],
                  channels = images.shape()[3];
    const int64_t out_height = options.crop_height > 0 ? options.crop_height : height;
    const int64_t out_width = options.crop_width > 0 ? options.crop_width : width;
    if (out_height > height || out_width > width) {
      return absl::InvalidArgumentError(
          absl::StrCat("a crop of ", out_height, " x ", out_width, " from ", ShapeString(images.shape())));
    }
    Tensor changed(DataType::kFloat, {n, out_height, out_width, channels});
    Random random(DeriveSeed(seed, static_cast<uint64_t>(index)));
    for (int64_t i = 0; i < n; ++i) {
      const Image image{images.values<float>().data() + i * height * width * channels, height, width, channels,
                        options.fill_value};
      const Transform transform = Draw(options, height, width, out_height, out_width, random);
      Apply(transform, image, out_height, out_width,
            changed.values<float>().data() + i * out_height * out_width * channels);
    }
    found->second = std::move(changed);
    return absl::OkStatus();
  };
}

}  // namespace tfxm::nn
