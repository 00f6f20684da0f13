// Measures what a model costs, on examples of the data it is evaluated on.
//
//   ASSIGN_OR_RETURN(const std::vector<std::string> sample, ReadSample(files, 256));
//   ModelCost cost;
//   RETURN_IF_ERROR(MeasureCost(*model, sample, {}, &cost));
//
// On one thread, which should have the machine to itself.
#ifndef TFXM_MODEL_ANALYSIS_COST_MEASURE_H_
#define TFXM_MODEL_ANALYSIS_COST_MEASURE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tfxm/model_analysis/cost/model_cost.h"
#include "tfxm/model_analysis/inference_model.h"

namespace tfxm::model_analysis {

// The first serialized examples of the first file that has any; none if there are none.
absl::StatusOr<std::vector<std::string>> ReadSample(const std::vector<std::string>& files, int max_examples);

struct MeasureOptions {
  // How long the latency and how long the throughput is measured, after a fifth of that for warm-up, and of how many
  // runs at most. A slow model is still run 3 times for each.
  double seconds = 0.02;
  int max_runs = 200;
};

// Adds the latency at batch 1, the throughput of the sample as one batch (of a slow model, of less), and what the model
// itself knows. What there is before an error stays. Without a sample nothing is timed.
absl::Status MeasureCost(const InferenceModel& model, const std::vector<std::string>& sample,
                         const MeasureOptions& options, ModelCost* cost);

// The value that `percent` of the values are not above (nearest rank); `sorted` ascending, not empty.
double Percentile(const std::vector<double>& sorted, double percent);

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_COST_MEASURE_H_
