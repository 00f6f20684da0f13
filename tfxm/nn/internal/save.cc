// SPDX-License-Identifier: Apache-2.0

// Model's files: SavedModels and weights.
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tfxm/nn/callbacks/checkpoint.h"
#include "tfxm/nn/internal/model_rep.h"
#include "tfxm/nn/internal/progress.h"
#include "tfxm/nn/internal/quantize_wrapper.h"
#include "tfxm/nn/internal/watch/number_watch.h"
#include "tfxm/nn/internal/weights/weight_matching.h"
#include "tfxm/nn/keras_weights.h"
#include "tfxm/nn/model.h"
#include "tfxm/ops/ops.h"
#include "tfxm/saved_model/saved_model_builder.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::nn {

ops::Tensor FunctionContext::input(absl::string_view name) {
  const auto found = inputs_.find(std::string(name));
  if (found != inputs_.end()) return found->second;
  graph_.SetError(absl::InvalidArgumentError(absl::StrCat(
      "the signature has no input \"", name,
      "\"; it has: ", absl::StrJoin(inputs_, ", ", [](std::string* out, const auto& entry) { *out += entry.first; }))));
  return ops::Tensor(&graph_, -1, 0);
}

absl::StatusOr<NamedTensors> Model::Call(FunctionContext& context, const NamedTensors& features) const {
  RETURN_IF_ERROR(rep_->Build());
  const ops::NameScope scope(context.graph(), rep_->name);
  CallContext call(context.graph(), /*training=*/false);
  call.SetForExport();
  ASSIGN_OR_RETURN(const std::vector<ops::Tensor> outputs, rep_->network->Call(call, features));
  NamedTensors named;
  const std::vector<std::string> names = output_names();
  for (size_t i = 0; i < outputs.size(); ++i) named[names[i]] = outputs[i];
  return named;
}

Function Model::DefaultFunction() const {
  Function function;
  function.inputs = inputs();
  function.body = [this](FunctionContext& context) { return Call(context, context.inputs()); };
  return function;
}

absl::Status Model::Save(absl::string_view dir, std::map<std::string, Function> signatures) const {
  RETURN_IF_ERROR(Prepare());
  if (signatures.empty()) signatures["serving_default"] = DefaultFunction();
  SavedModelBuilder builder;
  std::vector<std::unique_ptr<ops::Graph>> graphs;
  for (const auto& [name, function] : signatures) {
    graphs.push_back(std::make_unique<ops::Graph>());
    ops::Graph& graph = *graphs.back();
    NamedTensors inputs;
    for (const TensorSpec& spec : function.inputs) {
      inputs[spec.name] = ops::Placeholder(graph, spec.dtype, spec.shape, spec.name);
    }
    FunctionContext context(graph, inputs);
    auto outputs = function.body(context);
    if (outputs.ok() && !graph.status().ok()) outputs = graph.status();
    if (!outputs.ok()) return Annotate(outputs.status(), absl::StrCat("signature \"", name, "\""));
    builder.AddSignature(name, std::move(inputs), *std::move(outputs));
    for (const auto& [variable, value] : context.variables()) builder.AddVariable(variable, value, /*trainable=*/false);
  }
  ASSIGN_OR_RETURN(auto values, GetWeights());
  for (const auto& layer : layers()) {
    if (const auto* quantizing = dynamic_cast<const QuantizingLayer*>(layer.get()))
      RETURN_IF_ERROR(quantizing->CheckRanges(values));
  }
  for (const Weight* weight : rep_->network->weights()) {
    builder.AddVariable(weight->full_name(), std::move(values[weight->full_name()]), weight->trainable());
  }
  RETURN_IF_ERROR(builder.Write(dir));
  ASSIGN_OR_RETURN(const std::vector<std::string> not_finite, rep_->program->NotFiniteWeights());
  if (!not_finite.empty()) Warn(absl::StrCat("the model saved to ", dir, ": ", DescribeNotFinite(not_finite)));
  return absl::OkStatus();
}

absl::Status Model::SaveWeights(absl::string_view path) const {
  ASSIGN_OR_RETURN(const auto weights, GetWeights());
  return WriteVariables(path, weights);
}

absl::Status Model::LoadWeights(absl::string_view path, bool skip_mismatch) {
  RETURN_IF_ERROR(Prepare());
  const bool of_keras = IsKerasWeights(path);
  ASSIGN_OR_RETURN(const std::vector<StoredVariable> variables,
                   of_keras ? ListKerasWeights(path, rep_->network->layers()) : ListVariables(path));
  const auto keys = MatchWeights(rep_->network->weights(), variables, skip_mismatch);
  RETURN_IF_ERROR(Annotate(keys.status(), path));
  std::vector<std::string> wanted;
  for (const auto& [name, key] : *keys) wanted.push_back(key);
  if (wanted.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(auto values,
                   of_keras ? ReadKerasWeights(path, wanted) : ReadVariables(path, wanted, /*allow_missing=*/false));
  std::map<std::string, Tensor> weights;
  for (const auto& [name, key] : *keys) weights[name] = std::move(values[key]);
  return Annotate(SetWeights(weights), path);
}

}  // namespace tfxm::nn
