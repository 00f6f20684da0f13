// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/generate/composite_generator.h"

#include <algorithm>
#include <set>

namespace tfxm::statistics {
namespace {

using tensorflow::metadata::v0::CustomStatistic;
using tensorflow::metadata::v0::DatasetFeatureStatistics;
using tensorflow::metadata::v0::FeatureNameStatistics;
using tensorflow::metadata::v0::Path;
using tensorflow::metadata::v0::RankHistogram;
using tensorflow::metadata::v0::Schema;

// tf.Examples are flat: a longer path is a feature that is always missing.
std::string NameOf(const Path& path) { return path.step_size() == 1 ? path.step(0) : ""; }

void Widen(const std::pair<int64_t, int64_t>& by, std::optional<std::pair<int64_t, int64_t>>* range) {
  if (!range->has_value()) *range = by;
  *range = {std::min((*range)->first, by.first), std::max((*range)->second, by.second)};
}

CustomStatistic* AddCustom(const char* name, FeatureNameStatistics* feature) {
  CustomStatistic* custom = feature->add_custom_stats();
  custom->set_name(name);
  return custom;
}

}  // namespace

CompositeGenerator::CompositeGenerator(const Schema& schema) {
  for (const auto& sparse : schema.sparse_feature()) {
    Composite composite = {.name = sparse.name(), .value = sparse.value_feature().name()};
    std::set<std::string> indices;
    for (const auto& index : sparse.index_feature()) indices.insert(index.name());
    for (const std::string& index : indices) composite.parts.push_back({.name = index});
    composites_.push_back(std::move(composite));
  }
  for (const auto& weighted : schema.weighted_feature()) {
    composites_.push_back({.name = weighted.name(),
                           .value = NameOf(weighted.feature()),
                           .is_sparse = false,
                           .parts = {{.name = NameOf(weighted.weight_feature())}}});
  }
}

void CompositeGenerator::AddTo(const data::ExampleBatch& batch, std::span<const int> examples, Composite* composite) {
  const data::Column* value = batch.Find(composite->value);
  std::vector<const data::Column*> columns;
  for (const Part& part : composite->parts) columns.push_back(batch.Find(part.name));
  const auto present = [](const data::Column* column, int i) { return column != nullptr && column->present(i); };
  const auto length = [&](const data::Column* column, int i) {
    return present(column, i) ? int64_t{column->num_values(i)} : int64_t{0};
  };
  for (const int i : examples) {
    if (!present(value, i) &&
        std::none_of(columns.begin(), columns.end(), [&](const data::Column* column) { return present(column, i); })) {
      continue;  // The whole feature is missing.
    }
    composite->num_missing_value += present(value, i) ? 0 : 1;
    for (size_t k = 0; k < columns.size(); ++k) {
      Part& part = composite->parts[k];
      part.num_missing += present(columns[k], i) ? 0 : 1;
      const int64_t diff = length(columns[k], i) - length(value, i);
      Widen({diff, diff}, &part.length_diff);
    }
  }
}

absl::Status CompositeGenerator::Add(const data::ExampleBatch& batch, std::span<const int> examples,
                                     const ExampleWeights& weights) {
  for (Composite& composite : composites_) AddTo(batch, examples, &composite);
  return absl::OkStatus();
}

void CompositeGenerator::MergeFrom(CompositeGenerator&& other) {
  for (size_t i = 0; i < composites_.size(); ++i) {
    const Composite& from = other.composites_[i];
    composites_[i].num_missing_value += from.num_missing_value;
    for (size_t k = 0; k < from.parts.size(); ++k) {
      Part& part = composites_[i].parts[k];
      part.num_missing += from.parts[k].num_missing;
      if (from.parts[k].length_diff.has_value()) Widen(*from.parts[k].length_diff, &part.length_diff);
    }
  }
}

void CompositeGenerator::Save(StateWriter* writer) const {
  for (const Composite& composite : composites_) {
    writer->Write(composite.num_missing_value);
    for (const Part& part : composite.parts) writer->Write(part.num_missing, part.length_diff);
  }
}

void CompositeGenerator::Load(StateReader* reader) {
  for (Composite& composite : composites_) {
    reader->ReadCounts(&composite.num_missing_value);
    for (Part& part : composite.parts) {
      reader->ReadCounts(&part.num_missing);
      reader->Read(&part.length_diff);
    }
  }
}

void CompositeGenerator::Finish(int64_t num_examples, DatasetFeatureStatistics* dataset) const {
  const auto add = [](const char* name, int64_t number, FeatureNameStatistics* feature) {
    AddCustom(name, feature)->set_num(static_cast<double>(number));
  };
  using Number = int64_t (*)(const Part&);
  const Number num_missing = [](const Part& part) { return part.num_missing; };
  const Number max_diff = [](const Part& part) { return part.length_diff.has_value() ? part.length_diff->second : 0; };
  const Number min_diff = [](const Part& part) { return part.length_diff.has_value() ? part.length_diff->first : 0; };
  for (const Composite& composite : composites_) {
    FeatureNameStatistics* feature = FindOrAddFeature(composite.name, dataset);
    if (!composite.is_sparse) {
      add("missing_weight", num_missing(composite.parts[0]), feature);
      add("missing_value", composite.num_missing_value, feature);
      add("min_weight_length_diff", min_diff(composite.parts[0]), feature);
      add("max_weight_length_diff", max_diff(composite.parts[0]), feature);
      continue;
    }
    add("missing_value", composite.num_missing_value, feature);
    const auto add_histogram = [&](const char* name, Number number) {
      RankHistogram* histogram = AddCustom(name, feature)->mutable_rank_histogram();
      for (const Part& part : composite.parts) {
        auto* bucket = histogram->add_buckets();
        bucket->set_label(part.name);
        bucket->set_sample_count(static_cast<double>(number(part)));
      }
    };
    add_histogram("missing_index", num_missing);
    add_histogram("max_length_diff", max_diff);
    add_histogram("min_length_diff", min_diff);
  }
}

}  // namespace tfxm::statistics
