// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/quantize/masked_softmax.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "absl/strings/str_cat.h"
#include "tflite_generated.h"
#include "tfxm/litert/internal/schema_edit.h"
#include "tfxm/litert/internal/schema_util.h"
#include "tfxm/rewriting/internal/convert/drop_unused.h"

namespace tfxm::rewriting {
namespace {

// exp(-32) is nothing beside 1, even in float.
constexpr float kFarBelow = 32;
// An int8 softmax has 256 steps. Of a side that is open, more places than most have.
constexpr float kQuarterStep = 1.0f / 1024;
constexpr int kManyPlaces = 1024;
// What is a mask: so large that beside it, in 16 bits, the logits would have less than a few steps.
constexpr float kMask = 1000;

class Cutter {
 public:
  Cutter(const schema::Model& model, int g, Ranges* ranges, bool int16)
      : model_(model), g_(g), graph_(*model.subgraphs()->Get(g)), ranges_(*ranges), int16_(int16) {
    for (const auto* op : litert::Each(graph_.operators())) {
      for (int t : litert::Each(op->outputs())) producer_[t] = op;
      for (int t : litert::Each(op->inputs())) {
        if (t >= 0 && KindOf(*op) != schema::BuiltinOperator_SOFTMAX) read_otherwise_[t] = true;
      }
    }
    for (int t : litert::Each(graph_.outputs())) read_otherwise_[t] = true;
  }

  void Cut(std::vector<std::string>* keep_float) {
    for (const auto* op : litert::Each(graph_.operators())) {
      if (KindOf(*op) != schema::BuiltinOperator_SOFTMAX) continue;
      const int t = op->inputs()->Get(0);
      const auto made = producer_.find(t);
      if (made == producer_.end() || read_otherwise_[t] || !ranges_.count({g_, t})) continue;
      const schema::BuiltinOperator kind = KindOf(*made->second);
      const bool selects = kind == schema::BuiltinOperator_SELECT || kind == schema::BuiltinOperator_SELECT_V2;
      const bool subtracts = kind == schema::BuiltinOperator_SUB;  // logits - 1e9 * (1 - mask)
      if (!selects && !subtracts && kind != schema::BuiltinOperator_ADD) continue;
      const int first = selects ? 1 : 0;
      if (litert::Size(made->second->inputs()) < first + 2) continue;
      std::optional<Range> a = RangeOf(made->second->inputs()->Get(first));
      std::optional<Range> b = RangeOf(made->second->inputs()->Get(first + 1));
      if (!a || !b) continue;
      int mask = made->second->inputs()->Get(first + 1);
      if (subtracts) {
        b = Range{-b->max, -b->min};
      } else if (a->min < b->min) {  // b masks, if one does.
        std::swap(a, b);
        mask = made->second->inputs()->Get(first);
      }
      if (!(b->min < -kMask * (1 + std::max(std::abs(a->min), std::abs(a->max))))) continue;
      Range& range = ranges_[{g_, t}];
      const float max = std::min(range.max, std::max(a->max, 0.0f));
      float min = a->min - FarBelow(t);
      const int added = selects ? mask : t;
      if (producer_.count(added)) {
        keep_float->push_back(litert::NameOf(*graph_.tensors()->Get(added)));
        // A QUANTIZE brings the mask into this range. LiteRT's makes the lowest int32 of it, to which it adds the zero point:
        // a negative one gives the largest (tflite/kernels/internal/reference/quantize.h).
        min = std::min(min, -max);
      }
      range = {std::max(range.min, min), max};
    }
  }

