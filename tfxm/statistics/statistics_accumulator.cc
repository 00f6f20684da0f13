// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/statistics_accumulator.h"

#include <numeric>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tfxm/compute/source_pass.h"
#include "tfxm/statistics/accumulate/valency.h"
#include "tfxm/util/files/fingerprint.h"
#include "tfxm/util/io.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::statistics {

using data::Column;
using tensorflow::metadata::v0::DatasetFeatureStatistics;
using tensorflow::metadata::v0::DatasetFeatureStatisticsList;
using tensorflow::metadata::v0::Feature;
using tensorflow::metadata::v0::FeatureNameStatistics;

StatisticsAccumulator::StatisticsAccumulator(StatsOptions options)
    : StatisticsAccumulator(std::make_shared<const StatsOptions>(std::move(options))) {}

StatisticsAccumulator::StatisticsAccumulator(std::shared_ptr<const StatsOptions> options)
    : options_(std::move(options)),
      allowed_(options_->feature_allowlist.begin(), options_->feature_allowlist.end()),
      all_(MakeDataset()),
      weights_(options_) {
  if (!options_->schema.has_value()) return;
  for (const Feature& feature : options_->schema->feature()) {
    if (const Role role = RoleOf(feature); role != Role::kPlain) roles_[feature.name()] = role;
    if (feature.name() != data::kSequenceName) continue;
    for (const Feature& list : feature.struct_domain().feature()) {
      if (const Role role = RoleOf(list); role != Role::kPlain) {
        roles_[absl::StrCat(data::kSequencePrefix, list.name())] = role;
      }
    }
  }
}

StatisticsAccumulator::Dataset StatisticsAccumulator::MakeDataset() const {
  Dataset dataset;
  dataset.generators = MakeStatsGenerators(*options_);
  return dataset;
}

StatisticsAccumulator::Dataset& StatisticsAccumulator::FindOrAddSlice(const std::string& key) {
  auto it = slices_.find(key);
  if (it == slices_.end()) it = slices_.emplace(key, MakeDataset()).first;
  return it->second;
}

FeatureAccumulator& StatisticsAccumulator::FindOrAdd(const std::string& name, Dataset* dataset) {
  auto it = dataset->features.find(name);
  if (it == dataset->features.end()) {
    const auto role = roles_.find(name);
    it = dataset->features
             .try_emplace(name, name, role == roles_.end() ? Role::kPlain : role->second,
                          !weights_.NameFor(name).empty(), options_.get())
             .first;
  }
  return it->second;
}

absl::Status StatisticsAccumulator::AddExamples(const data::ExampleBatch& batch, const std::vector<int>& examples,
                                                Dataset* dataset) {
  dataset->num_examples += static_cast<int64_t>(examples.size());
  if (const std::span<const double> weights = weights_.Default(); !weights.empty()) {
    for (const int i : examples) dataset->weighted_num_examples.Add(weights[i]);
  }
  for (const auto& generator : dataset->generators) RETURN_IF_ERROR(generator->Add(batch, examples, weights_));
  if (!options_->add_default_generators) return absl::OkStatus();
  for (const Column& column : batch.columns()) {
    if (!IsAllowed(allowed_, column)) continue;
    RETURN_IF_ERROR(FindOrAdd(column.name(), dataset).Add(column, examples, weights_.For(column.name())));
  }
  return absl::OkStatus();
}

absl::Status StatisticsAccumulator::AddToSlices(const data::ExampleBatch& batch) {
  std::map<std::string, std::vector<int>> slices;
  for (const SliceFeatures& features : options_->slices) {
    RETURN_IF_ERROR(AssignSlices(batch, selected_, features, &slices));
  }
  std::vector<std::string> names;
  for (const StatsOptions::SliceFunction& function : options_->slice_functions) {
    for (const int i : selected_) {
      names.clear();
      RETURN_IF_ERROR(function(batch, i, &names));
      for (const std::string& name : std::set<std::string>(names.begin(), names.end())) slices[name].push_back(i);
    }
  }
  for (const auto& [key, examples] : slices) RETURN_IF_ERROR(AddExamples(batch, examples, &FindOrAddSlice(key)));
  return absl::OkStatus();
}

