// SPDX-License-Identifier: Apache-2.0

// A model as a layer of another.
#ifndef TFXM_NN_LAYERS_MODEL_LAYER_H_
#define TFXM_NN_LAYERS_MODEL_LAYER_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "tfxm/nn/layer.h"
#include "tfxm/nn/network.h"

namespace tfxm::nn {

class ModelLayer : public Layer {
 public:
  // `status`: the model's; with an error of it, the layer has that too. `training`: see ModelCallOptions.
  ModelLayer(std::string type, std::string name, Network network, absl::Status status, bool training)
      : Layer(std::move(type), std::move(name)),
        network_(std::move(network)),
        status_(std::move(status)),
        training_(training) {}
  absl::Status Build(const std::vector<Shape>& input_shapes) override;
  ops::Tensor Call(CallContext& context, const std::vector<ops::Tensor>& inputs) override {
    return CallAll(context, inputs)[0];
  }
  std::vector<ops::Tensor> CallAll(CallContext& context, const std::vector<ops::Tensor>& inputs) override;
  std::vector<std::shared_ptr<Layer>> sublayers() const override { return network_.layers(); }
  bool per_example() const override;
  const Network& network() const { return network_; }

 private:
  const Network network_;
  const absl::Status status_;
  const bool training_;
};

}  // namespace tfxm::nn

#endif  // TFXM_NN_LAYERS_MODEL_LAYER_H_
