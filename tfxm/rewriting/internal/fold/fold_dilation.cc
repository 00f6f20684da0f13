// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/fold/fold_dilation.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "tflite_generated.h"
#include "tfxm/litert/internal/schema_edit.h"
#include "tfxm/litert/internal/schema_util.h"
#include "tfxm/rewriting/internal/convert/drop_unused.h"
#include "tfxm/rewriting/internal/convert/model_edit.h"

namespace tfxm::rewriting {
namespace {

using schema::BuiltinOperator;

// The fields that CONV_2D and DEPTHWISE_CONV_2D share.
struct ConvolutionFields {
  schema::Padding* padding;
  int *stride_h, *stride_w, *dilation_h, *dilation_w;
  schema::ActivationFunctionType* activation;
};

std::optional<ConvolutionFields> FieldsOf(schema::OperatorT& op) {
  const auto fields = [](auto* o) -> std::optional<ConvolutionFields> {
    if (o == nullptr) return std::nullopt;
    return ConvolutionFields{&o->padding,           &o->stride_h,          &o->stride_w,
                             &o->dilation_h_factor, &o->dilation_w_factor, &o->fused_activation_function};
  };
  if (auto conv = fields(op.builtin_options.AsConv2DOptions())) return conv;
  return fields(op.builtin_options.AsDepthwiseConv2DOptions());
}

class DilationFolder {
 public:
  DilationFolder(schema::ModelT& model, schema::SubGraphT& graph) : model_(model), graph_(graph) {
    for (const auto& op : graph_.operators) {
      for (int t : op->outputs) producer_[t] = op.get();
      for (int t : op->inputs) {
        if (t >= 0) readers_[t].push_back(op.get());
      }
    }
    outputs_.insert(graph_.outputs.begin(), graph_.outputs.end());
  }

  // Whether anything was folded.
  bool Run() {
    bool any = false;
    for (size_t i = 0; i < graph_.operators.size(); ++i) {
      if (KindOf(*graph_.operators[i]) != schema::BuiltinOperator_BATCH_TO_SPACE_ND) continue;
      std::optional<Chain> chain = FindChain(*graph_.operators[i]);
      if (!chain) continue;
      any = true;
      Fold(*chain);
      while (Absorb(*chain)) {
      }
    }
    if (any) Finish();
    return any;
  }

 private:
  struct Chain {
    schema::OperatorT *to_batch, *convolution, *to_space;
    schema::OperatorT *expand = nullptr, *squeeze = nullptr;  // Of a Conv1D
    schema::Padding padding;
    // Which makes the result.
    schema::OperatorT& last() const { return squeeze != nullptr ? *squeeze : *convolution; }
  };

  BuiltinOperator KindOf(const schema::OperatorT& op) const {
    return litert::KindOf(*model_.operator_codes[op.opcode_index]);
  }
  schema::TensorT& tensor(int t) { return *graph_.tensors[t]; }
  schema::OperatorT* Producer(int t, BuiltinOperator kind) const {
    const auto it = producer_.find(t);
    return it == producer_.end() || KindOf(*it->second) != kind ? nullptr : it->second;
  }
  // The only operator that reads an activation, which nobody else sees.
  schema::OperatorT* OnlyReader(int t) const {
    const auto it = readers_.find(t);
    return it == readers_.end() || it->second.size() != 1 || outputs_.count(t) ? nullptr : it->second[0];
  }
  template <typename T>
  std::optional<std::vector<T>> Constant(int t, schema::TensorType type) {
    if (t < 0 || tensor(t).type != type) return std::nullopt;
    const auto& data = model_.buffers[tensor(t).buffer]->data;
    if (data.empty()) return std::nullopt;
    std::vector<T> out(data.size() / sizeof(T));
    std::memcpy(out.data(), data.data(), out.size() * sizeof(T));
    return out;
  }
  std::optional<std::vector<int32_t>> Integers(int t) { return Constant<int32_t>(t, schema::TensorType_INT32); }
  std::optional<std::vector<float>> Floats(int t) { return Constant<float>(t, schema::TensorType_FLOAT32); }

