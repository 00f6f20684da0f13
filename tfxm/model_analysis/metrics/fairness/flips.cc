// SPDX-License-Identifier: Apache-2.0

// How often a model and the baseline decide differently, and by how much their predictions differ: BooleanFlipRates and
// the single rates, SymmetricPredictionDifference. TFMA's flip_metrics.py and prediction_difference_metrics.py. Only an
// output's first prediction is looked at.
#include <cmath>

#include "absl/strings/str_cat.h"
#include "tfxm/model_analysis/metrics/accumulators.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

enum Flip { kNegToNeg, kNegToPos, kPosToNeg, kPosToPos, kAll };

// The view of a model's predictions; labels do not matter.
absl::StatusOr<FlatViewId> AddPredictions(const MetricRequest& request, const std::string& model_name,
                                          const std::string& output_name, ComputationPlan* plan) {
  const KeyRequest of_model{&request, model_name, output_name, SubKey()};
  ASSIGN_OR_RETURN(ViewSpec view, of_model.View());
  view.aggregated = false;
  view.class_weights.clear();
  view.allow_missing_label = true;
  return plan->AddFlatView(view);
}

// Sums over pairs of predictions: add(baseline, prediction, model, prediction, weight, &sums) adds a pair.
template <int N, typename AddPair, typename Derive>
std::function<std::unique_ptr<Accumulator>()> MakePairSums(MetricKey key, FlatViewId baseline_view,
                                                           FlatViewId model_view, AddPair add, Derive derive) {
  return MakeSums<N>(
      std::move(key),
      [=](BatchViews* batch, std::span<const int32_t> rows, std::array<CompactSum, N>* sums) -> absl::Status {
        ASSIGN_OR_RETURN(const FlatView* baseline, batch->Flat(baseline_view));
        ASSIGN_OR_RETURN(const FlatView* model, batch->Flat(model_view));
        for (int32_t row : rows) {
          const int b = baseline->begin(row), m = model->begin(row);
          add(*baseline, baseline->predictions[b], *model, model->predictions[m], baseline->weights[b], sums);
        }
        return absl::OkStatus();
      },
      std::move(derive));
}

// NumPy compares an array of float32 with a Python number in float32.
bool Above(const FlatView& view, double prediction, double threshold) {
  return prediction > (view.is_float32 ? static_cast<double>(static_cast<float>(threshold)) : threshold);
}

// Calls fn(model, output) for every candidate. INVALID_ARGUMENT without a baseline.
template <typename Fn>
absl::Status ForEachCandidate(const std::string& metric, const MetricRequest& request, Fn&& fn) {
  bool has_baseline = false;
  for (const auto& spec : request.eval_config->model_specs()) has_baseline |= spec.is_baseline();
  if (!has_baseline) {
    return absl::InvalidArgumentError(
        absl::StrCat("metric ", metric, " compares with a baseline: one model_spec must have is_baseline: true"));
  }
  const std::string baseline = BaselineModelName(*request.eval_config);
  for (const std::string& model_name : request.model_names) {
    if (model_name == baseline) continue;
    for (const std::string& output_name : request.output_names) {
      RETURN_IF_ERROR(fn(baseline, model_name, output_name));
    }
  }
  return absl::OkStatus();
}

absl::Status AddRate(const MetricRequest& request, const std::string& name, double threshold,
                     const std::vector<Flip>& flips, const std::string& baseline, const std::string& model_name,
                     const std::string& output_name, ComputationPlan* plan) {
  MetricKey counts_key = KeyRequest{&request, model_name, output_name, SubKey()}.Key(
      absl::StrCat("_flip_counts:", baseline, ",threshold=", threshold));
  auto add = [threshold](const FlatView& a, double base, const FlatView& b, double model, double weight,
                         std::array<CompactSum, 5>* sums) {
    (*sums)[kAll].Add(weight);
    if (std::isnan(base) || std::isnan(model)) {
      (*sums)[kAll].Add(base + model);  // A NaN decides nothing; the rates say so.
      return;
    }
    const bool before = Above(a, base, threshold), after = Above(b, model, threshold);
    (*sums)[before ? (after ? kPosToPos : kPosToNeg) : (after ? kNegToPos : kNegToNeg)].Add(weight);
  };
  auto derive = [](const std::array<double, 5>& sums) -> MetricValue { return Totals(sums.begin(), sums.end()); };
  ASSIGN_OR_RETURN(const FlatViewId before, AddPredictions(request, baseline, output_name, plan));
  ASSIGN_OR_RETURN(const FlatViewId after, AddPredictions(request, model_name, output_name, plan));
  plan->Add("BooleanFlipCounts", {counts_key}, MakePairSums<5>(counts_key, before, after, add, derive));
  for (const SubKey& sub_key : request.sub_keys) {
    MetricKey key = KeyRequest{&request, model_name, output_name, sub_key}.Key(name);
    key.is_diff = true;
    plan->AddDerived({key}, [key, counts_key, flips](const MetricsMap& metrics, MetricsMap* results) -> absl::Status {
      ASSIGN_OR_RETURN(const Totals* counts, FindResult<Totals>(metrics, counts_key));
      double count = 0;
      for (Flip flip : flips) count += (*counts)[flip];
      (*results)[key] = count / (*counts)[kAll];
      return absl::OkStatus();
    });
  }
  return absl::OkStatus();
}

