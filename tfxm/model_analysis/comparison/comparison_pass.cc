// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/comparison/comparison_pass.h"

#include <algorithm>

#include "tfxm/model_analysis/pass/sampling.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
void SliceComparison::Merge(SliceComparison&& other) {
  paired.resize(std::max(paired.size(), other.paired.size()));
  for (size_t p = 0; p < other.paired.size(); ++p) {
    paired[p].resize(std::max(paired[p].size(), other.paired[p].size()));
    for (size_t m = 0; m < other.paired[p].size(); ++m) paired[p][m].Merge(other.paired[p][m]);
  }
  groups.resize(std::max(groups.size(), other.groups.size()));
  for (size_t g = 0; g < other.groups.size(); ++g) {
    // A part with fewer groups has seen more slices; the whole will have no more groups than it.
    if (groups[g].empty()) groups[g] = std::move(other.groups[g]);
    const int fewer = static_cast<int>(std::min(groups[g].size(), other.groups[g].size()));
    if (other.groups[g].empty()) continue;
    Fold(static_cast<int>(g), fewer);
    other.Fold(static_cast<int>(g), fewer);
    for (int k = 0; k < fewer; ++k) MergeAccumulators(&groups[g][k], std::move(other.groups[g][k]));
  }
}

void SliceComparison::Fold(int grouped_plan, int num_groups) {
  auto& sets = groups[grouped_plan];
  if (static_cast<int>(sets.size()) <= num_groups) return;
  for (size_t k = num_groups; num_groups > 0 && k < sets.size(); ++k)
    MergeAccumulators(&sets[k % num_groups], std::move(sets[k]));
  sets.resize(num_groups);
  sets.shrink_to_fit();
}

void SliceComparison::Save(StateWriter* writer) const {
  writer->Write(paired);
  writer->Write(static_cast<uint64_t>(groups.size()));
  for (const auto& of_plan : groups) {
    writer->Write(static_cast<uint64_t>(of_plan.size()));
    for (const AccumulatorSet& group : of_plan) SaveAccumulators(group, writer);
  }
}

void SliceComparison::Load(const ComparisonPlan& plan, StateReader* reader) {
  reader->Read(&paired);
  bool fits = paired.empty() || paired.size() == plan.paired.size();
  for (size_t p = 0; fits && p < paired.size(); ++p) {
    fits = paired[p].empty() || paired[p].size() == plan.paired[p].metrics.size();
  }
  groups.resize(std::min(reader->ReadSize(), plan.grouped.size() + 1));
  if (!fits || (!groups.empty() && groups.size() != plan.grouped.size())) {
    *this = SliceComparison();
    return reader->Fail("it compares other metrics");
  }
  for (size_t g = 0; g < groups.size(); ++g) {
    const size_t n = reader->ReadSize();
    // The groups of one are merged with those of others group by group.
    if ((n & (n - 1)) != 0 || n > static_cast<size_t>(plan.grouped[g].overall_groups)) {
      return reader->Fail("it has an impossible number of groups");
    }
    groups[g].resize(n);
    for (AccumulatorSet& group : groups[g]) LoadAccumulators(plan.grouped[g].plan.plan, reader, &group);
  }
}

ComparisonPass::ComparisonPass(const ComparisonPlan* plan) : plan_(plan) {
  for (const GroupedPlan& grouped : plan->grouped) {
    num_groups_.push_back(grouped.max_groups);
    grouped_views_.push_back(std::make_unique<BatchViews>(&grouped.plan.plan.views()));
  }
}

ComparisonPass::~ComparisonPass() = default;

absl::Status ComparisonPass::Add(const Extracts& extracts, const Slicer& slicer,
                                 const std::vector<BatchViews*>& views) {
  states_.resize(slicer.num_slices());
  // More slices may leave fewer groups to each.
  for (size_t g = 0; g < plan_->grouped.size(); ++g) {
    const int allowed = plan_->grouped[g].NumGroups(slicer.num_slices());
    if (allowed == num_groups_[g]) continue;
    num_groups_[g] = allowed;
    for (int s = 0; s < slicer.num_slices(); ++s) {
      if (!slicer.key(s).empty() && !states_[s].groups.empty()) states_[s].Fold(static_cast<int>(g), allowed);
    }
  }
  std::vector<SliceRows> slices;
  for (int s : slicer.touched()) {
    if (!slicer.dropped(slicer.owner(s))) slices.push_back({&states_[s], slicer.rows(s), slicer.key(s).empty()});
  }
  for (size_t p = 0; p < views.size(); ++p) {
    if (views[p] != nullptr) RETURN_IF_ERROR(AddPaired(static_cast<int>(p), views[p], slices));
  }
  for (size_t g = 0; g < plan_->grouped.size(); ++g) {
    if (plan_->grouped[g].plan.query_key.empty())
      RETURN_IF_ERROR(AddGrouped(static_cast<int>(g), extracts, slicer.num_slices(), slices));
  }
  return absl::OkStatus();
}

