// SPDX-License-Identifier: Apache-2.0

// How often a prediction changes sides of a threshold when the example is replaced by its counterfactual, whose
// prediction is a feature or that of the baseline model: FlipCount, FlipRate. TFMA's
// addons/fairness/metrics/counterfactual_fairness.
#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "tfxm/model_analysis/metrics/accumulators.h"
#include "tfxm/model_analysis/metrics/binary/binary_confusion_matrices.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

struct FlipSettings {
  std::vector<double> thresholds = {0.5};
  std::string counterfactual_key, id_key;
  int max_ids = 100;
};

enum Part { kPositiveToNegative, kNegativeToPositive, kPositive, kNegative };

// The keys at one threshold.
struct FlipKeys {
  MetricKey positive_to_negative, negative_to_positive;
  MetricKey positive_to_negative_ids, negative_to_positive_ids;
  MetricKey positive_examples, negative_examples;
};

// The ids of the first examples of the data, at most `max`.
class FirstIds {
 public:
  explicit FirstIds(int max) : max_(max) {}
  void Add(const std::string& file, int64_t record, const std::string& id) {
    ids_.push_back({{file, record}, id});
    if (ids_.size() > 2 * max_) ids_ = First();
  }
  void Merge(const FirstIds& other) {
    ids_.insert(ids_.end(), other.ids_.begin(), other.ids_.end());
    ids_ = First();
  }
  void Save(StateWriter* writer) const { writer->Write(First()); }
  void Load(StateReader* reader) {
    reader->Read(&ids_);
    if (ids_.size() > max_) reader->Fail("it has too many ids of examples");
    if (!std::is_sorted(ids_.begin(), ids_.end())) reader->Fail("its ids of examples are not in order");
  }
  StringArray Array() const {
    StringArray array;
    std::vector<Id> first = First();
    for (Id& id : first) array.values.push_back(std::move(id.second));
    return array;
  }

 private:
  using Id = std::pair<std::pair<std::string, int64_t>, std::string>;  // File, record; id.
  std::vector<Id> First() const {
    std::vector<Id> first = ids_;
    std::sort(first.begin(), first.end());
    if (first.size() > max_) first.resize(max_);
    return first;
  }
  size_t max_;
  std::vector<Id> ids_;
};

class FlipAccumulator : public AccumulatorOf<FlipAccumulator> {
 public:
  struct Settings {
    FlipSettings flips;
    std::vector<FlipKeys> keys;  // By threshold.
    ListViewId view;
    std::optional<ListViewId> baseline_view;  // None: there is no baseline model.
    bool weighted;
  };
  explicit FlipAccumulator(std::shared_ptr<const Settings> settings)
      : settings_(std::move(settings)), counts_(settings_->flips.thresholds.size(), Counts(settings_->flips.max_ids)) {}

  absl::Status Add(BatchViews* batch, std::span<const int32_t> rows) override {
    ASSIGN_OR_RETURN(const ListView* view, batch->List(settings_->view));
    const Extracts& extracts = batch->extracts();
    const Values* counterfactuals = FindValues(extracts.feature_values, settings_->flips.counterfactual_key);
    const Values* ids = FindValues(extracts.feature_values, settings_->flips.id_key);
    for (int32_t row : rows) {
      const auto predictions = view->predictions->row(row);
      std::span<const double> others;
      if (counterfactuals != nullptr && counterfactuals->size(row) > 0) {
        if (counterfactuals->is_string) {
          return absl::InvalidArgumentError(absl::StrCat("counterfactual_prediction_key \"",
                                                         settings_->flips.counterfactual_key, "\" holds strings"));
        }
        others = counterfactuals->row(row);
      } else if (settings_->baseline_view) {
        ASSIGN_OR_RETURN(const ListView* baseline, batch->List(*settings_->baseline_view));
        others = baseline->predictions->row(row);
      } else {
        return absl::InvalidArgumentError(absl::StrCat(extracts.Describe(row), " has no counterfactual prediction (\"",
                                                       settings_->flips.counterfactual_key,
                                                       "\"), and no model_spec is a baseline to take it from"));
      }
      if (others.size() != predictions.size() || predictions.empty()) {
        return absl::InvalidArgumentError(absl::StrCat(extracts.Describe(row), " has ", predictions.size(),
                                                       " predictions and ", others.size(),
                                                       " counterfactual predictions; there must be as many"));
      }
      AddRow(extracts, row, predictions, others, view->weights[row],
             ids != nullptr && ids->is_string && ids->size(row) > 0 ? &ids->strings[ids->begin(row)] : nullptr);
    }
    return absl::OkStatus();
  }
  auto Parts() { return std::tie(counts_); }
  absl::Status Output(MetricsMap* results) const override {
    for (size_t t = 0; t < counts_.size(); ++t) {
      const FlipKeys& keys = settings_->keys[t];
      const Counts& counts = counts_[t];
      (*results)[keys.positive_to_negative] = counts.sums[kPositiveToNegative].Value();
      (*results)[keys.negative_to_positive] = counts.sums[kNegativeToPositive].Value();
      (*results)[keys.positive_examples] = counts.sums[kPositive].Value();
      (*results)[keys.negative_examples] = counts.sums[kNegative].Value();
      (*results)[keys.positive_to_negative_ids] = counts.ids[kPositiveToNegative].Array();
      (*results)[keys.negative_to_positive_ids] = counts.ids[kNegativeToPositive].Array();
    }
    return absl::OkStatus();
  }

