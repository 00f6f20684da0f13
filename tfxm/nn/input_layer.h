// SPDX-License-Identifier: Apache-2.0

// The layer behind nn::Input.
#ifndef TFXM_NN_INPUT_LAYER_H_
#define TFXM_NN_INPUT_LAYER_H_

#include <utility>
#include <vector>

#include "tfxm/nn/layer.h"

namespace tfxm::nn {

class InputLayerImpl : public Layer {
 public:
  InputLayerImpl(Shape shape, DataType dtype, std::string name)
      : Layer("InputLayer", std::move(name)), shape_(std::move(shape)), dtype_(dtype) {
    shape_.insert(shape_.begin(), -1);
  }
  // With the batch.
  const Shape& shape() const { return shape_; }
  DataType dtype() const { return dtype_; }
  ops::Tensor Call(CallContext& context, const std::vector<ops::Tensor>& inputs) override { return inputs[0]; }
  bool per_example() const override { return true; }

 private:
  Shape shape_;
  DataType dtype_;
};

}  // namespace tfxm::nn

#endif  // TFXM_NN_INPUT_LAYER_H_
