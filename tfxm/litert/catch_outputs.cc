#include "tfxm/litert/catch_outputs.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "tflite_generated.h"
#include "tfxm/litert/schema_edit.h"
#include "tfxm/litert/schema_util.h"

namespace tfxm::litert {
namespace {

class Catcher {
 public:
  Catcher(schema::ModelT& model, int subgraph) : model_(model), graph_(*model.subgraphs[subgraph]) {}

  // A tensor with the same values that the runtime allocates in its arena, as operators of an app's own need it: the
  // result of an operator that changes nothing.
  int Copy(int t) {
    switch (graph_.tensors[t]->type) {
      case schema::TensorType_FLOAT32: return Copy(t, schema::BuiltinOperator_MUL, {t, Constant<float>(t, 1)});
      case schema::TensorType_INT32: return Copy(t, schema::BuiltinOperator_MUL, {t, Constant<int32_t>(t, 1)});
      case schema::TensorType_INT64: return Copy(t, schema::BuiltinOperator_MUL, {t, Constant<int64_t>(t, 1)});
      case schema::TensorType_BOOL: return Copy(t, schema::BuiltinOperator_LOGICAL_OR, {t, t});
      case schema::TensorType_INT8:
      case schema::TensorType_UINT8:
      case schema::TensorType_INT16:
        return graph_.tensors[t]->quantization ? Copy(t, schema::BuiltinOperator_QUANTIZE, {t}) : t;
      default: return t;
    }
  }

  void AddOp(schema::BuiltinOperator kind, const std::string& custom, std::vector<int> inputs, int output) {
    auto op = std::make_unique<schema::OperatorT>();
    op->opcode_index = AddOperatorCode(model_, kind, custom);
    if (kind == schema::BuiltinOperator_MUL) op->builtin_options.Set(schema::MulOptionsT());
    if (kind == schema::BuiltinOperator_LOGICAL_OR) op->builtin_options.Set(schema::LogicalOrOptionsT());
    if (kind == schema::BuiltinOperator_QUANTIZE) op->builtin_options.Set(schema::QuantizeOptionsT());
    op->inputs = std::move(inputs);
    op->outputs = {output};
    graph_.operators.push_back(std::move(op));
  }

 private:
  int Copy(int t, schema::BuiltinOperator kind, std::vector<int> inputs) {
    const schema::TensorT& from = *graph_.tensors[t];
    const int out = AddTensor(graph_, from.name + "/tfxm_copy", from.type, from.shape);
    graph_.tensors[out]->shape_signature = graph_.tensors[t]->shape_signature;
    if (const auto& q = graph_.tensors[t]->quantization) {
      graph_.tensors[out]->quantization = std::make_unique<schema::QuantizationParametersT>(*q);
    }
    AddOp(kind, "", std::move(inputs), out);
    return out;
  }
  template <typename T>
  int Constant(int like, T value) {
    return AddConstant(model_, graph_, "tfxm_one", graph_.tensors[like]->type, {}, std::span<const T>(&value, 1));
  }

  schema::ModelT& model_;
  schema::SubGraphT& graph_;
};

}  // namespace

std::string WithCaughtOutputs(const ModelFile& file, const SignatureInfo& signature) {
  std::unique_ptr<schema::ModelT> model(file.model().UnPack());
  Catcher catcher(*model, signature.subgraph);
  std::vector<int> caught;
  for (const SignatureTensor& output : signature.outputs) caught.push_back(catcher.Copy(output.tensor));
  const int done = AddTensor(*model->subgraphs[signature.subgraph], "tfxm_caught", schema::TensorType_INT32, {1});
  catcher.AddOp(schema::BuiltinOperator_CUSTOM, kCatchOutputsOp, std::move(caught), done);
  model->subgraphs[signature.subgraph]->outputs = {done};
  for (auto& def : model->signature_defs) {
    if (static_cast<int>(def->subgraph_index) != signature.subgraph) continue;
    auto map = std::make_unique<schema::TensorMapT>();
    map->name = "tfxm_caught";
    map->tensor_index = done;
    def->outputs.clear();
    def->outputs.push_back(std::move(map));
  }
  flatbuffers::FlatBufferBuilder builder;
  schema::FinishModelBuffer(builder, schema::Model::Pack(builder, model.get()));
  return std::string(reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize());
}

}  // namespace tfxm::litert
