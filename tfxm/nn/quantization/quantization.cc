// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/quantization/quantization.h"

#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tfxm/nn/input_layer.h"
#include "tfxm/nn/internal/model_rep.h"
#include "tfxm/nn/internal/quantize_wrapper.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::nn {
namespace {

using Weights = QuantizeConfig::Weights;

// Layers that only move values, drop or average them, which TFLite does at the scale that they have.
bool PassesThrough(const Layer& layer) {
  static const auto* const types =
      new std::set<std::string>{"Dropout",          "SpatialDropout2D", "Flatten",
                                "Reshape",          "Permute",          "RepeatVector",
                                "MaxPooling2D",     "MaxPooling1D",     "AveragePooling2D",
                                "AveragePooling1D", "UpSampling2D",     "GlobalMaxPooling2D",
                                "Cropping2D",       "ZeroPadding2D",    "GlobalMaxPooling1D",
                                "SpatialDropout1D", "GaussianNoise",    "ActivityRegularization",
                                "ZeroPadding1D"};
  return types->count(layer.type()) > 0;
}

// Convolutions and the like, with which TFLite fuses what follows.
bool IsCompute(const Layer& layer) {
  return layer.type() == "Dense" || layer.type() == "Conv2D" || layer.type() == "DepthwiseConv2D" ||
         layer.type() == "SeparableConv2D" || layer.type() == "Conv1D" || layer.type() == "Conv2DTranspose";
}

bool IsRelu(const Layer& layer) {
  if (layer.type() == "ReLU") return true;
  return layer.type() == "Activation" && (layer.activation().name() == "relu" || layer.activation().name() == "relu6");
}

// What is done to a layer if nothing else is said; nothing for those that are not known.
std::optional<QuantizeConfig> DefaultConfig(const Layer& layer) {
  if (layer.type() == "Dense" || layer.type() == "Conv2DTranspose")
    return QuantizeConfig{{{"kernel", Weights::kPerTensor}}};
  if (layer.type() == "Conv2D" || layer.type() == "Conv1D") return QuantizeConfig{{{"kernel", Weights::kPerChannel}}};
  if (layer.type() == "DepthwiseConv2D" || layer.type() == "SeparableConv2D") {
    return QuantizeConfig{{{"depthwise_kernel", Weights::kPerChannel}, {"pointwise_kernel", Weights::kPerChannel}}};
  }
  static const auto* const outputs = new std::set<std::string>{"Activation",  "ReLU",
                                                               "LeakyReLU",   "ELU",
                                                               "Add",         "Subtract",
                                                               "Maximum",     "Minimum",
                                                               "Multiply",    "GlobalAveragePooling2D",
                                                               "Rescaling",   "PReLU",
                                                               "Concatenate", "GlobalAveragePooling1D"};
  if (outputs->count(layer.type()) > 0) return QuantizeConfig{};
  // Its output has a scale of its own.
  if (layer.type() == "Softmax") return QuantizeConfig{.output = false};
  return std::nullopt;
}

class Quantizer {
 public:
  Quantizer(const Network& network, bool all, const QuantizeOptions& options)
      : network_(network), all_(all), options_(options) {
    for (const auto& node : network.nodes()) {
      for (const KerasTensor& input : node->inputs) consumers_[input.node().get()].push_back(node.get());
    }
    for (const KerasTensor& output : network.output_tensors()) outputs_.insert(output.node().get());
    for (const auto& layer : network.layers()) names_.insert(layer->name());
  }

  absl::StatusOr<std::vector<KerasTensor>> Run() {
    for (const auto& node : network_.nodes()) {
      ASSIGN_OR_RETURN(made_[node.get()], Make(node));
      RETURN_IF_ERROR(made_[node.get()].node()->status);
    }
    if (num_quantized_ == 0) {
      return absl::InvalidArgumentError(
          "no layer is annotated; see QuantizeAnnotateLayer, or use QuantizeModel for all layers");
    }
    std::vector<KerasTensor> outputs;
    for (const KerasTensor& output : network_.output_tensors()) outputs.push_back(Made(output));
    return outputs;
  }

