// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/quantize/moved_values.h"

#include <cmath>
#include <cstdint>
#include <optional>
#include <set>

#include "absl/strings/str_cat.h"
#include "tfxm/litert/inspect.h"
#include "tfxm/litert/internal/schema_util.h"

namespace tfxm::rewriting {
namespace {

struct Scale {
  float scale;
  int64_t zero_point;
  float ValueOf(int8_t byte) const { return scale * static_cast<float>(byte - zero_point); }
  bool operator==(const Scale&) const = default;
};

std::optional<Scale> ScaleOf(const schema::SubGraph& graph, int t) {
  if (t < 0) return std::nullopt;
  const schema::Tensor& tensor = *graph.tensors()->Get(t);
  const auto* q = tensor.quantization();
  if (tensor.type() != schema::TensorType_INT8 || q == nullptr || litert::Size(q->scale()) != 1 ||
      litert::Size(q->zero_point()) != 1) {
    return std::nullopt;
  }
  return Scale{q->scale()->Get(0), q->zero_point()->Get(0)};
}

// Steps by which a moved value may differ: less is not worth the conversions to float and back.
constexpr float kMostSteps = 4;

// Whether every byte is in both scales nearly the same value.
bool Alike(const std::optional<Scale>& a, const Scale& b) {
  if (!a) return true;  // It is not quantized.
  for (const int8_t byte : {int8_t{-128}, int8_t{127}}) {
    if (std::abs(a->ValueOf(byte) - b.ValueOf(byte)) > kMostSteps * b.scale) return false;
  }
  return true;
}

// Whether a constant's bytes are in `out` the values that they are in the constant's own scale.
bool SameValues(const schema::Model& model, const schema::SubGraph& graph, int t, const Scale& out) {
  const std::optional<Scale> own = ScaleOf(graph, t);
  if (!own || *own == out) return true;
  const auto* data = model.buffers()->Get(graph.tensors()->Get(t)->buffer())->data();
  if (litert::Size(data) == 0) return false;
  for (const uint8_t byte : *data) {
    const auto value = static_cast<int8_t>(byte);
    if (std::abs(own->ValueOf(value) - out.ValueOf(value)) > out.scale) return false;
  }
  return true;
}

bool IsWrong(const schema::Model& model, const schema::SubGraph& graph, const schema::Operator& op) {
  const std::optional<Scale> out = ScaleOf(graph, op.outputs()->Get(0));
  if (!out) return false;
  const auto input = [&](uint32_t i) { return i < op.inputs()->size() ? op.inputs()->Get(i) : -1; };
  switch (litert::KindOf(*model.operator_codes()->Get(op.opcode_index()))) {
    case schema::BuiltinOperator_REVERSE_SEQUENCE: return true;
    case schema::BuiltinOperator_REVERSE_V2: return !Alike(ScaleOf(graph, input(0)), *out);
    case schema::BuiltinOperator_SCATTER_ND: return out->zero_point != 0 || !SameValues(model, graph, input(1), *out);
    case schema::BuiltinOperator_ONE_HOT:
      return !SameValues(model, graph, input(2), *out) || !SameValues(model, graph, input(3), *out);
    default: return false;
  }
}

}  // namespace

bool MovesValues(const schema::Model& model) {
  for (const auto* code : litert::Each(model.operator_codes())) {
    switch (litert::KindOf(*code)) {
      case schema::BuiltinOperator_REVERSE_SEQUENCE:
      case schema::BuiltinOperator_REVERSE_V2:
      case schema::BuiltinOperator_SCATTER_ND:
      case schema::BuiltinOperator_ONE_HOT: return true;
      default: break;
    }
  }
  return false;
}

std::vector<std::pair<std::string, std::string>> FindMovedWrongly(const schema::Model& quantized,
                                                                  const schema::Model& float_model) {
  std::set<std::string> names;
  for (const auto* graph : litert::Each(float_model.subgraphs())) {
    for (const auto* tensor : litert::Each(graph->tensors())) names.insert(litert::NameOf(*tensor));
  }
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto* graph : litert::Each(quantized.subgraphs())) {
    for (const auto* op : litert::Each(graph->operators())) {
      if (litert::Size(op->outputs()) == 0 || !IsWrong(quantized, *graph, *op)) continue;
      // An output of the model has its name only behind a DEQUANTIZE.
      std::vector<int> results = {op->outputs()->Get(0)};
      for (const auto* next : litert::Each(graph->operators())) {
        if (litert::OpName(quantized, *next) == "DEQUANTIZE" && next->inputs()->Get(0) == results[0]) {
          results.push_back(next->outputs()->Get(0));
        }
      }
      for (const int t : results) {
        std::string name = litert::NameOf(*graph->tensors()->Get(t));
        if (names.count(name) == 0) continue;
        const std::string kind = litert::OpName(quantized, *op);
        out.emplace_back(
            std::move(name),
            kind == "REVERSE_SEQUENCE"
                ? absl::StrCat("LiteRT has no int8 kernel of ", kind)
                : absl::StrCat(kind, " moves bytes, and what goes in has another scale than what comes out"));
        break;
      }
    }
  }
  return out;
}

}  // namespace tfxm::rewriting
