// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/pass/evaluation_pass.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <mutex>
#include <set>
#include <thread>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "tfxm/compute/block_reader.h"
#include "tfxm/compute/pass.h"
#include "tfxm/model_analysis/comparison/comparison_pass.h"
#include "tfxm/model_analysis/disagreement/disagreement.h"
#include "tfxm/model_analysis/pass/extractor.h"
#include "tfxm/model_analysis/pass/pass_state.h"
#include "tfxm/model_analysis/pass/query_groups.h"
#include "tfxm/model_analysis/slicing/slicer.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {

namespace {

absl::Status AddRows(AccumulatorSet* accumulators, BatchViews* views, std::span<const int32_t> rows) {
  for (auto& accumulator : *accumulators) RETURN_IF_ERROR(accumulator->Add(views, rows));
  return absl::OkStatus();
}

// Adds examples to a slice, drawing samples if asked to.
absl::Status AddToSlice(const ComputationPlan& plan, SamplingMethod sampling, BatchViews* views, const SliceKey& slice,
                        std::span<const int32_t> rows, SliceState* state) {
  state->num_examples += static_cast<int64_t>(rows.size());
  if (sampling != SamplingMethod::kJackknife) {
    if (state->all.empty()) state->all = MakeAccumulators(plan);
    RETURN_IF_ERROR(AddRows(&state->all, views, rows));
  }
  if (sampling == SamplingMethod::kNone) return absl::OkStatus();
  const int num_samples = sampling == SamplingMethod::kJackknife ? kNumJackknifeBuckets : kNumBootstrapSamples;
  state->samples.resize(num_samples);
  const uint64_t salt = HashBytes(ToString(slice));
  std::vector<int32_t> drawn;
  for (int s = 0; s < num_samples; ++s) {
    drawn.clear();
    for (int32_t row : rows) {
      const uint64_t hash = views->extracts().hashes[row] ^ salt;
      const int times = sampling == SamplingMethod::kJackknife ? JackknifeBucket(hash) == s : PoissonCount(hash, s);
      drawn.insert(drawn.end(), times, row);
    }
    if (drawn.empty()) continue;
    if (state->samples[s].empty()) state->samples[s] = MakeAccumulators(plan);
    RETURN_IF_ERROR(AddRows(&state->samples[s], views, drawn));
  }
  return absl::OkStatus();
}

// One thread's share of the pass.
class Worker {
 public:
  Worker(const PassOptions& options, compute::BlockReader* reader, bool needs_records,
         std::vector<std::string> features)
      : options_(options), reader_(reader), needs_records_(needs_records), features_(std::move(features)) {}

  absl::Status Run(std::atomic<bool>* stop, std::atomic<int64_t>* examples) {
    ASSIGN_OR_RETURN(extractor_, Extractor::Create(options_.eval_config, options_.models, features_));
    ASSIGN_OR_RETURN(Slicer slicer, Slicer::Create(*options_.eval_config));
    slicer_ = std::make_unique<Slicer>(std::move(slicer));
    for (const QueryPlan& plan : *options_.plans) {
      views_.push_back(std::make_unique<BatchViews>(&plan.plan.views()));
      states_.emplace_back();
      groups_.push_back(plan.query_key.empty() ? nullptr : std::make_unique<QueryGroups>(plan.query_key));
    }
    if (options_.comparison != nullptr) {
      comparison_ = std::make_unique<ComparisonPass>(options_.comparison);
      if (options_.max_disagreements >= 0) {
        disagreements_ = std::make_unique<DisagreementFinder>(
            options_.eval_config, options_.comparison->reference_index, options_.max_disagreements);
      }
    }
    records_.assign(reader_->files().size(), 0);
    models_.resize(options_.models.size());
    data::ExampleBatch batch(needs_records_);
    compute::RecordBlock raw;
    while (!*stop) {
      const absl::StatusOr<bool> more = reader_->Next(&raw);
      position_ = {raw.file, raw.first_record};
      if (!more.ok()) return more.status();
      if (!*more) break;
      if (raw.size() == 0) continue;  // A file without examples.
      RETURN_IF_ERROR(AddBatch(raw, &batch));
      const int64_t so_far = *examples += raw.size();
      if (options_.progress) options_.progress(so_far);
    }
    return absl::OkStatus();
  }

  // Where the batch at hand, or the failed one, began.
  std::pair<int, int64_t> position() const { return position_; }

