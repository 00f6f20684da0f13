// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/quantize/quantize_int16.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tflite_generated.h"
#include "tfxm/litert/internal/schema_edit.h"
#include "tfxm/litert/internal/schema_util.h"
#include "tfxm/rewriting/internal/convert/drop_unused.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::rewriting {
namespace {

constexpr float kFixedScale = 1.0f / 32768;
// Accumulators have 64 bits, but the kernels' intermediate results only 48.
constexpr double kLargestBias = static_cast<double>(int64_t{1} << 45);

// How an operator is quantized.
struct Rule {
  std::vector<int> inputs;  // The activations among its inputs; empty: all.
  int weights = -1;         // Constant int8 weights and their channel's dimension.
  int channel_dim = 0;
  int bias = -1;
  bool output_as_input = false;   // The result has the first activation's scale.
  bool inputs_as_output = false;  // All activations are brought to the result's scale.
  bool fixed_output = false;
  int version = 1;  // The least of the operator that has this; raised where the runtime cares.
};

std::optional<Rule> RuleOf(schema::BuiltinOperator kind) {
  switch (kind) {
    case schema::BuiltinOperator_CONV_2D:
      return Rule{.inputs = {0}, .weights = 1, .channel_dim = 0, .bias = 2, .version = 4};
    case schema::BuiltinOperator_DEPTHWISE_CONV_2D:
      return Rule{.inputs = {0}, .weights = 1, .channel_dim = 3, .bias = 2, .version = 5};
    case schema::BuiltinOperator_FULLY_CONNECTED:
      return Rule{.inputs = {0}, .weights = 1, .channel_dim = 0, .bias = 2, .version = 7};
    case schema::BuiltinOperator_TRANSPOSE_CONV:
      return Rule{.inputs = {2}, .weights = 1, .channel_dim = 0, .bias = 3, .version = 3};
    case schema::BuiltinOperator_ADD:
    case schema::BuiltinOperator_SUB:
    case schema::BuiltinOperator_MUL:
    case schema::BuiltinOperator_BATCH_MATMUL: return Rule{.inputs = {0, 1}, .version = 4};
    case schema::BuiltinOperator_ABS:
    case schema::BuiltinOperator_RSQRT:
    case schema::BuiltinOperator_EXP:
    case schema::BuiltinOperator_MEAN:
    case schema::BuiltinOperator_SUM:
    case schema::BuiltinOperator_RELU:
    case schema::BuiltinOperator_RELU6:
    case schema::BuiltinOperator_GELU:
    case schema::BuiltinOperator_LEAKY_RELU: return Rule{.inputs = {0}};
    case schema::BuiltinOperator_LOG: return Rule{.inputs = {0}, .version = 2};
    case schema::BuiltinOperator_LOGISTIC:
    case schema::BuiltinOperator_TANH:
    case schema::BuiltinOperator_SOFTMAX: return Rule{.inputs = {0}, .fixed_output = true, .version = 3};
    case schema::BuiltinOperator_AVERAGE_POOL_2D:
    case schema::BuiltinOperator_MAX_POOL_2D:
    case schema::BuiltinOperator_SPACE_TO_BATCH_ND:
    case schema::BuiltinOperator_BATCH_TO_SPACE_ND:
    case schema::BuiltinOperator_BROADCAST_TO:
    case schema::BuiltinOperator_EXPAND_DIMS:
    case schema::BuiltinOperator_GATHER:
    case schema::BuiltinOperator_GATHER_ND:
    case schema::BuiltinOperator_PAD:
    case schema::BuiltinOperator_RESHAPE:
    case schema::BuiltinOperator_RESIZE_BILINEAR:
    case schema::BuiltinOperator_RESIZE_NEAREST_NEIGHBOR:
    case schema::BuiltinOperator_REVERSE_V2:
    case schema::BuiltinOperator_SLICE:
    case schema::BuiltinOperator_SQUEEZE:
    case schema::BuiltinOperator_STRIDED_SLICE:
    case schema::BuiltinOperator_TILE:
    case schema::BuiltinOperator_TRANSPOSE:
    case schema::BuiltinOperator_UNPACK:
    case schema::BuiltinOperator_MIRROR_PAD:
    case schema::BuiltinOperator_REDUCE_MAX:
    case schema::BuiltinOperator_REDUCE_MIN:
    case schema::BuiltinOperator_SPLIT_V: return Rule{.inputs = {0}, .output_as_input = true};
    case schema::BuiltinOperator_SPLIT: return Rule{.inputs = {1}, .output_as_input = true};
    case schema::BuiltinOperator_FILL: return Rule{.inputs = {1}, .output_as_input = true, .version = 3};
    case schema::BuiltinOperator_CONCATENATION:
    case schema::BuiltinOperator_PACK:
    case schema::BuiltinOperator_MAXIMUM:
    case schema::BuiltinOperator_MINIMUM: return Rule{.inputs_as_output = true};
    default: return std::nullopt;
  }
}

// Whether an activation is fused into the operator, and to what bound it clips.
float ClipOf(const schema::OperatorT& op) {
  auto of = [](schema::ActivationFunctionType f) {
    return f == schema::ActivationFunctionType_RELU6          ? 6.0f
           : f == schema::ActivationFunctionType_RELU_N1_TO_1 ? 1.0f
                                                              : 0.0f;
  };
  if (const auto* o = op.builtin_options.AsConv2DOptions()) return of(o->fused_activation_function);
  if (const auto* o = op.builtin_options.AsDepthwiseConv2DOptions()) return of(o->fused_activation_function);
  if (const auto* o = op.builtin_options.AsFullyConnectedOptions()) return of(o->fused_activation_function);
  if (const auto* o = op.builtin_options.AsAddOptions()) return of(o->fused_activation_function);
  if (const auto* o = op.builtin_options.AsSubOptions()) return of(o->fused_activation_function);
  if (const auto* o = op.builtin_options.AsMulOptions()) return of(o->fused_activation_function);
  return 0;
}

// Operators that are worth quantizing even if all they read are constants: a table, or what grows with the batch.
bool MakesActivation(schema::BuiltinOperator kind) {
  return kind == schema::BuiltinOperator_GATHER || kind == schema::BuiltinOperator_FILL ||
         kind == schema::BuiltinOperator_TILE || kind == schema::BuiltinOperator_BROADCAST_TO;
}

bool IgnoresValues(schema::BuiltinOperator kind) {
  return kind == schema::BuiltinOperator_SHAPE || kind == schema::BuiltinOperator_RANK;
}

class Int16Quantizer {
 public:
  Int16Quantizer(schema::ModelT& model, const Ranges& ranges, const QuantizeOptions& options)
      : model_(model),
        graph_(*model.subgraphs[0]),
        ranges_(ranges),
        options_(options),
        keep_ops_(options.keep_float_ops.begin(), options.keep_float_ops.end()),
        keep_nodes_(options.keep_float_nodes.begin(), options.keep_float_nodes.end()),
        only_(options.int16_nodes.begin(), options.int16_nodes.end()) {}

