// SPDX-License-Identifier: Apache-2.0

// How well areas are found, with Keras's names, arguments and numbers: of a class, the pixels that are both labelled and
// predicted as it, divided by those that are either.
//
//   model.Compile({.loss = "sparse_categorical_crossentropy",
//                  .metrics = {metrics::MeanIoU(3, {.sparse_y_pred = false})}});
#ifndef TFXM_NN_METRICS_SEGMENTATION_METRICS_H_
#define TFXM_NN_METRICS_SEGMENTATION_METRICS_H_

#include <optional>
#include <vector>

#include "tfxm/nn/metrics/metrics.h"

namespace tfxm::nn::metrics {

struct IoUOptions {
  // Examples of this label do not count (a "void" class: 255, say).
  std::optional<int> ignore_class;
  // Labels and predictions are numbers of classes; false: [batch, …, classes], of which the largest is the class, as a
  // softmax gives them. Numbers that are no class do not count.
  bool sparse_y_true = true;
  bool sparse_y_pred = true;
};
// The mean over those classes that there are in labels or predictions. Sample weights are not cut to whole numbers as
// Keras does it unless its metric is told a dtype.
Metric MeanIoU(int num_classes, IoUOptions options = {});
// Of `target_class_ids` only.
Metric IoU(int num_classes, std::vector<int> target_class_ids, IoUOptions options = {});
Metric OneHotMeanIoU(int num_classes, IoUOptions options = {});
// Predictions [batch, …, 1] of at least `threshold` are class 1, labels 0 or 1.
Metric BinaryIoU(std::vector<int> target_class_ids = {0, 1}, double threshold = 0.5);

}  // namespace tfxm::nn::metrics

#endif  // TFXM_NN_METRICS_SEGMENTATION_METRICS_H_