  void MergeInto(PassState* state) {
    const std::vector<bool>& dropped = state->dropped;  // Over all workers.
    for (int s = 0; s < slicer_->num_slices(); ++s) {
      if (!dropped[slicer_->owner(s)]) state->owners[slicer_->key(s)] = slicer_->owner(s);
    }
    for (size_t p = 0; p < states_.size(); ++p) {
      for (size_t s = 0; s < states_[p].size(); ++s) {
        if (dropped[slicer_->owner(static_cast<int>(s))]) continue;
        MergeState(&state->slices[p][slicer_->key(static_cast<int>(s))], std::move(states_[p][s]));
      }
      if (groups_[p] == nullptr) continue;
      if (state->groups[p] == nullptr) {
        state->groups[p] = std::move(groups_[p]);
      } else {
        state->groups[p]->Merge(std::move(*groups_[p]));
      }
    }
    for (size_t m = 0; m < models_.size(); ++m) {
      state->models[m].Merge(models_[m]);
    }
    state->features.insert(names_.begin(), names_.end());
    for (const std::string& name : slicer_->FeaturesNotSeen()) state->slicing_features_not_seen.insert(name);
    for (size_t f = 0; f < records_.size(); ++f) state->records[f] += records_[f];
    if (comparison_ != nullptr) comparison_->MergeInto(*slicer_, dropped, &state->comparisons);
    if (disagreements_ != nullptr) disagreements_->MergeInto(*slicer_, dropped, state->disagreements.get());
  }
  const Slicer& slicer() const { return *slicer_; }

 private:
  absl::Status AddBatch(const compute::RecordBlock& raw, data::ExampleBatch* batch) {
    batch->Clear();
    const std::string& file = reader_->files()[raw.file];
    extracts_.hashes.clear();
    for (int i = 0; i < raw.size(); ++i) {
      RETURN_IF_ERROR(Annotate(batch->Append(raw.record(i)), absl::StrCat(file, ": record ", raw.first_record + i)));
      if (needs_hashes()) extracts_.hashes.push_back(HashBytes(raw.record(i)));
    }
    while (num_columns_ < batch->columns().size()) names_.insert(batch->columns()[num_columns_++].name());
    extracts_.file = file;
    extracts_.first_record = raw.first_record;
    const std::string records =
        absl::StrCat(file, ": records ", raw.first_record, " to ", raw.first_record + raw.size() - 1);
    RETURN_IF_ERROR(Annotate(extractor_->Transform(*batch), records));
    if (!checked_keys_) {
      // A key that is in no example of the first batch is most likely misspelled; saying so early is better than
      // failing on whatever follows from it.
      RETURN_IF_ERROR(extractor_->CheckKeys(*batch));
      checked_keys_ = true;
    }
    RETURN_IF_ERROR(Annotate(extractor_->Extract(*batch, &extracts_), records));
    CountNans(raw);
    RETURN_IF_ERROR(Annotate(slicer_->Slice(extractor_->features(*batch)), file));
    ForgetDroppedSlices();
    for (size_t p = 0; p < options_.plans->size(); ++p) {
      if (groups_[p] != nullptr) {
        RETURN_IF_ERROR(groups_[p]->Add(extracts_, *slicer_));
        continue;
      }
      const QueryPlan& plan = (*options_.plans)[p];
      views_[p]->Reset(&extracts_);
      states_[p].resize(std::max<size_t>(states_[p].size(), slicer_->num_slices()));
      for (int slice : slicer_->touched()) {
        if (slicer_->dropped(slicer_->owner(slice))) continue;
        RETURN_IF_ERROR(AddToSlice(plan.plan, options_.sampling, views_[p].get(), slicer_->key(slice),
                                   slicer_->rows(slice), &states_[p][slice]));
      }
    }
    records_[raw.file] += raw.size();
    if (comparison_ != nullptr) {
      std::vector<BatchViews*> views;
      for (size_t p = 0; p < views_.size(); ++p) views.push_back(groups_[p] == nullptr ? views_[p].get() : nullptr);
      RETURN_IF_ERROR(comparison_->Add(extracts_, *slicer_, views));
    }
    if (disagreements_ != nullptr) disagreements_->Add(raw, extracts_, *slicer_);
    return absl::OkStatus();
  }

  // Frees what was gathered for the slices of specs that have turned out to have too many.
  void ForgetDroppedSlices() {
    int dropped = 0;
    for (int spec = 0; spec <= slicer_->num_specs(); ++spec) dropped += slicer_->dropped(spec);
    if (dropped == num_dropped_) return;
    num_dropped_ = dropped;
    for (auto& of_plan : states_) {
      for (size_t s = 0; s < of_plan.size(); ++s) {
        if (slicer_->dropped(slicer_->owner(static_cast<int>(s)))) of_plan[s] = SliceState();
      }
    }
    for (int s = 0; comparison_ != nullptr && s < slicer_->num_slices(); ++s) {
      if (slicer_->dropped(slicer_->owner(s))) comparison_->Forget(s);
    }
  }

