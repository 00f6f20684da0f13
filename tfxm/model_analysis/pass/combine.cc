// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/pass/combine.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "tfxm/compute/pass.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

constexpr absl::string_view kErrorMetric = "__ERROR__";
constexpr int kNumSamples = kNumJackknifeBuckets;
static_assert(kNumSamples == kNumBootstrapSamples);

using SampleMetrics = std::map<SliceOrCrossSlice, MetricsMap>;
// The accumulators of one slice, by plan; empty for a plan in which the slice has no examples.
using SliceAccumulators = std::vector<AccumulatorSet*>;

// Everything a slice's accumulators say.
absl::StatusOr<MetricsMap> Evaluate(const std::vector<QueryPlan>& plans, const SliceAccumulators& accumulators) {
  MetricsMap all;
  for (size_t p = 0; p < plans.size(); ++p) {
    if (accumulators[p] == nullptr || accumulators[p]->empty()) continue;
    ASSIGN_OR_RETURN(MetricsMap metrics, ComputeMetrics(plans[p].plan, *accumulators[p]));
    for (auto& [key, value] : metrics) all.insert_or_assign(key, std::move(value));
  }
  return all;
}

double Minus(double a, double b) { return a - b; }

class Combiner {
 public:
  Combiner(PassResult* pass, const CombineOptions& options) : pass_(pass), options_(options) {}

  absl::StatusOr<std::vector<SliceMetrics>> Run() {
    for (const auto& of_plan : pass_->slices) {
      for (const auto& [key, state] : of_plan) slices_.insert(key);
    }
    keys_.assign(slices_.begin(), slices_.end());
    min_slice_size_ = options_.config->eval_config->options().min_slice_size().value();
    baseline_ = BaselineModelName(*options_.config->eval_config);
    for (const QueryPlan& plan : options_.config->plans) keep_private_ |= !plan.plan.cross_slice().empty();

    ASSIGN_OR_RETURN(SampleMetrics full, Sample(-1));
    std::vector<SampleMetrics> samples;
    if (options_.sampling != SamplingMethod::kNone) {
      for (int s = 0; s < kNumSamples; ++s) {
        ASSIGN_OR_RETURN(SampleMetrics sample, Sample(s));
        samples.push_back(std::move(sample));
      }
    }
    std::vector<SliceMetrics> result;
    for (auto& [slice, metrics] : full) {
      SliceMetrics& added = result.emplace_back();
      added.slice = slice;
      if (!slice.baseline) added.num_examples = Count(slice.slice);
      if (IsTooSmall(slice.slice) || (slice.baseline && IsTooSmall(*slice.baseline))) {
        added.error =
            absl::StrCat("Example count for this slice key is lower than the minimum required value: ", min_slice_size_,
                         ". No data is aggregated for this slice.");
        continue;
      }
      for (auto& [key, value] : metrics) {
        if (!key.is_private()) added.metrics[key].value = std::move(value);
      }
      if (!samples.empty()) AddConfidenceIntervals(samples, &added);
    }
    return result;
  }

 private:
  int64_t Count(const SliceKey& slice) const {
    int64_t count = 0;
    for (const auto& of_plan : pass_->slices) {
      if (const auto it = of_plan.find(slice); it != of_plan.end()) count = std::max(count, it->second.num_examples);
    }
    return count;
  }

  bool IsTooSmall(const SliceKey& slice) const {
    if (slice.empty() || min_slice_size_ <= 1) return false;
    for (const auto& of_plan : pass_->slices) {
      if (const auto it = of_plan.find(slice); it != of_plan.end() && it->second.num_examples < min_slice_size_)
        return true;
    }
    return false;
  }

