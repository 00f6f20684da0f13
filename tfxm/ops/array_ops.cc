// SPDX-License-Identifier: Apache-2.0

#include "tfxm/ops/array_ops.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace tfxm::ops {
namespace {

template <typename T>
Tensor NumericConstant(Graph& graph, DataType dtype, const std::vector<T>& values, const Shape& shape,
                       absl::string_view name) {
  tfxm::Tensor tensor(dtype, shape);
  std::copy(values.begin(), values.end(), tensor.values<T>().begin());
  return Constant(graph, std::move(tensor), name);
}

Shape VectorShape(size_t size) { return {static_cast<int64_t>(size)}; }

// An int32 vector or scalar beside x, or nothing if x is invalid.
Tensor Int32s(const Tensor& x, const std::vector<int32_t>& values) {
  return x.graph() == nullptr ? Tensor() : Constant(*x.graph(), values, "ints");
}
Tensor Int32(const Tensor& x, int32_t value) {
  return x.graph() == nullptr ? Tensor() : Constant(*x.graph(), value, "axis");
}

}  // namespace

Tensor Constant(Graph& graph, tfxm::Tensor value, absl::string_view name) {
  const DataType dtype = value.dtype();
  return graph.Add("Const", {}, {{"value", std::move(value)}, {"dtype", dtype}}, name);
}
Tensor Constant(Graph& graph, float value, absl::string_view name) {
  return NumericConstant<float>(graph, DataType::kFloat, {value}, {}, name);
}
Tensor Constant(Graph& graph, int32_t value, absl::string_view name) {
  return NumericConstant<int32_t>(graph, DataType::kInt32, {value}, {}, name);
}
Tensor Constant(Graph& graph, int64_t value, absl::string_view name) {
  return NumericConstant<int64_t>(graph, DataType::kInt64, {value}, {}, name);
}
Tensor Constant(Graph& graph, bool value, absl::string_view name) {
  tfxm::Tensor tensor(DataType::kBool, {});
  tensor.values<bool>()[0] = value;
  return Constant(graph, std::move(tensor), name);
}
Tensor Constant(Graph& graph, const char* value, absl::string_view name) {
  return Constant(graph, std::string(value), name);
}
Tensor Constant(Graph& graph, const std::string& value, absl::string_view name) {
  tfxm::Tensor tensor(DataType::kString, {});
  tensor.strings()[0] = value;
  return Constant(graph, std::move(tensor), name);
}
Tensor Constant(Graph& graph, const std::vector<float>& values, absl::string_view name) {
  return NumericConstant(graph, DataType::kFloat, values, VectorShape(values.size()), name);
}
Tensor Constant(Graph& graph, const std::vector<int32_t>& values, absl::string_view name) {
  return NumericConstant(graph, DataType::kInt32, values, VectorShape(values.size()), name);
}
Tensor Constant(Graph& graph, const std::vector<int64_t>& values, absl::string_view name) {
  return NumericConstant(graph, DataType::kInt64, values, VectorShape(values.size()), name);
}
Tensor Constant(Graph& graph, const std::vector<std::string>& values, absl::string_view name) {
  tfxm::Tensor tensor(DataType::kString, VectorShape(values.size()));
  tensor.strings() = values;
  return Constant(graph, std::move(tensor), name);
}

Tensor Scalar(Graph& graph, DataType dtype, double value, absl::string_view name) {
  switch (dtype) {
    case DataType::kFloat: return Constant(graph, static_cast<float>(value), name);
    case DataType::kInt32: return Constant(graph, static_cast<int32_t>(value), name);
    case DataType::kInt64: return Constant(graph, static_cast<int64_t>(value), name);
    case DataType::kDouble: return NumericConstant<double>(graph, dtype, {value}, {}, name);
    case DataType::kUint8: return NumericConstant<uint8_t>(graph, dtype, {static_cast<uint8_t>(value)}, {}, name);
    case DataType::kInt8: return NumericConstant<int8_t>(graph, dtype, {static_cast<int8_t>(value)}, {}, name);
    case DataType::kInt16: return NumericConstant<int16_t>(graph, dtype, {static_cast<int16_t>(value)}, {}, name);
    case DataType::kUint16: return NumericConstant<uint16_t>(graph, dtype, {static_cast<uint16_t>(value)}, {}, name);
    case DataType::kUint32: return NumericConstant<uint32_t>(graph, dtype, {static_cast<uint32_t>(value)}, {}, name);
    case DataType::kUint64: return NumericConstant<uint64_t>(graph, dtype, {static_cast<uint64_t>(value)}, {}, name);
    case DataType::kHalf: return Cast(Constant(graph, static_cast<float>(value), name), dtype);
    default:
      graph.SetError(
          absl::InvalidArgumentError(absl::StrCat("a scalar of ", value, " cannot be of type ", DataTypeName(dtype))));
      return Tensor(&graph, -1, 0);
  }
}

Tensor ScalarLike(const Tensor& x, double value) {
  if (!x.valid()) return x;
  return Scalar(*x.graph(), x.dtype(), value);
}

Tensor Placeholder(Graph& graph, DataType dtype, const Shape& shape, absl::string_view name) {
  return graph.Add("Placeholder", {}, {{"dtype", dtype}, {"shape", shape}}, name);
}

