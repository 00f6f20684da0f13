// SPDX-License-Identifier: Apache-2.0

// NDCG, MinLabelPosition and QueryStatistics, which look at all examples of a query together (MetricsSpec.query_key):
// TFMA's ndcg.py, min_label_position.py and query_statistics.py.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "tfxm/model_analysis/metrics/accumulators.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

// Positions by descending prediction; of equal ones the later first.
std::vector<int> Ranking(std::span<const double> predictions) {
  std::vector<int> order(predictions.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return predictions[a] < predictions[b]; });
  std::reverse(order.begin(), order.end());
  return order;
}

absl::StatusOr<ListViewId> AddRanking(const KeyRequest& request, ComputationPlan* plan) {
  ASSIGN_OR_RETURN(ViewSpec view, request.View());
  view.sub_key = {};
  view.aggregated = false;
  view.class_weights.clear();
  view.allow_missing_label = true;
  return plan->AddListView(view);
}

absl::Status RequireQuery(const std::string& metric, const MetricRequest& request) {
  if (!request.query_key.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("metric ", metric, " ranks the examples of a query: the metrics_spec needs a query_key"));
}

class NdcgAccumulator : public AccumulatorOf<NdcgAccumulator> {
 public:
  NdcgAccumulator(std::vector<MetricKey> keys, ListViewId view, std::string gain_key)
      : keys_(std::move(keys)), view_(view), gain_key_(std::move(gain_key)), ndcg_(keys_.size()) {}

  absl::Status Add(BatchViews* batch, std::span<const int32_t> rows) override {
    ASSIGN_OR_RETURN(const ListView* view, batch->List(view_));
    const Values* all_gains = FindValues(batch->extracts().feature_values, gain_key_);
    for (int32_t row : rows) {
      const auto predictions = view->predictions->row(row);
      if (all_gains == nullptr || all_gains->is_string ||
          all_gains->size(row) != static_cast<int>(predictions.size())) {
        return absl::InvalidArgumentError(
            absl::StrCat("metric NDCG: gain_key \"", gain_key_, "\" must have one number per example of a query; ",
                         batch->extracts().Describe(row), " has ", predictions.size(), " predictions and ",
                         all_gains == nullptr || all_gains->is_string ? 0 : all_gains->size(row), " gains"));
      }
      const auto gains = all_gains->row(row);
      double weight = view->weights[row];
      if (*std::max_element(gains.begin(), gains.end()) <= 0) weight = 0;  // Nothing to rank.
      std::vector<double> ranked, best(gains.begin(), gains.end());
      for (int i : Ranking(predictions)) ranked.push_back(gains[i]);
      std::stable_sort(best.begin(), best.end(), std::greater<>());
      for (size_t k = 0; k < keys_.size(); ++k) {
        const double ideal = Dcg(best, *keys_[k].sub_key.top_k);
        ndcg_[k].AddProduct(ideal > 0 ? Dcg(ranked, *keys_[k].sub_key.top_k) / ideal : 0, weight);
      }
      weight_.Add(weight);
    }
    return absl::OkStatus();
  }
  auto Parts() { return std::tie(ndcg_, weight_); }
  absl::Status Output(MetricsMap* results) const override {
    const double weight = weight_.Value();
    for (size_t k = 0; k < keys_.size(); ++k)
      (*results)[keys_[k]] = weight > 0 ? ndcg_[k].Value() / weight : std::nan("");
    return absl::OkStatus();
  }

 private:
  static double Dcg(const std::vector<double>& gains, int k) {
    double sum = 0;
    for (int i = 0; i < std::min<int>(k, static_cast<int>(gains.size())); ++i) sum += gains[i] / std::log2(i + 2);
    return sum;
  }

  const std::vector<MetricKey> keys_;
  const ListViewId view_;
  const std::string gain_key_;
  std::vector<CompactSum> ndcg_;
  CompactSum weight_;
};