  void Run() {
    std::vector<std::unique_ptr<schema::OperatorT>> ops = std::move(graph_.operators);
    graph_.operators.clear();
    for (int t : graph_.inputs) QuantizeGraphInput(t);
    for (int t : graph_.outputs) wanted_.insert(t);
    for (const auto& op : ops) {
      if (RuleOf(KindOf(*op))) wanted_.insert(op->inputs.begin(), op->inputs.end());
    }
    for (auto& op : ops) {
      const auto rule = RuleOf(KindOf(*op));
      if (IgnoresValues(KindOf(*op))) {
        // They take what is there.
      } else if (rule && CanQuantize(*op, *rule)) {
        QuantizeOp(*op, *rule);
      } else {
        for (int& t : op->inputs) t = t < 0 ? t : Float(t);
      }
      graph_.operators.push_back(std::move(op));
    }
    for (int& t : graph_.outputs) FinishOutput(t);
  }

 private:
  schema::TensorT& tensor(int t) { return *graph_.tensors[t]; }
  schema::BuiltinOperator KindOf(const schema::OperatorT& op) const {
    return litert::KindOf(*model_.operator_codes[op.opcode_index]);
  }
  bool IsConstant(int t) { return !model_.buffers[tensor(t).buffer]->data.empty(); }
  bool IsFloat(int t) { return tensor(t).type == schema::TensorType_FLOAT32; }
  std::optional<float> RangeScale(int t) const {
    const auto it = ranges_.find({0, t});
    if (it == ranges_.end()) return std::nullopt;
    const float largest = std::max(std::abs(it->second.min), std::abs(it->second.max));
    // The calibrator's range of zeros ends at the least float there is.
    // Of nothing but zeros, that of values up to 1: a scale of 1 would coarsen what they are added to.
    return (largest <= std::numeric_limits<float>::min() ? 1.0f : largest) / 32767.0f;
  }