 private:
  schema::BuiltinOperator KindOf(const schema::Operator& op) const {
    return litert::KindOf(*model_.operator_codes()->Get(op.opcode_index()));
  }
  // What is nothing in a softmax of `t`, even if its largest logit is the smallest there is.
  float FarBelow(int t) const {
    if (int16_) return kFarBelow;
    const schema::Tensor& tensor = *graph_.tensors()->Get(t);
    const auto* shape = litert::Size(tensor.shape_signature()) > 0 ? tensor.shape_signature() : tensor.shape();
    const int last = litert::Size(shape) == 0 ? 1 : shape->Get(shape->size() - 1);
    return std::min(kFarBelow, std::log((last > 0 ? last : kManyPlaces) / kQuarterStep));
  }
  // Measured, or of a constant.
  std::optional<Range> RangeOf(int t) const {
    if (t < 0) return std::nullopt;
    if (const auto it = ranges_.find({g_, t}); it != ranges_.end()) return it->second;
    const schema::Tensor& tensor = *graph_.tensors()->Get(t);
    const auto* data = model_.buffers()->Get(tensor.buffer())->data();
    if (tensor.type() != schema::TensorType_FLOAT32 || data == nullptr || data->size() < sizeof(float))
      return std::nullopt;
    std::vector<float> values(data->size() / sizeof(float));
    std::memcpy(values.data(), data->data(), values.size() * sizeof(float));
    const auto [min, max] = std::minmax_element(values.begin(), values.end());
    return Range{*min, *max};
  }

  const schema::Model& model_;
  const int g_;
  const schema::SubGraph& graph_;
  Ranges& ranges_;
  const bool int16_;
  std::map<int, const schema::Operator*> producer_;
  std::map<int, bool> read_otherwise_;
};

// From here on float32 has steps of 64.
constexpr float kHidesLogits = 1e9;

class MaskFolder {
 public:
  MaskFolder(schema::ModelT& model, schema::SubGraphT& graph) : model_(model), graph_(graph) {
    for (size_t i = 0; i < graph_.operators.size(); ++i) {
      for (int t : graph_.operators[i]->outputs) producer_[t] = graph_.operators[i].get();
      for (int t : graph_.operators[i]->inputs) readers_[t].insert(graph_.operators[i].get());
    }
    for (int t : graph_.outputs) readers_[t].insert(nullptr);
  }

  // Whether anything was folded.
  bool Run() {
    std::set<const schema::OperatorT*> dead;
    for (const auto& select : graph_.operators) {
      if (!Is(select.get(), schema::BuiltinOperator_SELECT_V2)) continue;
      const auto& readers = readers_[select->outputs[0]];
      if (readers.size() != 1 || !Is(*readers.begin(), schema::BuiltinOperator_SOFTMAX)) continue;
      for (const int masked : {1, 2}) {
        if (const auto* made = TakeFilled(*select, masked)) dead.insert(made);
        MakeFinite(select->inputs[masked]);
      }
      for (const int masked : {1, 2}) {
        const auto made = producer_.find(select->inputs[masked]);
        if (made == producer_.end()) continue;
        const std::optional<float> mask = Mask(*made->second, select->inputs[3 - masked]);
        if (!mask) continue;
        if (readers_[select->inputs[masked]].size() == 1) dead.insert(made->second);
        const std::string name = graph_.tensors[select->inputs[masked]]->name;
        select->inputs[masked] = litert::AddConstant<float>(model_, graph_, absl::StrCat(name, "/mask"),
                                                            schema::TensorType_FLOAT32, {}, {{*mask}});
        any_ = true;
        break;
      }
    }
    std::erase_if(graph_.operators, [&](const auto& op) { return dead.count(op.get()) > 0; });
    return any_;
  }