  std::optional<Chain> FindChain(schema::OperatorT& to_space) {
    Chain chain;
    chain.to_space = &to_space;
    int t = to_space.inputs[0];
    chain.squeeze = Producer(t, schema::BuiltinOperator_RESHAPE);
    if (chain.squeeze != nullptr) {
      if (OnlyReader(t) == nullptr) return std::nullopt;
      t = chain.squeeze->inputs[0];
    }
    chain.convolution = Producer(t, schema::BuiltinOperator_CONV_2D);
    if (chain.convolution == nullptr) chain.convolution = Producer(t, schema::BuiltinOperator_DEPTHWISE_CONV_2D);
    if (chain.convolution == nullptr || OnlyReader(t) == nullptr) return std::nullopt;
    const std::optional<ConvolutionFields> fields = FieldsOf(*chain.convolution);
    if (!fields || *fields->stride_h != 1 || *fields->stride_w != 1 || *fields->dilation_h != 1 ||
        *fields->dilation_w != 1 || *fields->padding != schema::Padding_VALID ||
        (tensor(t).quantization != nullptr && !tensor(t).quantization->scale.empty())) {
      return std::nullopt;
    }
    // With int8 weights, each batch of the input gets a scale of its own: the parts of an example other ones than the
    // whole.
    if (tensor(chain.convolution->inputs[1]).type != schema::TensorType_FLOAT32) return std::nullopt;
    t = chain.convolution->inputs[0];
    if (chain.squeeze != nullptr) {
      chain.expand = Producer(t, schema::BuiltinOperator_EXPAND_DIMS);
      if (chain.expand == nullptr || tensor(t).shape.size() != 4 || tensor(t).shape[1] != 1) return std::nullopt;
      t = chain.expand->inputs[0];
    }
    chain.to_batch = Producer(t, schema::BuiltinOperator_SPACE_TO_BATCH_ND);
    if (chain.to_batch == nullptr || tensor(t).shape.size() != (chain.expand == nullptr ? 4 : 3)) return std::nullopt;
    const std::optional<schema::Padding> padding = PaddingOf(chain);
    if (!padding) return std::nullopt;
    chain.padding = *padding;
    return chain;
  }

  // What padding the dilated convolution has, if there is a name for it.
  std::optional<schema::Padding> PaddingOf(const Chain& chain) {
    const auto block = Integers(chain.to_batch->inputs[1]), paddings = Integers(chain.to_batch->inputs[2]);
    const auto crops = Integers(chain.to_space->inputs[2]);
    const std::vector<int>& kernel = tensor(chain.convolution->inputs[1]).shape;
    const size_t sides = chain.expand == nullptr ? 2 : 1;
    if (!block || !paddings || !crops || block != Integers(chain.to_space->inputs[1]) || block->size() != sides ||
        paddings->size() != 2 * sides || crops->size() != 2 * sides || kernel.size() != 4) {
      return std::nullopt;
    }
    bool valid = true, same = true;
    for (size_t i = 0; i < sides; ++i) {
      // What is cropped at the end was padded only to fill a block.
      const int before = (*paddings)[2 * i] - (*crops)[2 * i], after = (*paddings)[2 * i + 1] - (*crops)[2 * i + 1];
      const int reach = (kernel[3 - sides + i] - 1) * (*block)[i];
      valid = valid && before == 0 && after == 0;
      same = same && before == reach / 2 && after == reach - reach / 2;
    }
    if (valid) return schema::Padding_VALID;
    if (same) return schema::Padding_SAME;
    return std::nullopt;
  }

