// SPDX-License-Identifier: Apache-2.0

// Costs as metrics, so that a threshold can demand them beside quality:
//
// ```text
//   metrics_specs {
//     model_names: "tflite"
//     metrics { class_name: "ModelSizeBytes" threshold { value_threshold { upper_bound { value: 1000000 } } } }
//     metrics { class_name: "LatencyP90Ms" threshold { value_threshold { upper_bound { value: 2 } } } }
//     metrics { class_name: "ExamplesPerSecond" threshold { change_threshold {
//       direction: HIGHER_IS_BETTER relative { value: 0 } } } }        // not slower than the baseline model
//   }
// ```
//
// ModelSizeBytes, LatencyP50Ms, LatencyP90Ms, LatencyP99Ms and ExamplesPerSecond are of any model; ArenaBytes, OpCount
// (with `op`, of one kind: {"op": "CONV_2D"}) and DelegatedOpShare of TFLite models. A cost is the model's, not a
// slice's: it is reported, and its threshold checked, for the overall slice only. A threshold on a cost that a model
// does not have is an error.
#ifndef TFXM_MODEL_ANALYSIS_COST_COST_METRICS_H_
#define TFXM_MODEL_ANALYSIS_COST_COST_METRICS_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tfxm/model_analysis/cost/model_cost.h"
#include "tfxm/model_analysis/inference/inference_model.h"
#include "tfxm/model_analysis/metrics/metric_specs.h"
#include "tfxm/model_analysis/pass/combine.h"

namespace tfxm::model_analysis {

class CostMetrics {
 public:
  // Measures the models (by model_spec; null: predictions from features), on the first examples of `files`: briefly, or
  // for a quarter of a second each if the plans ask for times. A failure to measure is a warning, unless a threshold
  // needs it: the evaluation meets it again, if it matters. INVALID_ARGUMENT names a threshold that cannot be checked:
  // of a slice, or on a cost that the model does not have.
  static absl::StatusOr<CostMetrics> Measure(const ResolvedConfig& config,
                                             const std::vector<const InferenceModel*>& models,
                                             const std::vector<std::string>& paths,
                                             const std::vector<std::string>& files);

  // Adds the costs that the plans ask for, and their differences to the baseline, to the overall slice.
  void AddTo(std::vector<SliceMetrics>* slices) const;
  // The keys of all of these.
  const std::set<MetricKey>& keys() const { return keys_; }
  const std::vector<ModelCost>& costs() const { return costs_; }  // By model_spec.
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  using Asked = std::map<MetricKey, CostFunction>;
  CostMetrics(const ResolvedConfig& config, const std::vector<const InferenceModel*>& models);
  // The steps of Measure.
  absl::Status MeasureModels(const std::vector<std::string>& paths, const std::vector<std::string>& sample,
                             const absl::Status& sample_status);
  absl::Status ComputeValues();
  absl::Status CheckThresholds() const;
  absl::Status WhyMissing(const MetricKey& key) const;
  absl::Status WarnOfMissing();

  const ResolvedConfig* config_;
  std::vector<const InferenceModel*> models_;
  std::string baseline_;
  Asked asked_;
  std::vector<absl::Status> statuses_;  // Of measuring, by model_spec.
  std::vector<ModelCost> costs_;
  std::map<MetricKey, double> values_;
  std::set<MetricKey> keys_;
  std::vector<std::string> warnings_;
};

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_COST_COST_METRICS_H_
