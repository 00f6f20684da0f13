// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/cost/cost_metrics.h"

#include <algorithm>
#include <map>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "tfxm/model_analysis/cost/measure.h"
#include "tfxm/model_analysis/metrics/metric.h"
#include "tfxm/proto/costs.h"
#include "tfxm/util/files/file_manifest.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

namespace tfma = ::tensorflow_model_analysis;

constexpr int kSampleSize = 256;
// Brief if nobody asks for times: a few milliseconds for a small model.
constexpr MeasureOptions kBrief = {.seconds = 0.005, .max_runs = 200},
                         kThorough = {.seconds = 0.1, .max_runs = 100'000};

// A number of ModelCost.
class CostMetric : public Metric {
 public:
  explicit CostMetric(const Cost& cost) : cost_(cost) {}
  std::string DefaultName(absl::string_view) const override { return std::string(cost_.metric); }

  absl::Status AddComputations(const MetricRequest& request, ComputationPlan* plan) const override {
    const bool whole_model = request.sub_keys.size() == 1 && request.sub_keys[0].empty() &&
                             request.output_names.size() == 1 && request.output_names[0].empty() &&
                             request.aggregation == Aggregation::kNone;
    if (!whole_model) {
      return absl::InvalidArgumentError(
          "a cost is of the whole model: put it into a metrics_specs without binarize, aggregate and output_names");
    }
    for (const std::string& model_name : request.model_names) {
      RETURN_IF_ERROR(FindModelSpec(*request.eval_config, model_name).status());
      plan->AddCost(KeyRequest{&request, model_name, "", {}}.Key(name()), Function());
    }
    return absl::OkStatus();
  }
  bool ComputesConfidenceInterval() const override { return false; }

 protected:
  virtual CostFunction Function() const {
    return [name = cost_.name](const ModelCost& cost) { return cost.Find(name); };
  }

 private:
  const Cost& cost_;  // Of kCosts.
};

class OpCount : public CostMetric {
 public:
  OpCount() : CostMetric(*CostOfMetric(cost::kOpCount)) {}
  absl::Status Configure(MetricArguments* arguments) override {
    ASSIGN_OR_RETURN(op_, arguments->String("op", ""));
    return absl::OkStatus();
  }
  std::string DefaultName(absl::string_view class_name) const override {
    const std::string name = CostMetric::DefaultName(class_name);
    return op_.empty() ? name : absl::StrCat(name, "_", absl::AsciiStrToLower(op_));
  }

 protected:
  CostFunction Function() const override {
    if (op_.empty()) return CostMetric::Function();
    return [op = op_](const ModelCost& cost) -> std::optional<double> {
      if (cost.op_counts.empty()) return std::nullopt;
      const auto it = cost.op_counts.find(op);
      return it == cost.op_counts.end() ? 0 : it->second;
    };
  }

 private:
  std::string op_;
};

[[maybe_unused]] const bool registered = [] {
  for (const Cost& cost : kCosts) {
    if (cost.metric_class.empty() || cost.metric_class == cost::kOpCountClass) continue;
    MetricRegistry::Get().Register(cost.metric_class, [&cost] { return std::make_unique<CostMetric>(cost); });
  }
  return MetricRegistry::Get().Register(cost::kOpCountClass, [] { return std::make_unique<OpCount>(); });
}();

// Whether one of the costs is a time.
bool AskForTimes(const std::map<MetricKey, CostFunction>& costs) {
  ModelCost times;
  for (const Cost& cost : kCosts) {
    if (cost.is_time()) times.numbers[std::string(cost.name)] = 1;
  }
  return std::any_of(costs.begin(), costs.end(), [&](const auto& cost) { return cost.second(times).has_value(); });
}

bool IsOverall(const tfma::SlicingSpec& spec) {
  return spec.feature_keys().empty() && spec.feature_values().empty() && spec.slice_keys_sql().empty();
}

bool HasOverallSlice(const tfma::EvalConfig& config) {
  return config.slicing_specs().empty() ||
         std::any_of(config.slicing_specs().begin(), config.slicing_specs().end(), IsOverall);
}

absl::Status CheckSlice(const SliceThreshold& threshold) {
  const auto* spec = std::get_if<tfma::SlicingSpec>(&threshold.slice);
  if (std::holds_alternative<std::monostate>(threshold.slice) || (spec != nullptr && IsOverall(*spec)))
    return absl::OkStatus();
  return absl::InvalidArgumentError(
      "a cost is the model's, the same for every slice: give it a `threshold`, not one per slice");
}

}  // namespace