Tensor Identity(const Tensor& x, absl::string_view name) { return Op("Identity", {x}, {}, name); }
Tensor StopGradient(const Tensor& x, absl::string_view name) { return Op("StopGradient", {x}, {}, name); }
Tensor Cast(const Tensor& x, DataType dtype, absl::string_view name) {
  if (x.valid() && x.dtype() == dtype) return x;
  return Op("Cast", {x}, {{"DstT", dtype}}, name);
}

Tensor Reshape(const Tensor& x, const Shape& shape, absl::string_view name) {
  return Reshape(x, Int32s(x, std::vector<int32_t>(shape.begin(), shape.end())), name);
}
Tensor Reshape(const Tensor& x, const Tensor& shape, absl::string_view name) {
  return Op("Reshape", {x, shape}, {}, name);
}
Tensor ExpandDims(const Tensor& x, int axis, absl::string_view name) {
  return Op("ExpandDims", {x, Int32(x, axis)}, {}, name);
}
Tensor Squeeze(const Tensor& x, const std::vector<int64_t>& axes, absl::string_view name) {
  return Op("Squeeze", {x}, {{"squeeze_dims", axes}}, name);
}
Tensor Transpose(const Tensor& x, const std::vector<int32_t>& permutation, absl::string_view name) {
  return Op("Transpose", {x, Int32s(x, permutation)}, {}, name);
}
Tensor ShapeOf(const Tensor& x, absl::string_view name) { return Op("Shape", {x}, {}, name); }
Tensor SizeOf(const Tensor& x, absl::string_view name) { return Op("Size", {x}, {}, name); }

Tensor Concat(const std::vector<Tensor>& values, int axis, absl::string_view name) {
  return Op("ConcatV2", {values, Int32(values.empty() ? Tensor() : values[0], axis)}, {}, name);
}
Tensor Stack(const std::vector<Tensor>& values, int axis, absl::string_view name) {
  return Op("Pack", {values}, {{"axis", axis}}, name);
}
std::vector<Tensor> Unstack(const Tensor& x, int num, int axis, absl::string_view name) {
  const Node node = Op("Unpack", {x}, {{"num", num}, {"axis", axis}}, name);
  std::vector<Tensor> outputs;
  for (int i = 0; i < num; ++i) outputs.push_back(node.output(i));
  return outputs;
}
std::vector<Tensor> Split(const Tensor& x, int num_splits, int axis, absl::string_view name) {
  const Node node = Op("Split", {Int32(x, axis), x}, {{"num_split", num_splits}}, name);
  std::vector<Tensor> outputs;
  for (int i = 0; i < num_splits; ++i) outputs.push_back(node.output(i));
  return outputs;
}
Tensor Slice(const Tensor& x, const std::vector<int32_t>& begin, const std::vector<int32_t>& size,
             absl::string_view name) {
  return Op("Slice", {x, Int32s(x, begin), Int32s(x, size)}, {}, name);
}
Tensor Pad(const Tensor& x, const std::vector<std::pair<int32_t, int32_t>>& paddings, absl::string_view name) {
  if (x.graph() == nullptr) return x;
  std::vector<int32_t> flat;
  for (const auto& [before, after] : paddings) flat.insert(flat.end(), {before, after});
  return Op(
      "Pad",
      {x, NumericConstant(*x.graph(), DataType::kInt32, flat, {static_cast<int64_t>(paddings.size()), 2}, "paddings")},
      {}, name);
}
Tensor Tile(const Tensor& x, const std::vector<int32_t>& multiples, absl::string_view name) {
  return Op("Tile", {x, Int32s(x, multiples)}, {}, name);
}
Tensor Reverse(const Tensor& x, const std::vector<int32_t>& axes, absl::string_view name) {
  return Op("ReverseV2", {x, Int32s(x, axes)}, {}, name);
}
Tensor BroadcastTo(const Tensor& x, const Tensor& shape, absl::string_view name) {
  return Op("BroadcastTo", {x, shape}, {}, name);
}
Tensor Gather(const Tensor& params, const Tensor& indices, int axis, absl::string_view name) {
  return Op("GatherV2", {params, indices, Int32(params, axis)}, {}, name);
}
Tensor OneHot(const Tensor& indices, int depth, double on_value, double off_value, DataType dtype,
              absl::string_view name) {
  if (!indices.valid()) return indices;
  Graph& graph = *indices.graph();
  return Op("OneHot", {indices, Int32(indices, depth), Scalar(graph, dtype, on_value), Scalar(graph, dtype, off_value)},
            {}, name);
}
Tensor ZerosLike(const Tensor& x, absl::string_view name) { return Op("ZerosLike", {x}, {}, name); }
Tensor OnesLike(const Tensor& x, absl::string_view name) { return Op("OnesLike", {x}, {}, name); }
Tensor Fill(const Tensor& dims, const Tensor& value, absl::string_view name) {
  return Op("Fill", {dims, value}, {}, name);
}
Tensor Where(const Tensor& condition, const Tensor& x, const Tensor& y, absl::string_view name) {
  return Op("SelectV2", {condition, x, y}, {}, name);
}

}  // namespace tfxm::ops
