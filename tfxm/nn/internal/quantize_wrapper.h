// SPDX-License-Identifier: Apache-2.0

// The layers that quantization.h puts into a model.
#ifndef TFXM_NN_INTERNAL_QUANTIZE_WRAPPER_H_
#define TFXM_NN_INTERNAL_QUANTIZE_WRAPPER_H_

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tfxm/nn/quantization/quantization.h"

namespace tfxm::nn {

// Ranges of activations, which are weights of the layer.
class QuantizingLayer : public Layer {
 public:
  QuantizingLayer(std::string type, std::string name, const QuantizeOptions& options)
      : Layer(std::move(type), std::move(name)), options_(options) {}
  // FAILED_PRECONDITION if a range has not seen a value yet: what is quantized with it is 0. `values`: by full name.
  absl::Status CheckRanges(const std::map<std::string, Tensor>& values) const;

 protected:
  // x to 256 values in the range called `name`, which in training follows the batches, or is that of all of them.
  ops::Tensor Quantize(CallContext& context, const std::string& name, const ops::Tensor& x, bool all_values = false);

 private:
  struct Range {
    const Weight *min = nullptr, *max = nullptr;
  };
  const QuantizeOptions options_;
  std::map<std::string, Range> ranges_;
};

// Quantizes a value that a layer in float made, or an input of the model: its range is that of all values seen.
class QuantizeLayer : public QuantizingLayer {
 public:
  QuantizeLayer(std::string name, bool is_input, const QuantizeOptions& options)
      : QuantizingLayer("QuantizeLayer", std::move(name), options), is_input_(is_input) {}
  ops::Tensor Call(CallContext& context, const std::vector<ops::Tensor>& inputs) override {
    return Quantize(context, "input", inputs[0], /*all_values=*/is_input_);
  }

 private:
  const bool is_input_;
};

// Another layer with its weights and its output quantized.
class QuantizeWrapper : public QuantizingLayer, private CallHooks {
 public:
  QuantizeWrapper(std::string name, std::shared_ptr<Layer> layer, QuantizeConfig config, const QuantizeOptions& options)
      : QuantizingLayer("QuantizeWrapper", std::move(name), options),
        layer_(std::move(layer)),
        config_(std::move(config)) {}
  // For a Dense: the BatchNormalization that follows it and is folded into it.
  void FoldIn(std::shared_ptr<Layer> normalization) { folded_in_ = std::move(normalization); }
  // For that BatchNormalization.
  void SetFolded() { is_folded_ = true; }
  ops::Tensor Call(CallContext& context, const std::vector<ops::Tensor>& inputs) override;
  std::string Description() const override { return layer_->type(); }
  std::vector<std::shared_ptr<Layer>> sublayers() const override { return {layer_}; }

 private:
  ops::Tensor OnRead(CallContext& context, const Weight& weight, const ops::Tensor& value) override;
  ops::Tensor OnActivation(CallContext& context, const Activation& activation, const ops::Tensor& x) override;
  ops::Tensor OnIntermediate(CallContext& context, absl::string_view name, const ops::Tensor& x) override;

  const std::shared_ptr<Layer> layer_;
  const QuantizeConfig config_;
  std::shared_ptr<Layer> folded_in_;
  bool is_folded_ = false;
  bool activated_ = false;  // Whether the activation has quantized the output already.
};

}  // namespace tfxm::nn

#endif  // TFXM_NN_INTERNAL_QUANTIZE_WRAPPER_H_
