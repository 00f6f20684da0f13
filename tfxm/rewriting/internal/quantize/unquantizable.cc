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

// The largest magnitude of an activation, or of a constant.
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
    for (const auto* op : litert::Each(graph.operators())) {
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

}  // namespace tfxm::rewriting
