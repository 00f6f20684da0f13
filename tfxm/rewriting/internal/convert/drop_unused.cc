// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/convert/drop_unused.h"

#include <memory>
#include <utility>
#include <vector>

#include "tflite_generated.h"

namespace tfxm::rewriting {

namespace {

// Which elements of a list are used, and where they then are.
class Places {
 public:
  explicit Places(size_t size) : places_(size, -1) {}
  void Use(int i) { places_[i] = 0; }
  // Leaves only those in the list.
  template <typename T>
  void Compact(std::vector<std::unique_ptr<T>>* elements) {
    std::vector<std::unique_ptr<T>> kept;
    for (size_t i = 0; i < places_.size(); ++i) {
      if (places_[i] < 0) continue;
      places_[i] = static_cast<int>(kept.size());
      kept.push_back(std::move((*elements)[i]));
    }
    *elements = std::move(kept);
  }
  int operator[](int i) const { return places_[i]; }

 private:
  std::vector<int> places_;  // -1: not used.
};

void DropTensors(schema::ModelT& model, size_t g) {
  schema::SubGraphT& graph = *model.subgraphs[g];
  std::vector<std::vector<int>*> lists = {&graph.inputs, &graph.outputs};
  for (auto& op : graph.operators) {
    for (auto* list : {&op->inputs, &op->outputs, &op->intermediates}) lists.push_back(list);
  }
  Places places(graph.tensors.size());
  for (const auto* list : lists) {
    for (int t : *list) {
      if (t >= 0) places.Use(t);
    }
  }
  places.Compact(&graph.tensors);
  for (auto* list : lists) {
    for (int& t : *list) t = t < 0 ? t : places[t];
  }
  for (auto& signature : model.signature_defs) {
    if (signature->subgraph_index != g) continue;
    for (auto* maps : {&signature->inputs, &signature->outputs}) {
      for (auto& map : *maps) map->tensor_index = places[map->tensor_index];
    }
  }
}

void DropBuffers(schema::ModelT& model) {
  std::vector<uint32_t*> users;
  for (auto& graph : model.subgraphs) {
    for (auto& tensor : graph->tensors) users.push_back(&tensor->buffer);
  }
  for (auto& metadata : model.metadata) users.push_back(&metadata->buffer);
  Places places(model.buffers.size());
  places.Use(0);  // The empty buffer, always the first.
  for (const uint32_t* buffer : users) places.Use(static_cast<int>(*buffer));
  places.Compact(&model.buffers);
  for (uint32_t* buffer : users) *buffer = places[static_cast<int>(*buffer)];
}

void DropOperatorCodes(schema::ModelT& model) {
  Places places(model.operator_codes.size());
  for (auto& graph : model.subgraphs) {
    for (auto& op : graph->operators) places.Use(static_cast<int>(op->opcode_index));
  }
  places.Compact(&model.operator_codes);
  for (auto& graph : model.subgraphs) {
    for (auto& op : graph->operators) op->opcode_index = places[static_cast<int>(op->opcode_index)];
  }
}

}  // namespace

void DropUnused(schema::ModelT& model) {
  for (size_t g = 0; g < model.subgraphs.size(); ++g) DropTensors(model, g);
  DropBuffers(model);
  DropOperatorCodes(model);
}

}  // namespace tfxm::rewriting
