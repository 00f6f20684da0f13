// SPDX-License-Identifier: Apache-2.0

// How labels and predictions are brought to the same shape and type, as Keras does before a loss or a metric.
#ifndef TFXM_NN_DATA_LABELS_H_
#define TFXM_NN_DATA_LABELS_H_

#include "tfxm/ops/graph.h"

namespace tfxm::nn {

// Labels of predictions [batch, …, classes] as class numbers [batch, …]: a last dimension of 1 goes away.
// An error of the graph where their shapes do not go together.
ops::Tensor SparseLabels(const ops::Tensor& y_true, const ops::Tensor& y_pred);
// Labels in the predictions' type; if one has a last dimension of 1 more than the other, it is given to or taken from
// the labels. An error of the graph where their shapes do not go together.
ops::Tensor DenseLabels(const ops::Tensor& y_true, const ops::Tensor& y_pred);

// What goes into the sigmoid or softmax that `y_pred` comes out of; invalid if it comes from anything else. Where the
// function is saturated its output no longer says anything about its input, and has no gradient, so Keras's
// crossentropies go back to the logits whatever from_logits says.
ops::Tensor LogitsOf(const ops::Tensor& y_pred);

}  // namespace tfxm::nn

#endif  // TFXM_NN_DATA_LABELS_H_
