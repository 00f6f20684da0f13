// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/pass/pass_state.h"

#include <algorithm>

#include "tfxm/model_analysis/slicing/slicer.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::model_analysis {
namespace {

constexpr size_t kMostSamples = std::max(kNumJackknifeBuckets, kNumBootstrapSamples);

void SaveSlice(const SliceState& state, StateWriter* writer) {
  writer->Write(state.num_examples);
  SaveAccumulators(state.all, writer);
  writer->Write(static_cast<uint64_t>(state.samples.size()));
  for (const AccumulatorSet& sample : state.samples) SaveAccumulators(sample, writer);
}

void LoadSlice(const ComputationPlan& plan, StateReader* reader, SliceState* state) {
  reader->ReadCounts(&state->num_examples);
  LoadAccumulators(plan, reader, &state->all);
  const size_t num_samples = reader->ReadSize();
  if (num_samples > kMostSamples) return reader->Fail("a slice has too many samples");
  state->samples.resize(num_samples);
  for (AccumulatorSet& sample : state->samples) LoadAccumulators(plan, reader, &sample);
}

template <typename T, typename Save>
void SaveBySlice(const std::map<SliceKey, T>& values, StateWriter* writer, const Save& save) {
  writer->Write(static_cast<uint64_t>(values.size()));
  for (const auto& [key, value] : values) {
    SaveSliceKey(key, writer);
    save(value);
  }
}

template <typename T, typename Load>
void LoadBySlice(StateReader* reader, std::map<SliceKey, T>* values, const Load& load) {
  for (size_t n = reader->ReadSize(); n > 0 && reader->ok(); --n) {
    SliceKey key = LoadSliceKey(reader);
    load(&(*values)[std::move(key)]);
  }
}

template <typename K, typename T, typename Drop>
void EraseIf(std::map<K, T>* values, const Drop& drop) {
  std::erase_if(*values, [&](const auto& entry) { return drop(entry.first); });
}

}  // namespace

void MergeState(SliceState* into, SliceState&& from) {
  into->num_examples += from.num_examples;
  MergeAccumulators(&into->all, std::move(from.all));
  into->samples.resize(std::max(into->samples.size(), from.samples.size()));
  for (size_t s = 0; s < from.samples.size(); ++s) MergeAccumulators(&into->samples[s], std::move(from.samples[s]));
}

PassState::PassState(const PassOptions& options, size_t num_files)
    : slices(options.plans->size()), models(options.models.size()), records(num_files), groups(options.plans->size()) {
  if (options.comparison != nullptr && options.max_disagreements >= 0) {
    disagreements = std::make_unique<DisagreementFinder>(options.eval_config, options.comparison->reference_index,
                                                         options.max_disagreements);
  }
}

void PassState::Save(StateWriter* writer) const {
  writer->Write(num_examples, features, slicing_features_not_seen, records);
  writer->Write(std::vector<uint8_t>(dropped.begin(), dropped.end()));
  SaveBySlice(owners, writer, [writer](int owner) { writer->Write(owner); });
  for (const auto& of_plan : slices) {
    SaveBySlice(of_plan, writer, [writer](const SliceState& state) { SaveSlice(state, writer); });
  }
  for (const ModelStatistics& model : models) {
    for (const NanCount* nans : {&model.nan_labels, &model.nan_predictions}) writer->Write(nans->examples, nans->first);
    writer->Write(model.bins);
  }
  SaveBySlice(comparisons, writer, [writer](const SliceComparison& comparison) { comparison.Save(writer); });
  if (disagreements != nullptr) disagreements->Save(writer);
  for (const auto& of_plan : groups) {
    writer->Write(of_plan != nullptr);
    if (of_plan != nullptr) of_plan->Save(writer);
  }
}