CostMetrics::CostMetrics(const ResolvedConfig& config, const std::vector<const InferenceModel*>& models)
    : config_(&config),
      models_(models),
      baseline_(BaselineModelName(*config.eval_config)),
      statuses_(models.size()),
      costs_(models.size()) {
  for (const QueryPlan& plan : config.plans) asked_.insert(plan.plan.costs().begin(), plan.plan.costs().end());
}

absl::StatusOr<CostMetrics> CostMetrics::Measure(const ResolvedConfig& config,
                                                 const std::vector<const InferenceModel*>& models,
                                                 const std::vector<std::string>& paths,
                                                 const std::vector<std::string>& files) {
  CostMetrics result(config, models);
  if (!result.asked_.empty() && !HasOverallSlice(*config.eval_config)) {
    return absl::InvalidArgumentError(
        absl::StrCat("metric ", result.asked_.begin()->first.name,
                     " is a cost, which is reported for the overall slice: add `slicing_specs {}` to the config"));
  }
  absl::StatusOr<std::vector<std::string>> sample = std::vector<std::string>();
  if (std::any_of(models.begin(), models.end(), [](const auto* model) { return model != nullptr; })) {
    sample = ReadSample(files, kSampleSize);
    // That there are no examples the evaluation itself reports.
    if (sample.ok() && sample->empty()) return result;
  }
  RETURN_IF_ERROR(result.MeasureModels(paths, sample.ok() ? *sample : std::vector<std::string>(), sample.status()));
  RETURN_IF_ERROR(result.ComputeValues());
  RETURN_IF_ERROR(result.CheckThresholds());
  RETURN_IF_ERROR(result.WarnOfMissing());
  return result;
}

absl::Status CostMetrics::MeasureModels(const std::vector<std::string>& paths, const std::vector<std::string>& sample,
                                        const absl::Status& sample_status) {
  std::map<size_t, CostTimer> timers;  // By model.
  for (size_t m = 0; m < models_.size(); ++m) {
    if (models_[m] == nullptr) continue;
    ASSIGN_OR_RETURN(int64_t size, io::TreeSize(paths[m]));
    // What the Pusher put beside a model is not the model.
    if (const auto manifest = io::FileSize(io::JoinPath(paths[m], kManifestFile)); manifest.ok()) size -= *manifest;
    costs_[m].numbers[cost::kSizeBytes] = static_cast<double>(size);
    statuses_[m] = sample_status;
    if (sample_status.ok()) timers.emplace(m, CostTimer(*models_[m], sample, AskForTimes(asked_) ? kThorough : kBrief));
  }
  for (int round = 0; round < kCostRounds; ++round) {
    for (auto& [m, timer] : timers) {
      if (statuses_[m].ok()) statuses_[m] = timer.Round();
    }
  }
  for (size_t m = 0; m < models_.size(); ++m) {
    if (const auto timer = timers.find(m); timer != timers.end()) {
      const absl::Status finished = timer->second.Finish(&costs_[m]);
      if (statuses_[m].ok()) statuses_[m] = finished;
    }
    if (!statuses_[m].ok()) {
      warnings_.push_back(absl::StrCat("what model \"", config_->eval_config->model_specs(static_cast<int>(m)).name(),
                                       "\" costs could not be measured: ", statuses_[m].message()));
    }
  }
  return absl::OkStatus();
}

