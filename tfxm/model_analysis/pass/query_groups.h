// SPDX-License-Identifier: Apache-2.0

// The examples of each query, brought together for metrics with a query_key. This is the one part of an evaluation
// whose memory grows with the examples: of each it keeps labels, predictions, weights and the features that the metrics
// ask for.
#ifndef TFXM_MODEL_ANALYSIS_PASS_QUERY_GROUPS_H_
#define TFXM_MODEL_ANALYSIS_PASS_QUERY_GROUPS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tfxm/model_analysis/pass/extracts.h"
#include "tfxm/model_analysis/slicing/slice_key.h"
#include "tfxm/model_analysis/slicing/slicer.h"
#include "tfxm/util/coding/state.h"

namespace tfxm::model_analysis {

class QueryGroups {
 public:
  explicit QueryGroups(std::string query_key) : query_key_(std::move(query_key)) {}

  // The query_key must be among the feature_values; INVALID_ARGUMENT names a record with several values of it. An
  // example without value belongs to the query "". The hashes must be filled.
  absl::Status Add(const Extracts& extracts, const Slicer& slicer);
  void Merge(QueryGroups&& other);
  // util/coding/state.h
  void Save(StateWriter* writer) const;
  void Load(size_t num_models, StateReader* reader);

  // Calls fn with batches whose "examples" are queries: every list is that of all examples of the query, in an order
  // that depends on their content only, and last_dimension is the number of values per example. `rows` are the queries
  // of each slice, ascending. To be called once, at the end.
  absl::Status ForEachBatch(
      int batch_size,
      const std::function<absl::Status(const Extracts&, const std::map<SliceKey, std::vector<int32_t>>&)>& fn);

 private:
  struct Example {
    std::string query;
    uint64_t hash;
    int part;  // Index into parts_, and the row there.
    int32_t row;
    std::vector<int> slices;
  };
  int FindSlice(const SliceKey& key);

  const std::string query_key_;
  std::vector<Extracts> parts_;  // One per batch.
  std::vector<Example> examples_;
  std::map<SliceKey, int> slice_index_;
  std::vector<SliceKey> slices_;
};

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_PASS_QUERY_GROUPS_H_