absl::Status ComparisonPass::AddQueries(int query_plan, const std::string& query_key, BatchViews* views,
                                        const std::map<SliceKey, std::vector<int32_t>>& rows, int64_t num_slices,
                                        std::map<SliceKey, SliceComparison>* slices) {
  std::vector<SliceRows> of_batch;
  for (const auto& [key, of_slice] : rows) of_batch.push_back({&(*slices)[key], of_slice, key.empty()});
  RETURN_IF_ERROR(AddPaired(query_plan, views, of_batch));
  for (size_t g = 0; g < plan_->grouped.size(); ++g) {
    if (plan_->grouped[g].plan.query_key == query_key)
      RETURN_IF_ERROR(AddGrouped(static_cast<int>(g), views->extracts(), num_slices, of_batch));
  }
  return absl::OkStatus();
}

absl::Status ComparisonPass::AddPaired(int query_plan, BatchViews* views, const std::vector<SliceRows>& slices) {
  const PairedPlan& plan = plan_->paired[query_plan];
  if (plan.metrics.empty()) return absl::OkStatus();
  // The terms of all examples that are in any slice; by row, so that every slice finds its own.
  const int n = views->extracts().num_examples;
  used_.assign(n, 0);
  for (const SliceRows& slice : slices) {
    for (int32_t row : slice.rows) used_[row] = 1;
  }
  rows_.clear();
  for (int32_t row = 0; row < n; ++row) {
    if (used_[row]) rows_.push_back(row);
  }
  by_row_.resize(std::max(by_row_.size(), plan.terms.size()));
  for (size_t t = 0; t < plan.terms.size(); ++t) {
    terms_.clear();
    RETURN_IF_ERROR((*plan.terms[t])(views, rows_, &terms_));
    by_row_[t].resize(n);
    for (size_t k = 0; k < rows_.size(); ++k) by_row_[t][rows_[k]] = terms_[k];
  }
  for (const SliceRows& slice : slices) {
    auto& paired = slice.state->paired;
    paired.resize(plan_->paired.size());
    paired[query_plan].resize(plan.metrics.size());
    for (size_t m = 0; m < plan.metrics.size(); ++m) {
      PairedSums& sums = paired[query_plan][m];
      const auto &terms = by_row_[plan.metrics[m].terms], &reference = by_row_[plan.metrics[m].reference_terms];
      for (int32_t row : slice.rows) sums.Add(terms[row], reference[row]);
    }
  }
  return absl::OkStatus();
}

absl::Status ComparisonPass::AddGrouped(int grouped_plan, const Extracts& extracts, int64_t num_slices,
                                        const std::vector<SliceRows>& slices) {
  const GroupedPlan& plan = plan_->grouped[grouped_plan];
  const int of_others = plan.NumGroups(num_slices);
  BatchViews* const views = grouped_views_[grouped_plan].get();
  views->Reset(&extracts);
  group_rows_.resize(plan.overall_groups);
  for (const SliceRows& slice : slices) {
    const int num_groups = slice.overall ? plan.overall_groups : of_others;
    if (num_groups == 0) continue;
    slice.state->groups.resize(plan_->grouped.size());
    auto& sets = slice.state->groups[grouped_plan];
    sets.resize(num_groups);
    for (auto& rows : group_rows_) rows.clear();
    for (int32_t row : slice.rows) group_rows_[SplitMix64(extracts.hashes[row]) % num_groups].push_back(row);
    for (int k = 0; k < num_groups; ++k) {
      if (group_rows_[k].empty()) continue;
      if (sets[k].empty()) sets[k] = MakeAccumulators(plan.plan.plan);
      for (auto& accumulator : sets[k]) RETURN_IF_ERROR(accumulator->Add(views, group_rows_[k]));
    }
  }
  return absl::OkStatus();
}

void ComparisonPass::Forget(int slice) {
  if (slice < static_cast<int>(states_.size())) states_[slice] = SliceComparison();
}

void ComparisonPass::MergeInto(const Slicer& slicer, const std::vector<bool>& dropped,
                               std::map<SliceKey, SliceComparison>* slices) {
  for (size_t s = 0; s < states_.size(); ++s) {
    if (dropped[slicer.owner(static_cast<int>(s))]) continue;
    (*slices)[slicer.key(static_cast<int>(s))].Merge(std::move(states_[s]));
  }
}

void FoldGroups(const ComparisonPlan& plan, bool any_dropped, std::map<SliceKey, SliceComparison>* slices) {
  for (size_t g = 0; g < plan.grouped.size(); ++g) {
    const int allowed = any_dropped ? 0 : plan.grouped[g].NumGroups(static_cast<int64_t>(slices->size()));
    for (auto& [key, slice] : *slices) {
      if (!key.empty() && g < slice.groups.size()) slice.Fold(static_cast<int>(g), allowed);
    }
  }
}

}  // namespace tfxm::model_analysis
