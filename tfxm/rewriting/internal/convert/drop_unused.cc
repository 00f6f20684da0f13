// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/convert/drop_unused.h"

#include <memory>
#include <utility>
#include <vector>

#include "tflite_generated.h"

namespace tfxm::rewriting {

void DropUnused(schema::ModelT& model) {
  for (size_t g = 0; g < model.subgraphs.size(); ++g) {
    schema::SubGraphT& graph = *model.subgraphs[g];
    std::vector<int> place(graph.tensors.size(), -1);
    for (const auto& op : graph.operators) {
      for (const auto* list : {&op->inputs, &op->outputs, &op->intermediates}) {
        for (int t : *list) {
          if (t >= 0) place[t] = 0;
        }
      }
    }
    for (const auto* list : {&graph.inputs, &graph.outputs}) {
      for (int t : *list) place[t] = 0;
    }
    std::vector<std::unique_ptr<schema::TensorT>> kept;
    for (size_t t = 0; t < place.size(); ++t) {
      if (place[t] < 0) continue;
      place[t] = static_cast<int>(kept.size());
      kept.push_back(std::move(graph.tensors[t]));
    }
    graph.tensors = std::move(kept);
    auto move = [&](std::vector<int>& list) {
      for (int& t : list) t = t < 0 ? t : place[t];
    };
    for (auto& op : graph.operators) {
      move(op->inputs);
      move(op->outputs);
      move(op->intermediates);
    }
    move(graph.inputs);
    move(graph.outputs);
    for (auto& signature : model.signature_defs) {
      if (signature->subgraph_index != g) continue;
      for (auto* maps : {&signature->inputs, &signature->outputs}) {
        for (auto& map : *maps) map->tensor_index = place[map->tensor_index];
      }
    }
  }
  std::vector<int> buffer_place(model.buffers.size(), -1);
  buffer_place[0] = 0;
  for (auto& graph : model.subgraphs) {
    for (auto& tensor : graph->tensors) buffer_place[tensor->buffer] = 0;
  }
  for (auto& metadata : model.metadata) buffer_place[metadata->buffer] = 0;
  std::vector<std::unique_ptr<schema::BufferT>> kept;
  for (size_t b = 0; b < buffer_place.size(); ++b) {
    if (buffer_place[b] < 0) continue;
    buffer_place[b] = static_cast<int>(kept.size());
    kept.push_back(std::move(model.buffers[b]));
  }
  model.buffers = std::move(kept);
  for (auto& graph : model.subgraphs) {
    for (auto& tensor : graph->tensors) tensor->buffer = buffer_place[tensor->buffer];
  }
  for (auto& metadata : model.metadata) metadata->buffer = buffer_place[metadata->buffer];
  std::vector<int> code_place(model.operator_codes.size(), -1);
  for (auto& graph : model.subgraphs) {
    for (auto& op : graph->operators) code_place[op->opcode_index] = 0;
  }
  std::vector<std::unique_ptr<schema::OperatorCodeT>> codes;
  for (size_t c = 0; c < code_place.size(); ++c) {
    if (code_place[c] < 0) continue;
    code_place[c] = static_cast<int>(codes.size());
    codes.push_back(std::move(model.operator_codes[c]));
  }
  model.operator_codes = std::move(codes);
  for (auto& graph : model.subgraphs) {
    for (auto& op : graph->operators) op->opcode_index = code_place[op->opcode_index];
  }
}

}  // namespace tfxm::rewriting
