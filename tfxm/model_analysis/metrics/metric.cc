// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/metrics/metric.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {

bool ComputationPlan::Add(const std::string& kind, const std::vector<MetricKey>& keys,
                          std::function<std::unique_ptr<Accumulator>()> make, ComparisonCost cost) {
  std::string id = kind;
  for (const MetricKey& key : keys) {
    absl::StrAppend(&id, "\n", key.kind == MetricKey::Kind::kPlot ? "plot " : "", key.name, "\t", key.model_name, "\t",
                    key.output_name, "\t", key.ToString());
  }
  if (!ids_.insert(id).second) return false;
  keys_.insert(keys.begin(), keys.end());
  computations_.push_back({std::move(id), std::move(make), cost});
  return true;
}

bool ComputationPlan::AddDerived(const std::vector<MetricKey>& keys, DerivedFunction function) {
  if (!derived_keys_.insert(keys).second) return false;
  keys_.insert(keys.begin(), keys.end());
  derived_.push_back(std::move(function));
  return true;
}

bool ComputationPlan::AddCrossSlice(const std::vector<MetricKey>& keys, CrossSliceFunction function) {
  if (!cross_slice_keys_.insert(keys).second) return false;
  cross_slice_.push_back(std::move(function));
  return true;
}

ComparisonCost Metric::CostOfComparison(const ComputationPlan& plan) const {
  ComparisonCost cost = ComparisonCost::kLight;
  for (const ComputationPlan::Computation& computation : plan.computations()) cost = std::max(cost, computation.cost);
  return ComputesConfidenceInterval() ? cost : ComparisonCost::kNone;
}

MetricKey KeyRequest::Key(const std::string& name) const {
  return {.name = name,
          .model_name = model_name,
          .output_name = output_name,
          .sub_key = sub_key,
          .example_weighted = request->is_default ? std::nullopt : std::optional<bool>(request->example_weighted)};
}

absl::StatusOr<ViewSpec> KeyRequest::View() const {
  ViewSpec spec;
  ASSIGN_OR_RETURN(spec.model_index, FindModelSpec(*request->eval_config, model_name));
  spec.prediction_key = request->eval_config->model_specs(spec.model_index).prediction_key();
  spec.output_name = output_name;
  spec.sub_key = sub_key;
  spec.aggregated = request->aggregation != Aggregation::kNone;
  spec.class_weights = request->class_weights;
  spec.example_weighted = request->example_weighted;
  return spec;
}

absl::Status PerKeyMetric::AddComputations(const MetricRequest& request, ComputationPlan* plan) const {
  if (!request.class_weights.empty() && !SupportsClassWeights()) {
    return absl::InvalidArgumentError(
        absl::StrCat("metric ", name(), " does not support class_weights; micro averaging does not apply to it"));
  }
  for (const std::string& model_name : request.model_names) {
    RETURN_IF_ERROR(
        Annotate(FindModelSpec(*request.eval_config, model_name).status(), absl::StrCat("metric ", name())));
    for (const std::string& output_name : request.output_names) {
      for (const SubKey& sub_key : request.sub_keys) {
        RETURN_IF_ERROR(AddForKey({&request, model_name, output_name, sub_key}, plan));
      }
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<int> FindModelSpec(const ::tensorflow_model_analysis::EvalConfig& config,
                                  const std::string& model_name) {
  if (config.model_specs_size() == 1 && model_name.empty()) return 0;
  std::vector<std::string> names;
  for (int i = 0; i < config.model_specs_size(); ++i) {
    if (config.model_specs(i).name() == model_name) return i;
    names.push_back(config.model_specs(i).name());
  }
  const std::string near = NearestNames(model_name, names);
  return absl::InvalidArgumentError(
      absl::StrCat("no model_spec is named \"", model_name, "\"", near.empty() ? "" : "; did you mean ", near));
}

std::string BaselineModelName(const ::tensorflow_model_analysis::EvalConfig& config) {
  for (const auto& spec : config.model_specs()) {
    if (spec.is_baseline()) return spec.name();
  }
  return "";
}

}  // namespace tfxm::model_analysis