 private:
  bool Is(const schema::OperatorT* op, schema::BuiltinOperator kind) const {
    return op != nullptr && litert::KindOf(*model_.operator_codes[op->opcode_index]) == kind;
  }
  // A constant instead of a tensor of nothing else that is as large as the logits, as shapes of an open batch make it:
  // SELECT_V2 makes it as large by itself. Returns what made the tensor, if nobody else reads it.
  const schema::OperatorT* TakeFilled(schema::OperatorT& select, int masked) {
    int& t = select.inputs[masked];
    const auto made = producer_.find(t);
    if (made == producer_.end()) return nullptr;
    const bool fills = Is(made->second, schema::BuiltinOperator_FILL);
    if (!fills && !Is(made->second, schema::BuiltinOperator_BROADCAST_TO)) return nullptr;
    const int value = made->second->inputs[fills ? 1 : 0];
    const schema::TensorT &filled = *graph_.tensors[t], &logits = *graph_.tensors[select.inputs[3 - masked]];
    if (filled.shape != logits.shape || filled.shape_signature != logits.shape_signature ||
        graph_.tensors[value]->type != schema::TensorType_FLOAT32 ||
        model_.buffers[graph_.tensors[value]->buffer]->data.size() != sizeof(float)) {
      return nullptr;
    }
    const bool unread = readers_[t].size() == 1;
    t = value;
    any_ = true;
    return unread ? made->second : nullptr;
  }
  // -1e9 for what is below: a softmax does not tell them apart, and what is infinite, or as good, is not quantized.
  void MakeFinite(int& t) {
    const schema::TensorT& tensor = *graph_.tensors[t];
    const std::vector<uint8_t>& data = model_.buffers[tensor.buffer]->data;
    if (tensor.type != schema::TensorType_FLOAT32 || data.size() < sizeof(float)) return;
    std::vector<float> values(data.size() / sizeof(float));
    std::memcpy(values.data(), data.data(), values.size() * sizeof(float));
    const auto is_below = [](float value) { return value < -kHidesLogits; };
    if (std::none_of(values.begin(), values.end(), is_below)) return;
    std::replace_if(values.begin(), values.end(), is_below, -kHidesLogits);
    t = litert::AddConstant<float>(model_, graph_, absl::StrCat(tensor.name, "/finite"), schema::TensorType_FLOAT32,
                                   tensor.shape, values);
    any_ = true;
  }
  // What an operator adds to `logits`, if that is one constant that hides them.
  std::optional<float> Mask(const schema::OperatorT& op, int logits) const {
    const bool subtracts = Is(&op, schema::BuiltinOperator_SUB);
    if ((!subtracts && !Is(&op, schema::BuiltinOperator_ADD)) || op.inputs[0] != logits) return std::nullopt;
    const schema::TensorT& constant = *graph_.tensors[op.inputs[1]];
    const std::vector<uint8_t>& data = model_.buffers[constant.buffer]->data;
    if (constant.type != schema::TensorType_FLOAT32 || data.size() != sizeof(float)) return std::nullopt;
    float value;
    std::memcpy(&value, data.data(), sizeof(value));
    if (subtracts) value = -value;
    return value <= -kHidesLogits ? std::optional<float>(value) : std::nullopt;
  }

  schema::ModelT& model_;
  schema::SubGraphT& graph_;
  std::map<int, const schema::OperatorT*> producer_;
  std::map<int, std::set<const schema::OperatorT*>> readers_;
  bool any_ = false;
};

}  // namespace

std::string ConstantMasks(std::string bytes) {
  if (HasOutsideBuffers(bytes)) return bytes;
  const std::unique_ptr<schema::ModelT> model = litert::UnpackModel(*schema::GetModel(bytes.data()));
  bool any = false;
  for (const auto& graph : model->subgraphs) any = MaskFolder(*model, *graph).Run() || any;
  if (!any) return bytes;
  DropUnused(*model);
  return litert::PackModel(*model, bytes.size());
}

std::vector<std::string> CutMaskedSoftmax(const schema::Model& model, Ranges* ranges, bool int16) {
  std::vector<std::string> keep_float;
  for (int g = 0; g < litert::Size(model.subgraphs()); ++g) Cutter(model, g, ranges, int16).Cut(&keep_float);
  return keep_float;
}

}  // namespace tfxm::rewriting
