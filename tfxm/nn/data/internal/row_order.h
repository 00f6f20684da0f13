// SPDX-License-Identifier: Apache-2.0

// The examples of a Dataset one by one, in the order of training: from memory or out of files. Behind Dataset; not for
// users.
#ifndef TFXM_NN_DATA_INTERNAL_ROW_ORDER_H_
#define TFXM_NN_DATA_INTERNAL_ROW_ORDER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tfxm/nn/data/dataset.h"
#include "tfxm/nn/internal/row_store.h"

namespace tfxm::nn {

class RowOrder {
 public:
  // A row of a store, and where it was read: file, by its place among the files, and record; of tensors, the number of
  // the example.
  struct Row {
    const RowStore* store = nullptr;
    int64_t index = 0;
    size_t file = 0;
    int64_t record = 0;
  };
  virtual ~RowOrder() = default;
  // False after the last one. The row is valid until the next call.
  virtual absl::StatusOr<bool> Next(Row* row) = 0;
};

// Rows of stores, one per file, that must outlive it; shuffled as a whole, each epoch another way. -1 epochs: without
// end.
std::unique_ptr<RowOrder> OrderOfStores(const std::vector<RowStore>& stores, bool shuffle, uint64_t seed,
                                        int64_t epochs);

// The `wanted` features (by index) of the examples in files, through a buffer as tf.data's shuffle: each row is a random
// one of those in the buffer. `files` must outlive it.
std::unique_ptr<RowOrder> OrderOfFiles(const std::vector<std::string>& files, const std::vector<FeatureSpec>& specs,
                                       const std::vector<bool>& wanted, int64_t buffer_size, uint64_t seed,
                                       int64_t epochs);

// Decodes all files into one store each, on all cores; false if they take more than `limit` bytes. What is wrong with a
// feature is an error of the store (RowStore::error).
absl::StatusOr<bool> ReadAll(const std::vector<std::string>& files, const std::vector<FeatureSpec>& specs,
                             int64_t limit, std::vector<RowStore>* stores);

}  // namespace tfxm::nn

#endif  // TFXM_NN_DATA_INTERNAL_ROW_ORDER_H_
