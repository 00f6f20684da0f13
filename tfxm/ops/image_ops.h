// SPDX-License-Identifier: Apache-2.0

// Encoded images.
#ifndef TFXM_OPS_IMAGE_OPS_H_
#define TFXM_OPS_IMAGE_OPS_H_

#include <cstdint>

#include "tfxm/ops/graph.h"

namespace tfxm::ops {

struct DecodeImagesOptions {
  // All images are brought to this size (bilinear, as tf.image.resize), so that a batch of them is one tensor.
  int64_t height = 0;
  int64_t width = 0;
  int64_t channels = 3;  // 1: gray.
};
// JPEG, PNG, BMP or the first picture of a GIF, told apart by their content: strings [batch] or [batch, 1] -> float
// [batch, height, width, channels] in [0, 255]. What is not an image is an error when the graph runs.
//
//   ops::Tensor pixels = ops::DecodeImages(inputs.at("image"), {.height = 96, .width = 96}) / 255;
//
// For the part of a graph that runs where the data is (a preprocessing_fn, a Dataset): TFLite has no such operation, so
// that a model for a device takes pixels.
Tensor DecodeImages(const Tensor& contents, const DecodeImagesOptions& options, absl::string_view name = "");

}  // namespace tfxm::ops

#endif  // TFXM_OPS_IMAGE_OPS_H_