class RateOfFlips : public Metric {
 public:
  explicit RateOfFlips(std::vector<Flip> flips) : flips_(std::move(flips)) {}
  absl::Status Configure(MetricArguments* arguments) override {
    ASSIGN_OR_RETURN(threshold_, arguments->Number("threshold", 0.5));
    return absl::OkStatus();
  }
  absl::Status AddComputations(const MetricRequest& request, ComputationPlan* plan) const override {
    return ForEachCandidate(name(), request,
                            [&](const std::string& baseline, const std::string& model, const std::string& output) {
                              return AddRate(request, name(), threshold_, flips_, baseline, model, output, plan);
                            });
  }

 private:
  const std::vector<Flip> flips_;
  double threshold_ = 0.5;
};

class BooleanFlipRates : public Metric {
 public:
  absl::Status Configure(MetricArguments* arguments) override {
    ASSIGN_OR_RETURN(threshold_, arguments->Number("threshold", 0.5));
    for (auto& [argument, rate] : rates_) {
      ASSIGN_OR_RETURN(rate.first, arguments->String(argument + "_name", rate.first));
    }
    return absl::OkStatus();
  }
  absl::Status AddComputations(const MetricRequest& request, ComputationPlan* plan) const override {
    return ForEachCandidate(
        "BooleanFlipRates", request,
        [&](const std::string& baseline, const std::string& model, const std::string& output) -> absl::Status {
          for (const auto& [argument, rate] : rates_) {
            RETURN_IF_ERROR(AddRate(request, rate.first, threshold_, rate.second, baseline, model, output, plan));
          }
          return absl::OkStatus();
        });
  }

 private:
  double threshold_ = 0.5;
  std::map<std::string, std::pair<std::string, std::vector<Flip>>> rates_ = {
      {"flip_rate", {"flip_rate", {kNegToPos, kPosToNeg}}},
      {"neg_to_neg_flip_rate", {"neg_to_neg_flip_rate", {kNegToNeg}}},
      {"neg_to_pos_flip_rate", {"neg_to_pos_flip_rate", {kNegToPos}}},
      {"pos_to_neg_flip_rate", {"pos_to_neg_flip_rate", {kPosToNeg}}},
      {"pos_to_pos_flip_rate", {"pos_to_pos_flip_rate", {kPosToPos}}}};
};

class SymmetricPredictionDifference : public Metric {
 public:
  absl::Status AddComputations(const MetricRequest& request, ComputationPlan* plan) const override {
    return ForEachCandidate(
        name(), request,
        [&](const std::string& baseline, const std::string& model, const std::string& output) -> absl::Status {
          for (const SubKey& sub_key : request.sub_keys) {
            MetricKey key = KeyRequest{&request, model, output, sub_key}.Key(name());
            key.is_diff = true;
            auto add = [](const FlatView&, double base, const FlatView&, double model, double weight,
                          std::array<CompactSum, 2>* sums) {
              const double numerator = 2 * std::abs(base - model), denominator = std::abs(base + model);
              (*sums)[0].AddProduct(numerator < 1e-7 && denominator < 1e-7 ? 0 : numerator / denominator, weight);
              (*sums)[1].Add(weight);
            };
            auto derive = [](const std::array<double, 2>& sums) -> MetricValue { return sums[0] / sums[1]; };
            ASSIGN_OR_RETURN(const FlatViewId before, AddPredictions(request, baseline, output, plan));
            ASSIGN_OR_RETURN(const FlatViewId after, AddPredictions(request, model, output, plan));
            plan->Add("SymmetricPredictionDifference", {key}, MakePairSums<2>(key, before, after, add, derive));
          }
          return absl::OkStatus();
        });
  }
};

TFXM_REGISTER(MetricRegistry, "SymmetricFlipRate",
              [] { return std::make_unique<RateOfFlips>(std::vector<Flip>{kNegToPos, kPosToNeg}); });
TFXM_REGISTER(MetricRegistry, "NegToNegFlipRate",
              [] { return std::make_unique<RateOfFlips>(std::vector<Flip>{kNegToNeg}); });
TFXM_REGISTER(MetricRegistry, "NegToPosFlipRate",
              [] { return std::make_unique<RateOfFlips>(std::vector<Flip>{kNegToPos}); });
TFXM_REGISTER(MetricRegistry, "PosToNegFlipRate",
              [] { return std::make_unique<RateOfFlips>(std::vector<Flip>{kPosToNeg}); });
TFXM_REGISTER(MetricRegistry, "PosToPosFlipRate",
              [] { return std::make_unique<RateOfFlips>(std::vector<Flip>{kPosToPos}); });
TFXM_REGISTER(MetricRegistry, "BooleanFlipRates", [] { return std::make_unique<BooleanFlipRates>(); });
TFXM_REGISTER(MetricRegistry, "SymmetricPredictionDifference",
              [] { return std::make_unique<SymmetricPredictionDifference>(); });

}  // namespace
}  // namespace tfxm::model_analysis