 private:
  bool IsInput(const KerasNode& node) const { return node.inputs.empty(); }
  bool IsQuantized(const KerasNode& node) const {
    return !IsInput(node) && !PassesThrough(*node.layer) && (all_ || node.layer->quantize_config() != nullptr);
  }
  // The only layer that takes the node's value; null if there are several, or it is an output of the model.
  const KerasNode* OnlyConsumer(const KerasNode& node) const {
    const auto found = consumers_.find(&node);
    if (found == consumers_.end() || found->second.size() != 1 || outputs_.count(&node) > 0) return nullptr;
    return found->second[0];
  }
  // Whether `node` is a convolution, or a BatchNormalization after one, so that what follows is computed with it.
  bool IsComputeOrNormalized(const KerasNode& node) const {
    if (IsCompute(*node.layer)) return node.layer->activation().is_linear();
    return FollowsCompute(node);
  }
  bool FollowsCompute(const KerasNode& node) const {
    if (node.layer->type() != "BatchNormalization") return false;
    const KerasNode& before = *node.inputs[0].node();
    return IsCompute(*before.layer) && before.layer->activation().is_linear() && OnlyConsumer(before) == &node;
  }
  // Whether the node's value never exists in the quantized model, or takes the range of what it goes into.
  bool LeavesItToConsumer(const KerasNode& node) const {
    const KerasNode* const next = OnlyConsumer(node);
    if (next == nullptr || !IsQuantized(*next)) return false;
    if (next->layer->type() == "BatchNormalization") return IsCompute(*node.layer) && FollowsCompute(*next);
    if (IsRelu(*next->layer)) return IsComputeOrNormalized(node) || node.layer->type() == "Add";
    // A concatenation only copies if its inputs have its range.
    if (next->layer->type() == "Concatenate") return IsComputeOrNormalized(node) || IsRelu(*node.layer);
    return false;
  }

  // Whether a layer that is quantized takes the value of `node`, as it is or moved around.
  bool GoesIntoQuantized(const KerasNode& node) const {
    const auto found = consumers_.find(&node);
    if (found == consumers_.end()) return false;
    for (const KerasNode* next : found->second) {
      if (PassesThrough(*next->layer) ? GoesIntoQuantized(*next)
                                      : IsQuantized(*next) && next->layer->type() != "Rescaling") {
        return true;
      }
    }
    return false;
  }

  // Only the first output of a layer is quantized after it.
  KerasTensor Made(const KerasTensor& tensor) {
    if (tensor.index() == 0) return made_[tensor.node().get()];
    return KerasTensor(in_float_[tensor.node().get()], tensor.index());
  }

  absl::StatusOr<KerasTensor> Make(const std::shared_ptr<const KerasNode>& node) {
    std::vector<KerasTensor> inputs;
    for (const KerasTensor& input : node->inputs) inputs.push_back(Made(input));
    if (!IsQuantized(*node)) {
      KerasTensor made = IsInput(*node) ? KerasTensor(node) : LayerRef(node->layer)(inputs);
      in_float_[node.get()] = made.node();
      if (PassesThrough(*node->layer) || made.dtype() != DataType::kFloat || !GoesIntoQuantized(*node)) return made;
      return MakeLayer<QuantizeLayer>(UniqueName("quantize_layer"), IsInput(*node), options_)(made);
    }
    ASSIGN_OR_RETURN(QuantizeConfig config, ConfigOf(*node));
    if (LeavesItToConsumer(*node)) config.output = false;
    ++num_quantized_;
    const std::string name = UniqueName(absl::StrCat(options_.quantized_layer_name_prefix, node->layer->name()));
    const auto wrapper = std::make_shared<QuantizeWrapper>(name, node->layer, std::move(config), options_);
    // A Dense has one scale, which holds for its weights only after each channel is scaled: these are what is
    // quantized.
    const KerasNode* const next = OnlyConsumer(*node);
    if (node->layer->type() == "Dense" && next != nullptr && IsQuantized(*next) && FollowsCompute(*next)) {
      wrapper->FoldIn(next->layer);
    } else if (FollowsCompute(*node) && node->inputs[0].node()->layer->type() == "Dense" &&
               IsQuantized(*node->inputs[0].node())) {
      wrapper->SetFolded();
    }
    return LayerRef(wrapper)(inputs);
  }