  // LOG is interpolated between 257 points from 0 to the greatest input (tflite/kernels/internal/common.h), which says
  // nothing of inputs near 0.
  bool HasLogTable(int t) {
    const auto it = ranges_.find({0, t});
    if (it == ranges_.end() || !(it->second.min > 0)) return false;
    const float step = it->second.max / 256;
    return step * step / (8 * it->second.min * it->second.min) < std::log(it->second.max / it->second.min) / 32;
  }

  std::vector<int> Activations(const schema::OperatorT& op, const Rule& rule) {
    std::vector<int> out;
    if (!rule.inputs.empty()) {
      for (int i : rule.inputs) {
        if (i < static_cast<int>(op.inputs.size()) && op.inputs[i] >= 0) out.push_back(i);
      }
      return out;
    }
    for (size_t i = 0; i < op.inputs.size(); ++i) out.push_back(static_cast<int>(i));
    return out;
  }

  bool CanQuantize(const schema::OperatorT& op, const Rule& rule) {
    if (op.outputs.empty()) return false;
    const schema::BuiltinOperator kind = KindOf(op);
    if (keep_ops_.count(schema::EnumNameBuiltinOperator(kind))) return false;
    for (int t : op.outputs) {
      if (t < 0 || !IsFloat(t) || keep_nodes_.count(tensor(t).name)) return false;
      if (!only_.empty() && !only_.count(tensor(t).name)) return false;
      if (!rule.output_as_input && !rule.fixed_output && !RangeScale(t)) return false;
    }
    // Between float operators (a variable's, say), integers would only add conversions.
    bool any = false, wanted = rule.weights >= 0 || kind == schema::BuiltinOperator_GATHER || !only_.empty();
    for (int t : op.outputs) wanted = wanted || wanted_.count(t) > 0;
    for (int i : Activations(op, rule)) {
      const int t = op.inputs[i];
      if (t < 0) return false;
      const bool quantized = int16_.count(t) > 0;
      if (!quantized && (!IsFloat(t) || (!IsConstant(t) && !RangeScale(t)))) return false;
      any = any || !IsConstant(t);
      wanted = wanted || quantized;
    }
    if (!wanted) return false;
    if (!any && !MakesActivation(kind)) return false;
    if (kind == schema::BuiltinOperator_LOG && !HasLogTable(op.inputs[0])) return false;
    if (rule.weights >= 0) {
      const int w = op.inputs[rule.weights];
      if (w < 0 || !IsFloat(w) || !IsConstant(w)) return false;
      if (rule.channel_dim >= static_cast<int>(tensor(w).shape.size())) return false;
      const int b = rule.bias < static_cast<int>(op.inputs.size()) ? op.inputs[rule.bias] : -1;
      if (b >= 0 && (!IsFloat(b) || !IsConstant(b))) return false;
    }
    return true;
  }

