// SPDX-License-Identifier: Apache-2.0

// Examples as the rows of a batch: one taken out of it, several put into one.
#ifndef TFXM_REWRITING_INTERNAL_ROWS_H_
#define TFXM_REWRITING_INTERNAL_ROWS_H_

#include <vector>

#include "tfxm/data/tensor.h"

namespace tfxm::rewriting {

// Row `k` of a tensor of rank 1 or more, as a batch of 1.
Tensor RowOf(const Tensor& batch, int64_t k);

// One below the other. All are of one type and, behind the first dimension, of one shape.
Tensor Stacked(const std::vector<const Tensor*>& parts);

}  // namespace tfxm::rewriting

#endif  // TFXM_REWRITING_INTERNAL_ROWS_H_
