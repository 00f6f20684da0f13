// SPDX-License-Identifier: Apache-2.0

// Arithmetic, comparisons, reductions. A plain number beside a tensor is a constant of the tensor's type: (x - 0.5)
// * 2.
#ifndef TFXM_OPS_MATH_OPS_H_
#define TFXM_OPS_MATH_OPS_H_

#include <vector>

#include "tfxm/ops/graph.h"

namespace tfxm::ops {

// A tensor, or a number that becomes a constant of the other operand's type.
class Operand {
 public:
  Operand(const Tensor& tensor) : tensor_(tensor) {}
  Operand(const Node& node) : tensor_(node) {}
  Operand(double number) : number_(number), is_number_(true) {}
  // The tensor, or the number as a constant beside `other`.
  Tensor Beside(const Operand& other) const;

 private:
  Tensor tensor_;
  double number_ = 0;
  bool is_number_ = false;
};

// Element by element, with broadcasting. At least one operand must be a tensor.
Tensor Add(const Operand& x, const Operand& y, absl::string_view name = "");
Tensor Sub(const Operand& x, const Operand& y, absl::string_view name = "");
Tensor Mul(const Operand& x, const Operand& y, absl::string_view name = "");
// Integers divide as in Python's "/" only after a Cast; here as TensorFlow's Div does: truncating.
Tensor Div(const Operand& x, const Operand& y, absl::string_view name = "");
// x / y, and 0 where y is 0.
Tensor DivNoNan(const Operand& x, const Operand& y, absl::string_view name = "");
Tensor FloorDiv(const Operand& x, const Operand& y, absl::string_view name = "");
Tensor FloorMod(const Operand& x, const Operand& y, absl::string_view name = "");
Tensor Pow(const Operand& x, const Operand& y, absl::string_view name = "");
Tensor Maximum(const Operand& x, const Operand& y, absl::string_view name = "");
Tensor Minimum(const Operand& x, const Operand& y, absl::string_view name = "");
Tensor SquaredDifference(const Operand& x, const Operand& y, absl::string_view name = "");
Tensor ClipByValue(const Tensor& x, double low, double high);

inline Tensor operator+(const Tensor& x, const Operand& y) { return Add(x, y); }
inline Tensor operator-(const Tensor& x, const Operand& y) { return Sub(x, y); }
inline Tensor operator*(const Tensor& x, const Operand& y) { return Mul(x, y); }
inline Tensor operator/(const Tensor& x, const Operand& y) { return Div(x, y); }
inline Tensor operator+(double x, const Tensor& y) { return Add(x, y); }
inline Tensor operator-(double x, const Tensor& y) { return Sub(x, y); }
inline Tensor operator*(double x, const Tensor& y) { return Mul(x, y); }
inline Tensor operator/(double x, const Tensor& y) { return Div(x, y); }

// Booleans.
Tensor Equal(const Operand& x, const Operand& y, absl::string_view name = "");
Tensor NotEqual(const Operand& x, const Operand& y, absl::string_view name = "");
Tensor Less(const Operand& x, const Operand& y, absl::string_view name = "");
Tensor LessEqual(const Operand& x, const Operand& y, absl::string_view name = "");
Tensor Greater(const Operand& x, const Operand& y, absl::string_view name = "");
Tensor GreaterEqual(const Operand& x, const Operand& y, absl::string_view name = "");
Tensor LogicalAnd(const Tensor& x, const Tensor& y, absl::string_view name = "");
Tensor LogicalOr(const Tensor& x, const Tensor& y, absl::string_view name = "");
Tensor LogicalNot(const Tensor& x, absl::string_view name = "");
Tensor IsNan(const Tensor& x, absl::string_view name = "");
Tensor IsFinite(const Tensor& x, absl::string_view name = "");

Tensor Neg(const Tensor& x, absl::string_view name = "");
inline Tensor operator-(const Tensor& x) { return Neg(x); }
Tensor Abs(const Tensor& x, absl::string_view name = "");
Tensor Sign(const Tensor& x, absl::string_view name = "");
Tensor Exp(const Tensor& x, absl::string_view name = "");
Tensor Log(const Tensor& x, absl::string_view name = "");
Tensor Log1p(const Tensor& x, absl::string_view name = "");
Tensor Sqrt(const Tensor& x, absl::string_view name = "");
Tensor Rsqrt(const Tensor& x, absl::string_view name = "");
Tensor Square(const Tensor& x, absl::string_view name = "");
Tensor Floor(const Tensor& x, absl::string_view name = "");
Tensor Ceil(const Tensor& x, absl::string_view name = "");
// To the nearest, halves to even.
Tensor Round(const Tensor& x, absl::string_view name = "");
Tensor Sin(const Tensor& x, absl::string_view name = "");
Tensor Cos(const Tensor& x, absl::string_view name = "");
Tensor Erf(const Tensor& x, absl::string_view name = "");

// Matrices ([m, k] x [k, n]); with more dimensions, one product per leading index (BatchMatMulV2).
Tensor MatMul(const Tensor& x, const Tensor& y, bool transpose_x = false, bool transpose_y = false,
              absl::string_view name = "");

// Over `axes`; {} reduces all dimensions. Integer means truncate, as TensorFlow's do.
Tensor ReduceSum(const Tensor& x, const std::vector<int32_t>& axes = {}, bool keep_dims = false,
                 absl::string_view name = "");
Tensor ReduceMean(const Tensor& x, const std::vector<int32_t>& axes = {}, bool keep_dims = false,
                  absl::string_view name = "");
Tensor ReduceMax(const Tensor& x, const std::vector<int32_t>& axes = {}, bool keep_dims = false,
                 absl::string_view name = "");
Tensor ReduceMin(const Tensor& x, const std::vector<int32_t>& axes = {}, bool keep_dims = false,
                 absl::string_view name = "");
Tensor ReduceProd(const Tensor& x, const std::vector<int32_t>& axes = {}, bool keep_dims = false,
                  absl::string_view name = "");
Tensor ReduceAny(const Tensor& x, const std::vector<int32_t>& axes = {}, bool keep_dims = false,
                 absl::string_view name = "");
Tensor ReduceAll(const Tensor& x, const std::vector<int32_t>& axes = {}, bool keep_dims = false,
                 absl::string_view name = "");
// int64 index of the largest; of the first one on ties.
Tensor ArgMax(const Tensor& x, int axis, absl::string_view name = "");
Tensor ArgMin(const Tensor& x, int axis, absl::string_view name = "");
Tensor Cumsum(const Tensor& x, int axis, absl::string_view name = "");
// The index of the interval of sorted `boundaries` that each value falls into: int32.
Tensor Bucketize(const Tensor& x, const std::vector<double>& boundaries, absl::string_view name = "");

}  // namespace tfxm::ops

#endif  // TFXM_OPS_MATH_OPS_H_
