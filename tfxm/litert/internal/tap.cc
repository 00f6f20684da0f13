// SPDX-License-Identifier: Apache-2.0

#include "tfxm/litert/internal/tap.h"

#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "tfxm/litert/flatbuffer.h"

namespace tfxm::litert {
namespace {

schema::TensorType IntegerOfBits(int bits) {
  switch (bits) {
    case 8: return schema::TensorType_INT8;
    case 16: return schema::TensorType_INT16;
    case 64: return schema::TensorType_INT64;
    default: return schema::TensorType_INT32;
  }
}

}  // namespace

template <typename Options>
int Tap::Op(schema::BuiltinOperator kind, Options options, std::vector<int> inputs, schema::TensorType type) {
  if (!codes_.count(kind)) codes_[kind] = AddOperatorCode(model_, kind);
  const int out = AddTensor(graph_, "tfxm_tap", type, {1});
  graph_.tensors[out]->shape_signature = {-1};
  graph_.operators.push_back(MakeOperator(codes_[kind], std::move(options), std::move(inputs), out));
  return out;
}

int Tap::One(schema::TensorType type) {
  if (!ones_.count(type)) {
    const std::vector<uint8_t> zeros(BitsOf(type) / 8);
    ones_[type] = AddConstant(model_, graph_, "tfxm_one", type, {1}, std::span<const uint8_t>(zeros));
  }
  return ones_[type];
}

// As integers of no scale no kernel changes a bit (those of floats may quieten NaNs, those of uint8 rescale), and
// BITCAST is among the few that are not computed while laying out, into memory at any address, if they are given
// shapes.
int Tap::Bits(int tensor, schema::TensorType integer) {
  const int bits = Op(schema::BuiltinOperator_BITCAST, schema::BitcastOptionsT(), {tensor}, integer);
  graph_.tensors[bits]->shape = graph_.tensors[tensor]->shape;
  graph_.tensors[bits]->shape_signature = graph_.tensors[tensor]->shape_signature;
  return bits;
}

int Tap::WithOneMore(int list, schema::TensorType type) {
  return Op(schema::BuiltinOperator_CONCATENATION, schema::ConcatenationOptionsT(), {list, One(type)}, type);
}

Tap::Tensors Tap::Add(int tensor) {
  constexpr schema::TensorType kInt32 = schema::TensorType_INT32;
  if (all_ < 0) {
    const int32_t all = -1;
    all_ = AddConstant(model_, graph_, "tfxm_all", kInt32, {1}, std::span<const int32_t>(&all, 1));
  }
  const schema::TensorType integer = IntegerOfBits(BitsOf(graph_.tensors[tensor]->type));
  const int flat =
      Op(schema::BuiltinOperator_RESHAPE, schema::ReshapeOptionsT(), {Bits(tensor, integer), all_}, integer);
  schema::ShapeOptionsT shape_options;
  shape_options.out_type = kInt32;
  const int shape = Op(schema::BuiltinOperator_SHAPE, std::move(shape_options), {tensor}, kInt32);
  return {WithOneMore(flat, integer), WithOneMore(Bits(shape, kInt32), kInt32)};
}

Shape Tap::ShapeOf(std::span<const char> shape) {
  std::vector<int32_t> dims(shape.size() / sizeof(int32_t));
  std::memcpy(dims.data(), shape.data(), dims.size() * sizeof(int32_t));
  return Shape(dims.begin(), dims.end() - 1);
}

}  // namespace tfxm::litert
