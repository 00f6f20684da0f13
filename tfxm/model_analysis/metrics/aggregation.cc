// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/metrics/aggregation.h"

#include <cmath>
#include <optional>

#include "absl/strings/str_cat.h"
#include "tfxm/model_analysis/metrics/accumulators.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

absl::StatusOr<double> ToNumber(const MetricsMap& metrics, const MetricKey& key) {
  const auto it = metrics.find(key);
  if (it == metrics.end())
    return absl::InvalidArgumentError(absl::StrCat("no value of ", key.ToString(), " to average"));
  if (const double* x = std::get_if<double>(&it->second)) return *x;
  if (const NumericArray* x = std::get_if<NumericArray>(&it->second); x != nullptr && x->values.size() == 1)
    return x->values[0];
  return absl::InvalidArgumentError(absl::StrCat(
      key.ToString(),
      " is not a number, so it cannot be averaged: take it out of the metrics_spec with aggregate or output_weights"));
}

// The weighted sum of the labels of each class, as shares.
class LabelShares : public AccumulatorOf<LabelShares> {
 public:
  LabelShares(MetricKey key, ListViewId view, std::vector<int> class_ids)
      : key_(std::move(key)), view_(view), class_ids_(std::move(class_ids)), sums_(class_ids_.size()) {}

  absl::Status Add(BatchViews* batch, std::span<const int32_t> rows) override {
    ASSIGN_OR_RETURN(const ListView* view, batch->List(view_));
    for (int32_t row : rows) {
      const auto labels = view->labels->row(row);
      if (labels.empty()) continue;
      for (size_t i = 0; i < class_ids_.size(); ++i) {
        if (labels.size() > 1 && class_ids_[i] >= static_cast<int>(labels.size())) {
          return absl::InvalidArgumentError(absl::StrCat(batch->extracts().Describe(row), ": class_id ", class_ids_[i],
                                                         " of class_weights is out of range: the label has ",
                                                         labels.size(), " values"));
        }
        const double label = labels.size() == 1 ? labels[0] == class_ids_[i] : labels[class_ids_[i]];
        sums_[i].AddProduct(label, view->weights[row]);
      }
    }
    return absl::OkStatus();
  }
  auto Parts() { return std::tie(sums_); }
  // (class id, share) pairs, flattened.
  absl::Status Output(MetricsMap* results) const override {
    double total = 0;
    for (const CompactSum& sum : sums_) total += sum.Value();
    Totals shares;
    for (size_t i = 0; i < sums_.size(); ++i) {
      shares.push_back(class_ids_[i]);
      shares.push_back(total == 0 ? 0 : sums_[i].Value() / total);
    }
    (*results)[key_] = std::move(shares);
    return absl::OkStatus();
  }

 private:
  const MetricKey key_;
  const ListViewId view_;
  const std::vector<int> class_ids_;
  std::vector<CompactSum> sums_;
};

}  // namespace

absl::Status AddMacroAverage(const std::string& metric_name, const KeyRequest& request,
                             const std::vector<SubKey>& sub_keys, const std::map<int, double>& class_weights,
                             bool by_label, ComputationPlan* plan) {
  MetricKey key = request.Key(metric_name);
  key.aggregation = Aggregation::kMacro;  // Also for the weighted macro average, as in TFMA.
  MetricKey shares_key = request.Key("_class_weights_from_labels");
  shares_key.sub_key = {};
  if (by_label) {
    std::vector<int> class_ids;
    for (const SubKey& sub_key : sub_keys) {
      if (sub_key.class_id) class_ids.push_back(*sub_key.class_id);
    }
    ASSIGN_OR_RETURN(ViewSpec view, request.View());
    view.sub_key = {};
    view.aggregated = false;
    view.class_weights.clear();
    view.allow_missing_label = true;
    plan->Add("ClassWeightsFromLabels", {shares_key}, [shares_key, view = plan->AddListView(view), class_ids] {
      return std::make_unique<LabelShares>(shares_key, view, class_ids);
    });
  }
  MetricKey child = request.Key(metric_name);
  plan->AddDerived({key}, [=](const MetricsMap& metrics, MetricsMap* results) -> absl::Status {
    std::map<int, double> shares;
    if (by_label) {
      ASSIGN_OR_RETURN(const Totals* pairs, FindResult<Totals>(metrics, shares_key));
      for (size_t i = 0; i < pairs->size(); i += 2) shares[static_cast<int>((*pairs)[i])] = (*pairs)[i + 1];
    }
    double total = 0, total_weight = 0;
    for (const SubKey& sub_key : sub_keys) {
      MetricKey child_key = child;
      child_key.sub_key = sub_key;
      if (metrics.count(child_key) == 0) child_key.name = "_" + child_key.name;
      double weight = class_weights.empty() ? 1 : 0;
      const std::optional<int> offset = sub_key.class_id ? sub_key.class_id : sub_key.k;
      if (offset && by_label) {
        if (sub_key.class_id && shares.count(*offset) > 0) weight = shares[*offset];
        if (sub_key.class_id && class_weights.count(*offset) > 0) weight *= class_weights.at(*offset);
      } else if (offset && class_weights.count(*offset) > 0) {
        weight = class_weights.at(*offset);
      }
      ASSIGN_OR_RETURN(const double value, ToNumber(metrics, child_key));
      total += value * weight;
      total_weight += weight;
    }
    (*results)[key] = total_weight == 0 ? std::nan("") : total / total_weight;
    return absl::OkStatus();
  });
  return absl::OkStatus();
}

void AddOutputAverage(const std::string& metric_name, const KeyRequest& request,
                      const std::map<std::string, double>& output_weights, ComputationPlan* plan) {
  MetricKey key = request.Key(metric_name);
  key.output_name.clear();
  plan->AddDerived({key}, [=](const MetricsMap& metrics, MetricsMap* results) -> absl::Status {
    double total = 0, total_weight = 0;
    for (const auto& [output_name, weight] : output_weights) {
      MetricKey child = key;
      child.output_name = output_name;
      ASSIGN_OR_RETURN(const double value, ToNumber(metrics, child));
      total += value * weight;
      total_weight += weight;
    }
    (*results)[key] = total_weight == 0 ? std::nan("") : total / total_weight;
    return absl::OkStatus();
  });
}

}  // namespace tfxm::model_analysis