  absl::StatusOr<QuantizeConfig> ConfigOf(const KerasNode& node) const {
    const Layer& layer = *node.layer;
    // That of QuantizeAnnotateLayer without a config has no more than the default.
    if (layer.quantize_config() != nullptr && !IsDefault(*layer.quantize_config())) return *layer.quantize_config();
    if (FollowsCompute(node)) return QuantizeConfig{};
    if (std::optional<QuantizeConfig> config = DefaultConfig(layer)) return *std::move(config);
    return absl::InvalidArgumentError(absl::StrCat(
        "layer \"", layer.name(), "\" (", layer.type(), ") cannot be quantized",
        layer.type() == "BatchNormalization" ? " where it does not follow a convolution or Dense without an activation"
                                             : "",
        "; annotate the layers that can with QuantizeAnnotateLayer and use QuantizeApply, or give this one a "
        "QuantizeConfig"));
  }
  static bool IsDefault(const QuantizeConfig& config) { return config.weights.empty() && config.output; }

  // The name itself where it is the layer's own, which the wrapper takes the place of.
  std::string UniqueName(const std::string& name) {
    const bool replaces = options_.quantized_layer_name_prefix.empty() && names_.count(name) > 0;
    std::string unique = name;
    for (int i = 1; !taken_.insert(unique).second || (!replaces && names_.count(unique) > 0); ++i) {
      unique = absl::StrCat(name, "_", i);
    }
    return unique;
  }

  const Network& network_;
  const bool all_;
  const QuantizeOptions options_;
  std::map<const KerasNode*, std::vector<const KerasNode*>> consumers_;
  std::set<const KerasNode*> outputs_;
  std::set<std::string> names_, taken_;
  std::map<const KerasNode*, KerasTensor> made_;
  std::map<const KerasNode*, std::shared_ptr<const KerasNode>> in_float_;
  int num_quantized_ = 0;
};

}  // namespace

LayerRef QuantizeAnnotateLayer(LayerRef layer) { return QuantizeAnnotateLayer(std::move(layer), QuantizeConfig{}); }
LayerRef QuantizeAnnotateLayer(LayerRef layer, QuantizeConfig config) {
  layer->set_quantize_config(std::make_shared<const QuantizeConfig>(std::move(config)));
  return layer;
}

absl::StatusOr<Model> QuantizeNetwork(const Model& model, bool all, const QuantizeOptions& options) {
  RETURN_IF_ERROR(model.status());
  ASSIGN_OR_RETURN(std::vector<KerasTensor> outputs, Quantizer(*model.rep_->network, all, options).Run());
  std::vector<KerasTensor> inputs;
  for (const auto& node : model.rep_->network->nodes()) {
    if (node->inputs.empty()) inputs.emplace_back(node);
  }
  Model quantized(inputs, outputs, model.name());
  if (model.rep_->outputs_are_named) {
    std::vector<std::pair<std::string, KerasTensor>> named;
    for (size_t i = 0; i < outputs.size(); ++i) named.emplace_back(model.outputs()[i].name, outputs[i]);
    quantized = Model(inputs, std::move(named), model.name());
  }
  // Training it leaves the model as it is.
  quantized.rep_->shares_weights = false;
  RETURN_IF_ERROR(quantized.status());
  ASSIGN_OR_RETURN(const auto weights, model.GetWeights());
  RETURN_IF_ERROR(quantized.SetWeights(weights));
  return quantized;
}

absl::StatusOr<Model> QuantizeModel(const Model& model, const QuantizeOptions& options) {
  return QuantizeNetwork(model, /*all=*/true, options);
}
absl::StatusOr<Model> QuantizeApply(const Model& model, const QuantizeOptions& options) {
  return QuantizeNetwork(model, /*all=*/false, options);
}

}  // namespace tfxm::nn
