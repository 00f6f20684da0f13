// SPDX-License-Identifier: Apache-2.0

// Losses with Keras's names, arguments and numbers.
//
//   losses::SparseCategoricalCrossentropy({.from_logits = true});
//   Loss("my_loss", [](const ops::Tensor& y_true, const ops::Tensor& y_pred) {
//     return ops::Abs(y_true - y_pred);
//   });
//
// A loss gives one number per example (or more: those of an example are averaged); a model takes the mean over the
// batch, weighted if there are sample or class weights (sum of weighted losses / number of losses, Keras's
// "sum_over_batch_size").
#ifndef TFXM_NN_LOSSES_LOSSES_H_
#define TFXM_NN_LOSSES_LOSSES_H_

#include <functional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/ops/graph.h"

namespace tfxm::nn {

class Loss {
 public:
  using Function = std::function<ops::Tensor(const ops::Tensor& y_true, const ops::Tensor& y_pred)>;
  // None: an output without a loss.
  Loss() = default;
  // By Keras's name, with its defaults: "sparse_categorical_crossentropy", "mse", … An unknown one is reported by
  // Compile.
  Loss(const char* name) : name_(name) {}
  Loss(std::string name) : name_(std::move(name)) {}
  Loss(std::string name, Function function) : name_(std::move(name)), function_(std::move(function)) {}
  // What labels must be, beyond their shape: checked before they are used.
  enum class Labels {
    kNumbers,
    kClasses,        // Whole numbers from 0, below the number of predictions.
    kProbabilities,  // In [0, 1].
  };
  Loss(std::string name, Function function, Labels labels)
      : name_(std::move(name)), function_(std::move(function)), labels_(labels) {}
  // One that cannot be made of the options it was given: what Check then says.
  Loss(std::string name, absl::Status status) : name_(std::move(name)), status_(std::move(status)) {}

  bool empty() const { return name_.empty() && function_ == nullptr; }
  const std::string& name() const { return name_; }
  Labels labels() const;
  // INVALID_ARGUMENT for an unknown name, naming the near ones, and for an option that the loss does not have.
  absl::Status Check() const;
  // [batch] or [batch, …].
  absl::StatusOr<ops::Tensor> Call(const ops::Tensor& y_true, const ops::Tensor& y_pred) const;

 private:
  std::string name_;
  Function function_;
  Labels labels_ = Labels::kNumbers;
  absl::Status status_;
};

namespace losses {

struct CrossentropyOptions {
  // Whether predictions are logits; otherwise probabilities. Of probabilities that come straight out of a sigmoid or
  // softmax the logits are taken, as in Keras: the loss then is exact, and has a gradient, where the function is
  // saturated.
  bool from_logits = false;
  double label_smoothing = 0;  // In [0, 1]; not of SparseCategoricalCrossentropy, whose labels are numbers.
};
// Labels: class numbers, [batch] or [batch, 1].
Loss SparseCategoricalCrossentropy(CrossentropyOptions options = {});
// Labels: probabilities, [batch, classes].
Loss CategoricalCrossentropy(CrossentropyOptions options = {});
// Labels 0 or 1, each prediction on its own.
Loss BinaryCrossentropy(CrossentropyOptions options = {});
struct FocalOptions {
  bool apply_class_balancing = false;
  double alpha = 0.25;
  double gamma = 2;
  bool from_logits = false;
  double label_smoothing = 0;
};
Loss BinaryFocalCrossentropy(FocalOptions options = {});
Loss MeanSquaredError();
Loss MeanAbsoluteError();
Loss MeanAbsolutePercentageError();
Loss MeanSquaredLogarithmicError();
Loss Huber(double delta = 1);
Loss LogCosh();
// Labels 0/1 or -1/1.
Loss Hinge();
Loss SquaredHinge();
Loss CategoricalHinge();
Loss KLDivergence();
Loss Poisson();
// Over the last axis; -1 is most alike.
Loss CosineSimilarity();

}  // namespace losses
}  // namespace tfxm::nn

#endif  // TFXM_NN_LOSSES_LOSSES_H_
