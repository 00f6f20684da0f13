// SPDX-License-Identifier: Apache-2.0

// The metrics and losses of Keras (tf_keras 2.15) that TFMA hands on to Keras: weighted means over the examples of a
// number that is made of an example's labels and predictions (keras_functions.h).
#include <algorithm>
#include <cmath>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tfxm/model_analysis/metrics/accumulators.h"
#include "tfxm/model_analysis/metrics/keras/keras_default_metrics.h"
#include "tfxm/model_analysis/metrics/keras/keras_functions.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

// The mean, or its square root. As Keras's Mean, 0 without any weight.
class KerasAccumulator : public AccumulatorOf<KerasAccumulator> {
 public:
  struct Settings {
    MetricKey key;
    std::optional<FlatViewId> flat;  // One of the two.
    std::optional<ListViewId> list;
    // A loss is the unweighted mean: Keras reduces the loss of a batch before TFMA applies the weights to it.
    bool is_loss = false;
    // The loss that a model was compiled with: the weighted losses over the number of examples.
    bool is_compiled_loss = false;
    bool is_compiled = false;  // keras_default_metrics.h
    bool broadcast = false;    // With top_k a class index meets all predictions; Keras broadcasts it.
    // All lists are made as long as the longest one.
    bool pad = false;
    double label_padding = 0, prediction_padding = 0;
    std::optional<double> ignored_label;
    KerasFunction function;
    KerasFunctionInfo info;
    KerasArguments arguments;
  };
  explicit KerasAccumulator(std::shared_ptr<const Settings> settings) : settings_(std::move(settings)) {}

