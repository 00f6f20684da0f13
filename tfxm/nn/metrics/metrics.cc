// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/metrics/metrics.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "absl/strings/str_cat.h"
#include "tfxm/nn/data/labels.h"
#include "tfxm/nn/metrics/confusion_metrics.h"
#include "tfxm/ops/ops.h"
#include "tfxm/util/registry.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::nn {
namespace {

using ops::Tensor;
using State = std::vector<std::vector<double>>;

double Ratio(double numerator, double denominator) { return denominator == 0 ? 0 : numerator / denominator; }

// Keras's value of a prediction that is below every threshold.
constexpr double kNever = -1e10;

double SumOverCount(const State& state) { return Ratio(state[0][0], state[1][0]); }

// {sum of values, number of values}, weighted.
std::vector<Tensor> SumAndCount(const Tensor& values, const Tensor& weight) {
  const Tensor floats = ops::Cast(values, DataType::kFloat);
  if (!weight.valid()) return {ops::ReduceSum(floats), ops::Cast(ops::SizeOf(values), DataType::kFloat)};
  const Tensor w = WeightLike(floats, weight);
  return {ops::ReduceSum(floats * w), ops::ReduceSum(ops::OnesLike(floats) * w)};
}

Tensor ArgMaxLast(const Tensor& x) { return ops::ArgMax(x, -1); }

}  // namespace

Tensor WeightLike(const Tensor& values, Tensor weight) {
  weight = ops::Cast(weight, DataType::kFloat);
  if (values.valid() && weight.valid() && weight.rank() > values.rank()) {
    values.graph()->SetError(absl::InvalidArgumentError(
        absl::StrCat("sample weights are ", ShapeString(weight.shape()), " for values ", ShapeString(values.shape()))));
  }
  while (weight.rank() < values.rank()) weight = ops::ExpandDims(weight, -1);
  return weight;
}

std::vector<Tensor> ConfusionAt(const std::vector<float>& thresholds, const Tensor& y_true, const Tensor& y_pred,
                                const Tensor& weight) {
  const auto row = [](const Tensor& x) { return ops::Reshape(x, Shape{1, -1}); };
  const Tensor labels = ops::Greater(row(DenseLabels(y_true, y_pred)), 0);
  tfxm::Tensor column(DataType::kFloat, {static_cast<int64_t>(thresholds.size()), 1});
  std::copy(thresholds.begin(), thresholds.end(), column.values<float>().begin());
  const Tensor predicted = ops::Greater(row(y_pred), ops::Constant(*y_pred.graph(), std::move(column)));
  Tensor w;
  if (weight.valid()) w = row(ops::OnesLike(y_pred) * WeightLike(y_pred, weight));
  const auto count = [&](const Tensor& condition) {
    const Tensor ones = ops::Cast(condition, DataType::kFloat);
    return ops::ReduceSum(w.valid() ? ones * w : ones, {1});
  };
  const Tensor not_labels = ops::LogicalNot(labels), not_predicted = ops::LogicalNot(predicted);
  return {count(ops::LogicalAnd(predicted, labels)), count(ops::LogicalAnd(predicted, not_labels)),
          count(ops::LogicalAnd(not_predicted, labels)), count(ops::LogicalAnd(not_predicted, not_labels))};
}