  void QuantizeOp(schema::OperatorT& op, const Rule& rule) {
    const std::vector<int> activations = Activations(op, rule);
    float output_scale = kFixedScale;
    if (!rule.fixed_output && !rule.output_as_input) {
      output_scale = *RangeScale(op.outputs[0]);
      // The kernels clip in units of the scale, as 32-bit integers.
      output_scale = std::max(output_scale, ClipOf(op) / 1e9f);
    }
    for (int i : activations) {
      op.inputs[i] =
          IsConstant(op.inputs[i])
              ? Constant(op.inputs[i], rule.inputs_as_output ? std::optional<float>(output_scale) : std::nullopt)
          : rule.inputs_as_output ? Rescaled(op.inputs[i], output_scale)
                                  : Int16(op.inputs[i]);
    }
    const float input_scale = tensor(op.inputs[activations[0]]).quantization->scale[0];
    if (rule.output_as_input) output_scale = input_scale;
    if (rule.weights >= 0) QuantizeWeights(op, rule, input_scale, output_scale);
    for (int t : op.outputs) {
      SetType(t, schema::TensorType_INT16, {output_scale});
      int16_[t] = t;
    }
    if (auto* o = op.builtin_options.AsAddOptions()) o->pot_scale_int16 = false;
    if (auto* o = op.builtin_options.AsSubOptions()) o->pot_scale_int16 = false;
    if (auto* o = op.builtin_options.AsConv2DOptions()) o->quantized_bias_type = schema::TensorType_INT64;
    if (auto* o = op.builtin_options.AsFullyConnectedOptions()) o->quantized_bias_type = schema::TensorType_INT64;
    if (auto* o = op.builtin_options.AsTransposeConvOptions()) o->quantized_bias_type = schema::TensorType_INT64;
    op.opcode_index = Code(KindOf(op), std::max(rule.version, model_.operator_codes[op.opcode_index]->version));
  }

  void QuantizeWeights(schema::OperatorT& op, const Rule& rule, float input_scale, float output_scale) {
    const bool has_bias = rule.bias < static_cast<int>(op.inputs.size()) && op.inputs[rule.bias] >= 0;
    // Of a channel whose weights are next to nothing: its bias must not become larger than its integers, and the factor
    // from its sums to the result not so small that kernels take it for zero (tflite/kernels/internal's
    // QuantizeMultiplier).
    const auto channels = static_cast<size_t>(tensor(op.inputs[rule.weights]).shape[rule.channel_dim]);
    std::vector<float> least(channels, std::ldexp(output_scale / input_scale, -30));
    if (has_bias) {
      const std::vector<float> bias = Values(op.inputs[rule.bias]);
      for (size_t c = 0; c < channels && c < bias.size(); ++c) {
        least[c] = std::max(least[c], static_cast<float>(std::abs(bias[c]) / (input_scale * kLargestBias)));
      }
    }
    const int w = Weights(op.inputs[rule.weights], rule.channel_dim, least);
    op.inputs[rule.weights] = w;
    if (has_bias) op.inputs[rule.bias] = Bias(op.inputs[rule.bias], w, input_scale);
  }

  // Layers that share weights (a loop that was unrolled) go on sharing them, unless one of them needs `least_scales`.
  int Weights(int t, int channel_dim, const std::vector<float>& least_scales) {
    if (const auto it = weights_.find({t, channel_dim}); it != weights_.end()) return it->second;
    const int w = Duplicate(t);
    const std::vector<float> values = Values(w);
    const std::vector<int>& shape = tensor(w).shape;
    const int channels = shape[channel_dim];
    size_t stride = 1;
    for (size_t d = channel_dim + 1; d < shape.size(); ++d) stride *= shape[d];
    std::vector<float> smallest(channels, 0), greatest(channels, 0);
    for (size_t i = 0; i < values.size(); ++i) {
      const size_t c = i / stride % channels;
      smallest[c] = std::min(smallest[c], values[i]);
      greatest[c] = std::max(greatest[c], values[i]);
    }
    std::vector<float> scales(channels), inverse(channels);
    bool own = false;
    for (int c = 0; c < channels; ++c) {
      const float largest = std::max(-smallest[c], greatest[c]);
      scales[c] = largest == 0 ? 1 : largest / 127.0f;
      inverse[c] = largest == 0 ? 0 : 127.0f / largest;
      if (scales[c] < least_scales[c]) {
        scales[c] = least_scales[c];
        inverse[c] = 1 / scales[c];
        own = true;
      }
    }
    std::vector<int8_t> quantized(values.size());
    for (size_t i = 0; i < values.size(); ++i) {
      quantized[i] =
          static_cast<int8_t>(std::clamp(std::round(values[i] * inverse[i / stride % channels]), -127.0f, 127.0f));
    }
    SetData(w, quantized);
    SetType(w, schema::TensorType_INT8, std::move(scales), channel_dim);
    // As TFLite's own 16x8 quantizer, which leaves the channels' ranges with the weights.
    tensor(w).quantization->min = std::move(smallest);
    tensor(w).quantization->max = std::move(greatest);
    if (!own) weights_[{t, channel_dim}] = w;
    return w;
  }