  // The accumulators of a slice for the full data (-1) or a sample; what has to be merged for it goes to `merged`.
  SliceAccumulators AccumulatorsOf(const SliceKey& slice, int sample, std::vector<AccumulatorSet>* merged) const {
    SliceAccumulators result(pass_->slices.size(), nullptr);
    merged->resize(pass_->slices.size());
    for (size_t p = 0; p < pass_->slices.size(); ++p) {
      const auto it = pass_->slices[p].find(slice);
      if (it == pass_->slices[p].end()) continue;
      SliceState& state = it->second;
      if (options_.sampling != SamplingMethod::kJackknife) {
        result[p] = sample < 0 ? &state.all : &state.samples[sample];
        continue;
      }
      // All buckets but one.
      for (int s = 0; s < static_cast<int>(state.samples.size()); ++s) {
        if (s == sample || state.samples[s].empty()) continue;
        if ((*merged)[p].empty()) (*merged)[p] = MakeAccumulators(options_.config->plans[p].plan);
        MergeAccumulators(&(*merged)[p], state.samples[s]);
      }
      result[p] = &(*merged)[p];
    }
    return result;
  }

  // Metrics of all slices that have examples in the sample, with cross slices and differences. Plots go to on_plots,
  // once.
  absl::StatusOr<SampleMetrics> Sample(int sample) {
    SampleMetrics result;
    std::vector<MetricsMap> chunk;
    constexpr int kChunk = 64;  // Bounds the memory of intermediate results.
    for (size_t begin = 0; begin < keys_.size(); begin += kChunk) {
      const int n = static_cast<int>(std::min(keys_.size() - begin, static_cast<size_t>(kChunk)));
      chunk.assign(n, {});
      std::vector<char> has_examples(n, 0);
      RETURN_IF_ERROR(compute::ParallelFor(
          n,
          [&](int i) -> absl::Status {
            std::vector<AccumulatorSet> merged;
            const SliceAccumulators accumulators = AccumulatorsOf(keys_[begin + i], sample, &merged);
            has_examples[i] = std::any_of(accumulators.begin(), accumulators.end(),
                                          [](const AccumulatorSet* a) { return a && !a->empty(); });
            if (!has_examples[i]) return absl::OkStatus();
            absl::StatusOr<MetricsMap> metrics = Evaluate(options_.config->plans, accumulators);
            if (!metrics.ok()) return Annotate(metrics.status(), absl::StrCat("slice ", ToString(keys_[begin + i])));
            chunk[i] = *std::move(metrics);
            return absl::OkStatus();
          },
          options_.num_threads));
      for (int i = 0; i < n; ++i) {
        if (!has_examples[i]) continue;
        std::map<MetricKey, Plot> plots;
        MetricsMap& kept = result[{keys_[begin + i], std::nullopt}];
        for (auto& [key, value] : chunk[i]) {
          if (key.kind == MetricKey::Kind::kPlot) {
            if (const Plot* plot = std::get_if<Plot>(&value); plot != nullptr && !key.is_private()) plots[key] = *plot;
          } else if (keep_private_ || !key.is_private()) {
            kept.emplace(key, std::move(value));
          }
        }
        if (sample < 0 && options_.on_plots) {
          if (IsTooSmall(keys_[begin + i])) plots.clear();
          RETURN_IF_ERROR(options_.on_plots(keys_[begin + i], plots));
        }
      }
    }
    RETURN_IF_ERROR(AddCrossSlices(&result));
    if (!baseline_.empty()) {
      for (auto& [slice, metrics] : result) AddDifferences(&metrics);
    }
    return result;
  }

