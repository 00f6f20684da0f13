// SPDX-License-Identifier: Apache-2.0

// Transformed features of a batch as serialized tf.Examples.
#ifndef TFXM_TRANSFORM_INTERNAL_EXAMPLE_ENCODER_H_
#define TFXM_TRANSFORM_INTERNAL_EXAMPLE_ENCODER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "tfxm/transform/internal/accumulators.h"

namespace tfxm::transform::internal {

// One output of a batch: example i has the values [ends[i-1], ends[i]), or the i-th row_size of them if ends is empty.
struct OutputColumn {
  std::string name;
  Values values;  // float, int64_t or strings.
  int64_t row_size = 0;
  std::vector<int64_t> ends;
};

// Replaces `out` by example i. Features are in the order of `columns`; the result is what a deterministic serialization
// of the proto gives if these are sorted.
void EncodeExample(const std::vector<OutputColumn>& columns, int64_t i, std::string* out);

}  // namespace tfxm::transform::internal

#endif  // TFXM_TRANSFORM_INTERNAL_EXAMPLE_ENCODER_H_
