// SPDX-License-Identifier: Apache-2.0

// Lift: how much higher the predictions of a slice are than those of the background with the same labels. Compares the
// slices of cross_slicing_specs. TFMA's addons/fairness/metrics/lift.py.
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "tfxm/model_analysis/metrics/binary/calibration_histogram.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

using Buckets = std::map<int, CalibrationHistogram::Bucket>;

Buckets ById(const CalibrationHistogram& histogram) {
  Buckets buckets;
  for (const auto& bucket : histogram.buckets) buckets[bucket.id] = bucket;
  return buckets;
}

class Lift : public PerKeyMetric {
 public:
  absl::Status Configure(MetricArguments* arguments) override {
    ASSIGN_OR_RETURN(const std::optional<int> buckets, arguments->Count("num_buckets"));
    num_buckets_ = buckets.value_or(num_buckets_);
    ASSIGN_OR_RETURN(left_, arguments->Number("left"));
    ASSIGN_OR_RETURN(right_, arguments->Number("right"));
    if (left_.value_or(0) >= right_.value_or(1)) return arguments->Error("right", "must be greater than left");
    ASSIGN_OR_RETURN(ignore_out_of_bound_, arguments->Bool("ignore_out_of_bound_examples", false));
    return absl::OkStatus();
  }
  std::string DefaultName(absl::string_view) const override { return absl::StrCat("lift@", num_buckets_); }
  absl::Status AddForKey(const KeyRequest& request, ComputationPlan* plan) const override {
    if (request.request->eval_config->cross_slicing_specs().empty()) {
      return absl::InvalidArgumentError(
          "it compares slices: add a cross_slicing_spec with a baseline_spec and at least one slicing_spec");
    }
    HistogramOptions options;
    options.num_buckets = num_buckets_;
    options.left = left_.value_or(0);
    options.right = right_.value_or(1);
    options.by_label = true;
    ASSIGN_OR_RETURN(const MetricKey histogram_key, AddCalibrationHistogram(request, options, plan));
    const MetricKey key = request.Key(name());
    auto compare = [key, histogram_key, n = num_buckets_, ignore = ignore_out_of_bound_](
                       const MetricsMap& baseline_metrics, const MetricsMap& comparison_metrics,
                       MetricsMap* results) -> absl::Status {
      ASSIGN_OR_RETURN(const Histogram* baseline_histogram, FindResult<Histogram>(baseline_metrics, histogram_key));
      ASSIGN_OR_RETURN(const Histogram* comparison_histogram, FindResult<Histogram>(comparison_metrics, histogram_key));
      const Buckets baseline = ById(**baseline_histogram), comparison = ById(**comparison_histogram);
      std::set<int> ids;
      for (const auto& [id, bucket] : baseline) ids.insert(id);
      for (const auto& [id, bucket] : comparison) ids.insert(id);
      double background = 0, inside = 0, examples = 0;
      for (int id : ids) {
        if (ignore && (id <= 0 || id > n)) continue;
        double of_bucket = 0;
        if (const auto it = comparison.find(id); it != comparison.end()) {
          of_bucket = it->second.examples;
          inside += it->second.predictions;
          examples += of_bucket;
        }
        // The background is weighted so that its labels are distributed as in the slice.
        if (const auto it = baseline.find(id); it != baseline.end()) {
          background += of_bucket / it->second.examples * it->second.predictions;
        }
      }
      (*results)[key] = (inside - background) / examples;
      return absl::OkStatus();
    };
    plan->AddCrossSlice({key}, compare);
    return absl::OkStatus();
  }

 private:
  int num_buckets_ = 23;
  std::optional<double> left_, right_;
  bool ignore_out_of_bound_ = false;
};

TFXM_REGISTER(MetricRegistry, "Lift", [] { return std::make_unique<Lift>(); });

}  // namespace
}  // namespace tfxm::model_analysis