  // For the sums of inputs of this scale, weighted with `w`, which is quantized.
  int Bias(int t, int w, float input_scale) {
    const std::vector<float> bias = Values(t);
    std::vector<float> scales = tensor(w).quantization->scale;
    std::tuple<int, int, float> key(t, w, input_scale);
    // Zeros are zeros in any scale, so layers that share them go on doing so, as in Python's files. (With one scale for
    // all channels, kernels check that it is the product of the others.)
    const bool zeros = std::all_of(bias.begin(), bias.end(), [](float x) { return x == 0; });
    if (zeros && scales.size() == bias.size() && scales.size() > 1) key = {t, -1, 0};
    if (const auto it = biases_.find(key); it != biases_.end()) return it->second;
    const int b = Duplicate(t);
    for (float& s : scales) s *= input_scale;
    std::vector<int64_t> wide(bias.size());
    for (size_t i = 0; i < bias.size(); ++i) {
      wide[i] = std::llround(
          std::clamp(bias[i] / static_cast<double>(scales[i % scales.size()]), -2 * kLargestBias, 2 * kLargestBias));
    }
    SetData(b, wide);
    SetType(b, schema::TensorType_INT64, std::move(scales));
    return biases_[key] = b;
  }

  // The int16 tensor that stands for an activation; a float one is converted, once.
  int Int16(int t) {
    if (const auto it = int16_.find(t); it != int16_.end()) return it->second;
    const int out = NewTensor(t, "_int16");
    SetType(out, schema::TensorType_INT16, {*RangeScale(t)});
    Convert(schema::BuiltinOperator_QUANTIZE, t, out);
    return int16_[t] = out;
  }
  // The float tensor that stands for an activation; an int16 one is converted, once.
  int Float(int t) {
    if (!int16_.count(t) || IsFloat(t)) return t;
    if (const auto it = float_.find(t); it != float_.end()) return it->second;
    const int out = NewTensor(t, "_float");
    tensor(out).type = schema::TensorType_FLOAT32;
    tensor(out).quantization.reset();
    Convert(schema::BuiltinOperator_DEQUANTIZE, t, out);
    return float_[t] = out;
  }
  // In this scale; a float one is converted to it at once.
  int Rescaled(int t, float scale) {
    if (const auto it = int16_.find(t); it != int16_.end()) t = it->second;
    if (!IsFloat(t) && tensor(t).quantization->scale[0] == scale) return t;
    if (IsFloat(t) && RangeScale(t) == scale) return Int16(t);
    const int out = NewTensor(t, IsFloat(t) ? "_quantized" : "_requantized");
    SetType(out, schema::TensorType_INT16, {scale});
    Convert(schema::BuiltinOperator_QUANTIZE, t, out);
    return out;
  }
  int Constant(int t, std::optional<float> scale) {
    const std::vector<float> values = Values(t);
    if (!scale) {
      float largest = 0;
      for (float v : values) largest = std::max(largest, std::abs(v));
      scale = (largest == 0 ? 1.0f : largest) / 32767.0f;  // As RangeScale
    }
    std::vector<int16_t> quantized(values.size());
    for (size_t i = 0; i < values.size(); ++i) {
      quantized[i] = static_cast<int16_t>(std::clamp(std::round(values[i] / *scale), -32767.0f, 32767.0f));
    }
    const int out = Duplicate(t);
    SetData(out, quantized);
    SetType(out, schema::TensorType_INT16, {*scale});
    return out;
  }

  void QuantizeGraphInput(int t) {
    if (options_.input_type != DataType::kInt16 || !IsFloat(t) || !RangeScale(t)) return;
    SetType(t, schema::TensorType_INT16, {*RangeScale(t)});
    int16_[t] = t;
  }

