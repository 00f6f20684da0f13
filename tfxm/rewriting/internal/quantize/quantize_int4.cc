// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/quantize/quantize_int4.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/types/span.h"
#include "tflite_generated.h"
#include "tfxm/litert/internal/schema_edit.h"
#include "tfxm/litert/internal/schema_util.h"
#include "tfxm/rewriting/internal/convert/model_edit.h"

namespace tfxm::rewriting {
namespace {

constexpr int kLargest = 7;  // -8 is left out: the range is symmetric.
// Clipping a channel's largest weights makes the others finer. Below half of the range nothing was ever gained.
constexpr int kClippings = 11;
constexpr double kClippingStep = 0.05;

struct Int4Channel {
  float scale = 0;
  std::vector<int8_t> values;
};

Int4Channel Quantize(absl::Span<const int8_t> weights, float scale) {
  int largest = 0;
  for (int8_t w : weights) largest = std::max(largest, std::abs(static_cast<int>(w)));
  Int4Channel best{.scale = scale, .values = std::vector<int8_t>(weights.size())};
  double least = HUGE_VAL;
  for (int clipping = 0; clipping < kClippings && largest > 0; ++clipping) {
    const double step = largest * (1 - clipping * kClippingStep) / kLargest;
    double error = 0;
    std::vector<int8_t> values(weights.size());
    for (size_t i = 0; i < weights.size(); ++i) {
      values[i] = static_cast<int8_t>(std::clamp<int64_t>(std::lround(weights[i] / step), -kLargest, kLargest));
      const double off = weights[i] - values[i] * step;
      error += off * off;
    }
    if (error >= least) continue;
    least = error;
    best = {.scale = static_cast<float>(step * scale), .values = std::move(values)};
  }
  return best;
}

// The version that says so of an operator that takes int4 weights, 0 if none of this kind multiplies them with float
// activations. Of CONV_2D it is that of int8 activations: the hybrid kernel has no version of its own.
int Int4Version(schema::BuiltinOperator kind) {
  if (kind == schema::BuiltinOperator_FULLY_CONNECTED) return 12;
  if (kind == schema::BuiltinOperator_CONV_2D) return 7;
  return 0;
}
// The first release with these kernels.
constexpr int kMajor = 2, kMinor = 17;

// What the file says it needs, where that is less.
void NeedInt4Kernels(schema::ModelT& model) {
  for (const auto& entry : model.metadata) {
    if (entry->name != "min_runtime_version") continue;
    std::vector<uint8_t>& data = model.buffers[entry->buffer]->data;
    const std::string version(data.begin(), std::find(data.begin(), data.end(), 0));
    const std::vector<std::string> parts = absl::StrSplit(version, '.');
    int major = 0, minor = 0;
    if (parts.size() > 1 && absl::SimpleAtoi(parts[0], &major) && absl::SimpleAtoi(parts[1], &minor) &&
        std::pair(major, minor) >= std::pair(kMajor, kMinor)) {
      continue;
    }
    const std::string needed = absl::StrCat(kMajor, ".", kMinor, ".0");
    data.assign(std::max(data.size(), needed.size() + 1), 0);
    std::copy(needed.begin(), needed.end(), data.begin());
  }
}

// The tensors that become int4: read as weights by such operators, and by nothing else.
std::set<int> Weights(const schema::ModelT& model, const schema::SubGraphT& graph) {
  std::set<int> found, read_otherwise(graph.outputs.begin(), graph.outputs.end());
  for (const auto& op : graph.operators) {
    const bool takes = Int4Version(litert::KindOf(*model.operator_codes[op->opcode_index])) > 0;
    const auto is_float = [&](int t) { return t >= 0 && graph.tensors[t]->type == schema::TensorType_FLOAT32; };
    for (size_t i = 0; i < op->inputs.size(); ++i) {
      const bool fits = takes && i == 1 && is_float(op->inputs[0]) && is_float(op->outputs[0]);
      (fits ? found : read_otherwise).insert(op->inputs[i]);
    }
  }
  for (int t : read_otherwise) found.erase(t);
  return found;
}

// Their outputs are the first dimension, in both operators.
void MakeInt4(schema::TensorT& tensor, schema::BufferT& buffer) {
  const absl::Span<const int8_t> weights(reinterpret_cast<const int8_t*>(buffer.data.data()), buffer.data.size());
  const size_t channels = tensor.shape[0], each = weights.size() / channels;
  const std::vector<float> scales = tensor.quantization->scale;
  std::vector<uint8_t> packed((weights.size() + 1) / 2);
  tensor.quantization->scale.clear();
  for (size_t c = 0; c < channels; ++c) {
    const Int4Channel channel = Quantize(weights.subspan(c * each, each), scales[scales.size() > 1 ? c : 0]);
    tensor.quantization->scale.push_back(channel.scale);
    for (size_t i = 0; i < each; ++i) {
      const size_t at = c * each + i;
      packed[at / 2] |= (channel.values[i] & 0xf) << (at % 2 == 0 ? 0 : 4);
    }
  }
  tensor.quantization->zero_point.assign(channels, 0);
  tensor.quantization->quantized_dimension = 0;
  tensor.type = schema::TensorType_INT4;
  buffer.data = std::move(packed);
}

}  // namespace

std::string QuantizeInt4(absl::string_view bytes) {
  if (HasOutsideBuffers(bytes)) return std::string(bytes);
  const std::unique_ptr<schema::ModelT> model = litert::UnpackModel(*schema::GetModel(bytes.data()));
  std::map<uint32_t, int> readers;
  for (const auto& graph : model->subgraphs) {
    for (const auto& tensor : graph->tensors) ++readers[tensor->buffer];
  }
  bool any = false;
  for (const auto& graph : model->subgraphs) {
    for (int t : Weights(*model, *graph)) {
      schema::TensorT& tensor = *graph->tensors[t];
      schema::BufferT& buffer = *model->buffers[tensor.buffer];
      const size_t scales = tensor.quantization == nullptr ? 0 : tensor.quantization->scale.size();
      const bool by_output = scales == 1 || (scales > 1 && tensor.quantization->quantized_dimension == 0 &&
                                             !tensor.shape.empty() && scales == static_cast<size_t>(tensor.shape[0]));
      if (tensor.type != schema::TensorType_INT8 || tensor.is_variable || readers[tensor.buffer] > 1 || !by_output ||
          tensor.shape.empty() || tensor.shape[0] <= 0 || buffer.data.empty() ||
          buffer.data.size() % tensor.shape[0] != 0) {
        continue;
      }
      MakeInt4(tensor, buffer);
      any = true;
    }
  }
  if (!any) return std::string(bytes);
  for (const auto& code : model->operator_codes) {
    code->version = std::max(code->version, Int4Version(litert::KindOf(*code)));
  }
  NeedInt4Kernels(*model);
  return litert::PackModel(*model, bytes.size());
}

}  // namespace tfxm::rewriting
