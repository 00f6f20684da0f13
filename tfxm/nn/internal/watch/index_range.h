// SPDX-License-Identifier: Apache-2.0

// Numbers that choose a row of an Embedding, of which there may be fewer. Includes TensorFlow headers: for .cc files of
// nn only.
#ifndef TFXM_NN_INTERNAL_WATCH_INDEX_RANGE_H_
#define TFXM_NN_INTERNAL_WATCH_INDEX_RANGE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "tensorflow/core/framework/tensor.h"
#include "tfxm/nn/network.h"

namespace tfxm::nn {

// The Embedding that takes an input as it is, the one of the fewest rows where there are several.
struct IndexRange {
  std::string layer;      // "Embedding "words"": for messages.
  int64_t input_dim = 0;  // As Embedding's: indices are 0 to input_dim - 1.
};

// By input of a network that is built. An input that another layer changes first is in none.
std::map<std::string, IndexRange> IndexRanges(const Network& network);

// INVALID_ARGUMENT names the first example (by `where`) whose index is out of range. indices: [batch, …] of numbers, cut
// to integers as Embedding does.
absl::Status CheckIndices(const std::string& input, const IndexRange& range, const tensorflow::Tensor& indices,
                          const std::function<std::string(int64_t i)>& where);

// Adds to what TensorFlow says of an index out of range, of inputs that other layers have changed, which layers it may be.
absl::Status ExplainIndexError(const absl::Status& status, const Network& network);

}  // namespace tfxm::nn

#endif  // TFXM_NN_INTERNAL_WATCH_INDEX_RANGE_H_
