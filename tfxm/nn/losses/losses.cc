// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/losses/losses.h"

#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tfxm/nn/data/labels.h"
#include "tfxm/nn/losses/segmentation_losses.h"
#include "tfxm/ops/ops.h"
#include "tfxm/util/registry.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::nn {
namespace {

constexpr double kEpsilon = 1e-7;  // keras.backend.epsilon()

using ops::Tensor;

Tensor ClipProbability(const Tensor& p) { return ops::ClipByValue(p, kEpsilon, 1 - kEpsilon); }
Tensor LastMean(const Tensor& x) { return ops::ReduceMean(x, {-1}); }

// A loss of labels that are numbers like the predictions.
Loss Dense(std::string name, Loss::Function function, Loss::Labels labels = Loss::Labels::kNumbers) {
  return Loss(
      std::move(name),
      [function = std::move(function)](const Tensor& y_true, const Tensor& y_pred) {
        // Keras brings predictions [batch, …, 1] to the shape of labels [batch, …], which are then no longer what came
        // out of a sigmoid; of [batch, 1] and [batch] it changes the labels.
        const int rank = y_true.rank();
        const bool squeeze = y_pred.valid() && rank > 1 && y_pred.rank() == rank + 1 && y_pred.shape().back() == 1;
        const Tensor predictions = squeeze ? ops::Squeeze(y_pred, {-1}) : y_pred;
        return function(DenseLabels(y_true, predictions), predictions);
      },
      labels);
}

// The logits if the predictions are, or come straight out of them; invalid otherwise.
Tensor Logits(const Tensor& y_pred, bool from_logits) {
  const Tensor logits = LogitsOf(y_pred);
  return logits.valid() || !from_logits ? logits : y_pred;
}

// Each element's.
Tensor BinaryCrossentropyOf(const Tensor& labels, const Tensor& y_pred, bool from_logits) {
  if (const Tensor logits = Logits(y_pred, from_logits); logits.valid())
    return ops::SigmoidCrossEntropyWithLogits(logits, labels);
  const Tensor p = ClipProbability(y_pred);
  return -(labels * ops::Log(p) + (1 - labels) * ops::Log(1 - p));
}

Tensor SmoothBinary(const Tensor& labels, double smoothing) {
  return smoothing > 0 ? labels * (1 - smoothing) + 0.5 * smoothing : labels;
}

absl::Status CheckSmoothing(absl::string_view name, double smoothing) {
  if (smoothing >= 0 && smoothing <= 1) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("loss ", name, ": label_smoothing must be between 0 and 1, got ", smoothing));
}

// 0/1 labels to -1/1, if they are; decided when the graph runs, as in Keras.
Tensor SignedLabels(const Tensor& y_true) {
  const Tensor is_binary = ops::ReduceAll(ops::LogicalOr(ops::Equal(y_true, 0), ops::Equal(y_true, 1)));
  return ops::Where(is_binary, 2 * y_true - 1, y_true);
}

Tensor L2Normalize(const Tensor& x) {
  return x * ops::Rsqrt(ops::Maximum(ops::ReduceSum(ops::Square(x), {-1}, true), 1e-12));
}

const std::map<std::string, Loss, std::less<>>& ByName() {
  using namespace losses;
  static const auto* const by_name = new std::map<std::string, Loss, std::less<>>{
      {"sparse_categorical_crossentropy", SparseCategoricalCrossentropy()},
      {"categorical_crossentropy", CategoricalCrossentropy()},
      {"binary_crossentropy", BinaryCrossentropy()},
      {"binary_focal_crossentropy", BinaryFocalCrossentropy()},
      {"mean_squared_error", MeanSquaredError()},
      {"mse", MeanSquaredError()},
      {"mean_absolute_error", MeanAbsoluteError()},
      {"mae", MeanAbsoluteError()},
      {"mean_absolute_percentage_error", MeanAbsolutePercentageError()},
      {"mape", MeanAbsolutePercentageError()},
      {"mean_squared_logarithmic_error", MeanSquaredLogarithmicError()},
      {"msle", MeanSquaredLogarithmicError()},
      {"huber", Huber()},
      {"log_cosh", LogCosh()},
      {"hinge", Hinge()},
      {"squared_hinge", SquaredHinge()},
      {"categorical_hinge", CategoricalHinge()},
      {"kl_divergence", KLDivergence()},
      {"poisson", Poisson()},
      {"cosine_similarity", CosineSimilarity()},
      {"categorical_focal_crossentropy", CategoricalFocalCrossentropy()},
      {"dice", Dice()},
      {"tversky", Tversky()},
      {"bce", BinaryCrossentropy()},
      {"kld", KLDivergence()},
      {"BCE", BinaryCrossentropy()},
      {"KLD", KLDivergence()},
      {"MSE", MeanSquaredError()},
      {"MAE", MeanAbsoluteError()},
      {"MAPE", MeanAbsolutePercentageError()},
      {"MSLE", MeanSquaredLogarithmicError()},
  };
  return *by_name;
}

}  // namespace

