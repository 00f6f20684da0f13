// SPDX-License-Identifier: Apache-2.0

#include "tfxm/litert/delegation.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tflite_generated.h"
#include "tfxm/litert/inspect.h"
#include "tfxm/litert/internal/schema_util.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::litert {

double Delegation::share() const {
  int by_own = 0;
  for (const auto& [kind, count] : own) by_own += count;
  return operators == 0 ? 1 : 1 - static_cast<double>(by_own) / operators;
}

absl::StatusOr<Delegation> FindDelegation(CompiledModel& model, absl::string_view signature) {
  const schema::Model& file = model.file().model();
  const auto operators = [&file](int graph) { return Size(file.subgraphs()->Get(graph)->operators()); };
  ASSIGN_OR_RETURN(const SignatureInfo* info, model.file().FindSignature(signature));
  Delegation delegation;
  if (model.fully_delegated()) {
    delegation.operators = operators(info->subgraph);
    return delegation;
  }
  CompiledModelOptions options;
  options.signature = signature;
  options.profile = true;
  ASSIGN_OR_RETURN(const std::unique_ptr<CompiledModel> profiled, CompiledModel::Create(model.shared_file(), options));
  const int inputs = static_cast<int>(model.inputs().size());
  std::vector<Shape> shapes;
  for (int i = 0; i < inputs; ++i) shapes.push_back(model.input_shape(i));
  RETURN_IF_ERROR(profiled->ResizeInputs(shapes));
  for (int i = 0; i < inputs; ++i) {
    if (model.inputs()[i].dtype == DataType::kString) {
      RETURN_IF_ERROR(profiled->SetStrings(i, std::vector<std::string>(NumElements(model.input_shape(i)))));
    } else {
      std::copy(model.input(i).begin(), model.input(i).end(), profiled->input(i).begin());
    }
  }
  ASSIGN_OR_RETURN(const auto own, profiled->RunProfiled());
  std::set<int> graphs = {info->subgraph};
  for (const auto& [graph, op] : own) {
    graphs.insert(graph);
    ++delegation.own[OpName(file, *file.subgraphs()->Get(graph)->operators()->Get(op))];
  }
  for (int graph : graphs) delegation.operators += operators(graph);
  return delegation;
}

}  // namespace tfxm::litert
