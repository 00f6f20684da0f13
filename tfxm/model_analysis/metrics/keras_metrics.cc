// The metrics and losses of Keras (tf_keras 2.15) that TFMA hands on to Keras: weighted means over the examples of a
// number that is made of an example's labels and predictions. Definitions: keras/losses.py and keras/metrics/. Keras
// computes in float32, this in float64.
#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "tfxm/model_analysis/accumulators.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

constexpr float kEpsilon = 1e-7f;  // keras.backend.epsilon()

using Row = std::span<const double>;

struct KerasArguments {
  bool from_logits = false;
  double label_smoothing = 0;
  int k = 5;
  double delta = 1;  // Huber
  std::optional<int> ignore_class;
};

float Clip(double x, float low, float high) {
  const float value = static_cast<float>(x);
  return value < low ? low : value > high ? high : value;
}
int ArgMax(Row x) { return static_cast<int>(std::max_element(x.begin(), x.end()) - x.begin()); }

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

absl::Status CheckSameSize(Row labels, Row predictions) {
  if (labels.size() == predictions.size() && !labels.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "the label has ", labels.size(), " values but the prediction has ", predictions.size(),
      labels.size() == 1 ? "; use the metric's variant with \"Sparse\" for a class index" : "; they must be the same"));
}

using KerasFunction = absl::StatusOr<double> (*)(const KerasArguments&, Row labels, Row predictions);

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
  const double x = std::abs(p - y);  // An even function; the absolute value keeps it from overflowing.
  return x + std::log1p(std::exp(-2 * x)) - std::log(2.0);
}
double SquaredError(const KerasArguments&, double y, double p) { return (p - y) * (p - y); }
double Huber(const KerasArguments& a, double y, double p) {
  const double e = std::abs(p - y);
  return e <= a.delta ? 0.5 * e * e : a.delta * e - 0.5 * a.delta * a.delta;
}
// Labels 0 stand for -1.
double Hinge(const KerasArguments&, double y, double p) { return std::max(1 - (y == 0 ? -1.0 : y) * p, 0.0); }
double SquaredHinge(const KerasArguments& a, double y, double p) {
  const double h = Hinge(a, y, p);
  return h * h;
}
double KlDivergence(const KerasArguments&, double y, double p) {
  y = Clip(y, kEpsilon, 1);
  return y * std::log(y / static_cast<double>(Clip(p, kEpsilon, 1)));
}

