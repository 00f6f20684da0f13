// SPDX-License-Identifier: Apache-2.0

// From the values of a feature to the shape of a model's input: which size the dimensions have that a model leaves
// open.
//
//   InputShapes given;
//   RETURN_IF_ERROR(ParseInputShape("image:1,224,320,3", &given));           // --input_shape
//   const TensorSpec input = WithInputShape(model.inputs()[0], given);       // [None, 224, 320, 3]
//   ASSIGN_OR_RETURN(Shape shape, ShapeOfExample(input, feature.size()));    // [1, 224, 320, 3]
#ifndef TFXM_DATA_INPUT_SHAPE_H_
#define TFXM_DATA_INPUT_SHAPE_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/data/tensor.h"

namespace tfxm {

// The sizes of inputs, by name, that somebody has given.
using InputShapes = std::map<std::string, Shape>;

// Adds "NAME:1,224,320,3"; -1 stands for a size that the data is to tell. INVALID_ARGUMENT says what is expected.
absl::Status ParseInputShape(absl::string_view text, InputShapes* shapes);

// INVALID_ARGUMENT: a name that is not an input, or sizes that are not those of the input. The first dimension may be
// anything: it is the batch.
absl::Status CheckInputShapes(const InputShapes& shapes, const std::vector<TensorSpec>& inputs);

// The input with the sizes that were given for it, but for the batch.
TensorSpec WithInputShape(TensorSpec input, const InputShapes& shapes);

// The shape of an input for one example of `values` values: the first dimension 1 where it is open; one further open
// dimension takes what is left of the values; two are the sides of a square image. A first dimension that is fixed at
// N > 1 is 1 if that makes the values fit: N examples go in at a time. INVALID_ARGUMENT says what does not fit and what
// to do.
absl::StatusOr<Shape> ShapeOfExample(const TensorSpec& input, int64_t values);

}  // namespace tfxm

#endif  // TFXM_DATA_INPUT_SHAPE_H_