// What is asked for, and its differences to the baseline.
absl::Status CostMetrics::ComputeValues() {
  for (const auto& [key, function] : asked_) {
    ASSIGN_OR_RETURN(const int model, FindModelSpec(*config_->eval_config, key.model_name));
    if (const std::optional<double> value = function(costs_[model])) values_[key] = *value;
    keys_.insert(key);
    if (!baseline_.empty() && key.model_name != baseline_) keys_.insert(key.DiffKey());
  }
  for (const auto& [key, value] : std::map(values_)) {
    if (baseline_.empty() || key.model_name == baseline_) continue;
    const auto it = values_.find(key.BaselineKey(baseline_));
    if (it != values_.end()) values_[key.DiffKey()] = value - it->second;
  }
  return absl::OkStatus();
}

// A threshold is for the overall slice, and on a cost that there is.
absl::Status CostMetrics::CheckThresholds() const {
  for (const auto& [key, of_key] : config_->thresholds) {
    if (keys_.count(key) == 0 || (!baseline_.empty() && key.model_name == baseline_)) continue;
    for (const SliceThreshold& threshold : of_key) {
      RETURN_IF_ERROR(Annotate(CheckSlice(threshold), absl::StrCat("metric ", key.ToString())));
    }
    if (values_.count(key) == 0) RETURN_IF_ERROR(WhyMissing(key));
  }
  return absl::OkStatus();
}

// Why a cost with a threshold, or its difference to the baseline's, is missing.
absl::Status CostMetrics::WhyMissing(const MetricKey& key) const {
  MetricKey plain = key;
  plain.is_diff = false;
  const std::string culprit = values_.count(plain) == 0 ? key.model_name : baseline_;
  ASSIGN_OR_RETURN(const int model, FindModelSpec(*config_->eval_config, culprit));
  RETURN_IF_ERROR(Annotate(statuses_[model], absl::StrCat("metric ", key.ToString(), " of model \"", culprit, "\"")));
  std::string why;
  if (asked_.count(culprit == baseline_ ? plain.BaselineKey(baseline_) : plain) == 0) {
    why = absl::StrCat("it is not asked for of the baseline \"", culprit,
                       "\", too: leave model_names out or add it there");
  } else if (models_[model] == nullptr) {
    why = absl::StrCat("there is no model \"", culprit, "\": its predictions are from the examples");
  } else {
    why =
        absl::StrCat("model \"", culprit, "\" is a SavedModel, which has no such cost",
                     culprit == baseline_ ? " to compare with" : ": say in model_names which TFLite models it is for");
  }
  return absl::InvalidArgumentError(absl::StrCat("metric ", key.ToString(), " has a threshold, but ", why));
}

absl::Status CostMetrics::WarnOfMissing() {
  for (const auto& [key, function] : asked_) {
    if (values_.count(key) > 0) continue;
    ASSIGN_OR_RETURN(const int model, FindModelSpec(*config_->eval_config, key.model_name));
    if (!statuses_[model].ok()) continue;
    warnings_.push_back(absl::StrCat(
        "metric ", key.ToString(), " is missing: ",
        models_[model] == nullptr ? "there is no model, only predictions" : "a SavedModel has no such cost"));
  }
  return absl::OkStatus();
}

void CostMetrics::AddTo(std::vector<SliceMetrics>* slices) const {
  if (values_.empty()) return;
  auto overall = std::find_if(slices->begin(), slices->end(),
                              [](const SliceMetrics& s) { return !s.slice.baseline && s.slice.slice.empty(); });
  // Without any other metric there are no slices.
  if (overall == slices->end()) overall = slices->insert(slices->begin(), SliceMetrics());
  for (const auto& [key, value] : values_) overall->metrics[key].value = value;
}

}  // namespace tfxm::model_analysis
