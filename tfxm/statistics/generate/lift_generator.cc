// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/generate/lift_generator.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tfxm/statistics/schema/roles.h"
#include "tfxm/util/text/text.h"

namespace tfxm::statistics {
namespace {

using data::Column;
using data::ValueType;
using tensorflow::metadata::v0::CrossFeatureStatistics;
using tensorflow::metadata::v0::DatasetFeatureStatistics;
using tensorflow::metadata::v0::FeatureNameStatistics;
using tensorflow::metadata::v0::LiftSeries;

}  // namespace

void LiftGenerator::Count::Add(const Count& other) {
  count += other.count;
  weight = std::clamp(weight + other.weight, -kMaxWeight, kMaxWeight);
}

void LiftGenerator::Count::Load(StateReader* reader) {
  reader->ReadCounts(&count);
  reader->Read(&weight);
  if (weight > kMaxWeight || weight < -kMaxWeight) reader->Fail("a weight is impossible");
}

std::string LiftGenerator::Key::Label() const {
  if (!is_text) return absl::StrCat(number);
  return IsUtf8(text) ? text : "__BYTES_VALUE__";
}

// The message's integers have 32 bits; wider ones are written as text (TFDV ends with an error).
bool LiftGenerator::FitsInt32(const Key& key) {
  return !key.is_text && key.number >= std::numeric_limits<int32_t>::min() &&
         key.number <= std::numeric_limits<int32_t>::max();
}

LiftGenerator::LiftGenerator(const StatsOptions* options) : options_(options) {
  const std::vector<std::string>& allowed = options_->feature_allowlist;
  for (const auto& feature : options_->schema->feature()) {
    const bool is_allowed =
        allowed.empty() || std::find(allowed.begin(), allowed.end(), feature.name()) != allowed.end();
    // The message has no place for values that are not integers.
    if (IsCategorical(feature) && feature.type() != tensorflow::metadata::v0::FLOAT && is_allowed &&
        feature.name() != options_->label_feature) {
      features_[feature.name()];
    }
  }
}

std::vector<LiftGenerator::Key> LiftGenerator::ValuesOf(const Column& column, int example) {
  std::vector<Key> values;
  for (int k = 0; k < column.num_values(example); ++k) {
    if (column.type() == ValueType::kBytes) {
      values.push_back({.is_text = true, .text = std::string(column.bytes(example, k))});
    } else if (column.type() == ValueType::kInt) {
      values.push_back({.number = column.ints(example)[k]});
    }
  }
  if (values.size() > 1) {
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
  }
  return values;
}

absl::Status LiftGenerator::Add(const data::ExampleBatch& batch, std::span<const int> examples,
                                const ExampleWeights& weights) {
  const auto weight = [](std::span<const double> of_feature, int i) {
    return Count{.count = 1, .weight = of_feature.empty() ? Weight{0} : ToWeight(of_feature[i])};
  };
  std::vector<std::vector<Key>> labels(examples.size());
  if (const Column* column = batch.Find(options_->label_feature); column != nullptr) {
    const std::span<const double> of_label = weights.For(options_->label_feature);
    for (size_t e = 0; e < examples.size(); ++e) {
      labels[e] = ValuesOf(*column, examples[e]);
      for (const Key& y : labels[e]) label_[y].Add(weight(of_label, examples[e]));
    }
  }
  for (auto& [name, values] : features_) {
    const Column* column = batch.Find(name);
    if (column == nullptr) continue;
    const std::span<const double> of_feature = weights.For(name);
    for (size_t e = 0; e < examples.size(); ++e) {
      const Count one = weight(of_feature, examples[e]);
      for (Key& x : ValuesOf(*column, examples[e])) {
        ValueCounts& counts = values[std::move(x)];
        counts.all.Add(one);
        for (const Key& y : labels[e]) counts.by_label[y].Add(one);
      }
    }
  }
  return absl::OkStatus();
}

void LiftGenerator::MergeFrom(LiftGenerator&& other) {
  for (const auto& [y, count] : other.label_) label_[y].Add(count);
  for (const auto& [name, from] : other.features_) {
    FeatureValues& to = features_[name];
    for (const auto& [x, counts] : from) {
      ValueCounts& sum = to[x];
      sum.all.Add(counts.all);
      for (const auto& [y, count] : counts.by_label) sum.by_label[y].Add(count);
    }
  }
}

void LiftGenerator::FinishFeature(const FeatureValues& values, int64_t num_examples, bool weighted,
                                  CrossFeatureStatistics* cross, FeatureNameStatistics* feature) const {
  struct Lift {
    const Key* x;
    double lift, x_count, xy_count;
  };
  for (const auto& [y, label_count] : label_) {
    const double y_count = label_count.Of(weighted);
    std::vector<Lift> lifts;
    for (const auto& [x, counts] : values) {
      const auto both = counts.by_label.find(y);
      const double xy_count = both == counts.by_label.end() ? 0 : both->second.Of(weighted);
      const double x_count = counts.all.Of(weighted);
      if (x_count == 0 || y_count == 0) continue;  // Weights of 0: TFDV ends with an error.
      lifts.push_back({&x, (xy_count / x_count) / (y_count / static_cast<double>(num_examples)), x_count, xy_count});
    }
    std::sort(lifts.begin(), lifts.end(),
              [](const Lift& a, const Lift& b) { return a.lift != b.lift ? a.lift > b.lift : *a.x < *b.x; });
    LiftSeries* series = cross->mutable_categorical_cross_stats()->mutable_lift()->add_lift_series();
    if (FitsInt32(y)) {
      series->set_y_int(static_cast<int32_t>(y.number));
    } else {
      series->set_y_string(y.Label());
    }
    weighted ? series->set_weighted_y_count(y_count) : series->set_y_count(label_count.count);
    auto* custom = feature->add_custom_stats();
    custom->set_name(absl::StrCat("Lift (Y=", y.Label(), ")"));
    for (const Lift& lift : lifts) {
      LiftSeries::LiftValue* value = series->add_lift_values();
      value->set_lift(lift.lift);
      if (FitsInt32(*lift.x)) {
        value->set_x_int(static_cast<int32_t>(lift.x->number));
      } else {
        value->set_x_string(lift.x->Label());
      }
      if (weighted) {
        value->set_weighted_x_count(lift.x_count);
        value->set_weighted_x_and_y_count(lift.xy_count);
      } else {
        value->set_x_count(static_cast<uint64_t>(lift.x_count));
        value->set_x_and_y_count(static_cast<uint64_t>(lift.xy_count));
      }
      auto* bucket = custom->mutable_rank_histogram()->add_buckets();
      bucket->set_label(lift.x->Label());
      bucket->set_sample_count(lift.lift);
    }
  }
}

void LiftGenerator::Finish(int64_t num_examples, DatasetFeatureStatistics* dataset) const {
  if (label_.empty()) return;
  const bool any_weights = !options_->weight_feature.empty() || !options_->per_feature_weight_override.empty();
  for (const auto& [name, values] : features_) {
    if (values.empty()) continue;
    FeatureNameStatistics* feature = FindOrAddFeature(name, dataset);
    CrossFeatureStatistics* cross = dataset->add_cross_features();
    cross->mutable_path_x()->add_step(name);
    cross->mutable_path_y()->add_step(options_->label_feature);
    FinishFeature(values, num_examples, /*weighted=*/false, cross, feature);
    if (any_weights) FinishFeature(values, num_examples, /*weighted=*/true, cross, feature);
  }
}

}  // namespace tfxm::statistics
