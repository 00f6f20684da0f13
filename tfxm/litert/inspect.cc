// SPDX-License-Identifier: Apache-2.0

#include "tfxm/litert/inspect.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "tflite_generated.h"
#include "tfxm/litert/internal/arena.h"
#include "tfxm/litert/internal/schema_util.h"
#include "tfxm/util/text/text_table.h"

namespace tfxm::litert {
namespace {

int64_t BufferBytes(const schema::Model& model, const schema::Tensor& tensor) {
  if (tensor.buffer() >= model.buffers()->size()) return 0;
  const schema::Buffer& buffer = *model.buffers()->Get(tensor.buffer());
  if (buffer.offset() > 1) return buffer.size();
  return buffer.data() == nullptr ? 0 : buffer.data()->size();
}

int64_t Elements(const schema::Tensor& tensor) {
  int64_t n = 1;
  for (int dim : Each(tensor.shape())) n *= dim;
  return n;
}

int64_t MultiplyAdds(const schema::SubGraph& graph, schema::BuiltinOperator kind, const schema::Operator& op) {
  auto tensor = [&](int index) -> const schema::Tensor& { return *graph.tensors()->Get(index); };
  if (Size(op.outputs()) == 0 || Size(op.inputs()) < 2) return 0;
  for (int i : {op.inputs()->Get(0), op.inputs()->Get(1), op.outputs()->Get(0)}) {
    if (i < 0) return 0;
  }
  const schema::Tensor& weights = tensor(op.inputs()->Get(1));
  const int64_t outputs = Elements(tensor(op.outputs()->Get(0)));
  const int rank = Size(weights.shape());
  switch (kind) {
    case schema::BuiltinOperator_FULLY_CONNECTED: return rank == 2 ? outputs * weights.shape()->Get(1) : 0;
    case schema::BuiltinOperator_CONV_2D:
      return rank == 4 && weights.shape()->Get(0) > 0 ? outputs * (Elements(weights) / weights.shape()->Get(0)) : 0;
    case schema::BuiltinOperator_DEPTHWISE_CONV_2D:
      return rank == 4 ? outputs * weights.shape()->Get(1) * weights.shape()->Get(2) : 0;
    case schema::BuiltinOperator_BATCH_MATMUL: {
      const schema::Tensor& left = tensor(op.inputs()->Get(0));
      const auto* options = op.builtin_options_as_BatchMatMulOptions();
      const int r = Size(left.shape());
      if (r < 2) return 0;
      return outputs * left.shape()->Get(options != nullptr && options->adj_x() ? r - 2 : r - 1);
    }
    default: return 0;
  }
}

std::string Bytes(int64_t n) {
  if (n >= 10'000'000) return absl::StrFormat("%.1f MB", n / 1e6);
  if (n >= 10'000) return absl::StrFormat("%.1f kB", n / 1e3);
  return absl::StrCat(n, " B");
}

void AddTensors(const std::vector<SignatureTensor>& tensors, absl::string_view side, TextTable* table) {
  for (const SignatureTensor& tensor : tensors) {
    table->AddRow({absl::StrCat(side, tensor.spec.name), std::string(DataTypeName(tensor.spec.dtype)),
                   ShapeString(tensor.spec.shape),
                   tensor.quantization.scale == 0
                       ? ""
                       : absl::StrFormat("scale %.6g, zero point %d", tensor.quantization.scale,
                                         tensor.quantization.zero_point)});
  }
}

}  // namespace

std::string OpName(const schema::Model& model, const schema::Operator& op) {
  const schema::OperatorCode& code = *model.operator_codes()->Get(op.opcode_index());
  if (litert::KindOf(code) == schema::BuiltinOperator_CUSTOM) return code.custom_code()->str();
  return schema::EnumNameBuiltinOperator(litert::KindOf(code));
}

OpKind KindOf(const schema::Model& model, const schema::Operator& op) {
  const schema::OperatorCode& code = *model.operator_codes()->Get(op.opcode_index());
  if (litert::KindOf(code) != schema::BuiltinOperator_CUSTOM) return OpKind::kBuiltin;
  return absl::StartsWith(code.custom_code()->str(), "Flex") ? OpKind::kSelectTf : OpKind::kCustom;
}

Inspection Inspect(const ModelFile& file) {
  const schema::Model& model = file.model();
  Inspection out;
  out.name = file.name();
  out.file_bytes = file.bytes().size();
  if (model.description() != nullptr) out.description = model.description()->str();
  out.signatures = file.signatures();
  out.num_subgraphs = model.subgraphs()->size();
  for (int m = 0; model.metadata() != nullptr && m < static_cast<int>(model.metadata()->size()); ++m) {
    const schema::Metadata& metadata = *model.metadata()->Get(m);
    const auto* data = model.buffers()->Get(metadata.buffer())->data();
    if (metadata.name()->str() != "min_runtime_version" || data == nullptr) continue;
    const std::string text(reinterpret_cast<const char*>(data->data()), data->size());
    out.min_runtime_version = text.substr(0, text.find('\0'));
  }
  std::set<uint32_t> counted;
  for (const auto* graph : *model.subgraphs()) {
    out.num_tensors += Size(graph->tensors());
    for (const auto* op : Each(graph->operators())) {
      OpUse& use = out.ops[OpName(model, *op)];
      use.kind = KindOf(model, *op);
      ++use.count;
      for (int t : Each(op->inputs())) {
        if (t < 0) continue;
        const schema::Tensor& tensor = *graph->tensors()->Get(t);
        const int64_t bytes = BufferBytes(model, tensor);
        if (bytes == 0 || !counted.insert(tensor.buffer()).second) continue;
        use.weight_bytes += bytes;
        out.weight_bytes += bytes;
        out.weights_by_type[std::string(TensorTypeName(tensor.type()))] += bytes;
      }
      if (Size(op->outputs()) > 0 && op->outputs()->Get(0) >= 0) {
        const schema::Tensor& result = *graph->tensors()->Get(op->outputs()->Get(0));
        const bool integer = result.type() == schema::TensorType_INT8 || result.type() == schema::TensorType_UINT8 ||
                             result.type() == schema::TensorType_INT16;
        use.quantized += integer && result.quantization() != nullptr && result.quantization()->scale() != nullptr;
      }
      if (graph == model.subgraphs()->Get(0)) {
        out.multiply_adds +=
            MultiplyAdds(*graph, litert::KindOf(*model.operator_codes()->Get(op->opcode_index())), *op);
      }
    }
  }
  out.arena_bytes = PlannedArenaBytes(model, *model.subgraphs()->Get(0));
  return out;
}

std::string Render(const Inspection& in, int width) {
  std::string out = absl::StrCat(in.name, ": ", Bytes(in.file_bytes), ", ", in.num_tensors, " tensors",
                                 in.num_subgraphs > 1 ? absl::StrCat(" in ", in.num_subgraphs, " subgraphs") : "");
  if (!in.min_runtime_version.empty()) absl::StrAppend(&out, ", needs TFLite ", in.min_runtime_version);
  if (width > 0) out = WrapText(out, width, "  ");
  absl::StrAppend(&out, "\n");
  for (const SignatureInfo& signature : in.signatures) {
    absl::StrAppend(
        &out, signature.name.empty() ? "  no signature\n" : absl::StrCat("  signature \"", signature.name, "\"\n"));
    TextTable tensors({{}, {}, {}, {}});
    AddTensors(signature.inputs, "input  ", &tensors);
    AddTensors(signature.outputs, "output ", &tensors);
    absl::StrAppend(&out, tensors.Text({.width = width, .indent = "    "}));
  }
  std::vector<std::pair<std::string, OpUse>> ops(in.ops.begin(), in.ops.end());
  std::stable_sort(ops.begin(), ops.end(),
                   [](const auto& a, const auto& b) { return a.second.weight_bytes > b.second.weight_bytes; });
  TextTable table(
      {{"operator"}, {"count", TextTable::kRight}, {"integer", TextTable::kRight}, {"weights", TextTable::kRight}, {}});
  for (const auto& [name, use] : ops) {
    table.AddRow({name, absl::StrCat(use.count), absl::StrCat(use.quantized), Bytes(use.weight_bytes),
                  use.kind == OpKind::kSelectTf ? "Select TF"
                  : use.kind == OpKind::kCustom ? "custom"
                                                : ""});
  }
  absl::StrAppend(&out, table.Text({.width = width, .indent = "  "}));
  std::vector<std::string> types;
  for (const auto& [type, bytes] : in.weights_by_type) types.push_back(absl::StrCat(type, " ", Bytes(bytes)));
  const auto add_line = [&](absl::string_view text) {
    absl::StrAppend(&out, "  ", WrapText(text, std::max(width - 2, 0), "    "), "\n");
  };
  add_line(absl::StrCat("weights ", Bytes(in.weight_bytes), types.empty() ? "" : ": ", absl::StrJoin(types, ", ")));
  add_line(absl::StrCat("the rest of the file, ", Bytes(in.file_bytes - in.weight_bytes),
                        ", is its structure: operators, names, scales"));
  add_line(absl::StrCat("arena for the activations, one example: ", Bytes(in.arena_bytes)));
  if (in.multiply_adds > 0) {
    add_line(absl::StrFormat("multiply-adds, one example%s: %s", in.num_subgraphs > 1 ? ", loops left out" : "",
                             in.multiply_adds < 100'000 ? absl::StrCat(in.multiply_adds)
                                                        : absl::StrFormat("%.3g M", in.multiply_adds / 1e6)));
  }
  return out;
}

}  // namespace tfxm::litert
