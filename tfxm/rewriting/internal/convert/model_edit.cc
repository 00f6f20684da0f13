// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/convert/model_edit.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string_view>

#include "tflite_generated.h"
#include "tfxm/litert/internal/schema_edit.h"
#include "tfxm/litert/internal/schema_util.h"

namespace tfxm::rewriting {
namespace {

std::unique_ptr<schema::ModelT> Unpack(absl::string_view model) {
  return litert::UnpackModel(*schema::GetModel(model.data()));
}

// Buffers that only operators read.
std::set<uint32_t> ReadOnlyBuffers(const schema::ModelT& model) {
  std::set<uint32_t> buffers;
  for (const auto& graph : model.subgraphs) {
    std::set<int> tensors;
    for (const auto& op : graph->operators) {
      for (size_t i = 0; i < op->inputs.size(); ++i) {
        const int t = op->inputs[i];
        const bool mutated = i < op->mutating_variable_inputs.size() && op->mutating_variable_inputs[i];
        if (t >= 0 && !mutated && !graph->tensors[t]->is_variable) tensors.insert(t);
      }
    }
    for (const auto& op : graph->operators) {
      for (int t : op->outputs) tensors.erase(t);
      for (int t : op->intermediates) tensors.erase(t);
    }
    for (int t : graph->inputs) tensors.erase(t);
    for (int t : graph->outputs) tensors.erase(t);
    for (int t : tensors) buffers.insert(graph->tensors[t]->buffer);
  }
  return buffers;
}

// Makes weights that are equal byte for byte one buffer.
void DeduplicateBuffers(schema::ModelT* model) {
  std::map<std::string_view, uint32_t> first;
  std::map<uint32_t, uint32_t> same;
  for (uint32_t b : ReadOnlyBuffers(*model)) {
    const auto& data = model->buffers[b]->data;
    if (data.empty()) continue;
    const std::string_view view(reinterpret_cast<const char*>(data.data()), data.size());
    if (const auto [it, inserted] = first.emplace(view, b); !inserted) same[b] = it->second;
  }
  for (auto& graph : model->subgraphs) {
    for (const auto& op : graph->operators) {
      for (int t : op->inputs) {
        if (t < 0) continue;
        if (auto it = same.find(graph->tensors[t]->buffer); it != same.end()) graph->tensors[t]->buffer = it->second;
      }
    }
  }
  for (const auto& [b, original] : same) model->buffers[b]->data.clear();
}

}  // namespace

bool HasOutsideBuffers(absl::string_view bytes) {
  const auto* buffers = schema::GetModel(bytes.data())->buffers();
  for (uint32_t b = 0; buffers != nullptr && b < buffers->size(); ++b) {
    if (buffers->Get(b)->offset() > 1) return true;
  }
  return false;
}

std::string FinishModel(absl::string_view bytes, const ConversionMetadata& metadata) {
  if (HasOutsideBuffers(bytes)) return std::string(bytes);
  // Field k of a table is at 4 + 2 k. Table by table, as the schema lists them.
  constexpr auto field = [](int k) { return static_cast<flatbuffers::voffset_t>(4 + 2 * k); };
  constexpr int kApiVersion = 2, kSavedModel = 1;
  flatbuffers::FlatBufferBuilder builder;
  const auto version = builder.CreateString(metadata.tensorflow_version);
  const auto modes = builder.CreateVector(metadata.modes);
  auto table = builder.StartTable();  // Environment
  builder.AddOffset(field(0), version);
  builder.AddElement<uint32_t>(field(1), kApiVersion, 0);
  builder.AddElement<int32_t>(field(2), kSavedModel, 0);
  const flatbuffers::Offset<void> environment(builder.EndTable(table));
  table = builder.StartTable();  // ConversionOptions
  builder.AddOffset(field(0), modes);
  builder.AddElement<uint8_t>(field(1), metadata.allow_custom_ops, 0);
  builder.AddElement<uint8_t>(field(2), metadata.enable_select_tf_ops, 0);
  const flatbuffers::Offset<void> options(builder.EndTable(table));
  table = builder.StartTable();  // ConversionMetadata
  builder.AddOffset(field(0), environment);
  builder.AddOffset(field(1), options);
  builder.Finish(flatbuffers::Offset<void>(builder.EndTable(table)));

  auto model = Unpack(bytes);
  DeduplicateBuffers(model.get());
  auto entry = std::make_unique<schema::MetadataT>();
  entry->name = "CONVERSION_METADATA";
  entry->buffer =
      litert::AddBuffer(*model, {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()});
  model->metadata.push_back(std::move(entry));
  return litert::PackModel(*model, bytes.size());
}

std::string WithShapeSignatures(std::string bytes) {
  const auto is_open = [](int side) { return side < 0; };
  bool any = false;
  for (const auto* graph : litert::Each(schema::GetModel(bytes.data())->subgraphs())) {
    for (const auto* tensor : litert::Each(graph->tensors())) {
      const auto shape = litert::Each(tensor->shape());
      any = any || std::any_of(shape.begin(), shape.end(), is_open);
    }
  }
  if (!any || HasOutsideBuffers(bytes)) return bytes;
  auto model = Unpack(bytes);
  for (auto& graph : model->subgraphs) {
    for (auto& tensor : graph->tensors) {
      if (std::none_of(tensor->shape.begin(), tensor->shape.end(), is_open)) continue;
      tensor->shape_signature = tensor->shape;
      std::replace_if(tensor->shape.begin(), tensor->shape.end(), is_open, 1);
    }
  }
  return litert::PackModel(*model, bytes.size());
}

std::string SetRanges(absl::string_view bytes, const Ranges& ranges) {
  auto model = Unpack(bytes);
  for (const auto& [where, range] : ranges) {
    auto quantization = std::make_unique<schema::QuantizationParametersT>();
    quantization->min = {range.min};
    quantization->max = {range.max};
    model->subgraphs[where.first]->tensors[where.second]->quantization = std::move(quantization);
  }
  return litert::PackModel(*model, bytes.size());
}

}  // namespace tfxm::rewriting