  absl::Status AddCrossSlices(SampleMetrics* metrics) const {
    SampleMetrics added;
    for (const auto& proto : options_.config->eval_config->cross_slicing_specs()) {
      ASSIGN_OR_RETURN(const CrossSliceSpec spec, CrossSliceSpec::FromProto(proto));
      for (const auto& [baseline_key, baseline] : *metrics) {
        if (!spec.baseline.Applies(baseline_key.slice)) continue;
        for (const auto& [comparison_key, comparison] : *metrics) {
          const bool applies = spec.comparisons.empty()
                                   ? !spec.baseline.Applies(comparison_key.slice)
                                   : std::any_of(spec.comparisons.begin(), spec.comparisons.end(),
                                                 [&](const SliceSpec& s) { return s.Applies(comparison_key.slice); });
          if (!applies) continue;
          MetricsMap& result = added[{comparison_key.slice, baseline_key.slice}];
          for (const auto& [key, value] : comparison) {
            const auto it = baseline.find(key);
            if (it == baseline.end() || key.is_private()) continue;
            if (auto difference = Elementwise(it->second, value, Minus))
              result.insert_or_assign(key, *std::move(difference));
          }
          for (const QueryPlan& plan : options_.config->plans) {
            for (const CrossSliceFunction& function : plan.plan.cross_slice()) {
              MetricsMap extra;
              RETURN_IF_ERROR(function(baseline, comparison, &extra));
              for (auto& [key, value] : extra) result.insert_or_assign(key, std::move(value));
            }
          }
        }
      }
    }
    metrics->merge(added);
    return absl::OkStatus();
  }

  void AddDifferences(MetricsMap* metrics) const {
    MetricsMap differences;
    for (const auto& [key, value] : *metrics) {
      if (key.is_private() || key.is_diff || key.model_name == baseline_ || !IsNumeric(value)) continue;
      const auto it = metrics->find(key.BaselineKey(baseline_));
      if (it == metrics->end()) continue;
      if (auto difference = Elementwise(value, it->second, Minus))
        differences.emplace(key.DiffKey(), *std::move(difference));
    }
    metrics->merge(differences);
  }

  void AddConfidenceIntervals(const std::vector<SampleMetrics>& samples, SliceMetrics* slice) const {
    const int n = static_cast<int>(samples.size());
    std::vector<const MetricsMap*> of_slice;
    for (const SampleMetrics& sample : samples) {
      if (const auto it = sample.find(slice->slice); it != sample.end()) of_slice.push_back(&it->second);
    }
    const MetricKey error_key{.name = std::string(kErrorMetric)};
    if (static_cast<int>(of_slice.size()) < n) {
      slice->metrics[error_key].value =
          absl::StrCat("CI not computed because only ", of_slice.size(), " samples were non-empty. Expected ", n, ".");
      return;
    }
    std::string incomplete;
    for (auto& [key, result] : slice->metrics) {
      if (options_.config->keys_without_confidence_interval.count(key) > 0 || !IsNumeric(result.value)) continue;
      std::vector<MetricValue> values;
      for (const MetricsMap* metrics : of_slice) {
        if (const auto it = metrics->find(key); it != metrics->end() && IsNumeric(it->second))
          values.push_back(it->second);
      }
      if (static_cast<int>(values.size()) == n) {
        result.confidence_interval = IntervalOfSamples(options_.sampling, result.value, values);
      } else if (!values.empty()) {
        absl::StrAppend(&incomplete, incomplete.empty() ? "" : ", ", key.ToString(), ": ", values.size());
      }
    }
    if (!incomplete.empty()) {
      slice->metrics[error_key].value =
          absl::StrCat("CI not computed for the following metrics due to incorrect number of samples: \"", incomplete,
                       "\".Expected ", n, ".");
    }
  }

  PassResult* const pass_;
  const CombineOptions& options_;
  std::set<SliceKey> slices_;
  std::vector<SliceKey> keys_;
  int64_t min_slice_size_ = 0;
  std::string baseline_;
  bool keep_private_ = false;
};

}  // namespace

absl::StatusOr<MetricsMap> ComputeMetrics(const ComputationPlan& plan, const AccumulatorSet& accumulators) {
  MetricsMap metrics;
  for (const auto& accumulator : accumulators) RETURN_IF_ERROR(accumulator->Output(&metrics));
  for (const DerivedFunction& derived : plan.derived()) {
    MetricsMap results;
    RETURN_IF_ERROR(derived(metrics, &results));
    for (auto& [key, value] : results) metrics.insert_or_assign(key, std::move(value));
  }
  return metrics;
}

absl::StatusOr<std::vector<SliceMetrics>> Combine(PassResult* pass, const CombineOptions& options) {
  return Combiner(pass, options).Run();
}

}  // namespace tfxm::model_analysis
