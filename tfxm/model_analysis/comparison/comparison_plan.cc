// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/comparison/comparison_plan.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

namespace tfma = ::tensorflow_model_analysis;

// By ComparisonCost.
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

// What it takes to compare one metric of one spec by groups; kNone also if all of it is compared example by example.
absl::StatusOr<ComparisonCost> GroupingCost(const ResolvedConfig& config, const ConfiguredMetric& metric,
                                            const std::string& reference) {
  ASSIGN_OR_RETURN(const std::vector<QueryPlan> plans,
                   MakeQueryPlans(config, [&](const ConfiguredMetric& other) { return &other == &metric; }));
  for (const auto& [query_key, plan] : plans) {
    for (const MetricKey& key : plan.keys()) {
      if (IsCompared(key, reference, plan.keys()) && !IsPaired(*config.eval_config, plan, key, reference))
        return metric.metric->CostOfComparison(plan);
    }
  }
  return ComparisonCost::kNone;
}

PairedPlan MakePairedPlan(const tfma::EvalConfig& config, const ComputationPlan& plan, const std::string& reference) {
  PairedPlan paired;
  std::map<MetricKey, int> indices;
  const auto index_of = [&](const MetricKey& key) {
    const auto [it, added] = indices.try_emplace(key, static_cast<int>(paired.terms.size()));
    if (added) paired.terms.push_back(&plan.example_terms().at(key));
    return it->second;
  };
  for (const MetricKey& key : plan.keys()) {
    if (!IsCompared(key, reference, plan.keys()) || !IsPaired(config, plan, key, reference)) continue;
    paired.metrics.push_back({key, index_of(key), index_of(key.BaselineKey(reference))});
  }
  return paired;
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
  if (std::string baseline = BaselineModelName(config); !baseline.empty()) return baseline;
  for (int m = 0; m < config.model_specs_size(); ++m) {
    if (is_saved_model[m]) return config.model_specs(m).name();
  }
  return config.model_specs(0).name();
}

absl::StatusOr<ComparisonPlan> MakeComparisonPlan(const ResolvedConfig& config, const std::string& reference) {
  ComparisonPlan result;
  result.reference = reference;
  ASSIGN_OR_RETURN(result.reference_index, FindModelSpec(*config.eval_config, reference));
  for (const QueryPlan& plan : config.plans) {
    result.paired.push_back(MakePairedPlan(*config.eval_config, plan.plan, reference));
  }
  std::map<const ConfiguredMetric*, ComparisonCost> costs;
  for (const ConfiguredMetric& metric : config.metrics) {
    ASSIGN_OR_RETURN(costs[&metric], GroupingCost(config, metric, reference));
  }
  for (const auto& [cost, groups] : {std::pair(ComparisonCost::kLight, kLight), {ComparisonCost::kHeavy, kHeavy}}) {
    ASSIGN_OR_RETURN(std::vector<QueryPlan> plans, MakeQueryPlans(config, [&, &cost = cost](const ConfiguredMetric& m) {
                       return costs.at(&m) == cost;
                     }));
    for (QueryPlan& plan : plans) {
      result.grouped.push_back({std::move(plan), groups.overall, groups.each, groups.budget});
    }
  }
  return result;
}

}  // namespace tfxm::model_analysis
