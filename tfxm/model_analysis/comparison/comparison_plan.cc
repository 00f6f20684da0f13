// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/comparison/comparison_plan.h"

#include <algorithm>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

namespace tfma = ::tensorflow_model_analysis;

// Metrics of a few sums, and those of a histogram of the predictions, whose every evaluation costs about half a
// millisecond.
struct Groups {
  int overall, each, budget;
};
constexpr Groups kLight = {128, 64, 8192}, kHeavy = {32, 16, 1024};

// Whether the results are the same pairs of numbers with the same weights for both models.
bool SameWeights(const tfma::EvalConfig& config, const MetricKey& key, const std::string& reference) {
  if (!key.example_weighted.value_or(false)) return true;
  const auto a = FindModelSpec(config, key.model_name), b = FindModelSpec(config, reference);
  if (!a.ok() || !b.ok()) return false;
  const tfma::ModelSpec &x = config.model_specs(*a), &y = config.model_specs(*b);
  const auto keys = [](const tfma::ModelSpec& spec) {
    return std::map<std::string, std::string>(spec.example_weight_keys().begin(), spec.example_weight_keys().end());
  };
  return x.example_weight_key() == y.example_weight_key() && keys(x) == keys(y);
}

bool IsCompared(const MetricKey& key, const std::string& reference, const std::set<MetricKey>& keys) {
  return key.kind == MetricKey::Kind::kMetric && !key.is_private() && !key.is_diff && key.model_name != reference &&
         keys.count(key.BaselineKey(reference)) > 0;
}

bool IsPaired(const tfma::EvalConfig& config, const ComputationPlan& plan, const MetricKey& key,
              const std::string& reference) {
  const auto& terms = plan.example_terms();
  return terms.count(key) > 0 && terms.count(key.BaselineKey(reference)) > 0 && SameWeights(config, key, reference);
}

enum class Cost { kNone, kLight, kHeavy };

// What it takes to compare one metric of one spec by groups.
absl::StatusOr<Cost> GroupingCost(tfma::EvalConfig config, const ::tensorflow::metadata::v0::Schema* schema,
                                  const tfma::MetricsSpec& spec, const tfma::MetricConfig& metric,
                                  const std::string& reference) {
  // Counts do not differ; matrices are no numbers.
  ASSIGN_OR_RETURN(const std::unique_ptr<Metric> made, MakeMetric(metric));
  if (!made->ComputesConfidenceInterval() || absl::StrContains(metric.class_name(), "ConfusionMatrixAtThresholds"))
    return Cost::kNone;
  config.clear_metrics_specs();
  tfma::MetricsSpec* only = config.add_metrics_specs();
  *only = spec;
  only->clear_metrics();
  *only->add_metrics() = metric;
  ASSIGN_OR_RETURN(const std::vector<QueryPlan> plans, MakeQueryPlans(config, schema));
  Cost cost = Cost::kNone;
  for (const QueryPlan& plan : plans) {
    for (const MetricKey& key : plan.plan.keys()) {
      if (IsCompared(key, reference, plan.plan.keys()) && !IsPaired(config, plan.plan, key, reference))
        cost = std::max(cost, Cost::kLight);
    }
    if (cost == Cost::kNone) continue;
    for (const auto& computation : plan.plan.computations()) {
      if (absl::StartsWith(computation.id, "CalibrationHistogram")) cost = Cost::kHeavy;
    }
  }
  return cost;
}

}  // namespace

int GroupedPlan::NumGroups(int64_t num_slices) const {
  int groups = max_groups;
  while (groups >= kMinGroups && groups * num_slices > groups_budget) groups /= 2;
  return groups < kMinGroups ? 0 : groups;
}

absl::StatusOr<std::string> ReferenceModel(const tfma::EvalConfig& config, const std::vector<bool>& is_saved_model,
                                           const std::string& requested) {
  if (!requested.empty()) {
    std::vector<std::string> names;
    for (const tfma::ModelSpec& spec : config.model_specs()) names.push_back(spec.name());
    if (std::find(names.begin(), names.end(), requested) != names.end()) return requested;
    if (names.size() == 1) {
      return absl::InvalidArgumentError(
          absl::StrCat("reference_model is \"", requested, "\" but there is only one model, so nothing to compare"));
    }
    const std::string near = NearestNames(requested, names);
    return absl::InvalidArgumentError(
        absl::StrCat("reference_model: no model_spec is named \"", requested, "\"; ",
                     near.empty() ? absl::StrCat("there are \"", absl::StrJoin(names, "\", \""), "\"")
                                  : absl::StrCat("did you mean ", near)));
  }
  if (const std::string baseline = BaselineModelName(config); !baseline.empty()) return baseline;
  for (int m = 0; m < config.model_specs_size(); ++m) {
    if (is_saved_model[m]) return config.model_specs(m).name();
  }
  return config.model_specs(0).name();
}

absl::StatusOr<ComparisonPlan> MakeComparisonPlan(const tfma::EvalConfig& config, const std::vector<QueryPlan>& plans,
                                                  const ::tensorflow::metadata::v0::Schema* schema,
                                                  const std::string& reference) {
  ComparisonPlan result;
  result.reference = reference;
  for (const QueryPlan& plan : plans) {
    PairedPlan& paired = result.paired.emplace_back();
    std::map<MetricKey, int> indices;
    const auto index_of = [&](const MetricKey& key) {
      const auto [it, added] = indices.try_emplace(key, static_cast<int>(paired.terms.size()));
      if (added) paired.terms.push_back(&plan.plan.example_terms().at(key));
      return it->second;
    };
    for (const MetricKey& key : plan.plan.keys()) {
      if (!IsCompared(key, reference, plan.plan.keys()) || !IsPaired(config, plan.plan, key, reference)) continue;
      paired.metrics.push_back({key, index_of(key), index_of(key.BaselineKey(reference))});
    }
  }
  for (const Cost wanted : {Cost::kLight, Cost::kHeavy}) {
    tfma::EvalConfig some = config;
    some.clear_metrics_specs();
    for (const tfma::MetricsSpec& spec : config.metrics_specs()) {
      tfma::MetricsSpec kept = spec;
      kept.clear_metrics();
      for (const tfma::MetricConfig& metric : spec.metrics()) {
        ASSIGN_OR_RETURN(const Cost cost, GroupingCost(config, schema, spec, metric, reference));
        if (cost == wanted) *kept.add_metrics() = metric;
      }
      if (kept.metrics_size() > 0) *some.add_metrics_specs() = std::move(kept);
    }
    if (some.metrics_specs_size() == 0) continue;
    ASSIGN_OR_RETURN(std::vector<QueryPlan> made, MakeQueryPlans(some, schema));
    for (QueryPlan& plan : made) {
      const Groups& groups = wanted == Cost::kHeavy ? kHeavy : kLight;
      result.grouped.push_back({std::move(plan), groups.overall, groups.each, groups.budget});
    }
  }
  return result;
}

}  // namespace tfxm::model_analysis
