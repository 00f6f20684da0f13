// SPDX-License-Identifier: Apache-2.0

// The inside of a Model, for the .cc files that implement it.
#ifndef TFXM_NN_INTERNAL_MODEL_REP_H_
#define TFXM_NN_INTERNAL_MODEL_REP_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tfxm/nn/input_layer.h"
#include "tfxm/nn/internal/program.h"
#include "tfxm/nn/model.h"
#include "tfxm/nn/network.h"

namespace tfxm::nn {

struct FeedSpec;

struct Model::Rep {
  std::string name;
  uint64_t seed = 0;
  absl::Status status;
  bool built = false;
  std::vector<LayerRef> stack;  // Of a Sequential, until it is built.
  std::unique_ptr<Network> network;
  bool outputs_are_named = false;
  StepConfig config;
  std::shared_ptr<Program> program;
  // Whether layers that other models have, too, keep values of their own here.
  bool shares_weights = true;
  std::map<const Program*, int64_t> versions;  // Of what was taken from others.
  std::shared_ptr<Layer> as_layer[2];          // Once they were asked for: with training = false, true.
  int64_t iterations = 0;
  std::optional<double> learning_rate;

  absl::Status Build();
  void Make(const std::vector<KerasTensor>& inputs, const std::vector<KerasTensor>& outputs,
            const std::vector<std::string>& output_names);
  absl::StatusOr<std::map<std::string, Tensor>> InitialValues();
  // Of the weights that another model was the last to change, if that was since they were taken from there.
  absl::StatusOr<std::map<std::string, Tensor>> ValuesElsewhere();
  // Takes them over.
  absl::Status Sync();
  // Before they change. `only_new`: those that no model has yet.
  void ClaimWeights(bool only_new = false) const;
  double LearningRateAt(int64_t step) const;
};

}  // namespace tfxm::nn

#endif  // TFXM_NN_INTERNAL_MODEL_REP_H_