 private:
  struct Counts : PartsOf<Counts> {
    explicit Counts(int max_ids) : ids{FirstIds(max_ids), FirstIds(max_ids)} {}
    std::array<CompactSum, 4> sums;
    std::array<FirstIds, 2> ids;
    auto Parts() { return std::tie(sums, ids); }
  };

  void AddRow(const Extracts& extracts, int row, std::span<const double> predictions, std::span<const double> others,
              double weight, const std::string* id) {
    for (size_t t = 0; t < counts_.size(); ++t) {
      const double threshold = settings_->flips.thresholds[t];
      Counts& counts = counts_[t];
      bool flips[2] = {false, false};
      for (size_t i = 0; i < predictions.size(); ++i) {
        if (std::isnan(predictions[i]) || std::isnan(others[i])) {  // Undecided: the counts say so.
          for (CompactSum& sum : counts.sums) sum.Add(std::nan(""));
          continue;
        }
        const bool before = predictions[i] > threshold, after = others[i] > threshold;
        counts.sums[before ? kPositive : kNegative].Add(weight);
        if (before == after) continue;
        counts.sums[before ? kPositiveToNegative : kNegativeToPositive].Add(weight);
        flips[before ? kPositiveToNegative : kNegativeToPositive] = true;
      }
      for (int part = 0; part < 2; ++part) {
        if (!flips[part] || id == nullptr) continue;
        counts.ids[part].Add(extracts.file, extracts.first_record + row, *id);
      }
    }
  }

  const std::shared_ptr<const Settings> settings_;
  std::vector<Counts> counts_;
};

class CounterfactualFlips : public PerKeyMetric {
 public:
  absl::Status Configure(MetricArguments* arguments) override {
    ASSIGN_OR_RETURN(const auto thresholds, arguments->Numbers("thresholds"));
    if (thresholds && thresholds->empty()) return arguments->Error("thresholds", "must not be empty");
    if (thresholds) settings_.thresholds = *thresholds;
    ASSIGN_OR_RETURN(settings_.counterfactual_key, arguments->String("counterfactual_prediction_key", ""));
    ASSIGN_OR_RETURN(settings_.id_key, arguments->String("example_id_key", ""));
    ASSIGN_OR_RETURN(const std::optional<int> max_ids, arguments->Integer("example_ids_count"));
    if (max_ids && (*max_ids < 1 || *max_ids > 100000)) {
      return arguments->Error("example_ids_count", "must be between 1 and 100000");
    }
    settings_.max_ids = max_ids.value_or(100);
    return absl::OkStatus();
  }
  // Strings have no standard error, and TFMA gives these counts none.
  bool ComputesConfidenceInterval() const override { return false; }

