// SPDX-License-Identifier: Apache-2.0

// From a feature of some examples to a model's input: the one way for training, rewriting and evaluation, with what they
// do differently spelled out.
//
//   const Column* column = FindInputFeature(batch, input.name);
//   if (column == nullptr) return NoInputFeature(batch, input.name);
//   ASSIGN_OR_RETURN(const Shape shape, ShapeOfExamples(input, column->num_values(0), n));
//   Tensor tensor(input.dtype, shape);
//   RETURN_IF_ERROR(FillInput(column, 0, n, input, {}, &tensor));
//
// | | missing | integers |
// |---|---|---|
// | training (nn::RowStore) | kError, or kFill and kPad where the schema or DatasetOptions says so | kSameType |
// | rewriting (ReadSamples) | kError | kRefuseFloats |
// | evaluation of a SavedModel | kError | kTruncate |
// | evaluation of a TFLite model | kMinusOne, as TFMA's tflite_predict_extractor.py | kRefuseFloats, as there |
#ifndef TFXM_DATA_FEATURE_TENSOR_H_
#define TFXM_DATA_FEATURE_TENSOR_H_

#include <cstdint>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tfxm/data/example_batch.h"
#include "tfxm/data/tensor.h"

namespace tfxm::data {

// What an example's part of the input is if the example has no value of the feature. A list of another length than the
// input's is an error whatever the policy, but for kPad.
enum class MissingPolicy {
  kError,
  kMinusOne,  // -1 if the input is float32 or int64, "" if it is strings; an error for other types.
  kFill,      // FeatureTensorOptions::fill, "" for strings.
  kPad,       // The same, which also follows a list that is too short; one that is too long is cut off.
};

// Which features an input takes. Bytes go to strings and nothing else does, with each of them. A number that an integer
// type cannot hold is an error, NaN as well; a quantized one becomes the lowest or highest. Of bool, all but 0 is true.
enum class IntegerPolicy {
  kSameType,      // float32 takes FLOAT, int64 takes INT.
  kRefuseFloats,  // Any number but FLOAT for integers that have no scale: there is no way to quantize it.
  kTruncate,      // Any number; FLOAT loses its fraction, as in NumPy's astype.
};

struct FeatureTensorOptions {
  MissingPolicy missing = MissingPolicy::kError;
  IntegerPolicy integers = IntegerPolicy::kTruncate;
  double fill = 0;
  // Of a quantized input, 0 if it is not: value / scale + zero_point is stored, the division in float32, the sum in
  // float64; an integer is its part towards zero. So does TFMA's _quantize.
  float scale = 0;
  int zero_point = 0;
  // Whether messages begin with "example 3 of the batch: "; not where the caller says which record it is.
  bool name_example = true;
};

// The feature that is fed to an input: of the same name, or without Keras's suffix "_input" (as TFMA's
// find_input_name_in_features). Null if the batch has neither.
const Column* FindInputFeature(const ExampleBatch& batch, absl::string_view input);
// INVALID_ARGUMENT that says so and which features are called alike.
absl::Status NoInputFeature(const ExampleBatch& batch, absl::string_view input);

// The shape of an input for `count` examples of `values` values each: ShapeOfExample (input_shape.h) with `count` in
// front. A scalar input becomes [count, values].
absl::StatusOr<Shape> ShapeOfExamples(TensorSpec input, int64_t values, int64_t count);

// Writes the examples [first, first + count) of a feature to an input's memory, or to its strings, of equal size for
// each example. A null column is a feature that all of them lack. INVALID_ARGUMENT says which example (counted from 0)
// and feature does not fit, and what was expected; UNIMPLEMENTED if the input is of a type that nothing is stored as.
absl::Status FillInput(const Column* column, int first, int count, const TensorSpec& input,
                       const FeatureTensorOptions& options, std::span<char> memory);
absl::Status FillInput(const Column* column, int first, int count, const TensorSpec& input,
                       const FeatureTensorOptions& options, std::span<std::string> strings);
// One of the two, as the tensor's type is.
absl::Status FillInput(const Column* column, int first, int count, const TensorSpec& input,
                       const FeatureTensorOptions& options, Tensor* tensor);

// The values of one feature that Transform has computed, all of them, for an input of as many.
absl::Status FillInput(const Tensor& feature, const TensorSpec& input, const FeatureTensorOptions& options,
                       Tensor* tensor);

// The numbers of a tensor as another type, or quantized, by the same rules (kTruncate). `memory` has the size of as many
// values. UNIMPLEMENTED if there is no such conversion: strings on one side, a type that nothing is stored as.
// INVALID_ARGUMENT with the first number that the type cannot hold. A message is what follows the tensor's name.
absl::Status ConvertNumbers(const Tensor& from, DataType to, float scale, int zero_point, std::span<char> memory);

}  // namespace tfxm::data

#endif  // TFXM_DATA_FEATURE_TENSOR_H_