  void Fold(Chain& chain) {
    const std::vector<int32_t> block = *Integers(chain.to_batch->inputs[1]);
    const ConvolutionFields fields = *FieldsOf(*chain.convolution);
    *fields.padding = chain.padding;
    *fields.dilation_h = chain.expand == nullptr ? block[0] : 1;
    *fields.dilation_w = block.back();
    if (KindOf(*chain.convolution) == schema::BuiltinOperator_DEPTHWISE_CONV_2D) {
      // The first version that has dilations.
      const int version = std::max(2, model_.operator_codes[chain.convolution->opcode_index]->version);
      chain.convolution->opcode_index =
          litert::AddOperatorCode(model_, schema::BuiltinOperator_DEPTHWISE_CONV_2D, "", version);
    }
    const int x = chain.to_batch->inputs[0], y = chain.to_space->outputs[0];
    if (chain.expand == nullptr) {
      chain.convolution->inputs[0] = x;
    } else {
      chain.convolution->inputs[0] = Expanded(*chain.expand, x);
      SetShape(chain.convolution->outputs[0], y);
      std::vector<int32_t> shape = tensor(y).shape;
      shape[0] = -1;
      auto* options = chain.squeeze->builtin_options.AsReshapeOptions();
      if (options != nullptr) options->new_shape = shape;
      if (chain.squeeze->inputs.size() > 1) {
        chain.squeeze->inputs[1] =
            litert::AddConstant(model_, graph_, tensor(chain.squeeze->inputs[1]).name, schema::TensorType_INT32,
                                {static_cast<int>(shape.size())}, std::span<const int32_t>(shape));
      }
    }
    GiveResult(chain, *chain.to_space);
  }

  // The EXPAND_DIMS of the activation itself; one for all that read it.
  int Expanded(const schema::OperatorT& expand, int x) {
    const auto [it, is_new] = expanded_.try_emplace({expand.outputs[0], x}, 0);
    if (!is_new) return it->second;
    const int out = litert::AddTensor(graph_, tensor(expand.outputs[0]).name, tensor(x).type, {});
    SetShape(out, x);
    auto op = std::make_unique<schema::OperatorT>(expand);
    op->inputs[0] = x;
    op->outputs = {out};
    new_before_[&expand] = std::move(op);
    return it->second = out;
  }

  // The shape of `like`, [n, time, channels], as [n, 1, time, channels].
  void SetShape(int t, int like) {
    const auto with_height = [](std::vector<int> shape) {
      if (!shape.empty()) shape.insert(shape.begin() + 1, 1);
      return shape;
    };
    tensor(t).shape = with_height(tensor(like).shape);
    tensor(t).shape_signature = with_height(tensor(like).shape_signature);
  }

  // The chain makes what `op` behind it made.
  void GiveResult(const Chain& chain, const schema::OperatorT& op) {
    chain.last().outputs[0] = op.outputs[0];
    producer_[op.outputs[0]] = &chain.last();
    dead_.insert(&op);
  }

  // Takes the operator behind the chain into the convolution, if it is a factor or a summand of each channel or a ReLU.
  bool Absorb(const Chain& chain) {
    const int y = chain.last().outputs[0];
    schema::OperatorT* op = OnlyReader(y);
    schema::ActivationFunctionType& activation = *FieldsOf(*chain.convolution)->activation;
    if (op == nullptr || activation != schema::ActivationFunctionType_NONE) return false;
    const auto apply = [&](const auto* options, bool factor) {
      if (options == nullptr || !Apply(chain, *op, y, factor)) return false;
      activation = options->fused_activation_function;
      return true;
    };
    switch (KindOf(*op)) {
      case schema::BuiltinOperator_RELU: activation = schema::ActivationFunctionType_RELU; break;
      case schema::BuiltinOperator_RELU6: activation = schema::ActivationFunctionType_RELU6; break;
      case schema::BuiltinOperator_MUL:
        if (!apply(op->builtin_options.AsMulOptions(), /*factor=*/true)) return false;
        break;
      case schema::BuiltinOperator_ADD:
        if (!apply(op->builtin_options.AsAddOptions(), /*factor=*/false)) return false;
        break;
      default: return false;
    }
    GiveResult(chain, *op);
    return true;
  }