 protected:
  std::string KeyName(const std::string& metric, const char* part, double threshold) const {
    return absl::StrFormat("%s/%s@%.*f", metric, part, DigitsOfThresholds(settings_.thresholds), threshold);
  }
  absl::StatusOr<std::vector<FlipKeys>> AddCounts(const std::string& metric, const KeyRequest& original,
                                                  ComputationPlan* plan) const {
    KeyRequest request = original;
    request.sub_key = SubKey();
    auto settings = std::make_shared<FlipAccumulator::Settings>();
    settings->flips = settings_;
    std::vector<MetricKey> all;
    for (double t : settings_.thresholds) {
      auto key = [&](const char* part) {
        all.push_back(request.Key(KeyName(metric, part, t)));
        return all.back();
      };
      settings->keys.push_back({key("positive_to_negative"), key("negative_to_positive"),
                                key("positive_to_negative_examples_ids"), key("negative_to_positive_examples_ids"),
                                key("positive_examples_count"), key("negative_examples_count")});
    }
    auto add_view = [&](const KeyRequest& of_model) -> absl::StatusOr<ListViewId> {
      ASSIGN_OR_RETURN(ViewSpec view, of_model.View());
      view.aggregated = false;
      view.class_weights.clear();
      view.allow_missing_label = true;
      return plan->AddListView(view);
    };
    ASSIGN_OR_RETURN(settings->view, add_view(request));
    for (const auto& spec : request.request->eval_config->model_specs()) {
      if (!spec.is_baseline()) continue;
      KeyRequest baseline = request;
      baseline.model_name = spec.name();
      ASSIGN_OR_RETURN(settings->baseline_view, add_view(baseline));
    }
    if (settings_.counterfactual_key.empty() && !settings->baseline_view) {
      return absl::InvalidArgumentError(
          "it needs counterfactual predictions: give counterfactual_prediction_key, or a model_spec with is_baseline");
    }
    if (!settings_.counterfactual_key.empty()) plan->AddFeature(settings_.counterfactual_key);
    if (!settings_.id_key.empty()) plan->AddFeature(settings_.id_key);
    std::shared_ptr<const FlipAccumulator::Settings> shared = settings;
    plan->Add("CounterfactualFlips", all, [shared] { return std::make_unique<FlipAccumulator>(shared); });
    return settings->keys;
  }

  FlipSettings settings_;
};

class FlipCount : public CounterfactualFlips {
 public:
  absl::Status AddForKey(const KeyRequest& request, ComputationPlan* plan) const override {
    return AddCounts(name(), request, plan).status();
  }
};

// The counts are reported as well, as flip_count/….
class FlipRate : public CounterfactualFlips {
 public:
  absl::Status AddForKey(const KeyRequest& original, ComputationPlan* plan) const override {
    ASSIGN_OR_RETURN(const std::vector<FlipKeys> counts, AddCounts("flip_count", original, plan));
    KeyRequest request = original;
    request.sub_key = SubKey();
    for (size_t t = 0; t < counts.size(); ++t) {
      auto key = [&](const char* part) { return request.Key(KeyName(name(), part, settings_.thresholds[t])); };
      const MetricKey overall = key("overall");
      const FlipKeys of_rate = {key("positive_to_negative"),
                                key("negative_to_positive"),
                                key("positive_to_negative_examples_ids"),
                                key("negative_to_positive_examples_ids"),
                                key("sample_examples_ids"),
                                {}};
      auto derive = [=, from = counts[t], max_ids = settings_.max_ids, weighted = request.example_weighted()](
                        const MetricsMap& metrics, MetricsMap* results) -> absl::Status {
        ASSIGN_OR_RETURN(const double* to_negative, FindResult<double>(metrics, from.positive_to_negative));
        ASSIGN_OR_RETURN(const double* to_positive, FindResult<double>(metrics, from.negative_to_positive));
        ASSIGN_OR_RETURN(const double* positive, FindResult<double>(metrics, from.positive_examples));
        ASSIGN_OR_RETURN(const double* negative, FindResult<double>(metrics, from.negative_examples));
        const double all = *positive + *negative;
        (*results)[overall] = all == 0 ? std::nan("") : (*to_negative + *to_positive) / all;
        (*results)[of_rate.positive_to_negative] = all == 0 ? std::nan("") : *to_negative / all;
        (*results)[of_rate.negative_to_positive] = all == 0 ? std::nan("") : *to_positive / all;
        ASSIGN_OR_RETURN(const StringArray* to_negative_ids,
                         FindResult<StringArray>(metrics, from.positive_to_negative_ids));
        ASSIGN_OR_RETURN(const StringArray* to_positive_ids,
                         FindResult<StringArray>(metrics, from.negative_to_positive_ids));
        (*results)[of_rate.positive_to_negative_ids] = *to_negative_ids;
        (*results)[of_rate.negative_to_positive_ids] = *to_positive_ids;
        if (!weighted) {
          // TFMA draws these at random from both.
          StringArray sample = *to_negative_ids;
          sample.values.insert(sample.values.end(), to_positive_ids->values.begin(), to_positive_ids->values.end());
          if (static_cast<int>(sample.values.size()) > max_ids) sample.values.resize(max_ids);
          (*results)[of_rate.positive_examples] = std::move(sample);
        }
        return absl::OkStatus();
      };
      plan->AddDerived({overall, of_rate.positive_to_negative}, derive);
    }
    return absl::OkStatus();
  }
};

TFXM_REGISTER(MetricRegistry, "FlipCount", [] { return std::make_unique<FlipCount>(); });
TFXM_REGISTER(MetricRegistry, "FlipRate", [] { return std::make_unique<FlipRate>(); });

}  // namespace
}  // namespace tfxm::model_analysis