absl::Status Loss::Check() const {
  RETURN_IF_ERROR(status_);
  if (function_ != nullptr || empty() || ByName().count(name_) > 0) return absl::OkStatus();
  std::vector<std::string> names;
  for (const auto& [name, loss] : ByName()) names.push_back(name);
  const std::string near = NearestNames(name_, names);
  return absl::InvalidArgumentError(
      absl::StrCat("no loss is called \"", name_, "\"", near.empty() ? "" : "; did you mean ", near));
}

Loss::Labels Loss::labels() const {
  const auto found = function_ == nullptr ? ByName().find(name_) : ByName().end();
  return found == ByName().end() ? labels_ : found->second.labels_;
}

absl::StatusOr<ops::Tensor> Loss::Call(const ops::Tensor& y_true, const ops::Tensor& y_pred) const {
  if (function_ != nullptr) return function_(y_true, y_pred);
  RETURN_IF_ERROR(Check());
  return ByName().find(name_)->second.Call(y_true, y_pred);
}

namespace losses {

Loss SparseCategoricalCrossentropy(CrossentropyOptions options) {
  const char* const name = "sparse_categorical_crossentropy";
  if (options.label_smoothing != 0) {
    return Loss(name, absl::InvalidArgumentError(
                          absl::StrCat("loss ", name,
                                       " has no label_smoothing, as in Keras: its labels are class numbers; use "
                                       "CategoricalCrossentropy with one-hot labels")));
  }
  return Loss(
      name,
      [options](const Tensor& y_true, const Tensor& y_pred) {
        Tensor logits = Logits(y_pred, options.from_logits);
        if (!logits.valid()) logits = ops::Log(ClipProbability(y_pred));
        Tensor labels = SparseLabels(y_true, y_pred);
        const Shape shape = y_pred.shape();
        if (shape.size() <= 2) return Tensor(ops::SparseSoftmaxCrossEntropyWithLogits(logits, labels));
        // One row per pixel or position.
        const Tensor losses = ops::SparseSoftmaxCrossEntropyWithLogits(ops::Reshape(logits, Shape{-1, shape.back()}),
                                                                       ops::Reshape(labels, Shape{-1}));
        return ops::Reshape(losses, ops::ShapeOf(labels));
      },
      Loss::Labels::kClasses);
}

Loss CategoricalCrossentropy(CrossentropyOptions options) {
  const char* const name = "categorical_crossentropy";
  if (absl::Status status = CheckSmoothing(name, options.label_smoothing); !status.ok()) return Loss(name, status);
  return Dense(
      name,
      [options](const Tensor& y_true, const Tensor& y_pred) {
        Tensor labels = y_true;
        if (options.label_smoothing > 0) {
          const double classes = static_cast<double>(y_pred.shape().back());
          labels = labels * (1 - options.label_smoothing) + options.label_smoothing / classes;
        }
        if (const Tensor logits = Logits(y_pred, options.from_logits); logits.valid()) {
          if (logits.rank() == 2) return Tensor(ops::SoftmaxCrossEntropyWithLogits(logits, labels));
          return -ops::ReduceSum(labels * ops::LogSoftmax(logits), {-1});
        }
        const Tensor p = y_pred / ops::ReduceSum(y_pred, {-1}, true);
        return -ops::ReduceSum(labels * ops::Log(ClipProbability(p)), {-1});
      },
      Loss::Labels::kProbabilities);
}

Loss BinaryCrossentropy(CrossentropyOptions options) {
  const char* const name = "binary_crossentropy";
  if (absl::Status status = CheckSmoothing(name, options.label_smoothing); !status.ok()) return Loss(name, status);
  return Dense(
      name,
      [options](const Tensor& y_true, const Tensor& y_pred) {
        return LastMean(
            BinaryCrossentropyOf(SmoothBinary(y_true, options.label_smoothing), y_pred, options.from_logits));
      },
      Loss::Labels::kProbabilities);
}

Loss BinaryFocalCrossentropy(FocalOptions options) {
  const char* const name = "binary_focal_crossentropy";
  if (absl::Status status = CheckSmoothing(name, options.label_smoothing); !status.ok()) return Loss(name, status);
  return Dense(
      name,
      [options](const Tensor& y_true, const Tensor& y_pred) {
        const Tensor labels = SmoothBinary(y_true, options.label_smoothing);
        const Tensor p = options.from_logits ? ops::Sigmoid(y_pred) : y_pred;
        const Tensor p_t = labels * p + (1 - labels) * (1 - p);
        Tensor loss = ops::Pow(1 - p_t, options.gamma) * BinaryCrossentropyOf(labels, p, false);
        if (options.apply_class_balancing) loss = (labels * options.alpha + (1 - labels) * (1 - options.alpha)) * loss;
        return LastMean(loss);
      },
      Loss::Labels::kProbabilities);
}

Loss MeanSquaredError() {
  return Dense("mean_squared_error", [](const Tensor& y_true, const Tensor& y_pred) {
    return LastMean(ops::SquaredDifference(y_pred, y_true));
  });
}
Loss MeanAbsoluteError() {
  return Dense("mean_absolute_error",
               [](const Tensor& y_true, const Tensor& y_pred) { return LastMean(ops::Abs(y_pred - y_true)); });
}
Loss MeanAbsolutePercentageError() {
  return Dense("mean_absolute_percentage_error", [](const Tensor& y_true, const Tensor& y_pred) {
    return 100 * LastMean(ops::Abs((y_true - y_pred) / ops::Maximum(ops::Abs(y_true), kEpsilon)));
  });
}
Loss MeanSquaredLogarithmicError() {
  return Dense("mean_squared_logarithmic_error", [](const Tensor& y_true, const Tensor& y_pred) {
    return LastMean(ops::SquaredDifference(ops::Log(ops::Maximum(y_pred, kEpsilon) + 1),
                                           ops::Log(ops::Maximum(y_true, kEpsilon) + 1)));
  });
}
Loss Huber(double delta) {
  return Dense("huber_loss", [delta](const Tensor& y_true, const Tensor& y_pred) {
    const Tensor error = y_pred - y_true;
    const Tensor abs = ops::Abs(error);
    return LastMean(
        ops::Where(ops::LessEqual(abs, delta), 0.5 * ops::Square(error), delta * abs - 0.5 * delta * delta));
  });
}
Loss LogCosh() {
  return Dense("log_cosh", [](const Tensor& y_true, const Tensor& y_pred) {
    const Tensor x = y_pred - y_true;
    return LastMean(x + ops::Op("Softplus", {-2 * x}) - 0.6931471805599453);
  });
}
Loss Hinge() {
  return Dense("hinge", [](const Tensor& y_true, const Tensor& y_pred) {
    return LastMean(ops::Maximum(1 - SignedLabels(y_true) * y_pred, 0));
  });
}
Loss SquaredHinge() {
  return Dense("squared_hinge", [](const Tensor& y_true, const Tensor& y_pred) {
    return LastMean(ops::Square(ops::Maximum(1 - SignedLabels(y_true) * y_pred, 0)));
  });
}
Loss CategoricalHinge() {
  return Dense("categorical_hinge", [](const Tensor& y_true, const Tensor& y_pred) {
    const Tensor positive = ops::ReduceSum(y_true * y_pred, {-1});
    const Tensor negative = ops::ReduceMax((1 - y_true) * y_pred, {-1});
    return ops::Maximum(negative - positive + 1, 0);
  });
}
Loss KLDivergence() {
  return Dense("kl_divergence", [](const Tensor& y_true, const Tensor& y_pred) {
    const Tensor p = ops::ClipByValue(y_true, kEpsilon, 1), q = ops::ClipByValue(y_pred, kEpsilon, 1);
    return ops::ReduceSum(p * ops::Log(p / q), {-1});
  });
}
Loss Poisson() {
  return Dense("poisson", [](const Tensor& y_true, const Tensor& y_pred) {
    return LastMean(y_pred - y_true * ops::Log(y_pred + kEpsilon));
  });
}
Loss CosineSimilarity() {
  return Dense("cosine_similarity", [](const Tensor& y_true, const Tensor& y_pred) {
    return -ops::ReduceSum(L2Normalize(y_true) * L2Normalize(y_pred), {-1});
  });
}

}  // namespace losses
}  // namespace tfxm::nn
