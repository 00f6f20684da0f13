// SPDX-License-Identifier: Apache-2.0

// Metrics of training and evaluation, with Keras's names, arguments and numbers.
//
//   model.Compile({.loss = "binary_crossentropy", .metrics = {"accuracy", metrics::AUC({.curve = "PR"})}});
//
// Those of true and false positives and negatives: confusion_metrics.h. Of the classes of pixels: segmentation_metrics.h.
//
// A metric keeps a state that adds up over batches (sums and counts), so that its value is that of all examples
// together.
#ifndef TFXM_NN_METRICS_METRICS_H_
#define TFXM_NN_METRICS_METRICS_H_

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "tfxm/nn/losses/losses.h"
#include "tfxm/ops/graph.h"

namespace tfxm::nn {

class Metric {
 public:
  // What a batch adds to the state: float tensors of fixed shapes. `weight` [batch] is invalid where there are no
  // weights.
  using Update = std::function<std::vector<ops::Tensor>(const ops::Tensor& y_true, const ops::Tensor& y_pred,
                                                        const ops::Tensor& weight)>;
  // The value of a state: one vector per tensor of the update, summed over batches.
  using Result = std::function<double(const std::vector<std::vector<double>>& state)>;

  // By Keras's name: "sparse_categorical_accuracy", "mse", … "accuracy" becomes the binary, categorical or sparse
  // categorical one by the shapes of labels and predictions, as in Keras. An unknown one is reported by Compile.
  Metric(const char* name) : name_(name) {}
  Metric(std::string name) : name_(std::move(name)) {}
  Metric(std::string name, Update update, Result result)
      : name_(std::move(name)), update_(std::move(update)), result_(std::move(result)) {}
  // One that cannot be made of the options it was given: what Check then says.
  Metric(std::string name, absl::Status status) : name_(std::move(name)), status_(std::move(status)) {}
  // Which values are better, for callbacks that watch the metric with mode "auto". Not known of custom metrics
  // until they say it: Metric(…).WithDirection(Metric::Direction::kUp).
  enum class Direction { kUnknown, kUp, kDown };

  const std::string& name() const { return name_; }
  Metric WithName(std::string name) const;
  // What logs call it: the name, or that of the metric behind a name ("AUC" is "auc").
  std::string log_name() const;
  Direction direction() const;
  Metric WithDirection(Direction direction) const;
  // Whether masked steps (Embedding's mask_zero, Masking) do not count: so in Keras of means of a value per step, which
  // metrics::Mean makes, and not of others (AUC, root_mean_squared_error, …).
  bool takes_mask() const { return takes_mask_; }
  Metric WithMask() const;
  // INVALID_ARGUMENT for an unknown name, naming the near ones, and for options that the metric does not have.
  absl::Status Check() const;
  // The metric behind a name, given the labels and predictions it is to measure.
  absl::StatusOr<Metric> Resolve(const ops::Tensor& y_true, const ops::Tensor& y_pred) const;
  std::vector<ops::Tensor> Add(const ops::Tensor& y_true, const ops::Tensor& y_pred, const ops::Tensor& weight) const {
    return update_(y_true, y_pred, weight);
  }
  double Value(const std::vector<std::vector<double>>& state) const { return result_(state); }

 private:
  std::string name_;
  Update update_;
  Result result_;
  Direction direction_ = Direction::kUnknown;
  bool takes_mask_ = false;
  absl::Status status_;
};

namespace metrics {

// The mean of what `function` gives per example ([batch] or [batch, …]).
Metric Mean(std::string name,
            std::function<ops::Tensor(const ops::Tensor& y_true, const ops::Tensor& y_pred)> function);

Metric SparseCategoricalAccuracy();
Metric CategoricalAccuracy();
Metric BinaryAccuracy(double threshold = 0.5);
// Of labels and predictions that are equal.
Metric Accuracy();
Metric SparseTopKCategoricalAccuracy(int k = 5);
Metric TopKCategoricalAccuracy(int k = 5);
Metric SparseCategoricalCrossentropy(losses::CrossentropyOptions options = {});
Metric CategoricalCrossentropy(losses::CrossentropyOptions options = {});
Metric BinaryCrossentropy(losses::CrossentropyOptions options = {});
Metric MeanSquaredError();
Metric RootMeanSquaredError();
Metric MeanAbsoluteError();
struct PrecisionOptions {
  // Predictions above it are positive; 0.5, or none with top_k. Keras's list of thresholds is a metric for each:
  // Precision({.threshold = 0.9}).WithName("precision_90").
  std::optional<double> threshold;
  // Of an example's predictions only the largest so many can be positive.
  std::optional<int> top_k;
  // Only this class counts, of labels and predictions [batch, …, classes].
  std::optional<int> class_id;
};
Metric Precision(PrecisionOptions options = {});
Metric Precision(double threshold);
Metric Recall(PrecisionOptions options = {});
Metric Recall(double threshold);
struct AUCOptions {
  int num_thresholds = 200;
  std::string curve = "ROC";  // or "PR"
  bool from_logits = false;
  // Of [batch, labels]: the mean of the labels' areas; otherwise all of them together are one.
  bool multi_label = false;
};
Metric AUC(AUCOptions options = {});
Metric MeanAbsolutePercentageError();
Metric MeanSquaredLogarithmicError();
Metric Hinge();
Metric SquaredHinge();
Metric CategoricalHinge();
Metric KLDivergence();
Metric Poisson();
Metric LogCoshError();
// Unlike the loss, 1 is most alike.
Metric CosineSimilarity();
struct R2ScoreOptions {
  // Over the columns of an output: or "variance_weighted_average".
  std::string class_aggregation = "uniform_average";
};
// The part of the labels' variance that predictions [batch, columns] explain; at most 1.
Metric R2Score(R2ScoreOptions options = {});

}  // namespace metrics
}  // namespace tfxm::nn

#endif  // TFXM_NN_METRICS_METRICS_H_