  bool needs_hashes() const {
    if (options_.sampling != SamplingMethod::kNone) return true;
    if (comparison_ != nullptr && comparison_->NeedsHashes()) return true;
    return std::any_of(groups_.begin(), groups_.end(), [](const auto& g) { return g != nullptr; });
  }

  void CountNans(const compute::RecordBlock& raw) {
    for (size_t m = 0; m < models_.size(); ++m) {
      for (const auto& [output, values] : extracts_.models[m].predictions) {
        if (values.numbers.size() == static_cast<size_t>(extracts_.num_examples)) {
          for (double x : values.numbers) models_[m].bins.Add(x);
        }
        CountNans(raw, values, &models_[m].nan_predictions);
      }
      for (const auto& [output, values] : extracts_.models[m].labels) CountNans(raw, values, &models_[m].nan_labels);
    }
  }

  void CountNans(const compute::RecordBlock& raw, const Values& values, NanCount* nans) const {
    const auto is_nan = [](double x) { return std::isnan(x); };
    bool any = false;
    for (double x : values.numbers) any |= is_nan(x);
    for (int row = 0; any && row < extracts_.num_examples; ++row) {
      const auto numbers = values.row(row);
      if (std::any_of(numbers.begin(), numbers.end(), is_nan)) nans->Add(raw.file, raw.first_record + row);
    }
  }

  const PassOptions& options_;
  compute::BlockReader* const reader_;
  const bool needs_records_;
  const std::vector<std::string> features_;
  std::unique_ptr<Extractor> extractor_;
  std::unique_ptr<Slicer> slicer_;
  Extracts extracts_;
  std::vector<std::unique_ptr<BatchViews>> views_;  // By plan.
  std::vector<std::vector<SliceState>> states_;     // By plan and the slicer's slice.
  std::vector<std::unique_ptr<QueryGroups>> groups_;
  std::vector<ModelStatistics> models_;
  std::unique_ptr<ComparisonPass> comparison_;
  std::unique_ptr<DisagreementFinder> disagreements_;
  std::vector<int64_t> records_;  // By file.
  std::pair<int, int64_t> position_;
  std::set<std::string> names_;
  size_t num_columns_ = 0;
  bool checked_keys_ = false;
  int num_dropped_ = 0;
};

// The slicing specs that have too many slices, whichever worker met them.
std::vector<bool> DroppedSpecs(const std::vector<std::unique_ptr<Worker>>& workers) {
  std::vector<std::set<SliceKey>> keys(workers[0]->slicer().num_specs() + 1);
  std::vector<bool> dropped(keys.size());
  int64_t total = 0;
  for (const auto& worker : workers) {
    total += worker->slicer().num_slices();
    for (size_t spec = 0; spec < keys.size(); ++spec) {
      dropped[spec] = dropped[spec] || worker->slicer().dropped(static_cast<int>(spec));
    }
  }
  if (total <= Slicer::kMaxSlicesPerSpec) return dropped;
  for (const auto& worker : workers) {
    const Slicer& slicer = worker->slicer();
    for (int slice = 0; slice < slicer.num_slices(); ++slice) keys[slicer.owner(slice)].insert(slicer.key(slice));
  }
  for (size_t spec = 0; spec < keys.size(); ++spec) {
    dropped[spec] = dropped[spec] || keys[spec].size() > Slicer::kMaxSlicesPerSpec;
  }
  return dropped;
}

// Adds the queries of a plan, whole, to the slices that any of their examples is in.
absl::Status AddQueries(const PassOptions& options, int query_plan, QueryGroups* groups, PassResult* result) {
  const QueryPlan& plan = (*options.plans)[query_plan];
  std::map<SliceKey, SliceState>& slices = result->slices[query_plan];
  std::unique_ptr<ComparisonPass> comparison;
  if (options.comparison != nullptr) comparison = std::make_unique<ComparisonPass>(options.comparison);
  const int64_t num_slices = static_cast<int64_t>(result->comparisons.size());
  BatchViews views(&plan.plan.views());
  return groups->ForEachBatch(
      256, [&](const Extracts& extracts, const std::map<SliceKey, std::vector<int32_t>>& rows) -> absl::Status {
        views.Reset(&extracts);
        for (const auto& [key, of_slice] : rows) {
          RETURN_IF_ERROR(AddToSlice(plan.plan, options.sampling, &views, key, of_slice, &slices[key]));
        }
        if (comparison == nullptr) return absl::OkStatus();
        return comparison->AddQueries(query_plan, plan.query_key, &views, rows, num_slices, &result->comparisons);
      });
}

absl::StatusOr<PassState> RunWorkers(compute::BlockReader* reader, const PassOptions& options) {
  const int num_threads = options.num_threads > 0 ? options.num_threads : compute::NumThreads();
  bool needs_records = false;
  for (const InferenceModel* model : options.models) needs_records |= model != nullptr && model->NeedsRecords();
  // All plans see the same batch of features.
  std::vector<std::string> features;
  for (const QueryPlan& plan : *options.plans) {
    for (const std::string& feature : plan.plan.features()) features.push_back(feature);
    if (!plan.query_key.empty()) features.push_back(plan.query_key);
  }
  std::sort(features.begin(), features.end());
  features.erase(std::unique(features.begin(), features.end()), features.end());

  std::vector<std::unique_ptr<Worker>> workers;
  for (int t = 0; t < num_threads; ++t)
    workers.push_back(std::make_unique<Worker>(options, reader, needs_records, features));
  std::atomic<bool> stop = false;
  std::atomic<int64_t> examples = 0;
  std::vector<absl::Status> statuses(num_threads);
  RETURN_IF_ERROR(compute::ParallelFor(
      num_threads,
      [&](int t) {
        statuses[t] = workers[t]->Run(&stop, &examples);
        if (!statuses[t].ok()) stop = true;
        return absl::OkStatus();
      },
      num_threads));
  int failed = -1;
  for (int t = 0; t < num_threads; ++t) {
    if (!statuses[t].ok() && (failed < 0 || workers[t]->position() < workers[failed]->position())) failed = t;
  }
  if (failed >= 0) return statuses[failed];

  PassState state(options, reader->files().size());
  state.num_examples = examples;
  state.dropped = DroppedSpecs(workers);
  for (const auto& worker : workers) worker->MergeInto(&state);
  return state;
}

}  // namespace

