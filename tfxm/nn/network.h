// SPDX-License-Identifier: Apache-2.0

// The layers of a model and their calls, with unique names.
#ifndef TFXM_NN_NETWORK_H_
#define TFXM_NN_NETWORK_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tfxm/nn/layer.h"
#include "tfxm/ops/graph.h"

namespace tfxm::nn {

class Network {
 public:
  // Names the layers that have no name yet: "dense", "dense_1", …, in the order of their first call, and checks that
  // names are unique. A name that a layer got so in a model that is a layer here changes if it is taken. `output_names`: as
  // many as outputs, or none.
  static absl::StatusOr<Network> Create(const std::vector<KerasTensor>& inputs, const std::vector<KerasTensor>& outputs,
                                        const std::vector<std::string>& output_names = {});

  // By name; of the shapes with the batch.
  const std::vector<TensorSpec>& inputs() const { return inputs_; }
  // Whether there is one input and nobody gave it a name, so that the only thing there is must be meant for it.
  bool has_unnamed_input() const;
  // Called as Create was told or, without names, like the layers they come from.
  const std::vector<TensorSpec>& outputs() const { return outputs_; }
  // Each once, in the order of Keras's model.layers; input layers too.
  const std::vector<std::shared_ptr<Layer>>& layers() const { return layers_; }
  const std::vector<std::shared_ptr<const KerasNode>>& nodes() const { return nodes_; }
  // In the order of inputs() and outputs().
  const std::vector<const KerasNode*>& input_nodes() const { return input_nodes_; }
  const std::vector<KerasTensor>& output_tensors() const { return output_tensors_; }
  // Of all layers, in order, each once.
  std::vector<const Weight*> weights() const;

  // Adds the network to the context's graph. `inputs` are by name, or any one tensor where has_unnamed_input(); integers
  // become the input's type. INVALID_ARGUMENT names a missing input. `output_masks`: see CallContext::input_mask.
  absl::StatusOr<std::vector<ops::Tensor>> Call(CallContext& context, const std::map<std::string, ops::Tensor>& inputs,
                                                std::vector<ops::Tensor>* output_masks = nullptr) const;

 private:
  std::vector<TensorSpec> inputs_, outputs_;
  std::vector<const KerasNode*> input_nodes_;
  std::vector<KerasTensor> output_tensors_;
  std::vector<std::shared_ptr<const KerasNode>> nodes_;
  std::vector<std::shared_ptr<Layer>> layers_;
};

}  // namespace tfxm::nn

#endif  // TFXM_NN_NETWORK_H_
