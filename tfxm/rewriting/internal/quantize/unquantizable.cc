// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/quantize/unquantizable.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <optional>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tflite_generated.h"
#include "tfxm/litert/inspect.h"
#include "tfxm/litert/internal/schema_util.h"

namespace tfxm::rewriting {
namespace {

// The largest magnitude of an activation, or of a constant; NaN if there is one.
std::optional<float> LargestOf(const schema::Model& model, const Ranges& ranges, int g, int t) {
  if (t < 0) return std::nullopt;
  if (const auto it = ranges.find({g, t}); it != ranges.end()) {
    return std::max(std::abs(it->second.min), std::abs(it->second.max));
  }
  const schema::Tensor& tensor = *model.subgraphs()->Get(g)->tensors()->Get(t);
  const auto* data = model.buffers()->Get(tensor.buffer())->data();
  if (tensor.type() != schema::TensorType_FLOAT32 || data == nullptr) return std::nullopt;
  float largest = 0;
  for (size_t i = 0; i + sizeof(float) <= data->size(); i += sizeof(float)) {
    float value;
    std::memcpy(&value, data->data() + i, sizeof(value));
    if (std::isnan(value)) return value;
    largest = std::max(largest, std::abs(value));
  }
  return largest;
}

// Operators that compute with weights: what they make is rounded, whatever follows in float.
bool HasWeights(schema::BuiltinOperator kind) {
  switch (kind) {
    case schema::BuiltinOperator_CONV_2D:
    case schema::BuiltinOperator_CONV_3D:
    case schema::BuiltinOperator_DEPTHWISE_CONV_2D:
    case schema::BuiltinOperator_FULLY_CONNECTED:
    case schema::BuiltinOperator_TRANSPOSE_CONV:
    case schema::BuiltinOperator_BATCH_MATMUL:
    case schema::BuiltinOperator_GATHER:
    case schema::BuiltinOperator_UNIDIRECTIONAL_SEQUENCE_LSTM: return true;
    default: return false;
  }
}

// Beyond this a float stands for an infinity: the lowest float is a usual mask.
constexpr float kAsInfinite = 1e30f;
// What is as large as this, and so many times as large as what it is chosen instead of, is a mask: no integers hold both.
constexpr float kAsMask = 1e8f;
constexpr float kTimesAsLarge = 1e5f;

// Adds the operators of which an input or the result is NaN, infinite or as good as infinite, and those that read what a
// mask was put into.
class BeyondNumbers {
 public:
  BeyondNumbers(const schema::Model& model, const Ranges& ranges, int g)
      : model_(model), ranges_(ranges), graph_(*model.subgraphs()->Get(g)), g_(g) {}

  // Returns the operators.
  std::set<const schema::Operator*> Find(std::vector<std::pair<std::string, std::string>>* out) {
    std::set<const schema::Operator*> found;
    for (const auto* op : litert::Each(graph_.operators())) {
      std::string reason;
      for (int t : litert::Each(op->inputs())) {
        // What weights are, their results show.
        if (HasWeights(KindOf(*op)) && !ranges_.count({g_, t})) continue;
        if (reason.empty()) reason = Reason(t, "its input");
      }
      for (int t : litert::Each(op->outputs())) {
        if (reason.empty()) reason = Reason(t, "its result");
      }
      if (reason.empty()) reason = Masked(*op);
      if (reason.empty() || litert::Size(op->outputs()) == 0) continue;
      found.insert(op);
      out->emplace_back(litert::NameOf(*graph_.tensors()->Get(op->outputs()->Get(0))),
                        absl::StrCat(litert::OpName(model_, *op), ": ", reason));
    }
    return found;
  }

 private:
  schema::BuiltinOperator KindOf(const schema::Operator& op) const {
    return litert::KindOf(*model_.operator_codes()->Get(op.opcode_index()));
  }
  std::optional<float> Largest(int t) const { return LargestOf(model_, ranges_, g_, t); }

