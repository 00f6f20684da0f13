// SPDX-License-Identifier: Apache-2.0

// The one pass over the examples: every batch is decoded once, goes through every model, is sliced, and is added to the
// accumulators of its slices. Several threads do this side by side, each with accumulators of its own, merged at the
// end; the accumulators are exact, so the result does not depend on who did what.
#ifndef TFXM_MODEL_ANALYSIS_PASS_EVALUATION_PASS_H_
#define TFXM_MODEL_ANALYSIS_PASS_EVALUATION_PASS_H_

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "tensorflow_model_analysis/proto/config.pb.h"
#include "tfxm/compute/shard.h"
#include "tfxm/model_analysis/inference/inference_model.h"
#include "tfxm/model_analysis/metrics/metric_specs.h"
#include "tfxm/model_analysis/pass/accumulator_set.h"
#include "tfxm/model_analysis/pass/prediction_bins.h"
#include "tfxm/model_analysis/pass/sampling.h"
#include "tfxm/model_analysis/slicing/slice_key.h"

namespace tfxm::model_analysis {

class DisagreementFinder;
struct ComparisonPlan;
struct PassState;
struct SliceComparison;

// What is known of one slice for one plan.
struct SliceState {
  int64_t num_examples = 0;  // Queries, in a plan with a query_key.
  // Without sampling and for the bootstrap: all examples. With the jackknife: empty, the buckets hold them.
  AccumulatorSet all;
  // The jackknife's buckets or the bootstrap's samples; one without examples is empty.
  std::vector<AccumulatorSet> samples;
};

// Examples with at least one NaN.
struct NanCount {
  int64_t examples = 0;
  std::pair<int, int64_t> first = {INT32_MAX, INT64_MAX};  // File and record of the first, in file order.
  std::string place;                                       // The same as text, in a PassResult.

  void Add(int file, int64_t record) {
    ++examples;
    first = std::min(first, {file, record});
  }
  void Merge(const NanCount& other) {
    examples += other.examples;
    first = std::min(first, other.first);
  }
};

struct ModelStatistics {
  NanCount nan_labels, nan_predictions;
  PredictionBins bins;  // Of single predictions

  void Merge(const ModelStatistics& other) {
    nan_labels.Merge(other.nan_labels);
    nan_predictions.Merge(other.nan_predictions);
    bins.Merge(other.bins);
  }
};

struct PassResult {
  PassResult();
  ~PassResult();
  PassResult(PassResult&&) noexcept;

  int64_t num_examples = 0;
  std::vector<std::map<SliceKey, SliceState>> slices;  // By plan.
  std::vector<ModelStatistics> models;                 // By model_spec.
  std::vector<std::string> features;                   // All names seen, sorted.
  std::vector<std::string> slicing_features_not_seen;
  std::vector<std::string> dropped_slicing_specs;  // Those with more than Slicer::kMaxSlicesPerSpec slices.
  std::vector<int64_t> records;                    // By file.
  // For the comparison of models, if asked for (comparison/, disagreement/).
  std::map<SliceKey, SliceComparison> comparisons;
  std::unique_ptr<DisagreementFinder> disagreements;
};

struct PassOptions {
  const ::tensorflow_model_analysis::EvalConfig* eval_config;
  // By model_spec; null where the predictions are features.
  std::vector<const InferenceModel*> models;
  const std::vector<QueryPlan>* plans;
  SamplingMethod sampling = SamplingMethod::kNone;
  const ComparisonPlan* comparison = nullptr;  // Null: models are not compared.
  int max_disagreements = 0;                   // Examples kept; only with a comparison. Negative: none are looked for.
  int num_threads = 0;                         // 0: compute::NumThreads().
  int batch_size = 256;
  std::function<void(int64_t)> progress;  // Examples so far; from any thread.
};

// Errors name the record. Of several, the first in file order that was met is returned.
absl::StatusOr<PassResult> RunPass(const std::vector<std::string>& files, const PassOptions& options);

// RunPass in pieces (pass_state.h): what one shard comes to, and the result of all of them.
absl::StatusOr<PassState> RunShard(const compute::Shard& shard, const PassOptions& options);
absl::StatusOr<PassResult> FinishPass(PassState state, const std::vector<std::string>& files,
                                      const PassOptions& options);

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_PASS_EVALUATION_PASS_H_
