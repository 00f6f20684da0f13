// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/metrics/keras/keras_functions.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

// An argument that is one number for all values of a label, or one for each.
absl::Status CheckOneOrEach(const char* name, const std::vector<double>& argument, Row labels) {
  if (argument.size() == 1 || argument.size() == labels.size()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(name, " has ", argument.size(), " values but the label has ", labels.size()));
}

constexpr float kEpsilon = 1e-7f;  // keras.backend.epsilon()

float Clip(double x, float low, float high) {
  const float value = static_cast<float>(x);
  return value < low ? low : value > high ? high : value;
}

double LogSumExp(Row x) {
  const double top = *std::max_element(x.begin(), x.end());
  double sum = 0;
  for (double v : x) sum += std::exp(v - top);
  return top + std::log(sum);
}

absl::Status CheckClass(Row labels, Row predictions) {
  if (labels.size() != 1) {
    return absl::InvalidArgumentError(absl::StrCat("a sparse metric needs one class index as label, but the label has ",
                                                   labels.size(),
                                                   " values; use the metric's variant without \"Sparse\""));
  }
  if (!(labels[0] >= 0 && labels[0] < static_cast<double>(predictions.size()))) {
    return absl::InvalidArgumentError(absl::StrCat("label ", labels[0], " is out of range: the prediction has ",
                                                   predictions.size(), " classes (0 to ", predictions.size() - 1, ")"));
  }
  return absl::OkStatus();
}

// Mean over the values of an example of a function of one label and prediction.
template <double (*kFunction)(const KerasArguments&, double, double)>
absl::StatusOr<double> MeanOf(const KerasArguments& arguments, Row labels, Row predictions) {
  RETURN_IF_ERROR(CheckSameSize(labels, predictions));
  double sum = 0;
  for (size_t i = 0; i < labels.size(); ++i) sum += kFunction(arguments, labels[i], predictions[i]);
  return sum / static_cast<double>(labels.size());
}

double Equal(const KerasArguments&, double y, double p) { return y == p; }
double BinaryCrossentropy(const KerasArguments& a, double y, double p) {
  y = y * (1 - a.label_smoothing) + 0.5 * a.label_smoothing;
  if (a.from_logits) return std::max(p, 0.0) - p * y + std::log1p(std::exp(-std::abs(p)));
  const float clipped = Clip(p, kEpsilon, 1 - kEpsilon);
  return -(y * std::log(static_cast<double>(clipped + kEpsilon)) +
           (1 - y) * std::log(static_cast<double>(1 - clipped + kEpsilon)));
}
double Poisson(const KerasArguments&, double y, double p) { return p - y * std::log(p + kEpsilon); }
double LogCosh(const KerasArguments&, double y, double p) {
  if (p - y == -INFINITY) return NAN;  // As Keras's formula has it.
  const double x = std::abs(p - y);    // An even function; the absolute value keeps it from overflowing.
  return x + std::log1p(std::exp(-2 * x)) - std::log(2.0);
}
double SquaredError(const KerasArguments&, double y, double p) { return (p - y) * (p - y); }
double AbsoluteError(const KerasArguments&, double y, double p) { return std::abs(p - y); }
double PercentageError(const KerasArguments&, double y, double p) {
  return 100 * std::abs(p - y) / std::max(std::abs(y), static_cast<double>(kEpsilon));
}
double LogarithmicError(const KerasArguments&, double y, double p) {
  const double epsilon = kEpsilon;
  const double e = std::log1p(std::max(p, epsilon)) - std::log1p(std::max(y, epsilon));
  return e * e;
}
double Huber(const KerasArguments& a, double y, double p) {
  const double e = std::abs(p - y);
  return e <= a.delta ? 0.5 * e * e : a.delta * e - 0.5 * a.delta * a.delta;
}
double Hinge(const KerasArguments&, double y, double p) { return std::max(1 - y * p, 0.0); }
double SquaredHinge(const KerasArguments& a, double y, double p) {
  const double h = Hinge(a, y, p);
  return h * h;
}
// Of labels 0 and 1, which stand for -1 and 1.
double BinaryHinge(const KerasArguments& a, double y, double p) { return Hinge(a, 2 * y - 1, p); }
double BinarySquaredHinge(const KerasArguments& a, double y, double p) { return SquaredHinge(a, 2 * y - 1, p); }
double BinaryFocalCrossentropy(const KerasArguments& a, double y, double p) {
  const double smooth = y * (1 - a.label_smoothing) + 0.5 * a.label_smoothing;
  const double q = a.from_logits ? 1 / (1 + std::exp(-p)) : p;
  const double focal = std::pow(smooth * (1 - q) + (1 - smooth) * q, a.gamma) * BinaryCrossentropy(a, y, p);
  return a.apply_class_balancing ? (smooth * a.alpha[0] + (1 - smooth) * (1 - a.alpha[0])) * focal : focal;
}
double KlDivergence(const KerasArguments&, double y, double p) {
  y = Clip(y, kEpsilon, 1);
  return y * std::log(y / static_cast<double>(Clip(p, kEpsilon, 1)));
}