PassResult::PassResult() = default;
PassResult::~PassResult() = default;
PassResult::PassResult(PassResult&&) noexcept = default;

absl::StatusOr<PassState> RunShard(const compute::Shard& shard, const PassOptions& options) {
  compute::BlockReader reader(shard, {.batch_size = options.batch_size});
  return RunWorkers(&reader, options);
}

absl::StatusOr<PassResult> RunPass(const std::vector<std::string>& files, const PassOptions& options) {
  compute::BlockReader reader(files, {.batch_size = options.batch_size});
  ASSIGN_OR_RETURN(PassState state, RunWorkers(&reader, options));
  return FinishPass(std::move(state), files, options);
}

absl::StatusOr<PassResult> FinishPass(PassState state, const std::vector<std::string>& files,
                                      const PassOptions& options) {
  PassResult result;
  result.num_examples = state.num_examples;
  result.slices = std::move(state.slices);
  result.models = std::move(state.models);
  result.records = std::move(state.records);
  result.comparisons = std::move(state.comparisons);
  result.disagreements = std::move(state.disagreements);
  ASSIGN_OR_RETURN(const Slicer slicer, Slicer::Create(*options.eval_config));  // For names.
  for (size_t spec = 0; spec < state.dropped.size(); ++spec) {
    if (state.dropped[spec]) result.dropped_slicing_specs.push_back(slicer.SpecName(static_cast<int>(spec)));
  }
  for (const std::string& name : state.slicing_features_not_seen) {
    if (state.features.count(name) == 0) result.slicing_features_not_seen.push_back(name);
  }
  result.features.assign(state.features.begin(), state.features.end());
  for (size_t m = 0; m < result.models.size(); ++m) {
    for (NanCount* nans : {&result.models[m].nan_labels, &result.models[m].nan_predictions}) {
      if (nans->examples == 0) continue;
      const auto& [file, record] = nans->first;
      nans->place = absl::StrCat("record ", record, " of ", files[file]);
    }
  }
  for (size_t p = 0; p < state.groups.size(); ++p) {
    if (state.groups[p] == nullptr) continue;
    RETURN_IF_ERROR(AddQueries(options, static_cast<int>(p), state.groups[p].get(), &result));
  }
  if (options.comparison != nullptr) {
    FoldGroups(*options.comparison, !result.dropped_slicing_specs.empty(), &result.comparisons);
  }
  return result;
}

}  // namespace tfxm::model_analysis
