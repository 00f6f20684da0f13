#include "tfxm/nn/losses.h"

#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tfxm/nn/labels.h"
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
Loss Dense(std::string name, Loss::Function function) {
  return Loss(std::move(name), [function = std::move(function)](const Tensor& y_true, const Tensor& y_pred) {
    return function(DenseLabels(y_true, y_pred), y_pred);
  });
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
  };
  return *by_name;
}

}  // namespace

ops::Tensor SparseLabels(const ops::Tensor& y_true, const ops::Tensor& y_pred) {
  const Shape shape = y_true.shape();
  Tensor labels = y_true;
  if (shape.size() == y_pred.shape().size() && !shape.empty() && shape.back() == 1) labels = ops::Squeeze(labels, {-1});
  return labels.dtype() == DataType::kInt64 || labels.dtype() == DataType::kInt32 ? labels
                                                                                  : ops::Cast(labels, DataType::kInt64);
}

ops::Tensor DenseLabels(const ops::Tensor& y_true, const ops::Tensor& y_pred) {
  Tensor labels = ops::Cast(y_true, y_pred.dtype());
  const Shape true_shape = y_true.shape(), pred_shape = y_pred.shape();
  if (true_shape.size() + 1 == pred_shape.size() && pred_shape.back() == 1) return ops::ExpandDims(labels, -1);
  if (pred_shape.size() + 1 == true_shape.size() && true_shape.back() == 1) return ops::Squeeze(labels, {-1});
  return labels;
}

absl::Status Loss::Check() const {
  if (function_ != nullptr || empty() || ByName().count(name_) > 0) return absl::OkStatus();
  std::vector<std::string> names;
  for (const auto& [name, loss] : ByName()) names.push_back(name);
  const std::string near = NearestNames(name_, names);
  return absl::InvalidArgumentError(
      absl::StrCat("no loss is called \"", name_, "\"", near.empty() ? "" : "; did you mean ", near));
}

absl::StatusOr<ops::Tensor> Loss::Call(const ops::Tensor& y_true, const ops::Tensor& y_pred) const {
  if (function_ != nullptr) return function_(y_true, y_pred);
  RETURN_IF_ERROR(Check());
  return ByName().find(name_)->second.Call(y_true, y_pred);
}

namespace losses {

Loss SparseCategoricalCrossentropy(CrossentropyOptions options) {
  return Loss("sparse_categorical_crossentropy", [options](const Tensor& y_true, const Tensor& y_pred) {
    Tensor logits = options.from_logits ? y_pred : ops::Log(ClipProbability(y_pred));
    Tensor labels = SparseLabels(y_true, y_pred);
    const Shape shape = y_pred.shape();
    if (shape.size() <= 2) return Tensor(ops::SparseSoftmaxCrossEntropyWithLogits(logits, labels));
    // One row per pixel or position.
    const Tensor losses = ops::SparseSoftmaxCrossEntropyWithLogits(ops::Reshape(logits, Shape{-1, shape.back()}),
                                                                   ops::Reshape(labels, Shape{-1}));
    return ops::Reshape(losses, ops::ShapeOf(labels));
  });
}

Loss CategoricalCrossentropy(CrossentropyOptions options) {
  return Dense("categorical_crossentropy", [options](const Tensor& y_true, const Tensor& y_pred) {
    Tensor labels = y_true;
    if (options.label_smoothing > 0) {
      const double classes = static_cast<double>(y_pred.shape().back());
      labels = labels * (1 - options.label_smoothing) + options.label_smoothing / classes;
    }
    if (options.from_logits) {
      if (y_pred.rank() == 2) return ops::SoftmaxCrossEntropyWithLogits(y_pred, labels);
      return -ops::ReduceSum(labels * ops::LogSoftmax(y_pred), {-1});
    }
    const Tensor p = y_pred / ops::ReduceSum(y_pred, {-1}, true);
    return -ops::ReduceSum(labels * ops::Log(ClipProbability(p)), {-1});
  });
}

Loss BinaryCrossentropy(CrossentropyOptions options) {
  return Dense("binary_crossentropy", [options](const Tensor& y_true, const Tensor& y_pred) {
    Tensor labels = y_true;
    if (options.label_smoothing > 0) labels = labels * (1 - options.label_smoothing) + 0.5 * options.label_smoothing;
    if (options.from_logits) return LastMean(ops::SigmoidCrossEntropyWithLogits(y_pred, labels));
    const Tensor p = ClipProbability(y_pred);
    return LastMean(-(labels * ops::Log(p) + (1 - labels) * ops::Log(1 - p)));
  });
}

Loss BinaryFocalCrossentropy(FocalOptions options) {
  return Dense("binary_focal_crossentropy", [options](const Tensor& y_true, const Tensor& y_pred) {
    Tensor labels = y_true;
    if (options.label_smoothing > 0) labels = labels * (1 - options.label_smoothing) + 0.5 * options.label_smoothing;
    const Tensor p = ClipProbability(options.from_logits ? ops::Sigmoid(y_pred) : y_pred);
    const Tensor crossentropy = -(labels * ops::Log(p) + (1 - labels) * ops::Log(1 - p));
    const Tensor p_t = labels * p + (1 - labels) * (1 - p);
    Tensor loss = ops::Pow(1 - p_t, options.gamma) * crossentropy;
    if (options.apply_class_balancing) loss = (labels * options.alpha + (1 - labels) * (1 - options.alpha)) * loss;
    return LastMean(loss);
  });
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
