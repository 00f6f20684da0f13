// SPDX-License-Identifier: Apache-2.0

// What comparisons keep while the examples go by: for every slice the paired sums and the groups of a ComparisonPlan.
// One object per thread, merged at the end; the result does not depend on how the examples were split over them.
//
//   ComparisonPass pass(&plan);
//   RETURN_IF_ERROR(pass.Add(extracts, slicer, views));        // per batch; views by query plan
//   pass.MergeInto(slicer, dropped, &slices);
#ifndef TFXM_MODEL_ANALYSIS_COMPARISON_COMPARISON_PASS_H_
#define TFXM_MODEL_ANALYSIS_COMPARISON_COMPARISON_PASS_H_

#include <map>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "tfxm/model_analysis/comparison/comparison_plan.h"
#include "tfxm/model_analysis/comparison/paired_sums.h"
#include "tfxm/model_analysis/pass/accumulator_set.h"
#include "tfxm/model_analysis/slicing/slice_key.h"
#include "tfxm/model_analysis/slicing/slicer.h"

namespace tfxm::model_analysis {

// Of one slice.
struct SliceComparison {
  std::vector<std::vector<PairedSums>> paired;      // By query plan and PairedPlan::metrics.
  std::vector<std::vector<AccumulatorSet>> groups;  // By grouped plan and group; a group without examples is empty.

  void Merge(SliceComparison&& other);
  // Merges groups until there are `num_groups` (a power of two, or 0) of the plan.
  void Fold(int grouped_plan, int num_groups);
  // util/coding/state.h; with the plan that it was made with.
  void Save(StateWriter* writer) const;
  void Load(const ComparisonPlan& plan, StateReader* reader);
};

class ComparisonPass {
 public:
  explicit ComparisonPass(const ComparisonPlan* plan);
  ~ComparisonPass();

  // Whether Extracts::hashes must be filled.
  bool NeedsHashes() const { return !plan_->grouped.empty(); }
  // Examples of the slicer's slices. `views` by query plan, reset to the extracts; null for plans with a query_key.
  absl::Status Add(const Extracts& extracts, const Slicer& slicer, const std::vector<BatchViews*>& views);
  // Queries of the plans with this query_key; all slices together will be `num_slices`.
  absl::Status AddQueries(int query_plan, const std::string& query_key, BatchViews* views,
                          const std::map<SliceKey, std::vector<int32_t>>& rows, int64_t num_slices,
                          std::map<SliceKey, SliceComparison>* slices);
  // Forgets a slice of the slicer.
  void Forget(int slice);
  // Moves what was added to the slices that are not dropped (by the slicer's spec).
  void MergeInto(const Slicer& slicer, const std::vector<bool>& dropped, std::map<SliceKey, SliceComparison>* slices);

 private:
  struct SliceRows {
    SliceComparison* state;
    std::span<const int32_t> rows;
    bool overall;
  };
  absl::Status AddPaired(int query_plan, BatchViews* views, const std::vector<SliceRows>& slices);
  absl::Status AddGrouped(int grouped_plan, const Extracts& extracts, int64_t num_slices,
                          const std::vector<SliceRows>& slices);

  const ComparisonPlan* const plan_;
  std::vector<SliceComparison> states_;  // By the slicer's slice.
  std::vector<int> num_groups_;          // By grouped plan, of every slice but the overall one.
  std::vector<std::unique_ptr<BatchViews>> grouped_views_;
  // Buffers.
  std::vector<char> used_;
  std::vector<int32_t> rows_;
  std::vector<ExampleTerm> terms_;
  std::vector<std::vector<ExampleTerm>> by_row_;
  std::vector<std::vector<int32_t>> group_rows_;
};

// Leaves every slice as many groups as the number of slices allows; none but the overall slice if some spec was dropped
// for its number of slices. To be called once everything is merged.
void FoldGroups(const ComparisonPlan& plan, bool any_dropped, std::map<SliceKey, SliceComparison>* slices);

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_COMPARISON_COMPARISON_PASS_H_
