// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/statistics_accumulator.h"

#include <cmath>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tfxm/compute/source_pass.h"
#include "tfxm/util/files/fingerprint.h"
#include "tfxm/util/status_macros.h"

namespace tfxm::statistics {
namespace {

using data::Column;
using data::ValueType;
using tensorflow::metadata::v0::DatasetFeatureStatistics;
using tensorflow::metadata::v0::DatasetFeatureStatisticsList;
using tensorflow::metadata::v0::Feature;

Role RoleOf(const Feature& feature) {
  switch (feature.domain_info_case()) {
    case Feature::kImageDomain: return Role::kBytes;
    case Feature::kBoolDomain:
    case Feature::kNaturalLanguageDomain:
      return feature.type() == tensorflow::metadata::v0::INT ? Role::kCategorical : Role::kPlain;
    case Feature::kIntDomain:
      return feature.type() == tensorflow::metadata::v0::INT && feature.int_domain().is_categorical()
                 ? Role::kCategorical
                 : Role::kPlain;
    case Feature::kFloatDomain:
      return feature.type() == tensorflow::metadata::v0::FLOAT && feature.float_domain().is_categorical()
                 ? Role::kCategorical
                 : Role::kPlain;
    default: return Role::kPlain;
  }
}

// A number in [0, 1) that depends on the record's bytes only.
double SamplePoint(absl::string_view record) {
  const Sha256Digest digest = Sha256::Hash(record);
  uint64_t bits;
  std::memcpy(&bits, digest.data(), sizeof(bits));
  return static_cast<double>(bits >> 11) * 0x1p-53;
}

}  // namespace

StatisticsAccumulator::StatisticsAccumulator(StatsOptions options)
    : StatisticsAccumulator(std::make_shared<const StatsOptions>(std::move(options))) {}

StatisticsAccumulator::StatisticsAccumulator(std::shared_ptr<const StatsOptions> options)
    : options_(std::move(options)), allowed_(options_->feature_allowlist.begin(), options_->feature_allowlist.end()) {
  if (!options_->schema.has_value()) return;
  for (const Feature& feature : options_->schema->feature()) {
    if (const Role role = RoleOf(feature); role != Role::kPlain) roles_[feature.name()] = role;
  }
}

absl::Status StatisticsAccumulator::SelectExamples(const data::ExampleBatch& batch) {
  selected_.clear();
  for (int i = 0; i < batch.num_examples(); ++i) {
    if (options_->sample_rate < 1) {
      if (!batch.keeps_records()) {
        return absl::FailedPreconditionError("a sample_rate below 1 needs batches that keep their records");
      }
      if (SamplePoint(batch.record(i)) >= options_->sample_rate) continue;
    }
    selected_.push_back(i);
  }
  return absl::OkStatus();
}

absl::Status StatisticsAccumulator::ReadWeights(const data::ExampleBatch& batch) {
  const std::string& name = options_->weight_feature;
  const Column* column = batch.Find(name);
  weights_.assign(batch.num_examples(), 0.0);
  for (const int i : selected_) {
    const auto error = [&](absl::string_view what) {
      return absl::InvalidArgumentError(absl::StrCat("example ", batch.first_record() + i, ": weight feature \"", name,
                                                     "\" ", what, "; it must have exactly one finite number"));
    };
    if (column == nullptr || !column->present(i)) return error("is missing");
    if (column->type() == ValueType::kBytes) return error("is a string");
    if (column->num_values(i) != 1) return error(absl::StrCat("has ", column->num_values(i), " values"));
    weights_[i] = column->number(i, 0);
    if (!std::isfinite(weights_[i])) return error(absl::StrCat("is ", weights_[i]));
  }
  return absl::OkStatus();
}

FeatureAccumulator& StatisticsAccumulator::FindOrAdd(const std::string& name, Dataset* dataset) {
  auto it = dataset->features.find(name);
  if (it == dataset->features.end()) {
    const auto role = roles_.find(name);
    it = dataset->features.try_emplace(name, name, role == roles_.end() ? Role::kPlain : role->second, options_.get())
             .first;
  }
  return it->second;
}

absl::Status StatisticsAccumulator::AddExamples(const data::ExampleBatch& batch, const std::vector<int>& examples,
                                                Dataset* dataset) {
  dataset->num_examples += static_cast<int64_t>(examples.size());
  if (!options_->weight_feature.empty()) {
    for (const int i : examples) dataset->weighted_num_examples.Add(weights_[i]);
  }
  for (const Column& column : batch.columns()) {
    if (!allowed_.empty() && allowed_.count(column.name()) == 0) continue;
    RETURN_IF_ERROR(FindOrAdd(column.name(), dataset).Add(column, examples, weights_));
  }
  return absl::OkStatus();
}

absl::Status StatisticsAccumulator::Add(const data::ExampleBatch& batch) {
  RETURN_IF_ERROR(SelectExamples(batch));
  if (!options_->weight_feature.empty()) RETURN_IF_ERROR(ReadWeights(batch));
  RETURN_IF_ERROR(AddExamples(batch, selected_, &all_));
  std::map<std::string, std::vector<int>> slices;
  for (const SliceFeatures& features : options_->slices) {
    RETURN_IF_ERROR(AssignSlices(batch, selected_, features, &slices));
  }
  for (const auto& [key, examples] : slices) RETURN_IF_ERROR(AddExamples(batch, examples, &slices_[key]));
  return absl::OkStatus();
}

absl::Status StatisticsAccumulator::MergeDataset(Dataset&& from, Dataset* to) {
  to->num_examples += from.num_examples;
  to->weighted_num_examples.Merge(from.weighted_num_examples);
  for (auto& [name, feature] : from.features) RETURN_IF_ERROR(FindOrAdd(name, to).Merge(std::move(feature)));
  return absl::OkStatus();
}

absl::Status StatisticsAccumulator::Merge(StatisticsAccumulator&& other) {
  RETURN_IF_ERROR(MergeDataset(std::move(other.all_), &all_));
  for (auto& [key, slice] : other.slices_) RETURN_IF_ERROR(MergeDataset(std::move(slice), &slices_[key]));
  return absl::OkStatus();
}

// Of what decides how examples are added up.
std::string StatisticsAccumulator::OptionsFingerprint() const {
  StateWriter options;
  options.Write(options_->weight_feature, allowed_, roles_, options_->slices, options_->sample_rate,
                options_->max_distinct_numbers, options_->max_distinct_strings, options_->max_distinct_string_bytes);
  return Sha256::HexHash(options.bytes()).substr(0, 16);
}

void StatisticsAccumulator::SaveDataset(const Dataset& dataset, StateWriter* writer) {
  writer->Write(dataset.num_examples, dataset.weighted_num_examples, dataset.features);
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
    LoadDataset(reader, &slices_[key]);
  }
}

void StatisticsAccumulator::FinishDataset(const Dataset& from, DatasetFeatureStatistics* to) const {
  to->set_num_examples(from.num_examples);
  const double weighted_num_examples = from.weighted_num_examples.Value();
  to->set_weighted_num_examples(weighted_num_examples);
  if (from.num_examples == 0) return;
  for (const auto& [name, feature] : from.features) {
    // Whether a slice's batches have a feature that none of its examples has is chance: such features are left out.
    if (&from != &all_ && feature.num_present() == 0) continue;
    *to->add_features() = feature.Finish(from.num_examples, weighted_num_examples);
  }
}

DatasetFeatureStatisticsList StatisticsAccumulator::Finish() const {
  DatasetFeatureStatisticsList list;
  FinishDataset(all_, list.add_datasets());
  if (!options_->slices.empty()) list.mutable_datasets(0)->set_name(kAllExamples);
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
  if (!(options.sample_rate > 0 && options.sample_rate <= 1)) {
    return absl::InvalidArgumentError(absl::StrCat("sample_rate is ", options.sample_rate, "; expected one in (0, 1]"));
  }
  const StatisticsAccumulator empty(options);
  pass.keep_records = pass.keep_records || empty.needs_records();
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