absl::Status StatisticsAccumulator::Add(const data::ExampleBatch& batch) {
  std::vector<int> all(batch.num_examples());
  std::iota(all.begin(), all.end(), 0);
  RETURN_IF_ERROR(SampleExamples(batch, all, options_->sample_rate, /*salt=*/"", &selected_));
  RETURN_IF_ERROR(weights_.Read(batch, selected_));
  RETURN_IF_ERROR(AddExamples(batch, selected_, &all_));
  return AddToSlices(batch);
}

absl::Status StatisticsAccumulator::MergeDataset(Dataset&& from, Dataset* to) {
  to->num_examples += from.num_examples;
  to->weighted_num_examples.Merge(from.weighted_num_examples);
  for (auto& [name, feature] : from.features) RETURN_IF_ERROR(FindOrAdd(name, to).Merge(std::move(feature)));
  for (size_t i = 0; i < to->generators.size(); ++i) to->generators[i]->Merge(std::move(*from.generators[i]));
  return absl::OkStatus();
}

absl::Status StatisticsAccumulator::Merge(StatisticsAccumulator&& other) {
  RETURN_IF_ERROR(MergeDataset(std::move(other.all_), &all_));
  for (auto& [key, slice] : other.slices_) RETURN_IF_ERROR(MergeDataset(std::move(slice), &FindOrAddSlice(key)));
  return absl::OkStatus();
}

// Of what decides how examples are added up.
std::string StatisticsAccumulator::OptionsFingerprint() const {
  StateWriter options;
  options.Write(options_->weight_feature, allowed_, roles_, options_->slices, options_->slice_sqls,
                options_->sample_rate, options_->max_distinct_numbers, options_->max_distinct_strings,
                options_->max_distinct_string_bytes, options_->per_feature_weight_override, options_->label_feature,
                options_->enable_semantic_domain_stats, options_->semantic_domain_stats_sample_rate,
                options_->feature_crosses, options_->cross_all_features, options_->add_default_generators);
  // Sparse and weighted features, and which ones are categorical.
  if (options_->schema.has_value()) options.Write(io::SerializeDeterministically(*options_->schema));
  return Sha256::HexHash(options.bytes()).substr(0, 16);
}

void StatisticsAccumulator::SaveDataset(const Dataset& dataset, StateWriter* writer) {
  writer->Write(dataset.num_examples, dataset.weighted_num_examples, dataset.features);
  for (const auto& generator : dataset.generators) generator->Save(writer);
}

void StatisticsAccumulator::LoadDataset(StateReader* reader, Dataset* dataset) {
  reader->ReadCounts(&dataset->num_examples);
  reader->Read(&dataset->weighted_num_examples);
  for (size_t n = reader->ReadSize(); n > 0 && reader->ok(); --n) {
    std::string name;
    reader->Read(&name);
    if (!dataset->features.empty() && name <= dataset->features.rbegin()->first) {
      return reader->Fail("its features are not in order");
    }
    FindOrAdd(name, dataset).Load(reader);
  }
  for (const auto& generator : dataset->generators) generator->Load(reader);
}

void StatisticsAccumulator::Save(StateWriter* writer) const {
  writer->Write(OptionsFingerprint());
  SaveDataset(all_, writer);
  writer->Write(static_cast<uint64_t>(slices_.size()));
  for (const auto& [key, slice] : slices_) {
    writer->Write(key);
    SaveDataset(slice, writer);
  }
}

void StatisticsAccumulator::Load(StateReader* reader) {
  std::string fingerprint;
  reader->Read(&fingerprint);
  if (reader->ok() && fingerprint != OptionsFingerprint()) return reader->Fail("it was made with other StatsOptions");
  LoadDataset(reader, &all_);
  for (size_t n = reader->ReadSize(); n > 0 && reader->ok(); --n) {
    std::string key;
    reader->Read(&key);
    if (!slices_.empty() && key <= slices_.rbegin()->first) return reader->Fail("its slices are not in order");
    LoadDataset(reader, &FindOrAddSlice(key));
  }
}

