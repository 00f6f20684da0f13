// SPDX-License-Identifier: Apache-2.0

#include "tfxm/litert/internal/catch_outputs.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "tflite_generated.h"
#include "tfxm/litert/internal/schema_edit.h"
#include "tfxm/litert/internal/schema_util.h"
#include "tfxm/litert/internal/tap.h"

namespace tfxm::litert {
namespace {

// Operators whose integer inputs are values, not shapes: for all others, a computed integer input is suspicious.
bool TakesIntegersAsValues(schema::BuiltinOperator kind) {
  switch (kind) {
    case schema::BuiltinOperator_GATHER:
    case schema::BuiltinOperator_GATHER_ND:
    case schema::BuiltinOperator_EMBEDDING_LOOKUP:
    case schema::BuiltinOperator_CAST:
    case schema::BuiltinOperator_QUANTIZE:
    case schema::BuiltinOperator_DEQUANTIZE:
    case schema::BuiltinOperator_ADD:
    case schema::BuiltinOperator_SUB:
    case schema::BuiltinOperator_MUL:
    case schema::BuiltinOperator_LESS:
    case schema::BuiltinOperator_LESS_EQUAL:
    case schema::BuiltinOperator_GREATER:
    case schema::BuiltinOperator_GREATER_EQUAL:
    case schema::BuiltinOperator_EQUAL:
    case schema::BuiltinOperator_NOT_EQUAL:
    case schema::BuiltinOperator_FULLY_CONNECTED:
    case schema::BuiltinOperator_CONV_2D:
    case schema::BuiltinOperator_DEPTHWISE_CONV_2D: return true;
    default: return false;
  }
}

bool MayBeDynamic(const schema::Model& model, const schema::SubGraph& graph, const schema::Operator& op) {
  const schema::BuiltinOperator kind = KindOf(*model.operator_codes()->Get(op.opcode_index()));
  switch (kind) {
    case schema::BuiltinOperator_IF:
    case schema::BuiltinOperator_WHILE:
    case schema::BuiltinOperator_CALL:
    case schema::BuiltinOperator_WHERE:
    case schema::BuiltinOperator_UNIQUE:
    case schema::BuiltinOperator_NON_MAX_SUPPRESSION_V4:
    case schema::BuiltinOperator_NON_MAX_SUPPRESSION_V5:
    case schema::BuiltinOperator_READ_VARIABLE:
    case schema::BuiltinOperator_HASHTABLE_FIND:
    case schema::BuiltinOperator_HASHTABLE_LOOKUP:
    case schema::BuiltinOperator_CUSTOM: return true;
    default: break;
  }
  if (kind >= schema::BuiltinOperator_STABLEHLO_LOGISTIC) return true;
  if (TakesIntegersAsValues(kind)) return false;
  for (int t : Each(op.inputs())) {
    if (t < 0) continue;
    const schema::Tensor& tensor = *graph.tensors()->Get(t);
    if (tensor.type() != schema::TensorType_INT32 && tensor.type() != schema::TensorType_INT64) continue;
    if (!HasData(model, tensor)) return true;
  }
  return false;
}

// Weights that lie behind the flatbuffer are brought inside, where the copy finds them.
absl::Status TakeBuffersIn(const std::string& bytes, schema::ModelT& model) {
  uint64_t total = 0;
  for (auto& buffer : model.buffers) {
    if (buffer->offset > 1) total += buffer->size;
  }
  if (total >= (uint64_t{1} << 31) - (1 << 20)) {
    return absl::UnimplementedError(
        "the shapes of the model's outputs are known only after running it, and it is larger than 2 GB: LiteRT's "
        "compiled models cannot give such outputs. Save it with a fixed batch size");
  }
  for (auto& buffer : model.buffers) {
    if (buffer->offset <= 1) continue;
    const auto* data = reinterpret_cast<const uint8_t*>(bytes.data()) + buffer->offset;
    buffer->data.assign(data, data + buffer->size);
    buffer->offset = buffer->size = 0;
  }
  return absl::OkStatus();
}

}  // namespace

bool MayHaveDynamicOutputs(const schema::Model& model, int subgraph) {
  const schema::SubGraph& graph = *model.subgraphs()->Get(subgraph);
  for (const auto* op : Each(graph.operators())) {
    if (MayBeDynamic(model, graph, *op)) return true;
  }
  return false;
}

absl::StatusOr<std::shared_ptr<const ModelFile>> WithCaughtOutputs(const ModelFile& file,
                                                                   const SignatureInfo& signature) {
  std::unique_ptr<schema::ModelT> model = UnpackModel(file.model());
  if (absl::Status status = TakeBuffersIn(file.bytes(), *model); !status.ok()) {
    return absl::UnimplementedError(absl::StrCat(file.name(), ": ", status.message()));
  }
  schema::SubGraphT& graph = *model->subgraphs[signature.subgraph];
  const std::vector<int> before = graph.outputs;
  Tap tap(*model, graph);
  auto op = std::make_unique<schema::OperatorT>();
  std::vector<int> strings;
  for (const int t : before) {
    if (graph.tensors[t]->type == schema::TensorType_STRING) {
      strings.push_back(t);
      continue;
    }
    const Tap::Tensors tensors = tap.Add(t);
    op->inputs.push_back(tensors.values);
    op->inputs.push_back(tensors.shape);
  }
  const int done = AddTensor(graph, "tfxm_caught", schema::TensorType_INT32, {1});
  op->outputs = {done};
  op->opcode_index = AddOperatorCode(*model, schema::BuiltinOperator_CUSTOM, kCatchOutputsOp);
  graph.operators.push_back(std::move(op));
  graph.outputs = {done};
  graph.outputs.insert(graph.outputs.end(), strings.begin(), strings.end());
  for (auto& def : model->signature_defs) {
    if (static_cast<int>(def->subgraph_index) != signature.subgraph) continue;
    def->outputs.clear();
    for (const int t : graph.outputs) {
      auto map = std::make_unique<schema::TensorMapT>();
      map->name = absl::StrCat("tfxm_", def->outputs.size());
      map->tensor_index = t;
      def->outputs.push_back(std::move(map));
    }
  }
  return ModelFile::Pack(*model, file.name());
}

OutputCatcher::OutputCatcher(const SignatureInfo& signature) {
  for (const SignatureTensor& output : signature.outputs) {
    if (output.spec.dtype != DataType::kString) outputs.push_back({.element_size = DataTypeSize(output.spec.dtype)});
  }
}

void OutputCatcher::Observe(int, int k, const Shape&, std::span<const char> bytes) {
  Output& output = outputs[k / 2];
  if (k % 2 == 1) {
    output.shape = Tap::ShapeOf(bytes);
    return;
  }
  const std::span<const char> values = Tap::Values(bytes, output.element_size);
  output.bytes.assign(values.begin(), values.end());
}

}  // namespace tfxm::litert