namespace {

// Area under the curve from the counts at decreasing recall (increasing thresholds); Keras's "interpolation" summation.
double Area(const State& state, bool precision_recall) {
  const std::vector<double>&tp = state[0], &fp = state[1], &fn = state[2], &tn = state[3];
  double area = 0;
  for (size_t i = 0; i + 1 < tp.size(); ++i) {
    if (!precision_recall) {
      const double y0 = Ratio(tp[i], tp[i] + fn[i]), y1 = Ratio(tp[i + 1], tp[i + 1] + fn[i + 1]);
      const double x0 = Ratio(fp[i], fp[i] + tn[i]), x1 = Ratio(fp[i + 1], fp[i + 1] + tn[i + 1]);
      area += (x0 - x1) * (y0 + y1) / 2;
      continue;
    }
    // Davis & Goadrich: between two thresholds the positives that are true grow linearly with all that are called
    // positive.
    const double d_tp = tp[i] - tp[i + 1];
    const double p0 = tp[i] + fp[i], p1 = tp[i + 1] + fp[i + 1];
    const double slope = Ratio(d_tp, std::max(p0 - p1, 0.0));
    const double intercept = tp[i + 1] - slope * p1;
    const double ratio = p0 > 0 && p1 > 0 ? Ratio(p0, std::max(p1, 0.0)) : 1;
    area += Ratio(slope * (d_tp + intercept * std::log(ratio)), std::max(tp[i + 1] + fn[i + 1], 0.0));
  }
  return area;
}

Metric Up(const Metric& metric) { return metric.WithDirection(Metric::Direction::kUp); }
Metric Down(const Metric& metric) { return metric.WithDirection(Metric::Direction::kDown); }

// Which of ConfusionAt's counts.
constexpr int kFalsePositives = 1, kFalseNegatives = 2;

// The largest `k` of the last dimension as they are, the others far below every threshold.
Tensor OnlyTopK(const Tensor& x, int k) {
  const ops::Node top = ops::Op("TopKV2", {x, ops::Constant(*x.graph(), int32_t{k})});
  const Tensor is_top = ops::ReduceSum(ops::OneHot(top[1], static_cast<int>(x.shape().back())), {-2});
  return x * is_top + (1 - is_top) * kNever;
}

// True positives, of them and the count `others`.
Metric OfPositives(const std::string& name, int others, const metrics::PrecisionOptions& options) {
  const auto error = [&](absl::string_view what) { return Metric(name, absl::InvalidArgumentError(what)); };
  if (options.top_k.value_or(1) < 1) return error(absl::StrCat("top_k must be positive, got ", *options.top_k));
  if (options.class_id.value_or(0) < 0) return error(absl::StrCat("class_id counts from 0, got ", *options.class_id));
  const double threshold = options.threshold.value_or(options.top_k ? kNever : 0.5);
  return Up(Metric(
      name,
      [=](const Tensor& y_true, const Tensor& y_pred, const Tensor& weight) -> std::vector<Tensor> {
        Tensor labels = y_true, predictions = y_pred;
        if (options.top_k || options.class_id) {
          labels = DenseLabels(y_true, y_pred);
          const int64_t classes = y_pred.rank() < 2 ? 0 : y_pred.shape().back();
          const int64_t needed = std::max(options.top_k.value_or(1), options.class_id.value_or(0) + 1);
          if (labels.valid() && classes < needed) {
            y_pred.graph()->SetError(absl::InvalidArgumentError(
                absl::StrCat("top_k and class_id are of predictions [batch, classes] with at least ", needed,
                             classes == 0 ? "; they are " : " classes; they are ", ShapeString(y_pred.shape()))));
            return std::vector<Tensor>(4, Tensor(y_pred.graph(), -1, 0));
          }
        }
        if (options.top_k) predictions = OnlyTopK(predictions, *options.top_k);
        if (options.class_id) {
          const auto of_class = [&](const Tensor& x) {
            return ops::Gather(x, ops::Constant(*x.graph(), std::vector<int32_t>{*options.class_id}), x.rank() - 1);
          };
          labels = of_class(labels);
          predictions = of_class(predictions);
        }
        return ConfusionAt({static_cast<float>(threshold)}, labels, predictions, weight);
      },
      [others](const State& state) { return Ratio(state[0][0], state[0][0] + state[others][0]); }));
}

Metric OfLoss(Loss loss) {
  const std::string name = loss.name();
  if (absl::Status status = loss.Check(); !status.ok()) return Metric(name, status);
  return Down(metrics::Mean(name, [loss = std::move(loss)](const Tensor& y_true, const Tensor& y_pred) {
    auto values = loss.Call(y_true, y_pred);
    return values.ok() ? *values : Tensor(y_pred.graph(), -1, 0);
  }));
}

const std::map<std::string, Metric, std::less<>>& ByName() {
  using namespace metrics;
  static const auto* const by_name = new std::map<std::string, Metric, std::less<>>{
      {"sparse_categorical_accuracy", SparseCategoricalAccuracy()},
      {"categorical_accuracy", CategoricalAccuracy()},
      {"binary_accuracy", BinaryAccuracy()},
      {"sparse_top_k_categorical_accuracy", SparseTopKCategoricalAccuracy()},
      {"top_k_categorical_accuracy", TopKCategoricalAccuracy()},
      {"sparse_categorical_crossentropy", SparseCategoricalCrossentropy()},
      {"categorical_crossentropy", CategoricalCrossentropy()},
      {"binary_crossentropy", BinaryCrossentropy()},
      {"mean_squared_error", MeanSquaredError()},
      {"mse", MeanSquaredError().WithName("mse")},
      {"root_mean_squared_error", RootMeanSquaredError()},
      {"mean_absolute_error", MeanAbsoluteError()},
      {"mae", MeanAbsoluteError().WithName("mae")},
      {"mean_absolute_percentage_error", MeanAbsolutePercentageError()},
      {"mape", MeanAbsolutePercentageError().WithName("mape")},
      {"mean_squared_logarithmic_error", MeanSquaredLogarithmicError()},
      {"msle", MeanSquaredLogarithmicError().WithName("msle")},
      {"hinge", Hinge()},
      {"squared_hinge", SquaredHinge()},
      {"categorical_hinge", CategoricalHinge()},
      {"kl_divergence", KLDivergence()},
      {"poisson", Poisson()},
      {"log_cosh_error", LogCoshError()},
      {"cosine_similarity", CosineSimilarity()},
      {"r2_score", R2Score()},
      {"bce", BinaryCrossentropy().WithName("bce")},
      {"MSE", MeanSquaredError().WithName("MSE")},
      {"MAE", MeanAbsoluteError().WithName("MAE")},
      {"MAPE", MeanAbsolutePercentageError().WithName("MAPE")},
      {"MSLE", MeanSquaredLogarithmicError().WithName("MSLE")},
      {"BCE", BinaryCrossentropy().WithName("BCE")},
      {"Precision", Precision().WithName("Precision")},
      {"Recall", Recall().WithName("Recall")},
      {"true_positives", TruePositives()},
      {"true_negatives", TrueNegatives()},
      {"false_positives", FalsePositives()},
      {"false_negatives", FalseNegatives()},
      {"f1_score", F1Score()},
      {"precision", Precision()},
      {"recall", Recall()},
      {"auc", AUC()},
      {"AUC", AUC()},
  };
  return *by_name;
}

// ConfusionAt of each label of [batch, labels], one after the other.
std::vector<Tensor> ConfusionOfLabels(const std::vector<float>& thresholds, const Tensor& y_true, const Tensor& y_pred,
                                      const Tensor& weight) {
  const Shape shape = y_pred.shape();
  if (shape.size() != 2 || shape[1] < 1 || y_true.shape().size() != 2 || y_true.shape()[1] != shape[1]) {
    y_pred.graph()->SetError(absl::InvalidArgumentError(
        absl::StrCat("AUC with multi_label: labels and predictions must be [batch, labels]; they are ",
                     ShapeString(y_true.shape()), " and ", ShapeString(shape))));
    return std::vector<Tensor>(4, y_pred);
  }
  std::vector<Tensor> counts;
  for (int32_t i = 0; i < static_cast<int32_t>(shape[1]); ++i) {
    const auto label = [&](const Tensor& x) { return ops::Slice(x, {0, i}, {-1, 1}); };
    for (const Tensor& count : ConfusionAt(thresholds, label(y_true), label(y_pred), weight)) counts.push_back(count);
  }
  return counts;
}

}  // namespace

