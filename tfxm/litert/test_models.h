// SPDX-License-Identifier: Apache-2.0

// Small TFLite models for tests, made in memory.
#ifndef TFXM_LITERT_TEST_MODELS_H_
#define TFXM_LITERT_TEST_MODELS_H_

#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tflite_generated.h"
#include "tfxm/litert/internal/schema_edit.h"

namespace tfxm::litert::testing {

inline std::string Pack(const schema::ModelT& model) { return PackModel(model); }

// Builds a model with one subgraph.
class ModelBuilder {
 public:
  ModelBuilder() {
    model_.version = 3;
    model_.subgraphs.push_back(std::make_unique<schema::SubGraphT>());
    model_.buffers.push_back(std::make_unique<schema::BufferT>());
  }

  // shape[i] == -1: dynamic.
  int Tensor(const std::string& name, schema::TensorType type, std::vector<int> shape) {
    auto tensor = std::make_unique<schema::TensorT>();
    tensor->name = name;
    tensor->type = type;
    tensor->shape_signature = shape;
    for (int& dim : shape) dim = dim < 0 ? 1 : dim;
    tensor->shape = shape;
    graph().tensors.push_back(std::move(tensor));
    return static_cast<int>(graph().tensors.size()) - 1;
  }
  template <typename T>
  int Constant(const std::string& name, schema::TensorType type, std::vector<int> shape, const std::vector<T>& values) {
    const int index = Tensor(name, type, std::move(shape));
    auto buffer = std::make_unique<schema::BufferT>();
    buffer->data.resize(values.size() * sizeof(T));
    std::memcpy(buffer->data.data(), values.data(), buffer->data.size());
    graph().tensors[index]->buffer = model_.buffers.size();
    model_.buffers.push_back(std::move(buffer));
    return index;
  }
  void Quantize(int tensor, float scale, int zero_point) {
    auto& q = graph().tensors[tensor]->quantization;
    q = std::make_unique<schema::QuantizationParametersT>();
    q->scale = {scale};
    q->zero_point = {zero_point};
  }
  template <typename Options>
  void Op(schema::BuiltinOperator kind, Options options, std::vector<int> inputs, std::vector<int> outputs) {
    auto op = std::make_unique<schema::OperatorT>();
    op->opcode_index = Code(kind, "");
    op->builtin_options.Set(std::move(options));
    op->inputs = std::move(inputs);
    op->outputs = std::move(outputs);
    graph().operators.push_back(std::move(op));
  }
  void CustomOp(const std::string& name, std::vector<int> inputs, std::vector<int> outputs) {
    auto op = std::make_unique<schema::OperatorT>();
    op->opcode_index = Code(schema::BuiltinOperator_CUSTOM, name);
    op->inputs = std::move(inputs);
    op->outputs = std::move(outputs);
    graph().operators.push_back(std::move(op));
  }
  using Names = std::vector<std::pair<std::string, int>>;
  void Signature(const std::string& key, const Names& inputs, const Names& outputs) {
    auto def = std::make_unique<schema::SignatureDefT>();
    def->signature_key = key;
    for (auto [names, maps] : {std::pair{&inputs, &def->inputs}, std::pair{&outputs, &def->outputs}}) {
      for (const auto& [name, index] : *names) {
        auto map = std::make_unique<schema::TensorMapT>();
        map->name = name;
        map->tensor_index = index;
        maps->push_back(std::move(map));
      }
    }
    model_.signature_defs.push_back(std::move(def));
  }
  void InputsOutputs(std::vector<int> inputs, std::vector<int> outputs) {
    graph().inputs = std::move(inputs);
    graph().outputs = std::move(outputs);
  }
  schema::SubGraphT& graph() { return *model_.subgraphs[0]; }
  schema::ModelT& model() { return model_; }
  std::string Finish() { return Pack(model_); }

 private:
  int Code(schema::BuiltinOperator kind, const std::string& custom) {
    auto code = std::make_unique<schema::OperatorCodeT>();
    code->builtin_code = kind;
    code->deprecated_builtin_code = std::min<int>(kind, 127);
    code->custom_code = custom;
    model_.operator_codes.push_back(std::move(code));
    return static_cast<int>(model_.operator_codes.size()) - 1;
  }
  schema::ModelT model_;
};

// z [None, 3] = x [None, 3] + y [None, 3]; signature "serving_default" with inputs "left", "right" and output "sum".
inline std::string AddModel() {
  ModelBuilder b;
  const int x = b.Tensor("x", schema::TensorType_FLOAT32, {-1, 3});
  const int y = b.Tensor("y", schema::TensorType_FLOAT32, {-1, 3});
  const int z = b.Tensor("z", schema::TensorType_FLOAT32, {-1, 3});
  b.Op(schema::BuiltinOperator_ADD, schema::AddOptionsT(), {x, y}, {z});
  b.InputsOutputs({x, y}, {z});
  b.Signature("serving_default", {{"left", x}, {"right", y}}, {{"sum", z}});
  return b.Finish();
}

// y [None, 2] = relu(x [None, 3] * W^T + b); no signature.
inline std::string DenseModel(const std::vector<float>& weights, const std::vector<float>& bias) {
  ModelBuilder b;
  const int x = b.Tensor("x", schema::TensorType_FLOAT32, {-1, 3});
  const int w = b.Constant<float>("w", schema::TensorType_FLOAT32, {2, 3}, weights);
  const int c = b.Constant<float>("b", schema::TensorType_FLOAT32, {2}, bias);
  const int y = b.Tensor("y", schema::TensorType_FLOAT32, {-1, 2});
  schema::FullyConnectedOptionsT options;
  options.fused_activation_function = schema::ActivationFunctionType_RELU;
  b.Op(schema::BuiltinOperator_FULLY_CONNECTED, std::move(options), {x, w, c}, {y});
  b.InputsOutputs({x}, {y});
  return b.Finish();
}

}  // namespace tfxm::litert::testing

#endif  // TFXM_LITERT_TEST_MODELS_H_