  bool Apply(const Chain& chain, const schema::OperatorT& op, int y, bool factor) {
    const int other = op.inputs[op.inputs[0] == y ? 1 : 0];
    schema::OperatorT& conv = *chain.convolution;
    const int weights = conv.inputs[1];
    auto filter = Floats(weights), values = Floats(other);
    if (!filter || !values || tensor(op.outputs[0]).shape != tensor(y).shape) return false;
    const size_t dim = KindOf(conv) == schema::BuiltinOperator_CONV_2D ? 0 : 3;
    const auto channels = static_cast<size_t>(tensor(weights).shape[dim]);
    const bool of_channels = values->size() == channels && !tensor(other).shape.empty() &&
                             static_cast<size_t>(tensor(other).shape.back()) == channels;
    if (values->size() != 1 && !of_channels) return false;
    values->resize(channels, values->front());
    std::vector<float> bias(channels);
    if (conv.inputs.size() > 2 && conv.inputs[2] >= 0) {
      const auto old = Floats(conv.inputs[2]);
      if (!old || old->size() != channels) return false;
      bias = *old;
    }
    for (size_t c = 0; c < channels; ++c) bias[c] = factor ? bias[c] * (*values)[c] : bias[c] + (*values)[c];
    if (factor) {
      const size_t stride = dim == 0 ? filter->size() / channels : 1;
      for (size_t i = 0; i < filter->size(); ++i) (*filter)[i] *= (*values)[i / stride % channels];
      conv.inputs[1] = litert::AddConstant(model_, graph_, tensor(weights).name, schema::TensorType_FLOAT32,
                                           tensor(weights).shape, std::span<const float>(*filter));
    }
    conv.inputs.resize(3, -1);
    conv.inputs[2] =
        litert::AddConstant(model_, graph_, tensor(op.outputs[0]).name + "/bias", schema::TensorType_FLOAT32,
                            {static_cast<int>(channels)}, std::span<const float>(bias));
    return true;
  }

  // Puts in what is new and takes out what nobody reads any more.
  void Finish() {
    std::vector<std::unique_ptr<schema::OperatorT>> ops;
    for (auto& op : graph_.operators) {
      if (const auto it = new_before_.find(op.get()); it != new_before_.end()) ops.push_back(std::move(it->second));
      if (!dead_.count(op.get())) ops.push_back(std::move(op));
    }
    std::set<int> read = outputs_;
    graph_.operators.clear();
    for (auto op = ops.rbegin(); op != ops.rend(); ++op) {
      const BuiltinOperator kind = KindOf(**op);
      const bool moves =
          kind == schema::BuiltinOperator_SPACE_TO_BATCH_ND || kind == schema::BuiltinOperator_EXPAND_DIMS;
      if (moves && !read.count((*op)->outputs[0])) continue;
      read.insert((*op)->inputs.begin(), (*op)->inputs.end());
      graph_.operators.push_back(std::move(*op));
    }
    std::reverse(graph_.operators.begin(), graph_.operators.end());
  }

  schema::ModelT& model_;
  schema::SubGraphT& graph_;
  std::map<int, schema::OperatorT*> producer_;
  std::map<int, std::vector<schema::OperatorT*>> readers_;
  std::set<int> outputs_;
  std::map<std::pair<int, int>, int> expanded_;
  std::map<const schema::OperatorT*, std::unique_ptr<schema::OperatorT>> new_before_;
  std::set<const schema::OperatorT*> dead_;
};

}  // namespace

std::string FoldDilations(std::string bytes) {
  const schema::Model& packed = *schema::GetModel(bytes.data());
  const auto codes = litert::Each(packed.operator_codes());
  if (std::none_of(
          codes.begin(), codes.end(),
          [](const auto* code) { return litert::KindOf(*code) == schema::BuiltinOperator_BATCH_TO_SPACE_ND; }) ||
      HasOutsideBuffers(bytes)) {
    return bytes;
  }
  std::unique_ptr<schema::ModelT> model = litert::UnpackModel(packed);
  bool any = false;
  for (auto& graph : model->subgraphs) any = DilationFolder(*model, *graph).Run() || any;
  if (!any) return bytes;
  DropUnused(*model);
  return litert::PackModel(*model, bytes.size());
}

}  // namespace tfxm::rewriting
