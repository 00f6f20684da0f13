// SPDX-License-Identifier: Apache-2.0

// Examples as rows of dense features, in memory: the cache and the shuffle buffer of a Dataset.
#ifndef TFXM_NN_INTERNAL_ROW_STORE_H_
#define TFXM_NN_INTERNAL_ROW_STORE_H_

#include <cstdint>
#include <map>
#include <span>
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
  // Of these features only, by index: the others are not looked at.
  RowStore(const std::vector<FeatureSpec>& specs, const std::vector<bool>& wanted);

  // From now on what does not fit its spec is no error of Append and Set: the feature has no more rows, but an error.
  void KeepErrors() { keeps_errors_ = true; }
  struct RowError {
    absl::Status status;
    int64_t row = 0;
  };
  // Of a feature; OK if all of its rows are there.
  const RowError& error(size_t feature) const { return features_[feature].error; }

  const std::vector<FeatureSpec>& specs() const { return specs_; }
  int64_t num_rows() const { return num_rows_; }
  int64_t bytes() const { return bytes_; }

  // Adds example i. INVALID_ARGUMENT names the feature, what it holds and what was expected.
  absl::Status Append(const data::ExampleBatch& batch, int i) { return Set(num_rows_, batch, i); }
  // Puts example i into `row`, an existing one or the next.
  absl::Status Set(int64_t row, const data::ExampleBatch& batch, int i);
  // Adds the rows of tensors by feature name; all specs must be there.
  absl::Status AppendTensors(const std::map<std::string, Tensor>& tensors);

 private:
  friend class BatchBuilder;
  struct Feature {
    bool wanted = true;
    RowError error;
    TensorSpec input;
    data::FeatureTensorOptions options;
    int64_t row_values = 1;  // -1: as many as there are.
    size_t row_bytes = 0;
    std::vector<char> data;
    std::vector<std::string> strings;
    // By row, where their numbers of values differ.
    std::vector<std::vector<char>> data_rows;
    std::vector<std::vector<std::string>> string_rows;
  };
  template <typename T>
  static absl::Status Fill(const FeatureSpec& spec, const Feature& feature, const data::ExampleBatch& batch, int i,
                           std::span<T> memory);
  absl::Status SetVaryingRow(Feature& feature, int64_t row, const data::Column* column, int i);
  absl::Status SetFeature(size_t f, int64_t row, const data::ExampleBatch& batch, int i);
  std::vector<FeatureSpec> specs_;
  std::vector<Feature> features_;
  int64_t num_rows_ = 0;
  int64_t bytes_ = 0;
  bool keeps_errors_ = false;
};

// A batch that is put together row by row.
class BatchBuilder {
 public:
  // For at most `batch_size` rows of stores with these specs. Of features that are not wanted, by index, there will be
  // no tensor.
  BatchBuilder(const std::vector<FeatureSpec>& specs, int64_t batch_size, const std::vector<bool>& wanted);
  void Add(const RowStore& store, int64_t row);
  int64_t num_rows() const { return num_rows_; }
  // One tensor per spec, of the rows that were added; ends the builder's use. Those of a varying number of values are
  // as long as the longest, and one at least.
  std::vector<Tensor> Finish();

 private:
  const std::vector<FeatureSpec>& specs_;
  const std::vector<bool>& wanted_;
  int64_t num_rows_ = 0;
  std::vector<Tensor> tensors_;
  // By spec and row, of the specs whose number of values varies.
  std::vector<std::vector<std::vector<char>>> data_rows_;
  std::vector<std::vector<std::vector<std::string>>> string_rows_;
};

}  // namespace tfxm::nn

#endif  // TFXM_NN_INTERNAL_ROW_STORE_H_
