// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/internal/rows.h"

#include <algorithm>
#include <utility>

namespace tfxm::rewriting {

Tensor RowOf(const Tensor& batch, int64_t k) {
  Shape shape = batch.shape();
  shape[0] = 1;
  Tensor row(batch.dtype(), std::move(shape));
  const size_t bytes = row.bytes().size();
  std::copy_n(batch.bytes().begin() + k * bytes, bytes, row.bytes().begin());
  std::copy_n(batch.strings().begin() + k * row.strings().size(), row.strings().size(), row.strings().begin());
  return row;
}

Tensor Stacked(const std::vector<const Tensor*>& parts) {
  Shape shape = parts[0]->shape();
  shape[0] = 0;
  for (const Tensor* part : parts) shape[0] += part->shape()[0];
  Tensor stacked(parts[0]->dtype(), std::move(shape));
  auto bytes = stacked.bytes().begin();
  auto strings = stacked.strings().begin();
  for (const Tensor* part : parts) {
    bytes = std::copy(part->bytes().begin(), part->bytes().end(), bytes);
    strings = std::copy(part->strings().begin(), part->strings().end(), strings);
  }
  return stacked;
}

}  // namespace tfxm::rewriting
