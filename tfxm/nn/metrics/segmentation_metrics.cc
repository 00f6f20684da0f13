// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/metrics/segmentation_metrics.h"

#include <cstdint>
#include <functional>
#include <numeric>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tfxm/nn/data/labels.h"
#include "tfxm/nn/metrics/confusion_metrics.h"
#include "tfxm/ops/ops.h"

namespace tfxm::nn::metrics {
namespace {

using ops::Tensor;
using State = std::vector<std::vector<double>>;

// The number of examples, or their weights, by label and predicted class: [classes * classes]. What is in neither is
// left out.
Tensor CountPairs(int num_classes, const Tensor& labels, const Tensor& classes, const Tensor& weight,
                  std::optional<int> ignored) {
  const auto flat = [](const Tensor& x) { return ops::Reshape(x, Shape{-1}); };
  const auto is_class = [&](const Tensor& x) {
    return ops::LogicalAnd(ops::GreaterEqual(x, 0), ops::Less(x, num_classes));
  };
  const Tensor label = flat(labels), predicted = flat(classes);
  Tensor counts = ops::LogicalAnd(is_class(label), is_class(predicted));
  if (ignored) counts = ops::LogicalAnd(counts, ops::NotEqual(label, *ignored));
  // Pair -1 is nowhere.
  const Tensor pair = label * num_classes + predicted;
  const Tensor segment = ops::Where(counts, pair, ops::OnesLike(pair) * -1);
  const Tensor ones = ops::OnesLike(ops::Cast(classes, DataType::kFloat));
  const Tensor each = flat(weight.valid() ? ones * WeightLike(ones, weight) : ones);
  return ops::Op("UnsortedSegmentSum",
                 {each, segment, ops::Constant(*each.graph(), int32_t{num_classes * num_classes})});
}

double MeanOf(const State& state, int num_classes, const std::vector<int>& targets) {
  constexpr double kEpsilon = 1e-7;
  double sum = 0, there = 0;
  for (const int target : targets) {
    double of_label = 0, of_class = 0;
    for (int k = 0; k < num_classes; ++k) {
      of_label += state[0][target * num_classes + k];
      of_class += state[0][k * num_classes + target];
    }
    const double both = state[0][target * num_classes + target], either = of_label + of_class - both;
    if (either <= 1e-9) continue;
    sum += both / (either + kEpsilon);
    ++there;
  }
  return sum / (there + kEpsilon);
}

using ClassesOf = std::function<Tensor(const Tensor& y_true, const Tensor& y_pred)>;

Metric Make(std::string name, int num_classes, std::vector<int> targets, std::optional<int> ignored,
            ClassesOf labels_of, ClassesOf predicted_of) {
  if (num_classes < 1) {
    return Metric(std::move(name),
                  absl::InvalidArgumentError(absl::StrCat("num_classes must be positive, got ", num_classes)));
  }
  for (const int target : targets) {
    if (target >= 0 && target < num_classes) continue;
    return Metric(std::move(name), absl::InvalidArgumentError(
                                       absl::StrCat("target_class_ids are in [0, ", num_classes, "), got ", target)));
  }
  return Metric(
             std::move(name),
             [=](const Tensor& y_true, const Tensor& y_pred, const Tensor& weight) -> std::vector<Tensor> {
               const Tensor predicted = predicted_of(y_true, y_pred);
               return {CountPairs(num_classes, ops::Cast(labels_of(y_true, y_pred), DataType::kInt64),
                                  ops::Cast(predicted, DataType::kInt64), weight, ignored)};
             },
             [=](const State& state) { return MeanOf(state, num_classes, targets); })
      .WithDirection(Metric::Direction::kUp);
}

Metric Make(std::string name, int num_classes, std::vector<int> targets, const IoUOptions& options) {
  return Make(
      std::move(name), num_classes, std::move(targets), options.ignore_class,
      [options](const Tensor& y_true, const Tensor& y_pred) {
        if (!options.sparse_y_true) return ops::ArgMax(y_true, -1);
        return options.sparse_y_pred ? y_true : SparseLabels(y_true, y_pred);
      },
      [options](const Tensor& y_true, const Tensor& y_pred) {
        return options.sparse_y_pred ? y_pred : ops::ArgMax(y_pred, -1);
      });
}

std::vector<int> All(int num_classes) {
  std::vector<int> classes(num_classes > 0 ? num_classes : 0);
  std::iota(classes.begin(), classes.end(), 0);
  return classes;
}

}  // namespace

Metric MeanIoU(int num_classes, IoUOptions options) {
  return Make("mean_io_u", num_classes, All(num_classes), options);
}
Metric IoU(int num_classes, std::vector<int> target_class_ids, IoUOptions options) {
  return Make("io_u", num_classes, std::move(target_class_ids), options);
}
Metric OneHotMeanIoU(int num_classes, IoUOptions options) {
  options.sparse_y_true = options.sparse_y_pred = false;
  return Make("one_hot_mean_io_u", num_classes, All(num_classes), options);
}
Metric BinaryIoU(std::vector<int> target_class_ids, double threshold) {
  return Make("binary_io_u", 2, std::move(target_class_ids), std::nullopt, DenseLabels,
              [threshold](const Tensor&, const Tensor& y_pred) { return ops::GreaterEqual(y_pred, threshold); });
}

}  // namespace tfxm::nn::metrics
