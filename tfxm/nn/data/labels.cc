// SPDX-License-Identifier: Apache-2.0

#include "tfxm/nn/data/labels.h"

#include "absl/strings/str_cat.h"
#include "tfxm/ops/internal/graph_access.h"
#include "tfxm/ops/ops.h"

namespace tfxm::nn {
namespace {

using ops::Tensor;

// Whether dimensions are the same as far as both are known.
bool SameDims(const Shape& a, const Shape& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i] >= 0 && b[i] >= 0 && a[i] != b[i]) return false;
  }
  return true;
}

std::string Describe(const Tensor& x) { return absl::StrCat(DataTypeName(x.dtype()), ShapeString(x.shape())); }

Tensor Misfit(const Tensor& y_true, const Tensor& y_pred, absl::string_view wanted, absl::string_view advice) {
  y_pred.graph()->SetError(absl::InvalidArgumentError(absl::StrCat("labels are ", Describe(y_true), ", the output is ",
                                                                   Describe(y_pred), "; wanted ", wanted, advice)));
  return Tensor(y_pred.graph(), -1, 0);
}

bool Known(const Tensor& y_true, const Tensor& y_pred) {
  return y_true.valid() && y_pred.valid() && y_true.has_rank() && y_pred.has_rank();
}

}  // namespace

Tensor SparseLabels(const Tensor& y_true, const Tensor& y_pred) {
  const Shape shape = y_true.shape(), pred = y_pred.shape();
  if (y_true.valid() && y_true.dtype() == DataType::kString)
    return Misfit(y_true, y_pred, "numbers of classes", "; make them numbers in the preprocessing_fn (a vocabulary)");
  Tensor labels = y_true;
  if (shape.size() == pred.size() && !shape.empty() && shape.back() == 1) labels = ops::Squeeze(labels, {-1});
  if (Known(y_true, y_pred) && !pred.empty()) {
    const Shape positions(pred.begin(), pred.end() - 1);
    if (!SameDims(labels.shape(), positions)) {
      return Misfit(y_true, y_pred, absl::StrCat("one class number for each of ", ShapeString(positions)),
                    SameDims(shape, pred) ? "; one-hot labels are for categorical_crossentropy and categorical_accuracy"
                    : pred.size() > 2     ? "; is a Flatten or GlobalAveragePooling2D missing before the last layers?"
                                          : "");
    }
  }
  return labels.dtype() == DataType::kInt64 || labels.dtype() == DataType::kInt32 ? labels
                                                                                  : ops::Cast(labels, DataType::kInt64);
}

Tensor DenseLabels(const Tensor& y_true, const Tensor& y_pred) {
  if (y_true.valid() && y_true.dtype() == DataType::kString)
    return Misfit(y_true, y_pred, "numbers", "; make them numbers in the preprocessing_fn (a vocabulary)");
  Tensor labels = ops::Cast(y_true, y_pred.dtype());
  const Shape true_shape = y_true.shape(), pred_shape = y_pred.shape();
  if (true_shape.size() + 1 == pred_shape.size() && pred_shape.back() == 1) {
    labels = ops::ExpandDims(labels, -1);
  } else if (pred_shape.size() + 1 == true_shape.size() && true_shape.back() == 1) {
    labels = ops::Squeeze(labels, {-1});
  }
  if (Known(y_true, y_pred) && !SameDims(labels.shape(), pred_shape)) {
    const bool classes = true_shape.size() + 1 == pred_shape.size() ||
                         (true_shape.size() == pred_shape.size() && !true_shape.empty() && true_shape.back() == 1);
    return Misfit(y_true, y_pred, "the output's shape",
                  pred_shape.size() > true_shape.size() + 1 || (pred_shape.size() > 2 && true_shape.size() < 3)
                      ? "; is a Flatten or GlobalAveragePooling2D missing before the last layers?"
                  : classes ? "; class numbers are for sparse_categorical_crossentropy and sparse_categorical_accuracy"
                            : "");
  }
  return labels;
}

Tensor LogitsOf(const Tensor& y_pred) {
  const tensorflow::Node* node = ops::internal::TfNode(y_pred);
  if (node == nullptr || (node->type_string() != "Sigmoid" && node->type_string() != "Softmax")) return Tensor();
  for (const tensorflow::Edge* edge : node->in_edges()) {
    if (edge->dst_input() == 0) return ops::internal::FromTf(*y_pred.graph(), edge->src(), edge->src_output());
  }
  return Tensor();
}

}  // namespace tfxm::nn
