// SPDX-License-Identifier: Apache-2.0

// Random changes of pictures while training, made in the thread that prepares batches.
//
//   train.Map(nn::ImageAugmentation("image", {.horizontal_flip = true, .rotation = 0.05, .zoom = 0.1}));
//
// Each picture is changed on its own, in each epoch in another way; the same seed gives the same changes in every run.
#ifndef TFXM_NN_DATA_AUGMENTATION_H_
#define TFXM_NN_DATA_AUGMENTATION_H_

#include <cstdint>
#include <optional>
#include <string>

#include "tfxm/nn/data/dataset.h"

namespace tfxm::nn {

struct ImageAugmentationOptions {
  bool horizontal_flip = false;  // Half of the pictures.
  bool vertical_flip = false;
  // Shifts by up to this part of the height and width, either way.
  double height_shift = 0;
  double width_shift = 0;
  // Turns by up to this part of a full circle, either way.
  double rotation = 0;
  // Scales by a factor in [1 - zoom, 1 + zoom].
  double zoom = 0;
  // What is cut out at a random place of the (changed) picture; 0: all of it. The model's input has this size.
  int crop_height = 0;
  int crop_width = 0;
  // For what lies outside of the picture; without it the nearest pixel of the edge.
  std::optional<float> fill_value;
  std::optional<uint64_t> seed;  // RandomSeed() if not given.
};

// Changes the float feature `name`, [batch, height, width, channels]; values between pixels are interpolated linearly.
// INVALID_ARGUMENT for a feature of another type or shape.
Dataset::MapFunction ImageAugmentation(std::string name, ImageAugmentationOptions options);

}  // namespace tfxm::nn

#endif  // TFXM_NN_DATA_AUGMENTATION_H_