  // An output keeps its name and, unless int16 was asked for, its type.
  void FinishOutput(int& t) {
    const bool quantized = int16_.count(t) && !IsFloat(t);
    if (options_.output_type == DataType::kInt16) {
      if (!quantized && IsFloat(t) && RangeScale(t)) Replace(t, Int16(t));
      return;
    }
    if (!quantized || std::find(graph_.inputs.begin(), graph_.inputs.end(), t) != graph_.inputs.end()) return;
    const std::string name = tensor(t).name;
    const int out = Float(t);
    tensor(t).name = absl::StrCat(name, "_int16");
    tensor(out).name = name;
    Replace(t, out);
  }
  void Replace(int& output, int with) {
    for (auto& signature : model_.signature_defs) {
      if (signature->subgraph_index != 0) continue;
      for (auto& map : signature->outputs) {
        if (static_cast<int>(map->tensor_index) == output) map->tensor_index = with;
      }
    }
    output = with;
  }

  int NewTensor(int like, const char* suffix) {
    const int out =
        litert::AddTensor(graph_, tensor(like).name + suffix, schema::TensorType_FLOAT32, tensor(like).shape);
    tensor(out).shape_signature = tensor(like).shape_signature;
    return out;
  }
  // A copy of a constant for one operator: another may want it as something else.
  int Duplicate(int t) {
    const int out = NewTensor(t, "");
    tensor(out).type = tensor(t).type;
    tensor(out).buffer = litert::AddBuffer(model_, model_.buffers[tensor(t).buffer]->data);
    return out;
  }
  std::vector<float> Values(int t) {
    const auto& data = model_.buffers[tensor(t).buffer]->data;
    std::vector<float> out(data.size() / sizeof(float));
    std::memcpy(out.data(), data.data(), out.size() * sizeof(float));
    return out;
  }
  template <typename T>
  void SetData(int t, const std::vector<T>& values) {
    auto& data = model_.buffers[tensor(t).buffer]->data;
    data.resize(values.size() * sizeof(T));
    std::memcpy(data.data(), values.data(), data.size());
  }
  void SetType(int t, schema::TensorType type, std::vector<float> scales, int dim = 0) {
    auto quantization = std::make_unique<schema::QuantizationParametersT>();
    quantization->zero_point.assign(scales.size(), 0);
    quantization->scale = std::move(scales);
    quantization->quantized_dimension = dim;
    tensor(t).quantization = std::move(quantization);
    tensor(t).type = type;
  }
  void Convert(schema::BuiltinOperator kind, int from, int to) {
    const int code = Code(kind, 2);
    graph_.operators.push_back(kind == schema::BuiltinOperator_QUANTIZE
                                   ? litert::MakeOperator(code, schema::QuantizeOptionsT(), {from}, to)
                                   : litert::MakeOperator(code, schema::DequantizeOptionsT(), {from}, to));
  }
  int Code(schema::BuiltinOperator kind, int version) {
    for (size_t i = 0; i < model_.operator_codes.size(); ++i) {
      if (litert::KindOf(*model_.operator_codes[i]) == kind && model_.operator_codes[i]->version == version) {
        return static_cast<int>(i);
      }
    }
    return litert::AddOperatorCode(model_, kind, "", version);
  }

  schema::ModelT& model_;
  schema::SubGraphT& graph_;
  const Ranges& ranges_;
  const QuantizeOptions& options_;
  const std::set<std::string> keep_ops_, keep_nodes_, only_;
  std::set<int> wanted_;                               // What operators that may be quantized read, and the outputs
  std::map<int, int> int16_, float_;                   // An activation -> the tensor that holds it in that type.
  std::map<std::pair<int, int>, int> weights_;         // By float tensor and channels' dimension
  std::map<std::tuple<int, int, float>, int> biases_;  // By float tensor, quantized weights, scale of the input
};

}  // namespace

bool HasInt16Kernel(schema::BuiltinOperator kind) { return RuleOf(kind).has_value(); }

absl::StatusOr<std::string> QuantizeInt16x8(absl::string_view bytes, const Ranges& ranges,
                                            const QuantizeOptions& options) {
  std::unique_ptr<schema::ModelT> model = litert::UnpackModel(*schema::GetModel(bytes.data()));
  if (model->buffers.empty()) return absl::InvalidArgumentError("the model has no buffers");
  Int16Quantizer(*model, ranges, options).Run();
  DropUnused(*model);
  return litert::PackModel(*model, bytes.size());
}

}  // namespace tfxm::rewriting
