// SPDX-License-Identifier: Apache-2.0

// Measures what models cost, on examples of the data they are evaluated on.
//
//   ASSIGN_OR_RETURN(const std::vector<std::string> sample, ReadSample(files, 256));
//   std::vector<CostTimer> timers;                                  // One for each model.
//   for (int round = 0; round < kCostRounds; ++round) {
//     for (CostTimer& timer : timers) RETURN_IF_ERROR(timer.Round());
//   }
//   RETURN_IF_ERROR(timers[0].Finish(&cost));
//
// Models take turns, since a machine is not equally fast all the time: what a model's rounds differ by is the noise
// that a difference between models has to exceed. On one thread, which should have the machine to itself.
#ifndef TFXM_MODEL_ANALYSIS_COST_MEASURE_H_
#define TFXM_MODEL_ANALYSIS_COST_MEASURE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tfxm/model_analysis/cost/model_cost.h"
#include "tfxm/model_analysis/inference/inference_model.h"

namespace tfxm::model_analysis {

// The first serialized examples of the first file that has any; none if there are none.
absl::StatusOr<std::vector<std::string>> ReadSample(const std::vector<std::string>& files, int max_examples);

inline constexpr int kCostRounds = 3;

struct MeasureOptions {
  // How long, in all rounds, the latency and how long the throughput is measured, after a fifth of that for warm-up,
  // and of how many runs at most. A slow model is still run once in each round for each.
  double seconds = 0.02;
  int max_runs = 200;
};

// Of one model. Not thread safe.
class CostTimer {
 public:
  // `model` and `sample` are referred to. Without a sample nothing is timed.
  CostTimer(const InferenceModel& model, const std::vector<std::string>& sample, const MeasureOptions& options);
  ~CostTimer();
  CostTimer(CostTimer&&) noexcept;

  // The latency at batch 1 and the throughput of the sample as one batch (of a slow model, of less).
  absl::Status Round();
  // Adds the medians of the rounds, how far these are apart, and what the model itself knows. What there is before an
  // error stays.
  absl::Status Finish(ModelCost* cost);

 private:
  struct Rep;
  std::unique_ptr<Rep> rep_;
};

// All of it for one model.
absl::Status MeasureCost(const InferenceModel& model, const std::vector<std::string>& sample,
                         const MeasureOptions& options, ModelCost* cost);

// The value that `percent` of the values are not above (nearest rank); `sorted` ascending, not empty.
double Percentile(const std::vector<double>& sorted, double percent);

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_COST_MEASURE_H_