class Ndcg : public Metric {
 public:
  absl::Status Configure(MetricArguments* arguments) override {
    ASSIGN_OR_RETURN(gain_key_, arguments->String("gain_key", ""));
    if (gain_key_.empty()) return arguments->Error("gain_key", "must be given: the feature that holds the gains");
    ASSIGN_OR_RETURN(const auto list, arguments->Numbers("top_k_list"));
    for (double k : list.value_or(std::vector<double>())) {
      if (k < 1 || k != std::floor(k)) return arguments->Error("top_k_list", "must hold positive integers");
      top_k_list_.push_back(static_cast<int>(k));
    }
    return absl::OkStatus();
  }
  std::string DefaultName(absl::string_view) const override { return "ndcg"; }
  absl::Status AddComputations(const MetricRequest& request, ComputationPlan* plan) const override {
    RETURN_IF_ERROR(RequireQuery("NDCG", request));
    std::vector<SubKey> sub_keys;
    for (const SubKey& sub_key : request.sub_keys) {
      if (!sub_key.empty()) sub_keys.push_back(sub_key);
    }
    for (int k : top_k_list_) {
      if (std::none_of(sub_keys.begin(), sub_keys.end(), [k](const SubKey& s) { return s.top_k == k; }))
        sub_keys.push_back({.top_k = k});
    }
    if (sub_keys.empty() || std::any_of(sub_keys.begin(), sub_keys.end(), [](const SubKey& s) { return !s.top_k; })) {
      return absl::InvalidArgumentError(
          "metric NDCG needs top_k values: top_k_list in its config or binarize.top_k_list");
    }
    plan->AddFeature(gain_key_);
    for (const std::string& model_name : request.model_names) {
      for (const std::string& output_name : request.output_names) {
        std::vector<MetricKey> keys;
        for (const SubKey& sub_key : sub_keys)
          keys.push_back(KeyRequest{&request, model_name, output_name, sub_key}.Key(name()));
        ASSIGN_OR_RETURN(const ListViewId view, AddRanking({&request, model_name, output_name, SubKey()}, plan));
        plan->Add("NDCG", keys, [keys, view, gain_key = gain_key_] {
          return std::make_unique<NdcgAccumulator>(keys, view, gain_key);
        });
      }
    }
    return absl::OkStatus();
  }

 private:
  std::string gain_key_;
  std::vector<int> top_k_list_;
};

// Adds the position of the first example of a query with a label.
absl::Status AddPositions(ListViewId view_index, const std::string& label_key, BatchViews* batch,
                          std::span<const int32_t> rows, std::array<CompactSum, 2>* sums) {
  ASSIGN_OR_RETURN(const ListView* view, batch->List(view_index));
  const Values* labels = label_key.empty() ? view->labels : FindValues(batch->extracts().feature_values, label_key);
  for (int32_t row : rows) {
    const auto predictions = view->predictions->row(row);
    const int n = static_cast<int>(predictions.size());
    if (labels == nullptr || labels->is_string || n == 0 || labels->size(row) % n != 0) continue;
    const int per_example = labels->size(row) / n;
    int position = 0;
    for (int i : Ranking(predictions)) {
      ++position;
      double sum = 0;
      for (double l : labels->row(row).subspan(i * per_example, per_example)) sum += l;
      if (sum <= 0) continue;
      (*sums)[0].AddProduct(position, view->weights[row]);
      (*sums)[1].Add(view->weights[row]);
      break;
    }
  }
  return absl::OkStatus();
}

