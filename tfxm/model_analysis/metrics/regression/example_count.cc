// SPDX-License-Identifier: Apache-2.0

// ExampleCount and WeightedExampleCount: the number of examples or the sum of their weights, whatever the model says.
#include <numeric>

#include "tfxm/model_analysis/metrics/accumulators.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

class CountAccumulator : public AccumulatorOf<CountAccumulator> {
 public:
  CountAccumulator(std::vector<MetricKey> keys, int model_index, bool weighted)
      : keys_(std::move(keys)), model_index_(model_index), weighted_(weighted) {}

  absl::Status Add(BatchViews* batch, std::span<const int32_t> rows) override {
    const NamedValues& all = batch->extracts().models[model_index_].example_weights;
    if (!weighted_ || all.empty()) {
      total_.Add(static_cast<double>(rows.size()));
      return absl::OkStatus();
    }
    const Values* weights = FindValues(all, keys_[0].output_name);
    if (weights == nullptr) weights = FindValues(all, "");
    if (weights == nullptr && !keys_[0].output_name.empty()) {
      total_.Add(static_cast<double>(rows.size()));
      return absl::OkStatus();
    }
    if (weights == nullptr) {
      return absl::InvalidArgumentError(
          "example_count: the model_spec has example_weight_keys per output; the metrics_spec must name one with "
          "output_names");
    }
    for (int32_t row : rows) {
      for (double w : weights->row(row)) total_.Add(w);
    }
    return absl::OkStatus();
  }
  auto Parts() { return std::tie(total_); }
  absl::Status Output(MetricsMap* results) const override {
    for (const MetricKey& key : keys_) (*results)[key] = total_.Value();
    return absl::OkStatus();
  }

 private:
  const std::vector<MetricKey> keys_;
  const int model_index_;
  const bool weighted_;
  CompactSum total_;
};

class ExampleCount : public Metric {
 public:
  absl::Status AddComputations(const MetricRequest& request, ComputationPlan* plan) const override {
    for (const std::string& model_name : request.model_names) {
      ASSIGN_OR_RETURN(const int model_index, FindModelSpec(*request.eval_config, model_name));
      for (const std::string& output_name : request.output_names) {
        std::vector<MetricKey> keys;
        for (const SubKey& sub_key : request.sub_keys) {
          keys.push_back(KeyRequest{&request, model_name, output_name, sub_key}.Key(name()));
        }
        plan->Add("ExampleCount", keys, [keys, model_index, weighted = request.example_weighted] {
          return std::make_unique<CountAccumulator>(keys, model_index, weighted);
        });
      }
    }
    return absl::OkStatus();
  }
  bool ComputesConfidenceInterval() const override { return false; }
};

TFXM_REGISTER(MetricRegistry, "ExampleCount", [] { return std::make_unique<ExampleCount>(); });
TFXM_REGISTER(MetricRegistry, "WeightedExampleCount", [] { return std::make_unique<ExampleCount>(); });

}  // namespace
}  // namespace tfxm::model_analysis
