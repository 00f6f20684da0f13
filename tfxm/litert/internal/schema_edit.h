// SPDX-License-Identifier: Apache-2.0

// Unpacks a TFLite model, adds to it, and packs it.
//
//   const int out = AddTensor(graph, "sum", schema::TensorType_FLOAT32, {1, 4});
//   const int add = AddOperatorCode(model, schema::BuiltinOperator_ADD);
//   graph.operators.push_back(MakeOperator(add, schema::AddOptionsT(), {a, b}, out));
#ifndef TFXM_LITERT_INTERNAL_SCHEMA_EDIT_H_
#define TFXM_LITERT_INTERNAL_SCHEMA_EDIT_H_

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tflite_generated.h"

namespace tfxm::litert {

// Both are compiled once, in schema_edit.cc: FlatBuffers generates them inline, for all kinds of options there are.
// What is unpacked must have been verified.
std::unique_ptr<schema::ModelT> UnpackModel(const schema::Model& model);
// The model as a flatbuffer; `size`: about how large it will be.
std::string PackModel(const schema::ModelT& model, size_t size = 0);

// The index of the new tensor, whose values the runtime allocates.
inline int AddTensor(schema::SubGraphT& graph, std::string name, schema::TensorType type, std::vector<int> shape) {
  auto tensor = std::make_unique<schema::TensorT>();
  tensor->name = std::move(name);
  tensor->type = type;
  tensor->shape = std::move(shape);
  graph.tensors.push_back(std::move(tensor));
  return static_cast<int>(graph.tensors.size()) - 1;
}

// The index of the new kind of operator; `custom` is the name of a CUSTOM one.
inline int AddOperatorCode(schema::ModelT& model, schema::BuiltinOperator kind, const std::string& custom = "",
                           int version = 1) {
  auto code = std::make_unique<schema::OperatorCodeT>();
  code->builtin_code = kind;
  code->deprecated_builtin_code = static_cast<int8_t>(std::min<int>(kind, 127));
  code->custom_code = custom;
  code->version = version;
  model.operator_codes.push_back(std::move(code));
  return static_cast<int>(model.operator_codes.size()) - 1;
}

// The index of a new buffer with these bytes.
inline uint32_t AddBuffer(schema::ModelT& model, std::vector<uint8_t> bytes) {
  model.buffers.push_back(std::make_unique<schema::BufferT>());
  model.buffers.back()->data = std::move(bytes);
  return static_cast<uint32_t>(model.buffers.size()) - 1;
}

// The index of a new constant.
template <typename T>
int AddConstant(schema::ModelT& model, schema::SubGraphT& graph, std::string name, schema::TensorType type,
                std::vector<int> shape, std::span<const T> values) {
  const int t = AddTensor(graph, std::move(name), type, std::move(shape));
  const auto* bytes = reinterpret_cast<const uint8_t*>(values.data());
  graph.tensors[t]->buffer = AddBuffer(model, {bytes, bytes + values.size_bytes()});
  return t;
}

// An operator of one output, with the options of its kind.
template <typename Options>
std::unique_ptr<schema::OperatorT> MakeOperator(int code, Options options, std::vector<int> inputs, int output) {
  auto op = std::make_unique<schema::OperatorT>();
  op->opcode_index = code;
  op->builtin_options.Set(std::move(options));
  op->inputs = std::move(inputs);
  op->outputs = {output};
  return op;
}

}  // namespace tfxm::litert

#endif  // TFXM_LITERT_INTERNAL_SCHEMA_EDIT_H_