  absl::Status Add(BatchViews* batch, std::span<const int32_t> rows) override {
    if (settings_->flat) {
      ASSIGN_OR_RETURN(const FlatView* view, batch->Flat(*settings_->flat));
      for (int32_t row : rows) {
        for (int i = view->begin(row); i < view->ends[row]; ++i) {
          RETURN_IF_ERROR(AddOne(*batch, row, {&view->labels[i], 1}, {&view->predictions[i], 1}, view->weights[i]));
        }
      }
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(const ListView* view, batch->List(*settings_->list));
    if (view->labels->is_string || view->predictions->is_string) {
      return absl::InvalidArgumentError("it needs labels and predictions that are numbers, not strings");
    }
    for (int32_t row : rows) {
      Row labels = view->labels->row(row), predictions = view->predictions->row(row);
      std::vector<double> padded;
      if (settings_->broadcast && labels.size() == 1) {
        padded.assign(predictions.size(), labels[0]);
        labels = padded;
      }
      if (settings_->pad && labels.size() != predictions.size()) {
        Row& shorter = labels.size() < predictions.size() ? labels : predictions;
        padded.assign(shorter.begin(), shorter.end());
        padded.resize(std::max(labels.size(), predictions.size()),
                      &shorter == &labels ? settings_->label_padding : settings_->prediction_padding);
        shorter = padded;
      }
      RETURN_IF_ERROR(AddOne(*batch, row, labels, predictions, view->weights[row]));
    }
    return absl::OkStatus();
  }
  auto Parts() { return std::tie(total_, other_total_, weight_, values_, length_, any_not_binary_); }
  absl::Status Output(MetricsMap* results) const override {
    const bool other = settings_->info.if_not_binary != nullptr && any_not_binary_;
    const double weight = weight_.Value();
    double mean = weight == 0 ? 0 : (other ? other_total_ : total_).Value() / weight;
    if (weight != 0 && settings_->pad && settings_->info.is_mean_of_values) {
      // The totals are sums over values here: those of the padding are missing.
      const double n = static_cast<double>(length_.value), padding = n * weight - values_.Value();
      const Row label(&settings_->label_padding, 1), prediction(&settings_->prediction_padding, 1);
      const bool padding_is_binary = label[0] == 0 || label[0] == 1;
      const KerasFunction function = other || (settings_->info.if_not_binary && padding > 0 && !padding_is_binary)
                                         ? settings_->info.if_not_binary
                                         : settings_->function;
      const double total =
          function == settings_->info.if_not_binary && function != nullptr ? other_total_.Value() : total_.Value();
      ASSIGN_OR_RETURN(const double value, function(settings_->arguments, label, prediction));
      mean = (total + (padding == 0 ? 0 : padding * value)) / (n * weight);
    }
    (*results)[settings_->key] = settings_->info.root ? std::sqrt(mean) : mean;
    return absl::OkStatus();
  }

  // Whether the metric is the mean of what the examples have by themselves.
  static bool IsMeanOfExamples(const Settings& settings) {
    return !settings.info.root && !settings.pad && settings.info.if_not_binary == nullptr;
  }
  static absl::Status AddTerms(const std::shared_ptr<const Settings>& settings, BatchViews* batch,
                               std::span<const int32_t> rows, std::vector<ExampleTerm>* terms) {
    for (const int32_t& row : rows) {
      KerasAccumulator example(settings);
      RETURN_IF_ERROR(example.Add(batch, {&row, 1}));
      const double weight = example.weight_.Value();
      terms->push_back({weight == 0 ? 0 : example.total_.Value() / weight, weight});
    }
    return absl::OkStatus();
  }

 private:
  absl::Status AddOne(const BatchViews& batch, int row, Row labels, Row predictions, double weight) {
    if (settings_->ignored_label && labels.size() == 1 && labels[0] == *settings_->ignored_label)
      return absl::OkStatus();
    if (settings_->is_loss && !settings_->is_compiled_loss) weight = 1;
    RETURN_IF_ERROR(AddTo(&total_, settings_->function, batch, row, labels, predictions, weight));
    if (settings_->info.if_not_binary != nullptr) {
      RETURN_IF_ERROR(AddTo(&other_total_, settings_->info.if_not_binary, batch, row, labels, predictions, weight));
      for (double y : labels) any_not_binary_ |= y != 0 && y != 1;
    }
    weight_.Add(settings_->is_compiled_loss ? 1 : weight);
    length_.Add(labels.size());
    if (settings_->pad) values_.AddProduct(weight, static_cast<double>(labels.size()));
    return absl::OkStatus();
  }

  absl::Status AddTo(CompactSum* total, KerasFunction function, const BatchViews& batch, int row, Row labels,
                     Row predictions, double weight) const {
    absl::StatusOr<double> value = function(settings_->arguments, labels, predictions);
    if (!value.ok() && settings_->is_compiled) {
      return absl::Status(value.status().code(),
                          absl::StrCat(batch.extracts().Describe(row), ": ", value.status().message(),
                                       " (a metric that the model was compiled with; leave these out with "
                                       "options { include_default_metrics { value: false } })"));
    }
    if (!value.ok()) return Annotate(value.status(), batch.extracts().Describe(row));
    // An accuracy would otherwise take a NaN for one more wrong answer.
    for (double p : predictions) {
      if (std::isnan(p)) *value = p;
    }
    if (settings_->pad && settings_->info.is_mean_of_values) *value *= static_cast<double>(labels.size());
    total->AddProduct(*value, weight);
    return absl::OkStatus();
  }

  const std::shared_ptr<const Settings> settings_;
  CompactSum total_, other_total_, weight_;
  CompactSum values_;  // Weighted number of values, to know how much padding there is.
  Largest<size_t> length_ = {0};
  bool any_not_binary_ = false;
};

class KerasMetric : public PerKeyMetric {
 public:
  explicit KerasMetric(const KerasFunctionInfo& info)
      : info_(info), sparse_(absl::StartsWith(info.class_name, "Sparse")) {}

