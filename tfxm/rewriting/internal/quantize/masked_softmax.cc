// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/quantize/masked_softmax.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <optional>

#include "tflite_generated.h"
#include "tfxm/litert/internal/schema_util.h"

namespace tfxm::rewriting {
namespace {

// exp(-32) is nothing beside 1, even in float.
constexpr float kFarBelow = 32;
// What is a mask: so large that beside it, in 16 bits, the logits would have less than a few steps.
constexpr float kMask = 1000;

class Cutter {
 public:
  Cutter(const schema::Model& model, int g, Ranges* ranges)
      : model_(model), g_(g), graph_(*model.subgraphs()->Get(g)), ranges_(*ranges) {
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
      if (!selects && kind != schema::BuiltinOperator_ADD) continue;
      const int first = selects ? 1 : 0;
      if (litert::Size(made->second->inputs()) < first + 2) continue;
      std::optional<Range> a = RangeOf(made->second->inputs()->Get(first));
      std::optional<Range> b = RangeOf(made->second->inputs()->Get(first + 1));
      if (!a || !b) continue;
      if (a->min < b->min) std::swap(a, b);  // b masks, if one does.
      if (!(b->min < -kMask * (1 + std::max(std::abs(a->min), std::abs(a->max))))) continue;
      Range& range = ranges_[{g_, t}];
      range = {std::max(range.min, a->min - kFarBelow), std::min(range.max, std::max(a->max, 0.0f))};
      if (!selects) keep_float->push_back(graph_.tensors()->Get(t)->name()->str());
    }
  }

 private:
  schema::BuiltinOperator KindOf(const schema::Operator& op) const {
    return litert::KindOf(*model_.operator_codes()->Get(op.opcode_index()));
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
  std::map<int, const schema::Operator*> producer_;
  std::map<int, bool> read_otherwise_;
};

}  // namespace

std::vector<std::string> CutMaskedSoftmax(const schema::Model& model, Ranges* ranges) {
  std::vector<std::string> keep_float;
  for (int g = 0; g < litert::Size(model.subgraphs()); ++g) Cutter(model, g, ranges).Cut(&keep_float);
  return keep_float;
}

}  // namespace tfxm::rewriting
