#include "tfxm/rewriting/internal/model_edit.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <set>
#include <string_view>
#include <vector>

#include "tflite_generated.h"
#include "tfxm/litert/schema_util.h"

namespace tfxm::rewriting {
namespace {

std::unique_ptr<schema::ModelT> Unpack(absl::string_view model) {
  return std::unique_ptr<schema::ModelT>(schema::GetModel(model.data())->UnPack());
}

std::string Pack(const schema::ModelT& model) {
  flatbuffers::FlatBufferBuilder builder(1 << 20);
  schema::FinishModelBuffer(builder, schema::Model::Pack(builder, &model));
  return std::string(reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize());
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

bool IsActivation16(const schema::TensorT& tensor) {
  return tensor.type == schema::TensorType_INT16 && tensor.quantization && tensor.quantization->scale.size() == 1;
}

// int16 activations: [-32768, 32767] with a zero point of 0 or -1 becomes [-32767, 32767] around 0.
void MakeSymmetric(schema::ModelT& model, schema::TensorT& tensor) {
  // Softmax, logistic and tanh have fixed ranges, which are symmetric as they are.
  if (tensor.quantization->scale[0] == 1.0f / 32768) return;
  constexpr double kStretch = 65535.0 / 65534.0;
  const int64_t zero_point = tensor.quantization->zero_point.empty() ? 0 : tensor.quantization->zero_point[0];
  tensor.quantization->scale[0] = static_cast<float>(tensor.quantization->scale[0] * kStretch);
  tensor.quantization->zero_point = {0};
  if (model.buffers[tensor.buffer]->data.empty()) return;
  auto buffer = std::make_unique<schema::BufferT>(*model.buffers[tensor.buffer]);
  for (size_t i = 0; i + 1 < buffer->data.size(); i += 2) {
    int16_t q;
    std::memcpy(&q, &buffer->data[i], 2);
    q = static_cast<int16_t>(std::clamp(std::nearbyint((q - zero_point) / kStretch), -32767.0, 32767.0));
    std::memcpy(&buffer->data[i], &q, 2);
  }
  tensor.buffer = model.buffers.size();
  model.buffers.push_back(std::move(buffer));
}

// The input that is the bias, -1 if the operator has none.
int BiasInput(schema::BuiltinOperator kind) {
  switch (kind) {
    case schema::BuiltinOperator_CONV_2D:
    case schema::BuiltinOperator_DEPTHWISE_CONV_2D:
    case schema::BuiltinOperator_FULLY_CONNECTED: return 2;
    case schema::BuiltinOperator_TRANSPOSE_CONV: return 3;
    default: return -1;
  }
}

void WidenBias(schema::ModelT& model, schema::SubGraphT& graph, const schema::OperatorT& op, int bias_input) {
  if (static_cast<int>(op.inputs.size()) <= bias_input || op.inputs[bias_input] < 0) return;
  const bool transpose = bias_input == 3;  // TRANSPOSE_CONV: shape, weights, input, bias
  const schema::TensorT& input = *graph.tensors[op.inputs[transpose ? 2 : 0]];
  const schema::TensorT& weights = *graph.tensors[op.inputs[1]];
  schema::TensorT& bias = *graph.tensors[op.inputs[bias_input]];
  if (!IsActivation16(input) || !weights.quantization || bias.type != schema::TensorType_INT32 || !bias.quantization) return;
  const std::vector<uint8_t>& from = model.buffers[bias.buffer]->data;
  const auto& old_scales = bias.quantization->scale;
  const auto& weight_scales = weights.quantization->scale;
  std::vector<float> scales;
  for (float s : weight_scales) scales.push_back(input.quantization->scale[0] * s);
  if (old_scales.empty() || scales.empty()) return;
  auto buffer = std::make_unique<schema::BufferT>();
  const size_t n = from.size() / sizeof(int32_t);
  buffer->data.resize(n * sizeof(int64_t));
  for (size_t i = 0; i < n; ++i) {
    int32_t q;
    std::memcpy(&q, &from[i * sizeof(q)], sizeof(q));
    const double value = static_cast<double>(q) * old_scales[old_scales.size() == n ? i : 0];
    const int64_t wide = std::llrint(value / scales[scales.size() == n ? i : 0]);
    std::memcpy(&buffer->data[i * sizeof(wide)], &wide, sizeof(wide));
  }
  bias.type = schema::TensorType_INT64;
  bias.quantization->zero_point.assign(scales.size(), 0);
  bias.quantization->scale = std::move(scales);
  bias.buffer = model.buffers.size();
  model.buffers.push_back(std::move(buffer));
}

// Buffers that no tensor and no metadata uses any more hold nothing.
void DropUnusedData(schema::ModelT& model) {
  std::set<uint32_t> used;
  for (const auto& graph : model.subgraphs) {
    for (const auto& tensor : graph->tensors) used.insert(tensor->buffer);
  }
  for (const auto& metadata : model.metadata) used.insert(metadata->buffer);
  for (size_t b = 0; b < model.buffers.size(); ++b) {
    if (!used.count(b)) model.buffers[b]->data.clear();
  }
}

}  // namespace

std::string FinishInt16(absl::string_view bytes) {
  auto model = Unpack(bytes);
  for (auto& graph : model->subgraphs) {
    for (auto& tensor : graph->tensors) {
      if (IsActivation16(*tensor)) MakeSymmetric(*model, *tensor);
    }
    for (const auto& op : graph->operators) {
      const auto& code = *model->operator_codes[op->opcode_index];
      const int bias = BiasInput(litert::KindOf(code));
      if (bias > 0) WidenBias(*model, *graph, *op, bias);
    }
  }
  DropUnusedData(*model);
  return Pack(*model);
}

std::string DeduplicateBuffers(absl::string_view bytes) {
  auto model = Unpack(bytes);
  std::map<std::string_view, uint32_t> first;
  std::map<uint32_t, uint32_t> same;
  for (uint32_t b : ReadOnlyBuffers(*model)) {
    const auto& data = model->buffers[b]->data;
    if (data.empty()) continue;
    const std::string_view view(reinterpret_cast<const char*>(data.data()), data.size());
    if (const auto [it, inserted] = first.emplace(view, b); !inserted) same[b] = it->second;
  }
  if (same.empty()) return std::string(bytes);
  for (auto& graph : model->subgraphs) {
    for (const auto& op : graph->operators) {
      for (int t : op->inputs) {
        if (t < 0) continue;
        if (auto it = same.find(graph->tensors[t]->buffer); it != same.end()) graph->tensors[t]->buffer = it->second;
      }
    }
  }
  for (const auto& [b, original] : same) model->buffers[b]->data.clear();
  return Pack(*model);
}

std::string SetRanges(absl::string_view bytes, const Ranges& ranges) {
  auto model = Unpack(bytes);
  for (const auto& [where, range] : ranges) {
    auto quantization = std::make_unique<schema::QuantizationParametersT>();
    quantization->min = {range.min};
    quantization->max = {range.max};
    model->subgraphs[where.first]->tensors[where.second]->quantization = std::move(quantization);
  }
  return Pack(*model);
}

}  // namespace tfxm::rewriting