  absl::Status Configure(MetricArguments* arguments) override {
    is_compiled_ = arguments->module() == kCompiledModule;
    is_loss_ = absl::EndsWith(arguments->module(), ".losses");
    ASSIGN_OR_RETURN(arguments_.from_logits, arguments->Bool("from_logits", false));
    ASSIGN_OR_RETURN(arguments_.label_smoothing, arguments->Number("label_smoothing", 0));
    ASSIGN_OR_RETURN(arguments_.delta, arguments->Number("delta", 1));
    ASSIGN_OR_RETURN(std::optional<int> k, arguments->Integer("k"));
    arguments_.k = k.value_or(5);
    ASSIGN_OR_RETURN(arguments_.apply_class_balancing, arguments->Bool("apply_class_balancing", false));
    ASSIGN_OR_RETURN(arguments_.gamma, arguments->Number("gamma", 2));
    ASSIGN_OR_RETURN(const auto alpha, arguments->Numbers("alpha"));
    if (alpha && !alpha->empty()) arguments_.alpha = *alpha;
    ASSIGN_OR_RETURN(const auto normalizer, arguments->Numbers("normalizer"));
    if (normalizer) arguments_.normalizer = *normalizer;
    if (info_.class_name == absl::string_view("MeanRelativeError") && arguments_.normalizer.empty()) {
      return arguments->Error("normalizer", "must be given: a number, or one per value of the label");
    }
    // Keras's own settings that its get_config() writes and that have but one supported value.
    RETURN_IF_ERROR(arguments->String("dtype", "float32").status());
    RETURN_IF_ERROR(arguments->String("reduction", "auto").status());
    RETURN_IF_ERROR(arguments->String("fn", "").status());
    ASSIGN_OR_RETURN(std::optional<int> axis, arguments->Integer("axis"));
    if (axis && *axis != -1) return arguments->Error("axis", "must be -1 (the classes are the last dimension)");
    ASSIGN_OR_RETURN(std::optional<int> ignored, arguments->Integer("ignore_class"));
    if (ignored) {
      if (!sparse_) return arguments->Error("ignore_class", "needs labels that are class indices");
      ignored_label_ = *ignored;
    }
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
    settings->is_compiled = is_compiled_;
    settings->is_compiled_loss = is_compiled_ && name() == "loss";
    settings->is_loss = is_loss_ || settings->is_compiled_loss;
    settings->ignored_label = ignored_label_;
    settings->info = info_;
    settings->function = settings->is_loss && info_.loss != nullptr ? info_.loss : info_.function;
    settings->arguments = arguments_;
    settings->broadcast = request.sub_key.top_k && !micro && !sparse_;
    ASSIGN_OR_RETURN(ViewSpec view, request.View());
    if (micro) {
      settings->flat = plan->AddFlatView(view);
    } else {
      view.class_weights.clear();
      settings->list = plan->AddListView(view);
    }
    const auto& spec = request.request->eval_config->model_specs(view.model_index);
    settings->pad = spec.has_padding_options() && !micro;
    if (settings->pad) {
      const auto& padding = spec.padding_options();
      settings->label_padding =
          padding.has_label_int_padding() ? padding.label_int_padding() : padding.label_float_padding();
      settings->prediction_padding =
          padding.has_prediction_int_padding() ? padding.prediction_int_padding() : padding.prediction_float_padding();
    }
    std::shared_ptr<const KerasAccumulator::Settings> shared = settings;
    plan->Add("Keras", {settings->key}, [shared] { return std::make_unique<KerasAccumulator>(shared); });
    if (KerasAccumulator::IsMeanOfExamples(*shared)) {
      plan->AddExampleTerms(
          shared->key, [shared](BatchViews* batch, std::span<const int32_t> rows, std::vector<ExampleTerm>* terms) {
            return KerasAccumulator::AddTerms(shared, batch, rows, terms);
          });
    }
    return absl::OkStatus();
  }
  bool IsKerasMetric() const override { return true; }

 private:
  const KerasFunctionInfo info_;
  const bool sparse_;
  bool is_loss_ = false, is_compiled_ = false;
  std::optional<double> ignored_label_;
  KerasArguments arguments_;
};

[[maybe_unused]] const bool registered = [] {
  for (const KerasFunctionInfo& info : KerasFunctions()) {
    MetricRegistry::Get().Register(info.class_name, [&info] { return std::make_unique<KerasMetric>(info); });
  }
  return true;
}();

}  // namespace
}  // namespace tfxm::model_analysis
