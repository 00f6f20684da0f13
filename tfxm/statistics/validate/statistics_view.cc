// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/validate/statistics_view.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace tfxm::statistics {
namespace {

using tensorflow::metadata::v0::CommonStatistics;
using tensorflow::metadata::v0::DatasetFeatureStatistics;
using tensorflow::metadata::v0::DatasetFeatureStatisticsList;
using tensorflow::metadata::v0::FeatureNameStatistics;
using tensorflow::metadata::v0::FeatureType;
using tensorflow::metadata::v0::Histogram;

constexpr char kDefaultSlice[] = "All Examples";

bool HasCommonStatistics(const FeatureNameStatistics& feature) {
  return feature.stats_case() != FeatureNameStatistics::STATS_NOT_SET;
}

}  // namespace

int64_t SaturateToInt64(double value) {
  if (std::isnan(value)) return 0;
  if (value >= 0x1p63) return std::numeric_limits<int64_t>::max();
  return value <= -0x1p63 ? std::numeric_limits<int64_t>::min() : static_cast<int64_t>(value);
}

FeatureType FeatureView::type() const {
  switch (stats_->type()) {
    case FeatureNameStatistics::INT: return tensorflow::metadata::v0::INT;
    case FeatureNameStatistics::FLOAT: return tensorflow::metadata::v0::FLOAT;
    case FeatureNameStatistics::STRING:
    case FeatureNameStatistics::BYTES: return tensorflow::metadata::v0::BYTES;
    case FeatureNameStatistics::STRUCT: return tensorflow::metadata::v0::STRUCT;
    default: return tensorflow::metadata::v0::TYPE_UNKNOWN;
  }
}

const CommonStatistics& FeatureView::common() const {
  switch (stats_->stats_case()) {
    case FeatureNameStatistics::kNumStats: return stats_->num_stats().common_stats();
    case FeatureNameStatistics::kBytesStats: return stats_->bytes_stats().common_stats();
    case FeatureNameStatistics::kStructStats: return stats_->struct_stats().common_stats();
    default: return stats_->string_stats().common_stats();
  }
}

double FeatureView::num_present() const {
  return by_weight_ ? common().weighted_common_stats().num_non_missing() : common().num_non_missing();
}

double FeatureView::num_missing() const {
  return by_weight_ ? common().weighted_common_stats().num_missing() : common().num_missing();
}

double FeatureView::fraction_present() const {
  if (num_missing() == 0 || num_examples_ <= 0) return 1;
  return num_present() / num_examples_;
}

std::vector<std::pair<int, int>> FeatureView::min_max_num_values() const {
  std::vector<std::pair<int, int>> levels;
  for (const auto& level : common().presence_and_valency_stats()) {
    levels.emplace_back(std::max<int>(level.min_num_values(), 0), level.max_num_values());
  }
  if (levels.empty()) levels.emplace_back(std::max<int>(common().min_num_values(), 0), common().max_num_values());
  return levels;
}

std::vector<double> FeatureView::num_missing_by_level() const {
  std::vector<double> levels;
  if (by_weight_) {
    for (const auto& level : common().weighted_presence_and_valency_stats()) levels.push_back(level.num_missing());
  } else {
    for (const auto& level : common().presence_and_valency_stats()) levels.push_back(level.num_missing());
  }
  if (levels.empty()) levels.push_back(num_missing());
  return levels;
}

double FeatureView::num_values() const {
  if (by_weight_) return common().weighted_common_stats().tot_num_values();
  if (common().tot_num_values() == 0) return common().num_non_missing() * common().avg_num_values();
  return common().tot_num_values();
}

std::map<std::string, double> FeatureView::strings() const {
  const auto& histogram = by_weight_ ? stats_->string_stats().weighted_string_stats().rank_histogram()
                                     : stats_->string_stats().rank_histogram();
  std::map<std::string, double> strings;
  for (const auto& bucket : histogram.buckets()) strings.emplace(bucket.label(), bucket.sample_count());
  return strings;
}

const Histogram* FeatureView::histogram(Histogram::HistogramType type) const {
  const auto& histograms =
      by_weight_ ? stats_->num_stats().weighted_numeric_stats().histograms() : stats_->num_stats().histograms();
  for (const Histogram& histogram : histograms) {
    if (histogram.type() == type) return &histogram;
  }
  return nullptr;
}

DatasetView::DatasetView(const DatasetFeatureStatistics* dataset, bool by_weight)
    : num_examples_(by_weight ? dataset->weighted_num_examples() : static_cast<double>(dataset->num_examples())) {
  for (const FeatureNameStatistics& feature : dataset->features()) {
    if (!HasCommonStatistics(feature)) continue;
    by_path_.emplace(PathOf(feature), static_cast<int>(features_.size()));
    features_.emplace_back(&feature, num_examples_, by_weight);
  }
}

bool DatasetView::HasWeights(const DatasetFeatureStatistics& dataset) {
  if (dataset.weighted_num_examples() == 0) return false;
  for (const FeatureNameStatistics& feature : dataset.features()) {
    if (!HasCommonStatistics(feature)) continue;
    if (!FeatureView(&feature, 0, false).common().has_weighted_common_stats()) return false;
  }
  return true;
}

const FeatureView* DatasetView::Find(const FeaturePath& path) const {
  const auto it = by_path_.find(path);
  return it == by_path_.end() ? nullptr : &features_[it->second];
}

absl::StatusOr<const DatasetFeatureStatistics*> DefaultDataset(const DatasetFeatureStatisticsList& statistics) {
  if (statistics.datasets_size() == 1) return &statistics.datasets(0);
  for (const DatasetFeatureStatistics& dataset : statistics.datasets()) {
    if (dataset.name() == kDefaultSlice) return &dataset;
  }
  return absl::InvalidArgumentError(absl::StrCat("the statistics have ", statistics.datasets_size(),
                                                 " datasets; expected one, or one named \"", kDefaultSlice, "\""));
}

}  // namespace tfxm::statistics