Metric Metric::WithName(std::string name) const {
  Metric copy = *this;
  copy.name_ = std::move(name);
  return copy;
}

std::string Metric::log_name() const {
  const auto found = update_ == nullptr ? ByName().find(name_) : ByName().end();
  return found == ByName().end() ? name_ : found->second.name_;
}

Metric::Direction Metric::direction() const {
  if (update_ != nullptr || direction_ != Direction::kUnknown) return direction_;
  if (name_ == "accuracy" || name_ == "acc") return Direction::kUp;
  const auto found = ByName().find(name_);
  return found == ByName().end() ? Direction::kUnknown : found->second.direction_;
}

Metric Metric::WithDirection(Direction direction) const {
  Metric copy = *this;
  copy.direction_ = direction;
  return copy;
}

Metric Metric::WithMask() const {
  Metric copy = *this;
  copy.takes_mask_ = true;
  return copy;
}

absl::Status Metric::Check() const {
  RETURN_IF_ERROR(status_);
  if (update_ != nullptr || name_ == "accuracy" || name_ == "acc" || ByName().count(name_) > 0) return absl::OkStatus();
  std::vector<std::string> names = {"accuracy"};
  for (const auto& [name, metric] : ByName()) names.push_back(name);
  const std::string near = NearestNames(name_, names);
  return absl::InvalidArgumentError(
      absl::StrCat("no metric is called \"", name_, "\"", near.empty() ? "" : "; did you mean ", near));
}

