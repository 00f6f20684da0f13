// SPDX-License-Identifier: Apache-2.0

// Encoded images in a Dataset.
//
//   ASSIGN_OR_RETURN(const auto decode, DecodeImages({.feature = "image", .height = 96, .width = 96}));
//   Dataset data =
//       Dataset::FromExamples(files, {{"image", DataType::kString, {1}}, …}, {.label_key = "label"}).Map(decode);
#ifndef TFXM_NN_DATA_DECODE_IMAGES_H_
#define TFXM_NN_DATA_DECODE_IMAGES_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "tfxm/nn/data/dataset.h"

namespace tfxm::nn {

struct DecodeImagesOptions {
  std::string feature = "image";  // Strings: JPEG, PNG, BMP or GIF files.
  int64_t height = 0;             // Images of any size become so large.
  int64_t width = 0;
  int64_t channels = 3;
  double scale = 1.0 / 255;  // Pixels are 0 … 255 times this, plus the offset.
  double offset = 0;
};
// Puts float [batch, height, width, channels] in the place of the feature. An image that cannot be decoded ends the
// training with an error that says what it is; drop such examples before, or write them anew.
absl::StatusOr<Dataset::MapFunction> DecodeImages(const DecodeImagesOptions& options);

}  // namespace tfxm::nn

#endif  // TFXM_NN_DATA_DECODE_IMAGES_H_
