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

// What is in the layer, each once, as its names must differ: they name the weights. What takes the place of a layer may
// have its name.
void AddInnerLayers(const Layer& layer, std::vector<std::shared_ptr<Layer>>* all) {
  for (const auto& inner : layer.sublayers()) {
    if (std::count(all->begin(), all->end(), inner) > 0) continue;
    if (inner->name().empty() || inner->name() != layer.name()) all->push_back(inner);
    AddInnerLayers(*inner, all);
  }
}

// Whether a model's variables are called after the layer already.
bool IsInUse(const Layer& layer) {
  return std::any_of(layer.weights().begin(), layer.weights().end(),
                     [](const auto& weight) { return weight->home != nullptr; });
}

absl::Status NameLayers(const std::vector<std::shared_ptr<Layer>>& layers) {
  std::vector<std::shared_ptr<Layer>> all = layers;
  for (const auto& layer : layers) AddInnerLayers(*layer, &all);
  // Names that stay, then those that models gave to their layers before they became a part of this one.
  std::set<std::string> taken;
  std::vector<std::shared_ptr<Layer>> unnamed;
  for (const bool may_change : {false, true}) {
    for (const auto& layer : all) {
      if (layer->name().empty() || (layer->has_automatic_name() && !IsInUse(*layer)) != may_change) continue;
      const bool is_own = std::count(layers.begin(), layers.end(), layer) > 0;
      if ((!is_own && layer->AllWeights().empty()) || taken.insert(layer->name()).second) continue;
      if (!may_change) {
        return absl::InvalidArgumentError(
            absl::StrCat("two layers are called \"", layer->name(),
                         "\"; give them names of their own, also those of a model that is a layer here"));
      }
      unnamed.push_back(layer);
    }
  }
  for (const auto& layer : all) {
    if (layer->name().empty()) unnamed.push_back(layer);
  }
  std::map<std::string, int> counts;
  for (const auto& layer : unnamed) {
    const std::string base = SnakeCase(layer->type());
    std::string name = base;
    int& count = counts[base];
    if (base == "input") name = absl::StrCat(base, "_", ++count);
    while (!taken.insert(name).second) name = absl::StrCat(base, "_", ++count);
    layer->SetAutomaticName(name);
  }
  return absl::OkStatus();
}

// `layers` as Keras's model.layers has them (keras.src.ops.function.map_graph): by their greatest distance from the
// outputs, then as they come when one goes back from the outputs. `nodes`: each after what it takes.
void SortAsKeras(const std::vector<std::shared_ptr<const KerasNode>>& nodes, const std::vector<KerasTensor>& outputs,
                 std::vector<std::shared_ptr<Layer>>* layers) {
  std::map<const KerasNode*, int> node_depths;
  std::map<const Layer*, int> depths, order;
  for (size_t i = nodes.size(); i-- > 0;) {
    int& depth = depths[nodes[i]->layer.get()];
    depth = std::max(depth, node_depths[nodes[i].get()]);
    for (const KerasTensor& input : nodes[i]->inputs) {
      int& below = node_depths[input.node().get()];
      below = std::max(below, depth + 1);
    }
  }
  std::set<const KerasNode*> seen;
  const std::function<void(const KerasNode&)> visit = [&](const KerasNode& node) {
    if (!seen.insert(&node).second) return;
    order.emplace(node.layer.get(), static_cast<int>(order.size()));
    for (const KerasTensor& input : node.inputs) visit(*input.node());
  };
  for (const KerasTensor& output : outputs) visit(*output.node());
  const auto place = [&](const std::shared_ptr<Layer>& layer) {
    const auto found = order.find(layer.get());
    return std::make_pair(-depths[layer.get()], found == order.end() ? -1 : found->second);
  };
  std::stable_sort(layers->begin(), layers->end(), [&](const auto& a, const auto& b) { return place(a) < place(b); });
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
  SortAsKeras(network.nodes_, outputs, &network.layers_);
  return network;
}

bool Network::has_unnamed_input() const {
  return input_nodes_.size() == 1 && input_nodes_[0]->layer->has_automatic_name();
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
    const auto found = has_unnamed_input() && inputs.size() == 1 ? inputs.begin() : inputs.find(inputs_[i].name);
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
