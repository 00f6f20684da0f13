// SPDX-License-Identifier: Apache-2.0

// Quantization-aware training: a model that computes in training what its int8 version will, so that its weights get
// used to it. The names are those of TensorFlow Model Optimization (tfmot.quantization.keras).
//
//   nn::Model model = BuildModel();                              // trained or not; weights are copied
//   ASSIGN_OR_RETURN(nn::Model quantized, nn::QuantizeModel(model));
//   RETURN_IF_ERROR(quantized.Compile(compile_options));
//   RETURN_IF_ERROR(quantized.Fit(train, …).status());
//   RETURN_IF_ERROR(quantized.Save(dir));                        // FakeQuant operations with the trained ranges
//
// Rewritten with quantization int8, `dir` needs no representative dataset: the ranges are in the model.
//
// To quantize some layers only, annotate them and apply:
//
//   x = nn::QuantizeAnnotateLayer(layers::Dense(64, {.activation = "relu"}))(x);
//   ASSIGN_OR_RETURN(nn::Model quantized, nn::QuantizeApply(model));
//
// The scheme is TFLite's 8 bits. Weights: symmetric in [-127, 127], the range that of their values now; per channel for
// Conv2D, DepthwiseConv2D, SeparableConv2D and Conv1D, one for the tensor for Dense and Conv2DTranspose. Activations:
// 256 values, the range a moving average of the batches' smallest and largest values (always with 0 in it), which
// begins with the first batch's; of the model's inputs, those of all batches. A BatchNormalization and a ReLU after a
// convolution or Dense are one step with it, quantized at its end: the converter folds them, and a range per channel
// stays one when its channel is scaled. (Of a Dense, which has one range, the folded weights are quantized.)
//
// The quantized model shares the layers of the original, but has values of its own; weights keep their names
// ("conv2d/kernel"), so a checkpoint of the float model can be loaded with skip_mismatch. Ranges are weights too:
// "quant_conv2d/output_min".
#ifndef TFXM_NN_QUANTIZATION_QUANTIZATION_H_
#define TFXM_NN_QUANTIZATION_QUANTIZATION_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "tfxm/nn/layer.h"
#include "tfxm/nn/model.h"

namespace tfxm::nn {

// How one layer is quantized.
struct QuantizeConfig {
  enum class Weights { kPerTensor, kPerChannel };  // Channels are the last axis; of a depthwise kernel, the last two.
  std::map<std::string, Weights> weights;          // By the weight's name in the layer: "kernel".
  bool output = true;                              // What comes out, and what goes into an activation that needs it.
};

struct QuantizeOptions {
  std::string quantized_layer_name_prefix = "quant_";
  // How slowly activation ranges follow the batches.
  double ema_decay = 0.999;
  // 0: ranges begin as those of the first batch. Otherwise, as TFMOT's with 6, as [-initial_range, initial_range].
  double initial_range = 0;
};

// Marks the layer (and returns it) for QuantizeApply, with the layer's default config or another one, which custom
// layers need.
LayerRef QuantizeAnnotateLayer(LayerRef layer);
LayerRef QuantizeAnnotateLayer(LayerRef layer, QuantizeConfig config);

// The model with all its layers quantized. INVALID_ARGUMENT names a layer for which there is no default.
absl::StatusOr<Model> QuantizeModel(const Model& model, const QuantizeOptions& options = {});

// The model with its annotated layers quantized, and what goes into them. INVALID_ARGUMENT if there are none.
absl::StatusOr<Model> QuantizeApply(const Model& model, const QuantizeOptions& options = {});

}  // namespace tfxm::nn

#endif  // TFXM_NN_QUANTIZATION_QUANTIZATION_H_
