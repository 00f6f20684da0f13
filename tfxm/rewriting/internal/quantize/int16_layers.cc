// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/quantize/int16_layers.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "tflite_generated.h"
#include "tfxm/litert/internal/schema_edit.h"
#include "tfxm/litert/internal/schema_util.h"
#include "tfxm/rewriting/internal/convert/drop_unused.h"
#include "tfxm/rewriting/internal/quantize/quantize_int16.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::rewriting {
namespace {

// All that its integers can say; empty without one scale.
Range RangeOfIntegers(const schema::Tensor& tensor) {
  const auto* quantization = tensor.quantization();
  if (quantization == nullptr || litert::Size(quantization->scale()) != 1 ||
      litert::Size(quantization->zero_point()) != 1) {
    return {1, -1};
  }
  const float scale = quantization->scale()->Get(0);
  const auto zero = static_cast<float>(quantization->zero_point()->Get(0));
  return {(-128 - zero) * scale, (127 - zero) * scale};
}

// The ranges of the first subgraph of `model`, whose tensors have the names of `float_model`, or come from int8.
Ranges RangesIn(const schema::Model& model, const schema::Model& float_model, const Ranges& ranges) {
  std::map<std::string, Range> by_name;
  for (const auto& [where, range] : ranges) {
    if (where.first == 0)
      by_name[litert::NameOf(*float_model.subgraphs()->Get(0)->tensors()->Get(where.second))] = range;
  }
  Ranges out;
  const schema::SubGraph& graph = *model.subgraphs()->Get(0);
  for (int t = 0; t < litert::Size(graph.tensors()); ++t) {
    const auto it = by_name.find(litert::NameOf(*graph.tensors()->Get(t)));
    if (it != by_name.end()) out[{0, t}] = it->second;
  }
  for (const auto* op : litert::Each(graph.operators())) {
    if (litert::KindOf(*model.operator_codes()->Get(op->opcode_index())) != schema::BuiltinOperator_DEQUANTIZE)
      continue;
    const schema::Tensor& from = *graph.tensors()->Get(op->inputs()->Get(0));
    const Range range = RangeOfIntegers(from);
    if (from.type() == schema::TensorType_INT8 && range.min < range.max) out[{0, op->outputs()->Get(0)}] = range;
  }
  return out;
}

// From int16 to int8 at once instead of by way of float.
void FoldRequantize(schema::ModelT& model) {
  schema::SubGraphT& graph = *model.subgraphs[0];
  const auto is = [&](const schema::OperatorT& op, schema::BuiltinOperator kind) {
    return litert::KindOf(*model.operator_codes[op.opcode_index]) == kind;
  };
  std::map<int, int> integers;  // What a DEQUANTIZE makes -> what it reads.
  for (const auto& op : graph.operators) {
    if (is(*op, schema::BuiltinOperator_DEQUANTIZE) && graph.tensors[op->inputs[0]]->type == schema::TensorType_INT16) {
      integers[op->outputs[0]] = op->inputs[0];
    }
  }
  std::set<int> read(graph.outputs.begin(), graph.outputs.end());
  for (const auto& op : graph.operators) {
    const auto it = is(*op, schema::BuiltinOperator_QUANTIZE) ? integers.find(op->inputs[0]) : integers.end();
    if (it != integers.end()) op->inputs[0] = it->second;
    read.insert(op->inputs.begin(), op->inputs.end());
  }
  std::erase_if(graph.operators, [&](const auto& op) {
    return is(*op, schema::BuiltinOperator_DEQUANTIZE) && integers.count(op->outputs[0]) > 0 &&
           read.count(op->outputs[0]) == 0;
  });
}

}  // namespace

absl::StatusOr<std::string> QuantizeInt16Layers(absl::string_view model, absl::string_view float_model,
                                                const Ranges& ranges, const std::vector<std::string>& layers) {
  const Ranges here = RangesIn(*schema::GetModel(model.data()), *schema::GetModel(float_model.data()), ranges);
  ASSIGN_OR_RETURN(const std::string mixed, QuantizeInt16x8(model, here, {.int16_nodes = layers}));
  std::unique_ptr<schema::ModelT> unpacked = litert::UnpackModel(*schema::GetModel(mixed.data()));
  FoldRequantize(*unpacked);
  DropUnused(*unpacked);
  return litert::PackModel(*unpacked, mixed.size());
}

}  // namespace tfxm::rewriting
