// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/losses/segmentation_losses.h"

#include "tfxm/nn/data/labels.h"
#include "tfxm/ops/ops.h"

namespace tfxm::nn::losses {
namespace {

using ops::Tensor;

constexpr double kEpsilon = 1e-7;  // keras.backend.epsilon()

}  // namespace

Loss CategoricalFocalCrossentropy(CategoricalFocalOptions options) {
  return Loss("categorical_focal_crossentropy", [options](const Tensor& y_true, const Tensor& y_pred) {
    Tensor labels = DenseLabels(y_true, y_pred);
    if (options.label_smoothing > 0) {
      const double classes = static_cast<double>(y_pred.shape().back());
      labels = labels * (1 - options.label_smoothing) + options.label_smoothing / classes;
    }
    const Tensor scores = options.from_logits ? ops::Softmax(y_pred) : y_pred;
    const Tensor p = ops::ClipByValue(scores / ops::ReduceSum(scores, {-1}, true), kEpsilon, 1 - kEpsilon);
    return ops::ReduceSum(-labels * ops::Log(p) * ops::Pow(1 - p, options.gamma) * options.alpha, {-1});
  });
}

Loss Dice(DiceOptions options) {
  return Loss("dice", [options](const Tensor& y_true, const Tensor& y_pred) {
    const Tensor labels = DenseLabels(y_true, y_pred);
    const auto sum = [&](const Tensor& x) { return ops::ReduceSum(x, options.axis); };
    return 1 - 2 * sum(labels * y_pred) / (sum(labels) + sum(y_pred) + kEpsilon);
  });
}

Loss Tversky(TverskyOptions options) {
  return Loss("tversky", [options](const Tensor& y_true, const Tensor& y_pred) {
    const Tensor labels = DenseLabels(y_true, y_pred);
    const auto sum = [&](const Tensor& x) { return ops::ReduceSum(x, options.axis); };
    const Tensor both = sum(labels * y_pred);
    const Tensor missed = sum((1 - y_pred) * labels), wrong = sum(y_pred * (1 - labels));
    return 1 - both / (both + missed * options.alpha + wrong * options.beta + kEpsilon);
  });
}

}  // namespace tfxm::nn::losses
