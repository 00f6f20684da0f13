// SPDX-License-Identifier: Apache-2.0

// A layer, or a model, for each step of a sequence by itself.
//
//   KerasTensor x = layers::TimeDistributed(layers::Conv2D(16, 3))(frames);   // [batch, 10, 32, 32, 3] -> [batch, 10, 30, 30, 16]
//   x = layers::TimeDistributed(base)(x);                                     // nn::Model base
//
// The steps go through the layer as examples, all at once; one by one, as in Keras, where the layer looks at other
// examples of the batch (BatchNormalization in training), which needs to know how many steps there are. A mask goes on to
// what follows, not into the layer.
//
// Dense and other layers that work on the last dimension do the same without it.
#ifndef TFXM_NN_LAYERS_TIME_DISTRIBUTED_H_
#define TFXM_NN_LAYERS_TIME_DISTRIBUTED_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "tfxm/nn/layer.h"

namespace tfxm::nn::layers {

struct TimeDistributedOptions {
  std::string name;
};
// [batch, steps, …] -> [batch, steps, what the layer makes of …]. The layer has one input and one output.
LayerRef TimeDistributed(const LayerRef& layer, TimeDistributedOptions options = {});

class TimeDistributedLayer : public Layer {
 public:
  TimeDistributedLayer(std::shared_ptr<Layer> layer, std::string name)
      : Layer("TimeDistributed", std::move(name)), layer_(std::move(layer)) {}
  absl::Status Build(const std::vector<Shape>& input_shapes) override;
  ops::Tensor Call(CallContext& context, const std::vector<ops::Tensor>& inputs) override;
  std::vector<std::shared_ptr<Layer>> sublayers() const override { return {layer_}; }
  std::string Description() const override { return layer_->type(); }
  bool supports_masking() const override { return true; }
  bool per_example() const override { return layer_->per_example(); }

 private:
  ops::Tensor CallInner(CallContext& context, const ops::Tensor& x);
  const std::shared_ptr<Layer> layer_;
};

}  // namespace tfxm::nn::layers

#endif  // TFXM_NN_LAYERS_TIME_DISTRIBUTED_H_