  std::string Reason(int t, const char* which) const {
    const std::optional<float> largest = Largest(t);
    if (!largest || *largest <= kAsInfinite) return "";
    return absl::StrCat(which, " \"", litert::NameOf(*graph_.tensors()->Get(t)), "\" is ",
                        std::isnan(*largest)   ? "NaN"
                        : std::isinf(*largest) ? "infinite"
                                               : "as good as infinite",
                        " in places, which no integer is");
  }

  // Of what puts a mask between values, and of what reads the two together.
  std::string Masked(const schema::Operator& op) {
    std::optional<float> hidden;  // The largest of the values beside a mask
    for (int t : litert::Each(op.inputs())) {
      if (const auto it = hidden_.find(t); it != hidden_.end()) hidden = it->second;
    }
    const schema::BuiltinOperator kind = KindOf(op);
    if (!hidden && (kind == schema::BuiltinOperator_SELECT || kind == schema::BuiltinOperator_SELECT_V2)) {
      const std::optional<float> a = Largest(op.inputs()->Get(1)), b = Largest(op.inputs()->Get(2));
      // Zero is a value of its own in any scale.
      const float others = a && b ? std::min(*a, *b) : 0;
      if (others > 0 && IsMask(op.outputs()->Get(0), others)) hidden = others;
    }
    if (!hidden) return "";
    for (int t : litert::Each(op.outputs())) {
      if (IsMask(t, *hidden)) hidden_[t] = *hidden;
    }
    return absl::StrFormat("a mask is among values up to %.3g: no integers hold both", *hidden);
  }
  // Whether `t` has values beside which `others` are nothing.
  bool IsMask(int t, float others) const {
    const std::optional<float> largest = Largest(t);
    return largest && *largest >= kAsMask && *largest >= kTimesAsLarge * others;
  }

  const schema::Model& model_;
  const Ranges& ranges_;
  const schema::SubGraph& graph_;
  const int g_;
  std::map<int, float> hidden_;
};

// Adds the operators between the graph's inputs and a WHERE or an IF, if no weights are among them: how many values
// come out, and what is computed at all, is a matter of yes and no, which no rounding should turn round.
void FindDeciding(const schema::Model& model, const schema::SubGraph& graph,
                  std::vector<std::pair<std::string, std::string>>* out) {
  const auto kind_of = [&](const schema::Operator& op) {
    return litert::KindOf(*model.operator_codes()->Get(op.opcode_index()));
  };
  std::map<int, const schema::Operator*> producer;
  for (const auto* op : litert::Each(graph.operators())) {
    for (int t : litert::Each(op->outputs())) producer[t] = op;
  }
  std::set<const schema::Operator*> found;
  for (const auto* op : litert::Each(graph.operators())) {
    if (kind_of(*op) != schema::BuiltinOperator_WHERE && kind_of(*op) != schema::BuiltinOperator_IF) continue;
    std::set<const schema::Operator*> deciding;
    std::vector<int> open{op->inputs()->Get(0)};
    bool exact = true;
    while (exact && !open.empty()) {
      const auto it = producer.find(open.back());
      open.pop_back();
      if (it == producer.end() || !deciding.insert(it->second).second) continue;
      exact = !HasWeights(kind_of(*it->second));
      for (int t : litert::Each(it->second->inputs())) open.push_back(t);
    }
    if (exact) found.insert(deciding.begin(), deciding.end());
  }
  for (const auto* op : litert::Each(graph.operators())) {
    const auto inputs = litert::Each(op->inputs());
    const bool of_floats = std::any_of(inputs.begin(), inputs.end(), [&](int t) {
      return t >= 0 && graph.tensors()->Get(t)->type() == schema::TensorType_FLOAT32;
    });
    if (!found.count(op) || !of_floats) continue;
    out->emplace_back(litert::NameOf(*graph.tensors()->Get(op->outputs()->Get(0))),
                      absl::StrCat(litert::OpName(model, *op), " that decides which values come out"));
  }
}

// Adds divisions by values that may be 0 as integers, over which TFLite's kernel fails (tflite/kernels/div.cc), and what
// makes such a divisor of its activation: of a small deviation the square is less than half a step.
class Divisions {
 public:
  Divisions(const schema::Model& model, const Ranges& ranges, int g)
      : model_(model), ranges_(ranges), graph_(*model.subgraphs()->Get(g)), g_(g) {
    for (const auto* op : litert::Each(graph_.operators())) {
      for (int t : litert::Each(op->outputs())) producer_[t] = op;
    }
  }