absl::StatusOr<double> KlDivergenceSum(const KerasArguments& arguments, Row labels, Row predictions) {
  ASSIGN_OR_RETURN(const double mean, MeanOf<KlDivergence>(arguments, labels, predictions));
  return mean * static_cast<double>(labels.size());
}

absl::StatusOr<double> MeanRelativeError(const KerasArguments& arguments, Row labels, Row predictions) {
  RETURN_IF_ERROR(CheckSameSize(labels, predictions));
  const std::vector<double>& normalizer = arguments.normalizer;
  RETURN_IF_ERROR(CheckOneOrEach("normalizer", normalizer, labels));
  double sum = 0;
  for (size_t i = 0; i < labels.size(); ++i) {
    const double n = normalizer[normalizer.size() == 1 ? 0 : i];
    if (n != 0) sum += std::abs(labels[i] - predictions[i]) / n;
  }
  return sum / static_cast<double>(labels.size());
}

absl::StatusOr<double> CategoricalHinge(const KerasArguments&, Row labels, Row predictions) {
  RETURN_IF_ERROR(CheckSameSize(labels, predictions));
  double positive = 0, negative = -INFINITY;
  for (size_t i = 0; i < labels.size(); ++i) {
    positive += labels[i] * predictions[i];
    negative = std::max(negative, (1 - labels[i]) * predictions[i]);
  }
  return std::max(negative - positive + 1, 0.0);
}

absl::StatusOr<double> CosineSimilarity(const KerasArguments&, Row labels, Row predictions) {
  RETURN_IF_ERROR(CheckSameSize(labels, predictions));
  double yy = 0, pp = 0, yp = 0;
  for (size_t i = 0; i < labels.size(); ++i) {
    yy += labels[i] * labels[i];
    pp += predictions[i] * predictions[i];
    yp += labels[i] * predictions[i];
  }
  return yp / (std::sqrt(std::max(yy, 1e-12)) * std::sqrt(std::max(pp, 1e-12)));
}

// The loss is to be minimized.
absl::StatusOr<double> CosineLoss(const KerasArguments& arguments, Row labels, Row predictions) {
  ASSIGN_OR_RETURN(const double similarity, CosineSimilarity(arguments, labels, predictions));
  return -similarity;
}

absl::StatusOr<double> CategoricalAccuracy(const KerasArguments&, Row labels, Row predictions) {
  RETURN_IF_ERROR(CheckSameSize(labels, predictions));
  return ArgMax(labels) == ArgMax(predictions);
}

// TFMA's label for "none of the classes": no prediction is right.
bool IsNoClass(Row labels) { return labels.size() == 1 && labels[0] == -1; }

absl::StatusOr<double> SparseCategoricalAccuracy(const KerasArguments&, Row labels, Row predictions) {
  if (IsNoClass(labels)) return 0;
  RETURN_IF_ERROR(CheckClass(labels, predictions));
  return ArgMax(predictions) == labels[0];
}

// TensorFlow's in_top_k: fewer than k predictions are greater, and all are finite.
bool InTopK(Row predictions, int target, int k) {
  int greater = 0;
  for (double p : predictions) {
    if (!std::isfinite(p)) return false;
    greater += p > predictions[target];
  }
  return greater < k;
}

absl::StatusOr<double> TopKCategoricalAccuracy(const KerasArguments& arguments, Row labels, Row predictions) {
  RETURN_IF_ERROR(CheckSameSize(labels, predictions));
  return InTopK(predictions, ArgMax(labels), arguments.k);
}

absl::StatusOr<double> SparseTopKCategoricalAccuracy(const KerasArguments& arguments, Row labels, Row predictions) {
  if (IsNoClass(labels)) return 0;
  RETURN_IF_ERROR(CheckClass(labels, predictions));
  return InTopK(predictions, static_cast<int>(labels[0]), arguments.k);
}

absl::StatusOr<double> SparseCategoricalCrossentropy(const KerasArguments& arguments, Row labels, Row predictions) {
  RETURN_IF_ERROR(CheckClass(labels, predictions));
  const int target = static_cast<int>(labels[0]);
  if (arguments.from_logits) return LogSumExp(predictions) - predictions[target];
  double sum = 0;
  for (double p : predictions) sum += Clip(p, kEpsilon, 1 - kEpsilon);
  return std::log(sum) - std::log(static_cast<double>(Clip(predictions[target], kEpsilon, 1 - kEpsilon)));
}

// The sum of loss(i, label, logarithm of the softmax, share of the predictions' sum) over the classes.
template <typename Loss>
double SumOverClasses(const KerasArguments& arguments, Row labels, Row predictions, Loss loss) {
  const double n = static_cast<double>(labels.size()), smoothing = arguments.label_smoothing;
  const double log_sum = arguments.from_logits ? LogSumExp(predictions) : 0;
  double sum = 0, total = 0;
  for (double p : predictions) sum += p;
  for (size_t i = 0; i < labels.size(); ++i) {
    total += loss(i, labels[i] * (1 - smoothing) + smoothing / n, predictions[i] - log_sum, predictions[i] / sum);
  }
  return total;
}