absl::StatusOr<Metric> Metric::Resolve(const ops::Tensor& y_true, const ops::Tensor& y_pred) const {
  if (update_ != nullptr) return *this;
  RETURN_IF_ERROR(Check());
  if (name_ == "accuracy" || name_ == "acc") {
    const Shape pred = y_pred.shape(), labels = y_true.shape();
    if (pred.empty() || pred.back() == 1) return metrics::BinaryAccuracy().WithName(name_);
    const bool one_hot = labels.size() == pred.size() && labels.back() == pred.back();
    return (one_hot ? metrics::CategoricalAccuracy() : metrics::SparseCategoricalAccuracy()).WithName(name_);
  }
  return ByName().find(name_)->second;
}

namespace metrics {

Metric Mean(std::string name, std::function<Tensor(const Tensor&, const Tensor&)> function) {
  return Metric(
             std::move(name),
             [function = std::move(function)](const Tensor& y_true, const Tensor& y_pred, const Tensor& weight) {
               return SumAndCount(function(y_true, y_pred), weight);
             },
             SumOverCount)
      .WithMask();
}

Metric SparseCategoricalAccuracy() {
  return Up(Mean("sparse_categorical_accuracy", [](const Tensor& y_true, const Tensor& y_pred) {
    return ops::Equal(ArgMaxLast(y_pred), ops::Cast(SparseLabels(y_true, y_pred), DataType::kInt64));
  }));
}
Metric CategoricalAccuracy() {
  return Up(Mean("categorical_accuracy", [](const Tensor& y_true, const Tensor& y_pred) {
    return ops::Equal(ArgMaxLast(y_pred), ArgMaxLast(y_true));
  }));
}
Metric BinaryAccuracy(double threshold) {
  return Up(Mean("binary_accuracy", [threshold](const Tensor& y_true, const Tensor& y_pred) {
    const Tensor labels = DenseLabels(y_true, y_pred);
    const Tensor equal = ops::Equal(labels, ops::Cast(ops::Greater(y_pred, threshold), y_pred.dtype()));
    return ops::ReduceMean(ops::Cast(equal, DataType::kFloat), {-1});
  }));
}
Metric Accuracy() {
  return Up(Mean("accuracy", [](const Tensor& y_true, const Tensor& y_pred) {
    return ops::Equal(DenseLabels(y_true, y_pred), y_pred);
  }));
}
Metric SparseTopKCategoricalAccuracy(int k) {
  return Up(Mean("sparse_top_k_categorical_accuracy", [k](const Tensor& y_true, const Tensor& y_pred) {
    return ops::Op("InTopKV2", {y_pred, ops::Cast(SparseLabels(y_true, y_pred), DataType::kInt32),
                                ops::Constant(*y_pred.graph(), int32_t{k})});
  }));
}
Metric TopKCategoricalAccuracy(int k) {
  return Up(Mean("top_k_categorical_accuracy", [k](const Tensor& y_true, const Tensor& y_pred) {
    return ops::Op("InTopKV2", {y_pred, ops::Cast(ArgMaxLast(y_true), DataType::kInt32),
                                ops::Constant(*y_pred.graph(), int32_t{k})});
  }));
}
Metric SparseCategoricalCrossentropy(losses::CrossentropyOptions options) {
  return OfLoss(losses::SparseCategoricalCrossentropy(options));
}
Metric CategoricalCrossentropy(losses::CrossentropyOptions options) {
  return OfLoss(losses::CategoricalCrossentropy(options));
}
Metric BinaryCrossentropy(losses::CrossentropyOptions options) { return OfLoss(losses::BinaryCrossentropy(options)); }
Metric MeanSquaredError() { return OfLoss(losses::MeanSquaredError()); }
Metric MeanAbsoluteError() { return OfLoss(losses::MeanAbsoluteError()); }
Metric RootMeanSquaredError() {
  return Down(Metric(
      "root_mean_squared_error",
      [](const Tensor& y_true, const Tensor& y_pred, const Tensor& weight) {
        return SumAndCount(ops::SquaredDifference(y_pred, DenseLabels(y_true, y_pred)), weight);
      },
      [](const State& state) { return std::sqrt(SumOverCount(state)); }));
}
Metric Precision(PrecisionOptions options) { return OfPositives("precision", kFalsePositives, options); }
Metric Precision(double threshold) { return Precision(PrecisionOptions{.threshold = threshold}); }
Metric Recall(PrecisionOptions options) { return OfPositives("recall", kFalseNegatives, options); }
Metric Recall(double threshold) { return Recall(PrecisionOptions{.threshold = threshold}); }
Metric AUC(AUCOptions options) {
  std::vector<float> thresholds = {-1e-7f};
  for (int i = 1; i + 1 < options.num_thresholds; ++i) {
    thresholds.push_back(static_cast<float>(i * 1.0 / (options.num_thresholds - 1)));
  }
  thresholds.push_back(1 + 1e-7f);
  return Up(Metric(
      "auc",
      [=](const Tensor& y_true, const Tensor& y_pred, const Tensor& weight) {
        const Tensor predictions = options.from_logits ? ops::Sigmoid(y_pred) : y_pred;
        if (!options.multi_label) return ConfusionAt(thresholds, y_true, predictions, weight);
        return ConfusionOfLabels(thresholds, y_true, predictions, weight);
      },
      [precision_recall = options.curve == "PR"](const State& state) {
        constexpr size_t kCounts = 4;
        double sum = 0;
        for (size_t i = 0; i < state.size(); i += kCounts) {
          const auto begin = state.begin() + static_cast<ptrdiff_t>(i);
          sum += Area({begin, begin + kCounts}, precision_recall);
        }
        return Ratio(sum, static_cast<double>(state.size() / kCounts));
      }));
}

Metric MeanAbsolutePercentageError() { return OfLoss(losses::MeanAbsolutePercentageError()); }
Metric MeanSquaredLogarithmicError() { return OfLoss(losses::MeanSquaredLogarithmicError()); }
Metric Hinge() { return OfLoss(losses::Hinge()); }
Metric SquaredHinge() { return OfLoss(losses::SquaredHinge()); }
Metric CategoricalHinge() { return OfLoss(losses::CategoricalHinge()); }
Metric KLDivergence() { return OfLoss(losses::KLDivergence()); }
Metric Poisson() { return OfLoss(losses::Poisson()); }
Metric LogCoshError() { return OfLoss(losses::LogCosh()).WithName("logcosh"); }
Metric CosineSimilarity() {
  return Up(Mean("cosine_similarity", [](const Tensor& y_true, const Tensor& y_pred) {
    const auto loss = losses::CosineSimilarity().Call(y_true, y_pred);
    return loss.ok() ? -*loss : Tensor(y_pred.graph(), -1, 0);
  }));
}
Metric R2Score(R2ScoreOptions options) {
  const bool weighted = options.class_aggregation == "variance_weighted_average";
  if (!weighted && options.class_aggregation != "uniform_average") {
    return Metric("r2_score", absl::InvalidArgumentError(absl::StrCat(
                                  "class_aggregation is \"uniform_average\" or \"variance_weighted_average\", got \"",
                                  options.class_aggregation, "\"")));
  }
  return Up(Metric(
      "r2_score",
      [](const Tensor& y_true, const Tensor& y_pred, const Tensor& weight) -> std::vector<Tensor> {
        const Tensor labels = DenseLabels(y_true, y_pred);
        Tensor w = ops::OnesLike(y_pred);
        if (weight.valid()) w = w * WeightLike(y_pred, weight);
        const auto sum = [](const Tensor& x) { return ops::ReduceSum(x, {0}); };
        return {sum(labels * w), sum(ops::Square(labels) * w), sum(ops::SquaredDifference(labels, y_pred) * w), sum(w)};
      },
      [weighted](const State& state) {
        double sum = 0, weights = 0;
        for (size_t i = 0; i < state[0].size(); ++i) {
          const double variation = state[1][i] - state[0][i] * Ratio(state[0][i], state[3][i]);
          const double score = variation == 0 ? 0 : 1 - state[2][i] / variation;
          sum += score * (weighted ? variation : 1);
          weights += weighted ? variation : 1;
        }
        return Ratio(sum, weights);
      }));
}

}  // namespace metrics
}  // namespace tfxm::nn
