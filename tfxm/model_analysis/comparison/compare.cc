// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/comparison/compare.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "tfxm/compute/pass.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

// With fewer groups that hold any example, the spread of the groups says too little.
constexpr int kMinGroupsWithExamples = 8;

const double* Number(const MetricsMap& metrics, const MetricKey& key) {
  const auto it = metrics.find(key);
  return it == metrics.end() ? nullptr : std::get_if<double>(&it->second);
}

// Calls fn with the accumulators of all groups but one, for each. Halving leaves n log n merges instead of n^2.
using AllButOne = std::function<absl::Status(const AccumulatorSet&)>;
absl::Status ForEachAllButOne(const ComputationPlan& plan, const std::vector<const AccumulatorSet*>& groups,
                              size_t begin, size_t end, const AccumulatorSet& outside, const AllButOne& fn) {
  if (end - begin == 1) return fn(outside);
  const size_t middle = (begin + end) / 2;
  for (const bool first : {true, false}) {
    AccumulatorSet wider = MakeAccumulators(plan);
    MergeAccumulators(&wider, outside);
    for (size_t k = first ? middle : begin; k < (first ? end : middle); ++k) MergeAccumulators(&wider, *groups[k]);
    RETURN_IF_ERROR(ForEachAllButOne(plan, groups, first ? begin : middle, first ? middle : end, wider, fn));
  }
  return absl::OkStatus();
}

// The standard error of each key's difference to the reference, and its degrees of freedom, from a slice's groups.
struct JackknifeError {
  double error;
  int degrees_of_freedom;
};
absl::StatusOr<std::map<MetricKey, JackknifeError>> Jackknife(const ComputationPlan& plan, const std::string& reference,
                                                              const std::vector<AccumulatorSet>& groups) {
  std::vector<const AccumulatorSet*> with_examples;
  for (const AccumulatorSet& set : groups) {
    if (!set.empty()) with_examples.push_back(&set);
  }
  std::map<MetricKey, JackknifeError> result;
  const size_t n = with_examples.size();
  if (n < kMinGroupsWithExamples) return result;
  std::map<MetricKey, std::vector<double>> differences;
  RETURN_IF_ERROR(ForEachAllButOne(
      plan, with_examples, 0, n, MakeAccumulators(plan), [&](const AccumulatorSet& set) -> absl::Status {
        ASSIGN_OR_RETURN(const MetricsMap metrics, ComputeMetrics(plan, set));
        for (const auto& [key, value] : metrics) {
          if (key.kind != MetricKey::Kind::kMetric || key.is_private() || key.model_name == reference) continue;
          const double *a = std::get_if<double>(&value), *b = Number(metrics, key.BaselineKey(reference));
          if (a != nullptr && b != nullptr) differences[key].push_back(*a - *b);
        }
        return absl::OkStatus();
      }));
  for (const auto& [key, values] : differences) {
    if (values.size() != n) continue;
    double mean = 0, squares = 0;
    for (double x : values) mean += x / static_cast<double>(n);
    for (double x : values) squares += (x - mean) * (x - mean);
    const double error = std::sqrt(squares * static_cast<double>(n - 1) / static_cast<double>(n));
    if (std::isfinite(error)) result[key] = {error, static_cast<int>(n) - 1};
  }
  return result;
}

class SliceComparer {
 public:
  SliceComparer(const ComparisonPlan& plan, const std::set<MetricKey>& skipped) : plan_(plan), skipped_(skipped) {}

  absl::StatusOr<std::vector<MetricComparison>> Compare(const SliceMetrics& slice, SliceComparison* kept) const {
    std::map<MetricKey, JackknifeError> errors;
    std::map<MetricKey, const PairedSums*> paired;
    if (kept != nullptr) {
      for (size_t g = 0; g < kept->groups.size(); ++g) {
        ASSIGN_OR_RETURN(auto of_plan, Jackknife(plan_.grouped[g].plan.plan, plan_.reference, kept->groups[g]));
        errors.merge(of_plan);
        kept->groups[g].clear();
      }
      for (size_t p = 0; p < kept->paired.size(); ++p) {
        for (size_t m = 0; m < kept->paired[p].size(); ++m)
          paired[plan_.paired[p].metrics[m].key] = &kept->paired[p][m];
      }
    }
    std::vector<MetricComparison> result;
    for (const auto& [key, metric] : slice.metrics) {
      if (key.is_diff || key.model_name == plan_.reference || skipped_.count(key) > 0) continue;
      const auto other = slice.metrics.find(key.BaselineKey(plan_.reference));
      const double* value = std::get_if<double>(&metric.value);
      if (value == nullptr || other == slice.metrics.end()) continue;
      const double* reference = std::get_if<double>(&other->second.value);
      if (reference == nullptr || !std::isfinite(*value - *reference)) continue;
      MetricComparison& added = result.emplace_back();
      added.slice = slice.slice.slice;
      added.key = key;
      added.reference_model = plan_.reference;
      added.difference = *value - *reference;
      std::optional<double> half;
      if (const auto it = paired.find(key); it != paired.end()) {
        const PairedSums& sums = *it->second;
        if (sums.right_or_wrong()) {
          TestProportions(sums, &added);
          continue;
        }
        half = sums.HalfWidth();
        added.method = "paired differences";
      } else if (const auto error = errors.find(key); error != errors.end()) {
        half = error->second.error * StudentT975(error->second.degrees_of_freedom);
        added.method = "paired jackknife";
      }
      if (half) added.bounds = Bounds{added.difference - *half, added.difference + *half};
    }
    return result;
  }

 private:
  static void TestProportions(const PairedSums& sums, MetricComparison* comparison) {
    const bool exact = sums.higher() + sums.lower() <= kMaxExactDiscordant;
    comparison->bounds = PairedProportionInterval(sums.higher(), sums.lower(), sums.examples());
    comparison->p_value =
        exact ? McNemarExact(sums.higher(), sums.lower()) : McNemarChiSquare(sums.higher(), sums.lower());
    comparison->method = exact ? "McNemar's exact test" : "McNemar's test with continuity correction";
  }

  const ComparisonPlan& plan_;
  const std::set<MetricKey>& skipped_;
};

}  // namespace

absl::StatusOr<std::vector<MetricComparison>> Compare(const ComparisonPlan& plan,
                                                      const std::vector<SliceMetrics>& slices,
                                                      const std::set<MetricKey>& skipped,
                                                      std::map<SliceKey, SliceComparison>* kept, int num_threads) {
  const SliceComparer comparer(plan, skipped);
  std::vector<std::vector<MetricComparison>> by_slice(slices.size());
  RETURN_IF_ERROR(compute::ParallelFor(
      static_cast<int>(slices.size()),
      [&](int i) -> absl::Status {
        const SliceMetrics& slice = slices[i];
        if (slice.slice.is_cross_slice() || !slice.error.empty()) return absl::OkStatus();
        const auto it = kept->find(slice.slice.slice);
        absl::StatusOr<std::vector<MetricComparison>> compared =
            comparer.Compare(slice, it == kept->end() ? nullptr : &it->second);
        if (!compared.ok()) return Annotate(compared.status(), absl::StrCat("slice ", ToString(slice.slice)));
        by_slice[i] = *std::move(compared);
        return absl::OkStatus();
      },
      num_threads));
  std::vector<MetricComparison> all;
  for (auto& of_slice : by_slice) {
    for (MetricComparison& comparison : of_slice) all.push_back(std::move(comparison));
  }
  return all;
}

}  // namespace tfxm::model_analysis
