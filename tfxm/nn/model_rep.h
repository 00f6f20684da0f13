// The inside of a Model, for the .cc files that implement it.
#ifndef TFXM_NN_MODEL_REP_H_
#define TFXM_NN_MODEL_REP_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tfxm/nn/input_layer.h"
#include "tfxm/nn/model.h"
#include "tfxm/nn/network.h"
#include "tfxm/nn/program.h"

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
  std::unique_ptr<Program> program;
  int64_t iterations = 0;
  std::optional<double> learning_rate;

  absl::Status Build();
  void Make(const std::vector<KerasTensor>& inputs, const std::vector<KerasTensor>& outputs,
            const std::vector<std::string>& output_names);
  absl::StatusOr<std::map<std::string, Tensor>> InitialValues() const;
  double LearningRateAt(int64_t step) const;
};

}  // namespace tfxm::nn

#endif  // TFXM_NN_MODEL_REP_H_
