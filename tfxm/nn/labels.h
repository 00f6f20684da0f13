// How labels and predictions are brought to the same shape and type, as Keras does before a loss or a metric.
#ifndef TFXM_NN_LABELS_H_
#define TFXM_NN_LABELS_H_

#include "tfxm/ops/graph.h"

namespace tfxm::nn {

// Labels of predictions [batch, …, classes] as class numbers [batch, …]: a last dimension of 1 goes away.
ops::Tensor SparseLabels(const ops::Tensor& y_true, const ops::Tensor& y_pred);
// Labels in the predictions' type; if one has a last dimension of 1 more than the other, it is given to or taken from
// the labels.
ops::Tensor DenseLabels(const ops::Tensor& y_true, const ops::Tensor& y_pred);

}  // namespace tfxm::nn

#endif  // TFXM_NN_LABELS_H_
