// SPDX-License-Identifier: Apache-2.0

// Gradients that TensorFlow has in Python but not in C++. Registered when the library is loaded.
#include <vector>

#include "tensorflow/cc/framework/grad_op_registry.h"
#include "tensorflow/cc/framework/gradients.h"
#include "tensorflow/cc/ops/array_ops.h"
#include "tensorflow/cc/ops/const_op.h"
#include "tensorflow/cc/ops/math_ops.h"

namespace tfxm::ops {
namespace {

namespace tf = ::tensorflow;

absl::Status SparseSoftmaxCrossEntropyGrad(const tf::Scope& scope, const tf::Operation& op,
                                           const std::vector<tf::Output>& grads, std::vector<tf::Output>* results) {
  // The operation's second output is softmax(logits) - one_hot(labels).
  const auto column = tf::ops::ExpandDims(scope, grads[0], -1);
  results->push_back(tf::ops::Mul(scope, column, op.output(1)));
  results->push_back(tf::NoGradient());
  return scope.status();
}
REGISTER_GRADIENT_OP("SparseSoftmaxCrossEntropyWithLogits", SparseSoftmaxCrossEntropyGrad);

// Row i of `grads` belongs to the row of the first input that the i-th index names.
absl::Status GatherGrad(const tf::Scope& scope, const tf::Operation& op, const std::vector<tf::Output>& grads,
                        std::vector<tf::Output>* results) {
  const tf::Output shape = tf::ops::Shape(scope, op.input(0));
  const tf::Output size = tf::ops::Slice(scope, shape, {0}, {1}), row = tf::ops::Slice(scope, shape, {1}, {-1});
  const tf::Output rows =
      tf::ops::Reshape(scope, grads[0], tf::ops::Concat(scope, {tf::Input({-1}), tf::Input(row)}, 0));
  results->push_back(tf::ops::UnsortedSegmentSum(scope, rows, tf::ops::Reshape(scope, op.input(1), {-1}),
                                                 tf::ops::Squeeze(scope, size)));
  results->push_back(tf::NoGradient());
  return scope.status();
}
REGISTER_GRADIENT_OP("Gather", GatherGrad);

// Straight through where the input is within the range; what is outside moves the end of the range it is clipped to.
absl::Status FakeQuantVarsGrad(const tf::Scope& scope, const tf::Operation& op, const std::vector<tf::Output>& grads,
                               std::vector<tf::Output>* results) {
  int64_t num_bits;
  bool narrow_range;
  TF_RETURN_IF_ERROR(tf::GetNodeAttr(op.node()->attrs(), "num_bits", &num_bits));
  TF_RETURN_IF_ERROR(tf::GetNodeAttr(op.node()->attrs(), "narrow_range", &narrow_range));
  const auto grad = tf::ops::FakeQuantWithMinMaxVarsGradient(
      scope, grads[0], op.input(0), op.input(1), op.input(2),
      tf::ops::FakeQuantWithMinMaxVarsGradient::NumBits(num_bits).NarrowRange(narrow_range));
  *results = {grad.backprops_wrt_input, grad.backprop_wrt_min, grad.backprop_wrt_max};
  return scope.status();
}
REGISTER_GRADIENT_OP("FakeQuantWithMinMaxVars", FakeQuantVarsGrad);

absl::Status FakeQuantPerChannelGrad(const tf::Scope& scope, const tf::Operation& op,
                                     const std::vector<tf::Output>& grads, std::vector<tf::Output>* results) {
  int64_t num_bits;
  bool narrow_range;
  TF_RETURN_IF_ERROR(tf::GetNodeAttr(op.node()->attrs(), "num_bits", &num_bits));
  TF_RETURN_IF_ERROR(tf::GetNodeAttr(op.node()->attrs(), "narrow_range", &narrow_range));
  const auto grad = tf::ops::FakeQuantWithMinMaxVarsPerChannelGradient(
      scope, grads[0], op.input(0), op.input(1), op.input(2),
      tf::ops::FakeQuantWithMinMaxVarsPerChannelGradient::NumBits(num_bits).NarrowRange(narrow_range));
  *results = {grad.backprops_wrt_input, grad.backprop_wrt_min, grad.backprop_wrt_max};
  return scope.status();
}
REGISTER_GRADIENT_OP("FakeQuantWithMinMaxVarsPerChannel", FakeQuantPerChannelGrad);

REGISTER_NO_GRADIENT_OP("Rint");

}  // namespace
}  // namespace tfxm::ops
