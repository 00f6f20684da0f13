// SPDX-License-Identifier: Apache-2.0

// Makes a tensor of a model readable by a custom operator of ours, whatever its type, its rank and the place where the
// runtime keeps it. LiteRT gives a custom operator no tensor that is empty, and none that the runtime allocated while
// running, unless it happens to lie at an aligned address. What a tap adds computes nothing, and its results lie in the
// runtime's arena and are never empty.
//
//   Tap tap(model, graph);
//   const Tap::Tensors tensors = tap.Add(t);              // both become inputs of the custom operator
//   ... in the custom operator, with the bytes of both:
//   Tap::ShapeOf(shape_bytes), Tap::Values(values_bytes, element_size)
#ifndef TFXM_LITERT_INTERNAL_TAP_H_
#define TFXM_LITERT_INTERNAL_TAP_H_

#include <map>
#include <span>

#include "tfxm/data/tensor.h"
#include "tfxm/litert/internal/schema_edit.h"

namespace tfxm::litert {

class Tap {
 public:
  // Operators go to the end of `graph`, a subgraph of `model`; both must outlive this.
  Tap(schema::ModelT& model, schema::SubGraphT& graph) : model_(model), graph_(graph) {}

  struct Tensors {
    int values = 0;  // The bits of all values in a row, as integers of the element's size, and one more.
    int shape = 0;   // The dimensions as int32, and one more.
  };
  // Of any tensor whose elements have 1, 2, 4 or 8 bytes; not of strings.
  Tensors Add(int tensor);

  static tfxm::Shape ShapeOf(std::span<const char> shape);
  static std::span<const char> Values(std::span<const char> values, size_t element_size) {
    return values.first(values.size() - element_size);
  }

 private:
  template <typename Options>
  int Op(schema::BuiltinOperator kind, Options options, std::vector<int> inputs, schema::TensorType type);
  int One(schema::TensorType type);
  int Bits(int tensor, schema::TensorType integer);
  int WithOneMore(int list, schema::TensorType type);

  schema::ModelT& model_;
  schema::SubGraphT& graph_;
  std::map<int, int> codes_;  // By kind
  std::map<int, int> ones_;   // By type
  int all_ = -1;
};

}  // namespace tfxm::litert

#endif  // TFXM_LITERT_INTERNAL_TAP_H_
