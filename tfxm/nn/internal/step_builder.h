// SPDX-License-Identifier: Apache-2.0

// The graph of one training, test or prediction step. Behind Program.
#ifndef TFXM_NN_INTERNAL_STEP_BUILDER_H_
#define TFXM_NN_INTERNAL_STEP_BUILDER_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tfxm/nn/internal/program.h"
#include "tfxm/nn/network.h"
#include "tfxm/ops/graph.h"

namespace tfxm::nn {

enum class StepMode { kTrain, kTest, kPredict };

// What labels or weights look like: type, and shape with -1 for all dimensions (only the rank and a last dimension of 1
// matter).
struct LabelSpec {
  DataType dtype = DataType::kInvalid;
  Shape shape;
};

struct StepGraph {
  // Fed in this order.
  std::vector<ops::Tensor> inputs;
  std::vector<ops::Tensor> labels;
  std::vector<ops::Tensor> weights;       // As many as labels, or none.
  ops::Tensor random_counter;             // Training only.
  std::vector<std::string> scalar_names;  // As the optimizer gives them.
  std::vector<ops::Tensor> scalars;
  // Fetched: the total loss, the losses of outputs if there are several, then the metrics' updates.
  struct Log {
    std::string name;
    std::optional<Metric> metric;
    std::vector<ops::Tensor> updates;
  };
  std::vector<Log> logs;
  std::vector<ops::Tensor> outputs;  // Prediction only.
  std::vector<ops::Node> targets;
  // Training only: of a step that only adds to the gradients; and what puts the averages of weights in their place.
  std::vector<ops::Node> accumulate_targets, average_targets;
  // The optimizer's variables, and what they start with.
  struct Slot {
    std::string name;
    Shape shape;
    double initial_value = 0;
  };
  std::vector<Slot> slots;
};

// `weights`: as many as labels, or none. `num_towers`: see towers.h.
absl::StatusOr<StepGraph> BuildStep(ops::Graph& graph, const Network& network, const StepConfig& config, StepMode mode,
                                    const std::vector<LabelSpec>& labels, const std::vector<LabelSpec>& weights,
                                    int num_towers = 1);

// Whether losses and metrics can be made of such labels and weights, without adding to a graph that is in use:
// INVALID_ARGUMENT names the output.
absl::Status CheckLosses(const Network& network, const StepConfig& config, const std::vector<LabelSpec>& labels,
                         const std::vector<LabelSpec>& weights);

// What a step's logs will be called: "loss", those of outputs, the metrics.
std::vector<LogSpec> LogSpecs(const Network& network, const StepConfig& config);

}  // namespace tfxm::nn

#endif  // TFXM_NN_INTERNAL_STEP_BUILDER_H_
