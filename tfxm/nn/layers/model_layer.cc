// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/layers/model_layer.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "tfxm/nn/internal/towers.h"

namespace tfxm::nn {

absl::Status ModelLayer::Build(const std::vector<Shape>& input_shapes) {
  if (!status_.ok()) return status_;
  if (input_shapes.size() == network_.inputs().size()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the model has ", network_.inputs().size(), " inputs, got ", input_shapes.size()));
}

bool ModelLayer::per_example() const { return CheckTowers(network_).ok(); }

std::vector<ops::Tensor> ModelLayer::CallAll(CallContext& context, const std::vector<ops::Tensor>& inputs) {
  std::map<std::string, ops::Tensor> named;
  for (size_t i = 0; i < inputs.size(); ++i) named[network_.inputs()[i].name] = inputs[i];
  std::vector<ops::Tensor> masks;
  const bool outer = context.SetInference(false);
  context.SetInference(outer || !training_);
  auto outputs = network_.Call(context, named, &masks);
  context.SetInference(outer);
  if (!outputs.ok()) {
    context.graph().SetError(outputs.status());
    return {ops::Tensor(&context.graph(), -1, 0)};
  }
  context.SetOutputMask(masks[0]);
  return *std::move(outputs);
}

}  // namespace tfxm::nn
