// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/inference/input_levels.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_format.h"
#include "tflite_generated.h"
#include "tfxm/litert/inspect.h"
#include "tfxm/litert/internal/schema_util.h"

namespace tfxm::model_analysis {
namespace {

constexpr int64_t kEnough = 100000;
// With fewer values than this, few levels mean nothing.
constexpr int64_t kFew = 64;
// Values that lie within a sixteenth of the levels, or are cut off by half, are hardly of the unit calibrated for.
constexpr double kNarrow = 1.0 / 16, kMostCutOff = 0.5;

// The tensor that holds the input as integers: itself, or what a QUANTIZE makes of it. Null: there is none.
const schema::Tensor* QuantizedTensor(const schema::Model& model, const schema::SubGraph& graph, int input) {
  const auto is_quantized = [](const schema::Tensor& tensor) {
    const auto* q = tensor.quantization();
    const bool integer = tensor.type() == schema::TensorType_INT8 || tensor.type() == schema::TensorType_UINT8 ||
                         tensor.type() == schema::TensorType_INT16;
    return integer && q != nullptr && litert::Size(q->scale()) == 1;
  };
  const schema::Tensor* tensor = graph.tensors()->Get(input);
  if (is_quantized(*tensor)) return tensor;
  for (const auto* op : litert::Each(graph.operators())) {
    if (litert::OpName(model, *op) != "QUANTIZE" || op->inputs()->Get(0) != input) continue;
    tensor = graph.tensors()->Get(op->outputs()->Get(0));
    if (is_quantized(*tensor)) return tensor;
  }
  return nullptr;
}

}  // namespace

InputLevels::InputLevels(const litert::ModelFile& file, absl::string_view signature_name) {
  const auto signature = file.FindSignature(signature_name);
  if (!signature.ok()) return;
  const schema::SubGraph& graph = *file.model().subgraphs()->Get((*signature)->subgraph);
  for (const litert::SignatureTensor& input : (*signature)->inputs) {
    Input& entry = inputs_.emplace_back();
    entry.name = input.spec.name;
    const schema::Tensor* tensor = QuantizedTensor(file.model(), graph, input.tensor);
    if (tensor == nullptr) continue;
    const auto* zero_points = tensor->quantization()->zero_point();
    entry.quantization = {tensor->quantization()->scale()->Get(0),
                          litert::Size(zero_points) > 0 ? static_cast<int>(zero_points->Get(0)) : 0};
    entry.low = tensor->type() == schema::TensorType_INT8    ? -128
                : tensor->type() == schema::TensorType_UINT8 ? 0
                                                             : -32768;
    entry.high = tensor->type() == schema::TensorType_INT8    ? 127
                 : tensor->type() == schema::TensorType_UINT8 ? 255
                                                              : 32767;
    entry.min = entry.least = std::numeric_limits<double>::infinity();
    entry.max = entry.greatest = -entry.min;
  }
  enough_ = std::none_of(inputs_.begin(), inputs_.end(), [](const Input& i) { return i.quantization.scale > 0; });
}

template <typename T>
void InputLevels::AddValues(Input& input, std::span<const T> values) {
  for (const T v : values) {
    const auto value = static_cast<double>(v);
    if (!std::isfinite(value)) continue;
    const double level = std::round(value / input.quantization.scale) + input.quantization.zero_point;
    ++input.values;
    input.cut_off += level < input.low - 1 || level > input.high + 1;
    const double within = std::clamp(level, input.low, input.high);
    input.min = std::min(input.min, within);
    input.max = std::max(input.max, within);
    input.least = std::min(input.least, value);
    input.greatest = std::max(input.greatest, value);
  }
}

void InputLevels::Add(int i, const data::Column& column, int first, int count) {
  if (enough_ || inputs_[i].quantization.scale <= 0) return;
  std::lock_guard<std::mutex> lock(mutex_);
  Input& input = inputs_[i];
  for (int row = first; row < first + count && input.values < kEnough; ++row) {
    if (column.type() == data::ValueType::kFloat) AddValues(input, column.floats(row));
    if (column.type() == data::ValueType::kInt) AddValues(input, column.ints(row));
  }
  enough_ = std::all_of(inputs_.begin(), inputs_.end(),
                        [](const Input& other) { return other.quantization.scale <= 0 || other.values >= kEnough; });
}

std::vector<std::string> InputLevels::Warnings() const {
  std::lock_guard<std::mutex> lock(mutex_);
  std::vector<std::string> warnings;
  for (const Input& input : inputs_) {
    if (input.values < kFew || input.quantization.scale <= 0) continue;
    const double levels = input.high - input.low + 1, seen = input.max - input.min + 1;
    const auto real = [&](double level) { return (level - input.quantization.zero_point) * input.quantization.scale; };
    const std::string calibrated = absl::StrFormat(
        "it was calibrated for values in [%.4g, %.4g], and the examples' are in [%.4g, %.4g]: are they "
        "in the same unit (0..1 or 0..255)?",
        real(input.low), real(input.high), input.least, input.greatest);
    const double cut_off = static_cast<double>(input.cut_off) / static_cast<double>(input.values);
    if (seen <= levels * kNarrow) {
      warnings.push_back(absl::StrFormat("its quantized input \"%s\" sees %.0f of %.0f levels; %s", input.name, seen,
                                         levels, calibrated));
    } else if (cut_off > kMostCutOff) {
      warnings.push_back(absl::StrFormat("its quantized input \"%s\" cuts off %.0f %% of the values; %s", input.name,
                                         100 * cut_off, calibrated));
    }
  }
  return warnings;
}

}  // namespace tfxm::model_analysis
