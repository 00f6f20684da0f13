// SPDX-License-Identifier: Apache-2.0

// What a pass, or the pass of one shard (compute/shard.h), has gathered: it is merged with that of others, in any order,
// and goes from process to process as bytes (util/coding/state.h).
//
//   ASSIGN_OR_RETURN(PassState state, RunShard(shard, options));           // evaluation_pass.h
//   state.Save(&writer);
//   …
//   PassState total(options, num_files);
//   RETURN_IF_ERROR(total.MergeSaved(&reader, file, options));
#ifndef TFXM_MODEL_ANALYSIS_PASS_PASS_STATE_H_
#define TFXM_MODEL_ANALYSIS_PASS_PASS_STATE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "tfxm/model_analysis/comparison/comparison_pass.h"
#include "tfxm/model_analysis/disagreement/disagreement.h"
#include "tfxm/model_analysis/pass/evaluation_pass.h"
#include "tfxm/model_analysis/pass/query_groups.h"
#include "tfxm/model_analysis/slicing/slice_key.h"

namespace tfxm::model_analysis {

struct PassState {
  // Of no examples.
  PassState(const PassOptions& options, size_t num_files);

  static constexpr StateKind kStateKind = {"evaluation", 2};
  // `plans` and `comparison` as in the options that it was made with.
  void Save(StateWriter* writer) const;
  // The state of a shard of the file of this number, which is the only one that the state knows. DATA_LOSS if it cannot
  // be one of a pass with these options.
  absl::Status MergeSaved(StateReader* reader, int file, const PassOptions& options);
  void Merge(PassState&& other);

  int64_t num_examples = 0;
  std::vector<std::map<SliceKey, SliceState>> slices;  // By plan.
  std::vector<ModelStatistics> models;                 // By model_spec; without the places of NaN as text.
  std::set<std::string> features, slicing_features_not_seen;
  // The slicing spec that owns a slice (Slicer::owner), and which specs have too many slices.
  std::map<SliceKey, int> owners;
  std::vector<bool> dropped;
  std::vector<int64_t> records;  // By file.
  std::map<SliceKey, SliceComparison> comparisons;
  std::unique_ptr<DisagreementFinder> disagreements;
  std::vector<std::unique_ptr<QueryGroups>> groups;  // By plan; null where there are no examples, or no query_key.

 private:
  void Load(StateReader* reader, const PassOptions& options);
  void DropSlices();
};

// Adds one slice's state to another's.
void MergeState(SliceState* into, SliceState&& from);

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_PASS_PASS_STATE_H_