absl::StatusOr<double> KlDivergenceSum(const KerasArguments& arguments, Row labels, Row predictions) {
  ASSIGN_OR_RETURN(const double mean, MeanOf<KlDivergence>(arguments, labels, predictions));
  return mean * static_cast<double>(labels.size());
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

absl::StatusOr<double> CategoricalAccuracy(const KerasArguments&, Row labels, Row predictions) {
  RETURN_IF_ERROR(CheckSameSize(labels, predictions));
  return ArgMax(labels) == ArgMax(predictions);
}

absl::StatusOr<double> SparseCategoricalAccuracy(const KerasArguments&, Row labels, Row predictions) {
  RETURN_IF_ERROR(CheckClass(labels, predictions));
  return ArgMax(predictions) == labels[0];
}

// TensorFlow's in_top_k: fewer than k predictions are greater; predictions that are not finite are never.
bool InTopK(Row predictions, int target, int k) {
  if (!std::isfinite(predictions[target])) return false;
  int greater = 0;
  for (double p : predictions) {
    if (std::isnan(p)) return false;
    greater += p > predictions[target];
  }
  return greater < k;
}

absl::StatusOr<double> TopKCategoricalAccuracy(const KerasArguments& arguments, Row labels, Row predictions) {
  RETURN_IF_ERROR(CheckSameSize(labels, predictions));
  return InTopK(predictions, ArgMax(labels), arguments.k);
}

absl::StatusOr<double> SparseTopKCategoricalAccuracy(const KerasArguments& arguments, Row labels, Row predictions) {
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

absl::StatusOr<double> CategoricalCrossentropy(const KerasArguments& arguments, Row labels, Row predictions) {
  RETURN_IF_ERROR(CheckSameSize(labels, predictions));
  const double n = static_cast<double>(labels.size()), smoothing = arguments.label_smoothing;
  const double log_sum = arguments.from_logits ? LogSumExp(predictions) : 0;
  double sum = 0, loss = 0;
  for (double p : predictions) sum += p;
  for (size_t i = 0; i < labels.size(); ++i) {
    const double y = labels[i] * (1 - smoothing) + smoothing / n;
    loss -=
        y * (arguments.from_logits ? predictions[i] - log_sum
                                   : std::log(static_cast<double>(Clip(predictions[i] / sum, kEpsilon, 1 - kEpsilon))));
  }
  return loss;
}

// The mean, or its square root. As Keras's Mean, 0 without any weight.
class KerasAccumulator : public AccumulatorOf<KerasAccumulator> {
 public:
  struct Settings {
    MetricKey key;
    int view;
    bool flat;
    bool root;
    bool pad = false;
    bool broadcast = false;  // With top_k a class index meets all predictions; Keras broadcasts it.
    double label_padding = 0, prediction_padding = 0;
    KerasFunction function;
    KerasArguments arguments;
  };
  explicit KerasAccumulator(std::shared_ptr<const Settings> settings) : settings_(std::move(settings)) {}

  absl::Status Add(BatchViews* batch, std::span<const int32_t> rows) override {
    return ForEachValue(*settings_, batch, rows, [this](size_t, double value, double weight) {
      total_.AddProduct(value, weight);
      weight_.Add(weight);
    });
  }
  void MergeFrom(const KerasAccumulator& other) {
    total_.Merge(other.total_);
    weight_.Merge(other.weight_);
  }
  absl::Status Output(MetricsMap* results) const override {
    const double weight = weight_.Value();
    const double mean = weight == 0 ? 0 : total_.Value() / weight;
    (*results)[settings_->key] = settings_->root ? std::sqrt(mean) : mean;
    return absl::OkStatus();
  }

  // Calls sink(position in `rows`, value, weight).
  template <typename Sink>
  static absl::Status ForEachValue(const Settings& settings, BatchViews* batch, std::span<const int32_t> rows, Sink sink) {
    if (settings.flat) {
      ASSIGN_OR_RETURN(const FlatView* view, batch->Flat(settings.view));
      for (size_t k = 0; k < rows.size(); ++k) {
        const int32_t row = rows[k];
        for (int i = view->begin(row); i < view->ends[row]; ++i) {
          ASSIGN_OR_RETURN(const double value,
                           ValueOf(settings, *batch, row, {&view->labels[i], 1}, {&view->predictions[i], 1}));
          sink(k, value, view->weights[i]);
        }
      }
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(const ListView* view, batch->List(settings.view));
    if (view->labels->is_string || view->predictions->is_string) {
      return absl::InvalidArgumentError("it needs labels and predictions that are numbers, not strings");
    }
    for (size_t k = 0; k < rows.size(); ++k) {
      const int32_t row = rows[k];
      Row labels = view->labels->row(row), predictions = view->predictions->row(row);
      std::vector<double> padded;
      if (settings.broadcast && labels.size() == 1) {
        padded.assign(predictions.size(), labels[0]);
        labels = padded;
      }
      if (settings.pad && labels.size() != predictions.size()) {
        Row& shorter = labels.size() < predictions.size() ? labels : predictions;
        padded.assign(shorter.begin(), shorter.end());
        padded.resize(std::max(labels.size(), predictions.size()),
                      &shorter == &labels ? settings.label_padding : settings.prediction_padding);
        shorter = padded;
      }
      ASSIGN_OR_RETURN(const double value, ValueOf(settings, *batch, row, labels, predictions));
      sink(k, value, view->weights[row]);
    }
    return absl::OkStatus();
  }

 private:
  static absl::StatusOr<double> ValueOf(const Settings& settings, const BatchViews& batch, int row, Row labels,
                                        Row predictions) {
    absl::StatusOr<double> value = settings.function(settings.arguments, labels, predictions);
    if (!value.ok()) return Annotate(value.status(), batch.extracts().Describe(row));
    // An accuracy would otherwise take a NaN for one more wrong answer.
    for (double p : predictions) {
      if (std::isnan(p)) *value = p;
    }
    return value;
  }

  const std::shared_ptr<const Settings> settings_;
  CompactSum total_, weight_;
};

class KerasMetric : public PerKeyMetric {
 public:
  KerasMetric(KerasFunction function, bool sparse, bool root) : function_(function), sparse_(sparse), root_(root) {}

  absl::Status Configure(MetricArguments* arguments) override {
    ASSIGN_OR_RETURN(arguments_.from_logits, arguments->Bool("from_logits", false));
    ASSIGN_OR_RETURN(arguments_.label_smoothing, arguments->Number("label_smoothing", 0));
    ASSIGN_OR_RETURN(arguments_.delta, arguments->Number("delta", 1));
    ASSIGN_OR_RETURN(std::optional<int> k, arguments->Integer("k"));
    arguments_.k = k.value_or(5);
    // Keras's own settings that its get_config() writes and that have but one supported value.
    RETURN_IF_ERROR(arguments->String("dtype", "float32").status());
    RETURN_IF_ERROR(arguments->String("reduction", "auto").status());
    RETURN_IF_ERROR(arguments->String("fn", "").status());
    ASSIGN_OR_RETURN(std::optional<int> axis, arguments->Integer("axis"));
    if (axis && *axis != -1) return arguments->Error("axis", "must be -1 (the classes are the last dimension)");
    ASSIGN_OR_RETURN(std::optional<int> ignored, arguments->Integer("ignore_class"));
    if (ignored) return arguments->Error("ignore_class", "is not supported; leave such examples out of the data");
    return absl::OkStatus();
  }

  absl::Status AddForKey(const KeyRequest& request, ComputationPlan* plan) const override {
    const bool micro = request.aggregation() == Aggregation::kMicro;
    if (request.aggregation() != Aggregation::kNone && sparse_) {
      return absl::InvalidArgumentError(absl::StrCat(
          "metric ", name(), " cannot be aggregated: use its variant without \"Sparse\", or another metrics_spec"));
    }
    auto settings = std::make_shared<KerasAccumulator::Settings>();
    settings->key = request.Key(name());
    settings->flat = micro;
    settings->root = root_;
    settings->function = function_;
    settings->arguments = arguments_;
    settings->broadcast = request.sub_key.top_k && !micro && !sparse_;
    ViewSpec view = request.View();
    view.flatten = micro;
    if (!micro) view.class_weights.clear();
    settings->view = plan->AddView(view);
    const auto& spec = request.request->eval_config->model_specs(view.model_index);
    settings->pad = spec.has_padding_options();
    if (settings->pad) {
      const auto& padding = spec.padding_options();
      settings->label_padding =
          padding.has_label_int_padding() ? padding.label_int_padding() : padding.label_float_padding();
      settings->prediction_padding =
          padding.has_prediction_int_padding() ? padding.prediction_int_padding() : padding.prediction_float_padding();
    }
    std::shared_ptr<const KerasAccumulator::Settings> shared = settings;
    plan->Add("Keras", {settings->key}, [shared] { return std::make_unique<KerasAccumulator>(shared); });
    if (root_) return absl::OkStatus();
    plan->AddExampleTerms(settings->key, [shared](BatchViews* batch, std::span<const int32_t> rows,
                                                  std::vector<ExampleTerm>* terms) {
      const size_t first = terms->size();
      terms->resize(first + rows.size());
      return KerasAccumulator::ForEachValue(*shared, batch, rows, [&](size_t k, double value, double weight) {
        (*terms)[first + k].Add(value, weight);
      });
    });
    return absl::OkStatus();
  }
  bool IsKerasMetric() const override { return true; }

 private:
  const KerasFunction function_;
  const bool sparse_, root_;
  KerasArguments arguments_;
};

#define TFXM_KERAS_METRIC(name, function, sparse, root) \
  TFXM_REGISTER(MetricRegistry, name, [] { return std::make_unique<KerasMetric>(function, sparse, root); })

TFXM_KERAS_METRIC("Accuracy", MeanOf<Equal>, false, false);
TFXM_KERAS_METRIC("CategoricalAccuracy", CategoricalAccuracy, false, false);
TFXM_KERAS_METRIC("SparseCategoricalAccuracy", SparseCategoricalAccuracy, true, false);
TFXM_KERAS_METRIC("TopKCategoricalAccuracy", TopKCategoricalAccuracy, false, false);
TFXM_KERAS_METRIC("SparseTopKCategoricalAccuracy", SparseTopKCategoricalAccuracy, true, false);
TFXM_KERAS_METRIC("BinaryCrossentropy", MeanOf<BinaryCrossentropy>, false, false);
TFXM_KERAS_METRIC("CategoricalCrossentropy", CategoricalCrossentropy, false, false);
TFXM_KERAS_METRIC("SparseCategoricalCrossentropy", SparseCategoricalCrossentropy, true, false);
TFXM_KERAS_METRIC("KLDivergence", KlDivergenceSum, false, false);
TFXM_KERAS_METRIC("Poisson", MeanOf<Poisson>, false, false);
TFXM_KERAS_METRIC("CosineSimilarity", CosineSimilarity, false, false);
TFXM_KERAS_METRIC("LogCoshError", MeanOf<LogCosh>, false, false);
TFXM_KERAS_METRIC("LogCosh", MeanOf<LogCosh>, false, false);
TFXM_KERAS_METRIC("Huber", MeanOf<Huber>, false, false);
TFXM_KERAS_METRIC("RootMeanSquaredError", MeanOf<SquaredError>, false, true);
TFXM_KERAS_METRIC("Hinge", MeanOf<Hinge>, false, false);
TFXM_KERAS_METRIC("SquaredHinge", MeanOf<SquaredHinge>, false, false);
TFXM_KERAS_METRIC("CategoricalHinge", CategoricalHinge, false, false);

}  // namespace
}  // namespace tfxm::model_analysis