class MinLabelPosition : public Metric {
 public:
  absl::Status Configure(MetricArguments* arguments) override {
    ASSIGN_OR_RETURN(label_key_, arguments->String("label_key", ""));
    return absl::OkStatus();
  }
  absl::Status AddComputations(const MetricRequest& request, ComputationPlan* plan) const override {
    RETURN_IF_ERROR(RequireQuery("MinLabelPosition", request));
    if (!label_key_.empty()) plan->AddFeature(label_key_);
    for (const std::string& model_name : request.model_names) {
      for (const std::string& output_name : request.output_names) {
        const KeyRequest of_output{&request, model_name, output_name, SubKey()};
        const MetricKey key = of_output.Key(name());
        ASSIGN_OR_RETURN(const ListViewId view, AddRanking(of_output, plan));
        auto add = [view, label_key = label_key_](BatchViews* batch, std::span<const int32_t> rows,
                                                  std::array<CompactSum, 2>* sums) {
          return AddPositions(view, label_key, batch, rows, sums);
        };
        auto derive = [](const std::array<double, 2>& sums) -> MetricValue {
          return sums[1] > 0 ? sums[0] / sums[1] : std::nan("");
        };
        plan->Add("MinLabelPosition", {key}, MakeSums<2>(key, add, derive));
      }
    }
    return absl::OkStatus();
  }

 private:
  std::string label_key_;
};

class QueryStatisticsAccumulator : public AccumulatorOf<QueryStatisticsAccumulator> {
 public:
  // Keys of: queries, documents, fewest and most documents of a query.
  QueryStatisticsAccumulator(std::vector<MetricKey> keys, ListViewId view) : keys_(std::move(keys)), view_(view) {}

  absl::Status Add(BatchViews* batch, std::span<const int32_t> rows) override {
    ASSIGN_OR_RETURN(const ListView* view, batch->List(view_));
    for (int32_t row : rows) {
      const double weight = view->weights[row];
      const double documents = view->predictions->size(row) / std::max(1, view->predictions->last_dimension) * weight;
      queries_.Add(weight);
      documents_.Add(documents);
      min_.Add(documents);
      max_.Add(documents);
    }
    return absl::OkStatus();
  }
  auto Parts() { return std::tie(queries_, documents_, min_, max_); }
  absl::Status Output(MetricsMap* results) const override {
    (*results)[keys_[0]] = queries_.Value();
    (*results)[keys_[1]] = documents_.Value();
    (*results)[keys_[2]] = min_.value;
    (*results)[keys_[3]] = max_.value;
    return absl::OkStatus();
  }

 private:
  const std::vector<MetricKey> keys_;
  const ListViewId view_;
  CompactSum queries_, documents_;
  Smallest<double> min_ = {std::numeric_limits<double>::infinity()};
  Largest<double> max_ = {0};
};

class QueryStatistics : public Metric {
 public:
  absl::Status Configure(MetricArguments* arguments) override {
    for (std::string& name : names_) {
      ASSIGN_OR_RETURN(name, arguments->String(name + "_name", name));
    }
    return absl::OkStatus();
  }
  absl::Status AddComputations(const MetricRequest& request, ComputationPlan* plan) const override {
    RETURN_IF_ERROR(RequireQuery("QueryStatistics", request));
    // Of the data, whichever the model: TFMA gives the keys no model or output.
    std::vector<MetricKey> keys;
    for (const std::string& name : names_) keys.push_back({.name = name, .example_weighted = request.example_weighted});
    const KeyRequest of_any{&request, request.model_names[0], request.output_names[0], SubKey()};
    ASSIGN_OR_RETURN(const ListViewId view, AddRanking(of_any, plan));
    plan->Add("QueryStatistics", keys,
              [keys, view] { return std::make_unique<QueryStatisticsAccumulator>(keys, view); });
    return absl::OkStatus();
  }

 private:
  std::vector<std::string> names_ = {"total_queries", "total_documents", "min_documents", "max_documents"};
};

TFXM_REGISTER(MetricRegistry, "NDCG", [] { return std::make_unique<Ndcg>(); });
TFXM_REGISTER(MetricRegistry, "MinLabelPosition", [] { return std::make_unique<MinLabelPosition>(); });
TFXM_REGISTER(MetricRegistry, "QueryStatistics", [] { return std::make_unique<QueryStatistics>(); });

}  // namespace
}  // namespace tfxm::model_analysis
