// SPDX-License-Identifier: Apache-2.0

// Losses for classes of very different sizes, as pixels of an image have, with Keras's names, arguments and numbers.
#ifndef TFXM_NN_LOSSES_SEGMENTATION_LOSSES_H_
#define TFXM_NN_LOSSES_SEGMENTATION_LOSSES_H_

#include <cstdint>
#include <vector>

#include "tfxm/nn/losses/losses.h"

namespace tfxm::nn::losses {

struct CategoricalFocalOptions {
  double alpha = 0.25;
  double gamma = 2;
  bool from_logits = false;
  double label_smoothing = 0;
};
// Labels: probabilities, [batch, …, classes]. What is predicted well weighs less.
Loss CategoricalFocalCrossentropy(CategoricalFocalOptions options = {});

struct DiceOptions {
  // What the sums go over: {1, 2, 3} is one loss per image. {}: everything, examples too, as in Keras.
  std::vector<int32_t> axis;
};
// 1 - 2 * sum(y_true * y_pred) / (sum(y_true) + sum(y_pred))
Loss Dice(DiceOptions options = {});

struct TverskyOptions {
  double alpha = 0.5;  // What is labelled and not predicted weighs so much,
  double beta = 0.5;   // and what is predicted and not labelled so much.
  std::vector<int32_t> axis;
};
Loss Tversky(TverskyOptions options = {});

}  // namespace tfxm::nn::losses

#endif  // TFXM_NN_LOSSES_SEGMENTATION_LOSSES_H_
