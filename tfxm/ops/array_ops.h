// SPDX-License-Identifier: Apache-2.0

// Constants, inputs, and operations that move values around. Names, broadcasting and axis conventions (negative axes
// count from the end) are TensorFlow's.
#ifndef TFXM_OPS_ARRAY_OPS_H_
#define TFXM_OPS_ARRAY_OPS_H_

#include <string>
#include <vector>

#include "tfxm/ops/graph.h"

namespace tfxm::ops {

Tensor Constant(Graph& graph, tfxm::Tensor value, absl::string_view name = "");
// Scalars.
Tensor Constant(Graph& graph, float value, absl::string_view name = "");
Tensor Constant(Graph& graph, int32_t value, absl::string_view name = "");
Tensor Constant(Graph& graph, int64_t value, absl::string_view name = "");
Tensor Constant(Graph& graph, bool value, absl::string_view name = "");
Tensor Constant(Graph& graph, const char* value, absl::string_view name = "");
Tensor Constant(Graph& graph, const std::string& value, absl::string_view name = "");
// Vectors, or any shape with as many elements.
Tensor Constant(Graph& graph, const std::vector<float>& values, absl::string_view name = "");
Tensor Constant(Graph& graph, const std::vector<int32_t>& values, absl::string_view name = "");
Tensor Constant(Graph& graph, const std::vector<int64_t>& values, absl::string_view name = "");
Tensor Constant(Graph& graph, const std::vector<std::string>& values, absl::string_view name = "");
// A scalar of the numeric type `dtype`.
Tensor Scalar(Graph& graph, DataType dtype, double value, absl::string_view name = "");
// A scalar of x's type, in x's graph.
Tensor ScalarLike(const Tensor& x, double value);

// An input to be fed. Dimensions of -1 may be of any size.
Tensor Placeholder(Graph& graph, DataType dtype, const Shape& shape, absl::string_view name = "");

Tensor Identity(const Tensor& x, absl::string_view name = "");
// x, without a gradient.
Tensor StopGradient(const Tensor& x, absl::string_view name = "");
// Numbers and bools to another numeric type (truncating); x itself if it is of that type.
Tensor Cast(const Tensor& x, DataType dtype, absl::string_view name = "");

// One dimension may be -1: what is left.
Tensor Reshape(const Tensor& x, const Shape& shape, absl::string_view name = "");
Tensor Reshape(const Tensor& x, const Tensor& shape, absl::string_view name = "");
Tensor ExpandDims(const Tensor& x, int axis, absl::string_view name = "");
// Drops dimensions of size 1: those of `axes`, or all.
Tensor Squeeze(const Tensor& x, const std::vector<int64_t>& axes = {}, absl::string_view name = "");
Tensor Transpose(const Tensor& x, const std::vector<int32_t>& permutation, absl::string_view name = "");
// int32 vector of x's dimensions at run time; Size and Rank: int32 scalars.
Tensor ShapeOf(const Tensor& x, absl::string_view name = "");
Tensor SizeOf(const Tensor& x, absl::string_view name = "");

Tensor Concat(const std::vector<Tensor>& values, int axis, absl::string_view name = "");
Tensor Stack(const std::vector<Tensor>& values, int axis, absl::string_view name = "");
std::vector<Tensor> Unstack(const Tensor& x, int num, int axis, absl::string_view name = "");
std::vector<Tensor> Split(const Tensor& x, int num_splits, int axis, absl::string_view name = "");
// x[begin, begin + size) in each dimension; a size of -1 is to the end.
Tensor Slice(const Tensor& x, const std::vector<int32_t>& begin, const std::vector<int32_t>& size,
             absl::string_view name = "");
// `paddings`: {before, after} per dimension; filled with zeros.
Tensor Pad(const Tensor& x, const std::vector<std::pair<int32_t, int32_t>>& paddings, absl::string_view name = "");
Tensor Tile(const Tensor& x, const std::vector<int32_t>& multiples, absl::string_view name = "");
Tensor Reverse(const Tensor& x, const std::vector<int32_t>& axes, absl::string_view name = "");
Tensor BroadcastTo(const Tensor& x, const Tensor& shape, absl::string_view name = "");
Tensor Gather(const Tensor& params, const Tensor& indices, int axis = 0, absl::string_view name = "");
// Along a new last dimension.
Tensor OneHot(const Tensor& indices, int depth, double on_value = 1, double off_value = 0,
              DataType dtype = DataType::kFloat, absl::string_view name = "");
Tensor ZerosLike(const Tensor& x, absl::string_view name = "");
Tensor OnesLike(const Tensor& x, absl::string_view name = "");
// A tensor of `dims` (an int32 vector) filled with a scalar.
Tensor Fill(const Tensor& dims, const Tensor& value, absl::string_view name = "");
// condition ? x : y, element by element, broadcasting.
Tensor Where(const Tensor& condition, const Tensor& x, const Tensor& y, absl::string_view name = "");

}  // namespace tfxm::ops

#endif  // TFXM_OPS_ARRAY_OPS_H_