void PassState::Load(StateReader* reader, const PassOptions& options) {
  reader->ReadCounts(&num_examples);
  reader->Read(&features, &slicing_features_not_seen, &records);
  std::vector<uint8_t> dropped_specs;
  reader->Read(&dropped_specs);
  dropped.assign(dropped_specs.begin(), dropped_specs.end());
  LoadBySlice(reader, &owners, [&](int* owner) {
    reader->Read(owner);
    if (*owner >= 0 && static_cast<size_t>(*owner) < dropped.size()) return;
    reader->Fail("a slice is of a spec that is not there");
    *owner = 0;
  });
  for (size_t p = 0; p < slices.size(); ++p) {
    LoadBySlice(reader, &slices[p], [&](SliceState* state) { LoadSlice((*options.plans)[p].plan, reader, state); });
  }
  for (ModelStatistics& model : models) {
    for (NanCount* nans : {&model.nan_labels, &model.nan_predictions}) {
      reader->ReadCounts(&nans->examples);
      reader->Read(&nans->first);
    }
    reader->Read(&model.bins);
  }
  LoadBySlice(reader, &comparisons, [&](SliceComparison* comparison) {
    if (options.comparison == nullptr) return reader->Fail("it compares models");
    comparison->Load(*options.comparison, reader);
  });
  if (disagreements != nullptr) disagreements->Load(options.models.size(), reader);
  for (size_t p = 0; p < groups.size(); ++p) {
    bool any;
    reader->Read(&any);
    if (!any) continue;
    groups[p] = std::make_unique<QueryGroups>((*options.plans)[p].query_key);
    groups[p]->Load(options.models.size(), reader);
  }
}

absl::Status PassState::MergeSaved(StateReader* reader, int file, const PassOptions& options) {
  PassState state(options, 1);
  state.Load(reader, options);
  if (reader->ok() && state.records.size() != 1) reader->Fail("it is not of one file");
  if (reader->ok() && !dropped.empty() && state.dropped.size() != dropped.size()) reader->Fail("it has other slices");
  RETURN_IF_ERROR(reader->Finish());
  const int64_t num_records = state.records[0];
  state.records.assign(records.size(), 0);
  state.records[file] = num_records;
  for (ModelStatistics& model : state.models) {
    for (NanCount* nans : {&model.nan_labels, &model.nan_predictions}) {
      if (nans->examples > 0) nans->first.first = file;
    }
  }
  if (state.disagreements != nullptr) state.disagreements->SetFile(file);
  Merge(std::move(state));
  return absl::OkStatus();
}

void PassState::Merge(PassState&& other) {
  num_examples += other.num_examples;
  features.merge(other.features);
  slicing_features_not_seen.merge(other.slicing_features_not_seen);
  owners.merge(other.owners);
  dropped.resize(std::max(dropped.size(), other.dropped.size()));
  for (size_t spec = 0; spec < other.dropped.size(); ++spec) dropped[spec] = dropped[spec] || other.dropped[spec];
  for (size_t f = 0; f < records.size(); ++f) records[f] += other.records[f];
  for (size_t p = 0; p < slices.size(); ++p) {
    for (auto& [key, state] : other.slices[p]) MergeState(&slices[p][key], std::move(state));
    if (other.groups[p] == nullptr) continue;
    if (groups[p] == nullptr) {
      groups[p] = std::move(other.groups[p]);
    } else {
      groups[p]->Merge(std::move(*other.groups[p]));
    }
  }
  for (size_t m = 0; m < models.size(); ++m) {
    models[m].Merge(other.models[m]);
  }
  for (auto& [key, comparison] : other.comparisons) comparisons[key].Merge(std::move(comparison));
  if (disagreements != nullptr) disagreements->Merge(std::move(*other.disagreements));
  DropSlices();
}

void PassState::DropSlices() {
  std::vector<size_t> num_owned(dropped.size());
  for (const auto& [key, owner] : owners) ++num_owned[owner];
  bool any = false;
  for (size_t spec = 0; spec < dropped.size(); ++spec) {
    dropped[spec] = dropped[spec] || num_owned[spec] > Slicer::kMaxSlicesPerSpec;
    any |= dropped[spec] && num_owned[spec] > 0;
  }
  if (!any) return;
  const auto gone = [this](const SliceKey& key) {
    const auto owner = owners.find(key);
    return owner != owners.end() && dropped[owner->second];
  };
  for (auto& of_plan : slices) EraseIf(&of_plan, gone);
  EraseIf(&comparisons, gone);
  if (disagreements != nullptr) disagreements->Forget(gone);
  EraseIf(&owners, [this](const SliceKey& key) { return dropped[owners.at(key)]; });
}

}  // namespace tfxm::model_analysis
