// SPDX-License-Identifier: Apache-2.0

#include "tfxm/ops/math_ops.h"

#include <numeric>

#include "tfxm/ops/array_ops.h"

namespace tfxm::ops {
namespace {

Node Binary(absl::string_view type, const Operand& x, const Operand& y, absl::string_view name) {
  return Op(type, {x.Beside(y), y.Beside(x)}, {}, name);
}

Tensor Reduce(absl::string_view type, const Tensor& x, std::vector<int32_t> axes, bool keep_dims,
              absl::string_view name) {
  if (!x.valid()) return x;
  Graph& graph = *x.graph();
  Tensor which;
  if (!axes.empty()) {
    which = Constant(graph, axes, "axes");
  } else if (x.has_rank()) {
    axes.resize(x.rank());
    std::iota(axes.begin(), axes.end(), 0);
    which = Constant(graph, axes, "axes");
  } else {
    which = Op("Range", {Constant(graph, 0), Op("Rank", {x}), Constant(graph, 1)});
  }
  return Op(type, {x, which}, {{"keep_dims", keep_dims}}, name);
}

Tensor AlongAxis(absl::string_view type, const Tensor& x, int axis, absl::string_view name) {
  return x.valid() ? Tensor(Op(type, {x, Constant(*x.graph(), axis, "axis")}, {}, name)) : x;
}

}  // namespace

Tensor Operand::Beside(const Operand& other) const { return is_number_ ? ScalarLike(other.tensor_, number_) : tensor_; }

Tensor Add(const Operand& x, const Operand& y, absl::string_view name) { return Binary("AddV2", x, y, name); }
Tensor Sub(const Operand& x, const Operand& y, absl::string_view name) { return Binary("Sub", x, y, name); }
Tensor Mul(const Operand& x, const Operand& y, absl::string_view name) { return Binary("Mul", x, y, name); }
Tensor DivNoNan(const Operand& x, const Operand& y, absl::string_view name) { return Binary("DivNoNan", x, y, name); }
Tensor FloorDiv(const Operand& x, const Operand& y, absl::string_view name) { return Binary("FloorDiv", x, y, name); }
Tensor FloorMod(const Operand& x, const Operand& y, absl::string_view name) { return Binary("FloorMod", x, y, name); }
Tensor Pow(const Operand& x, const Operand& y, absl::string_view name) { return Binary("Pow", x, y, name); }
Tensor Maximum(const Operand& x, const Operand& y, absl::string_view name) { return Binary("Maximum", x, y, name); }
Tensor Minimum(const Operand& x, const Operand& y, absl::string_view name) { return Binary("Minimum", x, y, name); }
Tensor SquaredDifference(const Operand& x, const Operand& y, absl::string_view name) {
  return Binary("SquaredDifference", x, y, name);
}
Tensor Equal(const Operand& x, const Operand& y, absl::string_view name) { return Binary("Equal", x, y, name); }
Tensor NotEqual(const Operand& x, const Operand& y, absl::string_view name) { return Binary("NotEqual", x, y, name); }
Tensor Less(const Operand& x, const Operand& y, absl::string_view name) { return Binary("Less", x, y, name); }
Tensor LessEqual(const Operand& x, const Operand& y, absl::string_view name) { return Binary("LessEqual", x, y, name); }
Tensor Greater(const Operand& x, const Operand& y, absl::string_view name) { return Binary("Greater", x, y, name); }
Tensor GreaterEqual(const Operand& x, const Operand& y, absl::string_view name) {
  return Binary("GreaterEqual", x, y, name);
}
Tensor Div(const Operand& x, const Operand& y, absl::string_view name) {
  const Tensor numerator = x.Beside(y);
  const bool is_float = numerator.dtype() == DataType::kFloat || numerator.dtype() == DataType::kDouble ||
                        numerator.dtype() == DataType::kHalf;
  return Binary(is_float ? "RealDiv" : "Div", numerator, y, name);
}
Tensor ClipByValue(const Tensor& x, double low, double high) { return Minimum(Maximum(x, low), high); }
Tensor LogicalAnd(const Tensor& x, const Tensor& y, absl::string_view name) {
  return Op("LogicalAnd", {x, y}, {}, name);
}
Tensor LogicalOr(const Tensor& x, const Tensor& y, absl::string_view name) { return Op("LogicalOr", {x, y}, {}, name); }

Tensor LogicalNot(const Tensor& x, absl::string_view name) { return Op("LogicalNot", {x}, {}, name); }
Tensor IsNan(const Tensor& x, absl::string_view name) { return Op("IsNan", {x}, {}, name); }
Tensor IsFinite(const Tensor& x, absl::string_view name) { return Op("IsFinite", {x}, {}, name); }
Tensor Neg(const Tensor& x, absl::string_view name) { return Op("Neg", {x}, {}, name); }
Tensor Abs(const Tensor& x, absl::string_view name) { return Op("Abs", {x}, {}, name); }
Tensor Sign(const Tensor& x, absl::string_view name) { return Op("Sign", {x}, {}, name); }
Tensor Exp(const Tensor& x, absl::string_view name) { return Op("Exp", {x}, {}, name); }
Tensor Log(const Tensor& x, absl::string_view name) { return Op("Log", {x}, {}, name); }
Tensor Log1p(const Tensor& x, absl::string_view name) { return Op("Log1p", {x}, {}, name); }
Tensor Sqrt(const Tensor& x, absl::string_view name) { return Op("Sqrt", {x}, {}, name); }
Tensor Rsqrt(const Tensor& x, absl::string_view name) { return Op("Rsqrt", {x}, {}, name); }
Tensor Square(const Tensor& x, absl::string_view name) { return Op("Square", {x}, {}, name); }
Tensor Floor(const Tensor& x, absl::string_view name) { return Op("Floor", {x}, {}, name); }
Tensor Ceil(const Tensor& x, absl::string_view name) { return Op("Ceil", {x}, {}, name); }
Tensor Sin(const Tensor& x, absl::string_view name) { return Op("Sin", {x}, {}, name); }
Tensor Cos(const Tensor& x, absl::string_view name) { return Op("Cos", {x}, {}, name); }
Tensor Erf(const Tensor& x, absl::string_view name) { return Op("Erf", {x}, {}, name); }
Tensor Round(const Tensor& x, absl::string_view name) { return Op("Rint", {x}, {}, name); }

Tensor MatMul(const Tensor& x, const Tensor& y, bool transpose_x, bool transpose_y, absl::string_view name) {
  if (x.rank() > 2 || y.rank() > 2) {
    return Op("BatchMatMulV2", {x, y}, {{"adj_x", transpose_x}, {"adj_y", transpose_y}}, name);
  }
  return Op("MatMul", {x, y}, {{"transpose_a", transpose_x}, {"transpose_b", transpose_y}}, name);
}

#define TFXM_REDUCTION(function, op)                                                                           \
  Tensor function(const Tensor& x, const std::vector<int32_t>& axes, bool keep_dims, absl::string_view name) { \
    return Reduce(op, x, axes, keep_dims, name);                                                               \
  }
TFXM_REDUCTION(ReduceSum, "Sum")
TFXM_REDUCTION(ReduceMean, "Mean")
TFXM_REDUCTION(ReduceMax, "Max")
TFXM_REDUCTION(ReduceMin, "Min")
TFXM_REDUCTION(ReduceProd, "Prod")
TFXM_REDUCTION(ReduceAny, "Any")
TFXM_REDUCTION(ReduceAll, "All")
#undef TFXM_REDUCTION

Tensor ArgMax(const Tensor& x, int axis, absl::string_view name) { return AlongAxis("ArgMax", x, axis, name); }
Tensor ArgMin(const Tensor& x, int axis, absl::string_view name) { return AlongAxis("ArgMin", x, axis, name); }
Tensor Cumsum(const Tensor& x, int axis, absl::string_view name) { return AlongAxis("Cumsum", x, axis, name); }
Tensor Bucketize(const Tensor& x, const std::vector<double>& boundaries, absl::string_view name) {
  return Op("Bucketize", {x}, {{"boundaries", boundaries}}, name);
}

}  // namespace tfxm::ops
