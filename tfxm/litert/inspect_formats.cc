// SPDX-License-Identifier: Apache-2.0

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tflite_generated.h"
#include "tfxm/litert/inspect.h"
#include "tfxm/litert/internal/schema_util.h"
#include "tfxm/util/text/json_writer.h"
#include "tfxm/util/text/text_table.h"

namespace tfxm::litert {
namespace {

void WriteTensors(const char* key, const std::vector<SignatureTensor>& tensors, JsonWriter* json) {
  json->Key(key).BeginArray();
  for (const SignatureTensor& tensor : tensors) {
    json->BeginObject();
    json->Key("name").String(tensor.spec.name);
    json->Key("dtype").String(DataTypeName(tensor.spec.dtype));
    json->Key("shape").BeginArray();
    for (const int64_t dim : tensor.spec.shape) json->Number(static_cast<double>(dim));
    json->End();
    if (tensor.quantization.scale != 0) {
      json->Key("scale").Number(tensor.quantization.scale);
      json->Key("zero_point").Number(tensor.quantization.zero_point);
    }
    json->End();
  }
  json->End();
}

}  // namespace

std::string ToJson(const Inspection& in) {
  JsonWriter json(/*indent=*/true);
  const auto number = [&](const char* key, int64_t value) { json.Key(key).Number(static_cast<double>(value)); };
  json.BeginObject();
  json.Key("name").String(in.name);
  number("file_bytes", in.file_bytes);
  json.Key("min_runtime_version").String(in.min_runtime_version);
  number("num_subgraphs", in.num_subgraphs);
  number("num_tensors", in.num_tensors);
  json.Key("signatures").BeginArray();
  for (const SignatureInfo& signature : in.signatures) {
    json.BeginObject();
    json.Key("name").String(signature.name);
    WriteTensors("inputs", signature.inputs, &json);
    WriteTensors("outputs", signature.outputs, &json);
    json.End();
  }
  json.End();
  json.Key("ops").BeginObject();
  for (const auto& [name, use] : in.ops) {
    json.Key(name).BeginObject();
    json.Key("kind").String(use.kind == OpKind::kBuiltin    ? "builtin"
                            : use.kind == OpKind::kSelectTf ? "select_tf"
                                                            : "custom");
    number("count", use.count);
    number("quantized", use.quantized);
    number("weight_bytes", use.weight_bytes);
    json.End();
  }
  json.End();
  json.Key("weights_by_type").BeginObject();
  for (const auto& [type, bytes] : in.weights_by_type) json.Key(type).Number(static_cast<double>(bytes));
  json.End();
  number("weight_bytes", in.weight_bytes);
  number("arena_bytes", in.arena_bytes);
  number("multiply_adds", in.multiply_adds);
  json.End();
  return std::move(json).Take();
}

std::string RenderLayers(const ModelFile& file, int width) {
  const schema::Model& model = file.model();
  std::string out;
  for (int g = 0; g < Size(model.subgraphs()); ++g) {
    const schema::SubGraph& graph = *model.subgraphs()->Get(g);
    if (Size(model.subgraphs()) > 1) {
      absl::StrAppend(&out, "  subgraph ", g, graph.name() != nullptr ? absl::StrCat(" ", graph.name()->str()) : "",
                      "\n");
    }
    TextTable table({{"operator"}, {"result"}, {"shape"}, {"name"}});
    for (int o = 0; o < Size(graph.operators()); ++o) {
      const schema::Operator& op = *graph.operators()->Get(o);
      const std::string name = absl::StrCat(o, " ", OpName(model, op));
      const int t = Size(op.outputs()) == 0 ? -1 : op.outputs()->Get(0);
      if (t < 0) {
        table.AddRow({name});
        continue;
      }
      const schema::Tensor& result = *graph.tensors()->Get(t);
      table.AddRow({name, std::string(TensorTypeName(result.type())), ShapeString(ShapeOf(result)),
                    std::string(NameOf(result))});
    }
    absl::StrAppend(&out, table.Text({.width = width, .indent = "  "}));
  }
  return out;
}

}  // namespace tfxm::litert
