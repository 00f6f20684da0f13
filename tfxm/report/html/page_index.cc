// SPDX-License-Identifier: Apache-2.0

#include "tfxm/report/html/page_index.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tfxm/proto/costs.h"

namespace tfxm::report {
namespace {

// Costs that are found among the metrics of all examples count as facts (they can carry thresholds there).
void AddCostMetrics(const Evaluation& evaluation, const std::string& model_name, ModelFacts* facts) {
  for (const SliceMetrics& slice : evaluation.slices) {
    if (!slice.slice.overall()) continue;
    for (const Metric& metric : slice.metrics) {
      if (metric.key.model_name != model_name || metric.key.is_diff || metric.value.kind != MetricValue::Kind::kNumber)
        continue;
      const Cost* cost = CostOfMetric(metric.key.name);
      if (cost != nullptr) facts->mutable_numbers()->insert({std::string(cost->name), metric.value.number});
    }
  }
}

}  // namespace

Key MetricIdentity(Key key) {
  key.model_name.clear();
  key.is_diff = false;
  return key;
}

PageIndex::PageIndex(const ReportInput& input) : input_(input) {
  CollectModels();
  CollectSlicesAndMetrics();
}

void PageIndex::CollectModels() {
  for (size_t e = 0; e < input_.evaluations.size(); ++e) {
    const ReportEvaluation& r = input_.evaluations[e];
    const std::vector<std::string> names = r.evaluation.ModelNames();
    for (const std::string& name : names) {
      PageModel model{.model_name = name, .evaluation = static_cast<int>(e)};
      for (const ModelFacts& facts : r.sidecars.facts) {
        if (facts.model_name() == name || (names.size() == 1 && facts.model_name().empty()))
          model.facts.MergeFrom(facts);
      }
      AddCostMetrics(r.evaluation, name, &model.facts);
      std::string own = model.facts.display_name().empty() ? name : model.facts.display_name();
      if (names.size() == 1 && !r.display_name.empty()) {
        model.name = r.display_name;
      } else if (own.empty()) {
        model.name = r.display_name.empty() ? "model" : r.display_name;
      } else {
        model.name =
            input_.evaluations.size() > 1 && !r.display_name.empty() ? absl::StrCat(r.display_name, ": ", own) : own;
      }
      model_index_[{model.evaluation, name}] = static_cast<int>(models_.size());
      models_.push_back(std::move(model));
    }
  }
}

void PageIndex::CollectSlicesAndMetrics() {
  for (const ReportEvaluation& r : input_.evaluations) {
    for (const SliceMetrics& slice : r.evaluation.slices) {
      slices_.emplace(slice.slice, 0);
      for (const Metric& metric : slice.metrics) {
        const Direction direction = MetricDirection(metric.key.name, r.evaluation.config);
        metrics_.emplace(MetricIdentity(metric.key), MetricEntry{.direction = direction});
      }
    }
    for (const Plot& plot : r.evaluation.plots) slices_.emplace(plot.slice, 0);
    if (r.evaluation.validation) {
      for (const ValidationFailure& f : r.evaluation.validation->failures) slices_.emplace(f.slice, 0);
    }
  }
  int index = 0;
  for (auto& [slice, i] : slices_) i = index++;
  index = 0;
  for (auto& [key, entry] : metrics_) entry.index = index++;
  for (const auto& [slice, i] : slices_) {
    if (slice.cross_baseline) continue;
    SliceText text;
    for (const auto& [column, value] : slice.values) text[column] = SliceValueText(value);
    slice_by_text_.emplace(std::move(text), i);
  }
}

absl::StatusOr<int> PageIndex::Reference() const {
  if (!input_.reference_model.empty()) {
    for (size_t i = 0; i < models_.size(); ++i) {
      if (models_[i].name == input_.reference_model) return static_cast<int>(i);
    }
    return absl::InvalidArgumentError(absl::StrCat(
        "no model \"", input_.reference_model,
        "\" to compare with; there are: ", absl::StrJoin(models_, ", ", [](std::string* out, const PageModel& m) {
          absl::StrAppend(out, "\"", m.name, "\"");
        })));
  }
  for (size_t i = 0; i < models_.size(); ++i) {
    const std::string baseline = input_.evaluations[models_[i].evaluation].evaluation.BaselineModel();
    if (!baseline.empty() && models_[i].model_name == baseline) return static_cast<int>(i);
  }
  return 0;
}

int PageIndex::ModelOf(int evaluation, const std::string& name) const {
  const auto it = model_index_.find({evaluation, name});
  return it == model_index_.end() ? -1 : it->second;
}

}  // namespace tfxm::report
