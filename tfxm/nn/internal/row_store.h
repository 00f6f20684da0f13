// SPDX-License-Identifier: Apache-2.0

// Examples as rows of dense features, in memory: the cache and the shuffle buffer of a Dataset.
#ifndef TFXM_NN_INTERNAL_ROW_STORE_H_
#define TFXM_NN_INTERNAL_ROW_STORE_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tfxm/data/example_batch.h"
#include "tfxm/data/feature_tensor.h"
#include "tfxm/nn/data/dataset.h"

namespace tfxm::nn {

class RowStore {
 public:
  explicit RowStore(const std::vector<FeatureSpec>& specs);

  const std::vector<FeatureSpec>& specs() const { return specs_; }
  int64_t num_rows() const { return num_rows_; }
  int64_t bytes() const { return bytes_; }

  // Adds example i. INVALID_ARGUMENT names the feature, what it holds and what was expected.
  absl::Status Append(const data::ExampleBatch& batch, int i) { return Set(num_rows_, batch, i); }
  // Puts example i into `row`, an existing one or the next.
  absl::Status Set(int64_t row, const data::ExampleBatch& batch, int i);
  // Adds the rows of tensors by feature name; all specs must be there.
  absl::Status AppendTensors(const std::map<std::string, Tensor>& tensors);

  // Empty tensors of `n` rows, one per spec.
  std::vector<Tensor> MakeTensors(int64_t n) const;
  // Row `from` to row `to` of what MakeTensors made.
  void Copy(int64_t from, std::vector<Tensor>& tensors, int64_t to) const;

 private:
  struct Feature {
    TensorSpec input;
    data::FeatureTensorOptions options;
    int64_t row_values = 1;
    size_t row_bytes = 0;
    std::vector<char> data;
    std::vector<std::string> strings;
  };
  std::vector<FeatureSpec> specs_;
  std::vector<Feature> features_;
  int64_t num_rows_ = 0;
  int64_t bytes_ = 0;
};

}  // namespace tfxm::nn

#endif  // TFXM_NN_INTERNAL_ROW_STORE_H_