absl::StatusOr<double> CategoricalCrossentropy(const KerasArguments& arguments, Row labels, Row predictions) {
  RETURN_IF_ERROR(CheckSameSize(labels, predictions));
  return SumOverClasses(arguments, labels, predictions, [&](size_t, double y, double log_softmax, double share) {
    return -(
        y * (arguments.from_logits ? log_softmax : std::log(static_cast<double>(Clip(share, kEpsilon, 1 - kEpsilon)))));
  });
}

absl::StatusOr<double> CategoricalFocalCrossentropy(const KerasArguments& arguments, Row labels, Row predictions) {
  RETURN_IF_ERROR(CheckSameSize(labels, predictions));
  const std::vector<double>& alpha = arguments.alpha;
  RETURN_IF_ERROR(CheckOneOrEach("alpha", alpha, labels));
  return SumOverClasses(arguments, labels, predictions, [&](size_t i, double y, double log_softmax, double share) {
    const double p = Clip(arguments.from_logits ? std::exp(log_softmax) : share, kEpsilon, 1 - kEpsilon);
    return -(alpha[alpha.size() == 1 ? 0 : i] * std::pow(1 - p, arguments.gamma) * y * std::log(p));
  });
}

}  // namespace

int ArgMax(Row x) { return static_cast<int>(std::max_element(x.begin(), x.end()) - x.begin()); }

absl::Status CheckSameSize(Row labels, Row predictions) {
  if (labels.size() == predictions.size() && !labels.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "the label has ", labels.size(), " values but the prediction has ", predictions.size(),
      labels.size() == 1 ? "; use the metric's variant with \"Sparse\" for a class index" : "; they must be the same"));
}

const std::vector<KerasFunctionInfo>& KerasFunctions() {
  static const auto* const functions = new std::vector<KerasFunctionInfo>{
      {.class_name = "Accuracy", .function = MeanOf<Equal>, .is_mean_of_values = true},
      {.class_name = "CategoricalAccuracy", .function = CategoricalAccuracy},
      {.class_name = "SparseCategoricalAccuracy", .function = SparseCategoricalAccuracy},
      {.class_name = "TopKCategoricalAccuracy", .function = TopKCategoricalAccuracy},
      {.class_name = "SparseTopKCategoricalAccuracy", .function = SparseTopKCategoricalAccuracy},
      {.class_name = "BinaryCrossentropy", .function = MeanOf<BinaryCrossentropy>, .is_mean_of_values = true},
      {.class_name = "BinaryFocalCrossentropy", .function = MeanOf<BinaryFocalCrossentropy>, .is_mean_of_values = true},
      {.class_name = "CategoricalCrossentropy", .function = CategoricalCrossentropy},
      {.class_name = "CategoricalFocalCrossentropy", .function = CategoricalFocalCrossentropy},
      {.class_name = "SparseCategoricalCrossentropy", .function = SparseCategoricalCrossentropy},
      {.class_name = "KLDivergence", .function = KlDivergenceSum},
      {.class_name = "Poisson", .function = MeanOf<Poisson>, .is_mean_of_values = true},
      {.class_name = "CosineSimilarity", .function = CosineSimilarity, .loss = CosineLoss},
      {.class_name = "LogCoshError", .function = MeanOf<LogCosh>, .is_mean_of_values = true},
      {.class_name = "LogCosh", .function = MeanOf<LogCosh>, .is_mean_of_values = true},
      {.class_name = "Huber", .function = MeanOf<Huber>, .is_mean_of_values = true},
      {.class_name = "MeanRelativeError", .function = MeanRelativeError},
      {.class_name = "RootMeanSquaredError", .function = MeanOf<SquaredError>, .root = true, .is_mean_of_values = true},
      {.class_name = "Hinge",
       .function = MeanOf<BinaryHinge>,
       .if_not_binary = MeanOf<Hinge>,
       .is_mean_of_values = true},
      {.class_name = "SquaredHinge",
       .function = MeanOf<BinarySquaredHinge>,
       .if_not_binary = MeanOf<SquaredHinge>,
       .is_mean_of_values = true},
      {.class_name = "CategoricalHinge", .function = CategoricalHinge},
      // What TFMA has metrics of its own for, as losses that a model was compiled with.
      {.class_name = "Keras>MeanSquaredError", .function = MeanOf<SquaredError>, .is_mean_of_values = true},
      {.class_name = "Keras>MeanAbsoluteError", .function = MeanOf<AbsoluteError>, .is_mean_of_values = true},
      {.class_name = "Keras>MeanAbsolutePercentageError",
       .function = MeanOf<PercentageError>,
       .is_mean_of_values = true},
      {.class_name = "Keras>MeanSquaredLogarithmicError",
       .function = MeanOf<LogarithmicError>,
       .is_mean_of_values = true},
  };
  return *functions;
}

}  // namespace tfxm::model_analysis
