// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/network.h"

#include <algorithm>
#include <cctype>
#include <functional>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tfxm/nn/input_layer.h"
#include "tfxm/nn/layers/model_layer.h"
#include "tfxm/ops/ops.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::nn {
namespace {

// "SeparableConv2D" -> "separable_conv2d", as Keras names layers.
std::string SnakeCase(const std::string& type) {
  std::string snake;
  for (size_t i = 0; i < type.size(); ++i) {
    const auto is_upper = [&](size_t k) {
      return k < type.size() && std::isupper(static_cast<unsigned char>(type[k]));
    };
    const auto is_lower = [&](size_t k) {
      return k < type.size() && std::islower(static_cast<unsigned char>(type[k]));
    };
    // A capital begins a word if it follows a lower-case letter, or is followed by one.
    if (i > 0 && is_upper(i) && (is_lower(i - 1) || is_lower(i + 1))) snake += '_';
    snake += static_cast<char>(std::tolower(static_cast<unsigned char>(type[i])));
  }
  return snake == "input_layer" ? "input" : snake;
}

// Those of `layers` and of the models among them, whose names must differ, as they name the weights.
std::set<std::shared_ptr<Layer>> AllLayers(const std::vector<std::shared_ptr<Layer>>& layers) {
  std::set<std::shared_ptr<Layer>> all(layers.begin(), layers.end());
  for (const auto& layer : layers) {
    if (dynamic_cast<const ModelLayer*>(layer.get()) != nullptr) all.merge(AllLayers(layer->sublayers()));
  }
  return all;
}

absl::Status NameLayers(const std::vector<std::shared_ptr<Layer>>& layers) {
  std::set<std::string> taken;
  const std::set<const Layer*> own = [&] {
    std::set<const Layer*> pointers;
    for (const auto& layer : layers) pointers.insert(layer.get());
    return pointers;
  }();
  for (const auto& layer : AllLayers(layers)) {
    const bool has_no_weights = layer->AllWeights().empty();
    if (layer->name().empty() || (own.count(layer.get()) == 0 && has_no_weights)) continue;
    if (!taken.insert(layer->name()).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("two layers are called \"", layer->name(),
                       "\"; give them names of their own, also those of a model that is a layer here"));
    }
  }
  std::map<std::string, int> counts;
  for (const auto& layer : layers) {
    if (!layer->name().empty()) continue;
    const std::string base = SnakeCase(layer->type());
    std::string name = base;
    int& count = counts[base];
    if (base == "input") name = absl::StrCat(base, "_", ++count);
    while (!taken.insert(name).second) name = absl::StrCat(base, "_", ++count);
    layer->set_name(name);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Network> Network::Create(const std::vector<KerasTensor>& inputs, const std::vector<KerasTensor>& outputs,
                                        const std::vector<std::string>& output_names) {
  if (inputs.empty() || outputs.empty()) return absl::InvalidArgumentError("a model needs an input and an output");
  Network network;
  std::set<const KerasNode*> seen;
  std::set<const Layer*> known;
  absl::Status status;
  // Depth first, so that a node comes after what it takes.
  const std::function<void(const std::shared_ptr<const KerasNode>&)> visit =
      [&](const std::shared_ptr<const KerasNode>& node) {
        if (node == nullptr || !seen.insert(node.get()).second) return;
        if (!node->status.ok() && status.ok()) status = node->status;
        for (const KerasTensor& input : node->inputs) visit(input.node());
        network.nodes_.push_back(node);
        if (known.insert(node->layer.get()).second) network.layers_.push_back(node->layer);
      };
  for (const KerasTensor& input : inputs) visit(input.node());
  for (const KerasTensor& output : outputs) {
    if (output.node() == nullptr) return absl::InvalidArgumentError("an output of the model is unassigned");
    if (output.node()->layer == nullptr) return output.node()->status;
    visit(output.node());
  }
  RETURN_IF_ERROR(status);
  RETURN_IF_ERROR(NameLayers(network.layers_));
  for (const KerasTensor& input : inputs) {
    const auto* layer =
        input.node() == nullptr ? nullptr : dynamic_cast<const InputLayerImpl*>(input.node()->layer.get());
    if (layer == nullptr) return absl::InvalidArgumentError("an input of a model must come from nn::Input");
    network.inputs_.push_back({layer->name(), input.dtype(), input.shape()});
    network.input_nodes_.push_back(input.node().get());
  }
  for (const auto& node : network.nodes_) {
    if (!node->inputs.empty() || std::count(network.input_nodes_.begin(), network.input_nodes_.end(), node.get()) > 0)
      continue;
    return absl::InvalidArgumentError(
        absl::StrCat("the outputs depend on \"", node->layer->name(), "\", which is not among the model's inputs"));
  }
  for (const KerasTensor& output : outputs) {
    const size_t i = network.outputs_.size();
    std::string name = output_names.empty() ? output.node()->layer->name() : output_names[i];
    const std::string base = name;
    const auto taken = [&] {
      return std::any_of(network.outputs_.begin(), network.outputs_.end(),
                         [&](const TensorSpec& spec) { return spec.name == name; });
    };
    if (taken() && !output_names.empty())
      return absl::InvalidArgumentError(absl::StrCat("two outputs are called \"", name, "\""));
    for (int n = 1; taken(); ++n) name = absl::StrCat(base, "_", n);
    network.outputs_.push_back({name, output.dtype(), output.shape()});
    network.output_tensors_.push_back(output);
  }
  return network;
}

std::vector<const Weight*> Network::weights() const {
  std::vector<const Weight*> weights;
  std::set<const Weight*> seen;  // Two layers may share a third.
  for (const auto& layer : layers_) {
    for (const Weight* weight : layer->AllWeights()) {
      if (seen.insert(weight).second) weights.push_back(weight);
    }
  }
  return weights;
}

absl::StatusOr<std::vector<ops::Tensor>> Network::Call(CallContext& context,
                                                       const std::map<std::string, ops::Tensor>& inputs,
                                                       std::vector<ops::Tensor>* output_masks) const {
  std::map<const KerasNode*, std::vector<ops::Tensor>> values;
  std::map<const KerasNode*, ops::Tensor> masks;  // Of the first output.
  for (size_t i = 0; i < inputs_.size(); ++i) {
    const auto found = inputs_.size() == 1 && inputs.size() == 1 ? inputs.begin() : inputs.find(inputs_[i].name);
    if (found == inputs.end()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "the model's input \"", inputs_[i].name, "\" is missing; there are: ",
          absl::StrJoin(inputs, ", ", [](std::string* out, const auto& entry) { absl::StrAppend(out, entry.first); })));
    }
    values[input_nodes_[i]] = {ops::Cast(found->second, inputs_[i].dtype)};
    masks[input_nodes_[i]] = context.input_mask(i);  // Where the network is a layer.
  }
  const auto mask_of = [&](const KerasTensor& tensor) {
    return tensor.index() == 0 ? masks[tensor.node().get()] : ops::Tensor();
  };
  std::map<const KerasNode*, int> uses;
  for (const auto& node : nodes_) {
    for (const KerasTensor& input : node->inputs) ++uses[input.node().get()];
  }
  for (const KerasTensor& output : output_tensors_) ++uses[output.node().get()];
  for (const auto& node : nodes_) {
    if (node->inputs.empty()) continue;
    std::vector<ops::Tensor> arguments, argument_masks;
    for (const KerasTensor& input : node->inputs) {
      arguments.push_back(values[input.node().get()][input.index()]);
      argument_masks.push_back(mask_of(input));
    }
    const ops::NameScope scope(context.graph(), node->layer->name());
    values[node.get()] = context.CallLayer(*node->layer, arguments, argument_masks, &masks[node.get()]);
    if (uses[node.get()] == 1) context.SetHasOneUse(values[node.get()][0]);
  }
  RETURN_IF_ERROR(context.graph().status());
  std::vector<ops::Tensor> outputs;
  for (const KerasTensor& output : output_tensors_) {
    outputs.push_back(values[output.node().get()][output.index()]);
    if (output_masks != nullptr) output_masks->push_back(mask_of(output));
  }
  return outputs;
}

}  // namespace tfxm::nn