// The structure of all feature lists of tf.SequenceExamples: every example has one.
FeatureNameStatistics StatisticsAccumulator::SequenceStatistics(int64_t num_examples,
                                                                double weighted_num_examples) const {
  FeatureNameStatistics feature;
  feature.mutable_path()->add_step(std::string(data::kSequenceName));
  feature.set_type(FeatureNameStatistics::STRUCT);
  Valency valency(options_->max_distinct_numbers);
  valency.Add(1, num_examples);
  valency.EndRun();
  auto* common = feature.mutable_struct_stats()->mutable_common_stats();
  valency.Finish(num_examples, common);
  *common->mutable_num_values_histogram() = valency.LengthQuantiles(options_->num_values_histogram_buckets);
  if (options_->weight_feature.empty()) return feature;
  auto* weighted = common->mutable_weighted_common_stats();
  weighted->set_num_non_missing(weighted_num_examples);
  weighted->set_tot_num_values(weighted_num_examples);
  if (weighted_num_examples > 0) weighted->set_avg_num_values(1);
  return feature;
}

void StatisticsAccumulator::FinishDataset(const Dataset& from, DatasetFeatureStatistics* to) const {
  // TFDV counts them with the usual statistics.
  if (options_->add_default_generators) to->set_num_examples(from.num_examples);
  const double weighted_num_examples = from.weighted_num_examples.Value();
  if (options_->add_default_generators) to->set_weighted_num_examples(weighted_num_examples);
  if (from.num_examples == 0) return;
  bool has_sequence = false;
  // A slice has the features of all examples, whether any of its own has them or not.
  for (const auto& [name, of_all] : all_.features) {
    const auto own = from.features.find(name);
    const bool is_there = own != from.features.end() && (&from == &all_ || own->second.num_present() > 0);
    if (!std::exchange(has_sequence, has_sequence || absl::StartsWith(name, data::kSequencePrefix)) && has_sequence) {
      *to->add_features() = SequenceStatistics(from.num_examples, weighted_num_examples);
    }
    *to->add_features() = is_there ? own->second.Finish(from.num_examples, weighted_num_examples)
                                   : of_all.WithoutExamples().Finish(from.num_examples, weighted_num_examples);
  }
  for (const auto& generator : from.generators) generator->Finish(from.num_examples, to);
}

DatasetFeatureStatisticsList StatisticsAccumulator::Finish() const {
  DatasetFeatureStatisticsList list;
  FinishDataset(all_, list.add_datasets());
  if (!options_->slices.empty() || !options_->slice_functions.empty()) list.mutable_datasets(0)->set_name(kAllExamples);
  for (const auto& [key, slice] : slices_) {
    FinishDataset(slice, list.add_datasets());
    list.mutable_datasets(list.datasets_size() - 1)->set_name(key);
  }
  return list;
}

namespace {

// accumulate(make, pass): a pass over the data with accumulators that make() makes.
template <typename Accumulate>
absl::StatusOr<DatasetFeatureStatisticsList> Generate(const StatsOptions& options, compute::PassOptions pass,
                                                      const Accumulate& accumulate) {
  RETURN_IF_ERROR(CheckStatsOptions(options));
  const StatisticsAccumulator empty(options);
  pass.keep_records = pass.keep_records || empty.needs_records();
  pass.sequence_examples = true;
  ASSIGN_OR_RETURN(const StatisticsAccumulator total, accumulate([&] { return empty.MakeEmpty(); }, pass));
  return total.Finish();
}

}  // namespace

absl::StatusOr<DatasetFeatureStatisticsList> GenerateStatistics(const std::vector<std::string>& files,
                                                                const StatsOptions& options,
                                                                compute::PassOptions pass) {
  return Generate(options, std::move(pass), [&](const auto& make, const compute::PassOptions& with) {
    return compute::Accumulate<StatisticsAccumulator>(files, make, with);
  });
}

absl::StatusOr<DatasetFeatureStatisticsList> GenerateStatistics(data::ExampleSource* source,
                                                                const StatsOptions& options,
                                                                compute::PassOptions pass) {
  return Generate(options, std::move(pass), [&](const auto& make, const compute::PassOptions& with) {
    return compute::AccumulateSource<StatisticsAccumulator>(source, make, with);
  });
}

}  // namespace tfxm::statistics