  void Find(std::vector<std::pair<std::string, std::string>>* out) {
    for (const auto* op : litert::Each(graph_.operators())) {
      if (KindOf(*op) != schema::BuiltinOperator_DIV) continue;
      const int by = op->inputs()->Get(1);
      const auto range = ranges_.find({g_, by});
      if (range == ranges_.end() || !MayBeZero(range->second)) continue;
      Add(*op,
          absl::StrFormat("DIV by values of [%.3g, %.3g], some of which may be 0 as integers", range->second.min,
                          range->second.max),
          out);
      AddMakers(by, out);
    }
  }

 private:
  // The root of half a step of 255 is as much as 11 steps.
  static bool MayBeZero(const Range& range) {
    constexpr float kPart = 1.0f / 16;
    const float small = kPart * std::max(std::abs(range.min), std::abs(range.max));
    return range.min < small && range.max > -small;
  }
  schema::BuiltinOperator KindOf(const schema::Operator& op) const {
    return litert::KindOf(*model_.operator_codes()->Get(op.opcode_index()));
  }
  void Add(const schema::Operator& op, std::string reason, std::vector<std::pair<std::string, std::string>>* out) {
    if (found_.insert(&op).second) {
      out->emplace_back(litert::NameOf(*graph_.tensors()->Get(op.outputs()->Get(0))), std::move(reason));
    }
  }
  // What computes `t` value by value, back to a sum or a mean and what it is of.
  void AddMakers(int t, std::vector<std::pair<std::string, std::string>>* out) {
    const auto it = producer_.find(t);
    if (it == producer_.end()) return;
    const schema::Operator& op = *it->second;
    switch (KindOf(op)) {
      case schema::BuiltinOperator_MEAN:
      case schema::BuiltinOperator_SUM:
      case schema::BuiltinOperator_ADD:
      case schema::BuiltinOperator_MAXIMUM:
      case schema::BuiltinOperator_SQRT:
      case schema::BuiltinOperator_SQUARE:
      case schema::BuiltinOperator_SQUARED_DIFFERENCE: break;
      default: return;
    }
    Add(op, absl::StrCat(litert::OpName(model_, op), " of a divisor that may be 0 as an integer"), out);
    const bool is_square =
        KindOf(op) == schema::BuiltinOperator_SQUARE || KindOf(op) == schema::BuiltinOperator_SQUARED_DIFFERENCE;
    if (!is_square) AddMakers(op.inputs()->Get(0), out);
  }

