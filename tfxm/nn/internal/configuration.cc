// SPDX-License-Identifier: Apache-2.0

// Model::Configuration: what is read off the graph of a training step that is built for nothing else. So nothing that
// the step computes can be forgotten, also of a layer, loss or optimizer of the user's own.
#include <algorithm>
#include <memory>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "tensorflow/core/framework/graph.pb.h"
#include "tfxm/nn/internal/model_rep.h"
#include "tfxm/nn/internal/step_builder.h"
#include "tfxm/nn/model.h"
#include "tfxm/ops/ops.h"
#include "tfxm/util/files/fingerprint.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::nn {
namespace {

constexpr absl::string_view kStep = "train/";  // What BuildStep's names begin with.

// Labels as the losses take them; those of the training are not known before its data are.
std::vector<LabelSpec> LabelsOf(const Network& network, const StepConfig& config) {
  std::vector<LabelSpec> labels;
  for (size_t i = 0; i < config.losses.size(); ++i) {
    if (config.losses[i].empty()) continue;
    const TensorSpec& output = network.outputs()[i];
    labels.push_back({output.dtype, output.shape});
    if (config.losses[i].labels() != Loss::Labels::kClasses || output.shape.empty()) continue;
    labels.back() = {DataType::kInt64, {output.shape.begin(), output.shape.end() - 1}};
  }
  return labels;
}

absl::Status BuildTrainStep(const Network& network, StepConfig config, ops::Graph& graph) {
  config.seed = 0;
  return BuildStep(graph, network, config, StepMode::kTrain, LabelsOf(network, config), {}).status();
}

// The nodes of a part of the step.
struct Part {
  std::vector<std::string> operations;
  Sha256 hash;
};

// By the scope within the step: a layer, a loss, "update"; those outside of any, and all else, as "".
std::map<std::string, Part> PartsOf(const ops::Graph& graph, const Network& network) {
  std::set<std::string> layers;
  for (const auto& layer : network.layers()) layers.insert(layer->name());
  const auto scope_of = [&](absl::string_view name) {
    if (!absl::ConsumePrefix(&name, kStep)) return std::string();
    const std::string scope(name.substr(0, name.find('/')));
    return layers.count(scope) > 0 || scope == "gradients" ? scope : std::string();
  };
  tensorflow::GraphDef graph_def;
  graph.ToGraphDef(&graph_def);
  std::map<std::string, Part> parts;
  for (const tensorflow::NodeDef& node : graph_def.node()) {
    const std::string scope = scope_of(node.name());
    if (scope == "gradients") continue;  // They follow from the rest.
    Part& part = parts[scope];
    tensorflow::NodeDef hashed = node;
    hashed.clear_input();
    for (absl::string_view input : node.input()) {
      absl::ConsumePrefix(&input, "^");
      // Other parts may be called otherwise because something else has changed.
      const bool is_own = scope_of(input) == scope;
      hashed.add_input(is_own ? std::string(input) : "");
      if (!is_own && !scope.empty()) parts[""].hash.UpdatePart(absl::StrCat(node.name(), " takes ", input));
    }
    if (scope.empty()) hashed.clear_name();
    part.hash.UpdatePart(io::SerializeDeterministically(hashed));
    static const auto* const silent =
        new std::set<absl::string_view>{"Const", "Identity", "NoOp", "Placeholder", "ReadVariableOp", "VarHandleOp"};
    if (silent->count(node.op()) == 0) part.operations.push_back(node.op());
  }
  for (const auto& function : graph_def.library().function())
    parts[""].hash.UpdatePart(io::SerializeDeterministically(function));
  return parts;
}

std::string Short(const std::vector<std::string>& operations) {
  constexpr size_t kMost = 12;
  const auto end = operations.begin() + static_cast<int64_t>(std::min(operations.size(), kMost));
  return absl::StrCat(absl::StrJoin(operations.begin(), end, ", "), end == operations.end() ? "" : ", …");
}

std::string Describe(const Layer& layer) {
  std::string text = layer.type();
  int64_t parameters = 0;
  for (const Weight* weight : layer.AllWeights()) parameters += NumElements(weight->shape);
  if (parameters > 0) absl::StrAppend(&text, ", ", parameters, " parameters");
  if (!layer.trainable()) absl::StrAppend(&text, ", not trainable");
  for (const Weight* weight : layer.AllWeights()) {
    const Regularizer& regularizer = weight->options.regularizer;
    if (regularizer.l1 != 0) absl::StrAppend(&text, ", l1 of ", weight->name, " ", regularizer.l1);
    if (regularizer.l2 != 0) absl::StrAppend(&text, ", l2 of ", weight->name, " ", regularizer.l2);
  }
  return text;
}

}  // namespace

absl::StatusOr<std::map<std::string, std::string>> Model::Configuration() const {
  RETURN_IF_ERROR(rep_->Build());
  if (rep_->config.optimizer == nullptr) return absl::FailedPreconditionError("Configuration before Compile");
  const Network& network = *rep_->network;
  StepConfig config = rep_->config;
  auto graph = std::make_unique<ops::Graph>();
  if (!BuildTrainStep(network, config, *graph).ok()) {
    // Losses or metrics for labels of another kind: without them.
    for (Loss& loss : config.losses) {
      if (!loss.empty()) loss = Loss("any", [](const ops::Tensor&, const ops::Tensor& y_pred) { return y_pred; });
    }
    config.metrics.assign(config.metrics.size(), {});
    config.weighted_metrics.assign(config.weighted_metrics.size(), {});
    graph = std::make_unique<ops::Graph>();
    RETURN_IF_ERROR(BuildTrainStep(network, config, *graph));
  }
  std::map<std::string, std::string> configuration;
  std::map<std::string, Part> parts = PartsOf(*graph, network);
  for (const auto& layer : network.layers()) {
    Part& part = parts[layer->name()];
    for (const Weight* weight : layer->AllWeights())
      part.hash.UpdatePart(absl::StrCat(weight->name, DataTypeName(weight->options.dtype), ShapeString(weight->shape)));
    configuration[absl::StrCat("layer \"", layer->name(), "\"")] =
        absl::StrCat(Describe(*layer), part.operations.empty() ? "" : absl::StrCat(" (", Short(part.operations), ")"),
                     "#", part.hash.HexDigest());
  }
  configuration["connections of layers, losses, metrics, constraints or updates"] =
      absl::StrCat("#", parts[""].hash.HexDigest());
  for (size_t i = 0; i < network.outputs().size(); ++i) {
    const Loss& loss = rep_->config.losses[i];
    configuration[absl::StrCat("the loss of output \"", network.outputs()[i].name, "\"")] =
        loss.empty() ? "none" : absl::StrCat(loss.name(), ", weight ", rep_->config.loss_weights[i]);
  }
  configuration["what is logged"] =
      absl::StrJoin(LogSpecs(network, rep_->config), ", ",
                    [](std::string* out, const LogSpec& log) { absl::StrAppend(out, log.name); });
  configuration["the optimizer"] = optimizer_name();
  for (const auto& [name, value] : rep_->config.optimizer->common().options)
    configuration[absl::StrCat("the optimizer's ", name)] = value;
  return configuration;
}

}  // namespace tfxm::nn