  const schema::Model& model_;
  const Ranges& ranges_;
  const schema::SubGraph& graph_;
  const int g_;
  std::map<int, const schema::Operator*> producer_;
  std::set<const schema::Operator*> found_;
};

}  // namespace

std::vector<std::pair<std::string, std::string>> FindUnquantizable(const schema::Model& model, const Ranges& ranges,
                                                                   bool int16) {
  // ADD and SUB bring both inputs to twice the larger scale, shifted left by these many bits, and from there to the
  // result's scale with a factor that must be below one (tflite/kernels/add.cc). A factor of two is for zero points.
  const float most = std::ldexp(1.0f, int16 ? 15 : 20) / 4;
  std::vector<std::pair<std::string, std::string>> out;
  for (int g = 0; g < litert::Size(model.subgraphs()); ++g) {
    const schema::SubGraph& graph = *model.subgraphs()->Get(g);
    FindDeciding(model, graph, &out);
    if (!int16) Divisions(model, ranges, g).Find(&out);  // LiteRT has no int16 kernel of DIV.
    const std::set<const schema::Operator*> beyond = BeyondNumbers(model, ranges, g).Find(&out);
    for (const auto* op : litert::Each(graph.operators())) {
      if (beyond.count(op)) continue;
      const schema::BuiltinOperator kind = litert::KindOf(*model.operator_codes()->Get(op->opcode_index()));
      if (kind == schema::BuiltinOperator_UNIDIRECTIONAL_SEQUENCE_LSTM && !int16) {
        out.emplace_back(litert::NameOf(*graph.tensors()->Get(op->outputs()->Get(0))),
                         "a fused LSTM's int8 kernel needs ranges of what is inside of its cell");
      }
      if (kind != schema::BuiltinOperator_ADD && kind != schema::BuiltinOperator_SUB &&
          kind != schema::BuiltinOperator_SQUARED_DIFFERENCE) {
        continue;
      }
      const int result = op->outputs()->Get(0);
      const std::optional<float> to = LargestOf(model, ranges, g, result);
      float from = 0;
      for (int t : litert::Each(op->inputs())) {
        const float largest = LargestOf(model, ranges, g, t).value_or(0);
        // QuantizeInt16x8 gives zeros the scale of values up to 1.
        from = std::max(from, int16 && largest <= std::numeric_limits<float>::min() ? 1.0f : largest);
      }
      if (!to || from == 0 || *to * most > from) continue;
      out.emplace_back(
          graph.tensors()->Get(result)->name()->str(),
          absl::StrFormat("%s of values up to %.3g whose result is at most %.3g: no integers hold both",
                          litert::OpName(model, *op), from, *to <= std::numeric_limits<float>::min() ? 0 : *to));
    }
  }
  return out;
}

void WidenSelfDifferences(const schema::Model& model, Ranges* ranges) {
  for (int g = 0; g < litert::Size(model.subgraphs()); ++g) {
    const schema::SubGraph& graph = *model.subgraphs()->Get(g);
    std::set<int> computed_with;
    for (int t : litert::Each(graph.outputs())) computed_with.insert(t);
    for (int i = litert::Size(graph.operators()) - 1; i >= 0; --i) {  // Readers come later.
      const schema::Operator& op = *graph.operators()->Get(i);
      const schema::BuiltinOperator kind = litert::KindOf(*model.operator_codes()->Get(op.opcode_index()));
      const bool moves = kind == schema::BuiltinOperator_BROADCAST_TO || kind == schema::BuiltinOperator_RESHAPE;
      if (kind == schema::BuiltinOperator_EQUAL || kind == schema::BuiltinOperator_NOT_EQUAL ||
          kind == schema::BuiltinOperator_SHAPE || (moves && !computed_with.count(op.outputs()->Get(0)))) {
        continue;
      }
      for (int t : litert::Each(op.inputs())) computed_with.insert(t);
    }
    for (const auto* op : litert::Each(graph.operators())) {
      if (litert::OpName(model, *op) != "SUB" || op->inputs()->Get(0) != op->inputs()->Get(1) ||
          computed_with.count(op->outputs()->Get(0))) {
        continue;
      }
      const auto from = ranges->find({g, op->inputs()->Get(0)});
      const auto to = ranges->find({g, op->outputs()->Get(0)});
      if (from == ranges->end() || to == ranges->end()) continue;
      const float largest = std::max(std::abs(to->second.min), std::abs(to->second.max));
      if (largest <= std::numeric_limits<float>::min()) to->second = from->second;  // NaN stays.
    }
  }
}

}  // namespace tfxm::rewriting
