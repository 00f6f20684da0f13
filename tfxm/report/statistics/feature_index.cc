// SPDX-License-Identifier: Apache-2.0

#include "tfxm/report/statistics/feature_index.h"

#include "tfxm/statistics/schema/feature_path.h"
#include "tfxm/statistics/validate/statistics_view.h"

namespace tfxm::report {

using tensorflow::metadata::v0::Anomalies;
using tensorflow::metadata::v0::DatasetFeatureStatistics;
using tensorflow::metadata::v0::DatasetFeatureStatisticsList;
using tensorflow::metadata::v0::DriftSkewInfo;
using tensorflow::metadata::v0::FeatureNameStatistics;

FeatureIndex::FeatureIndex(const StatisticsPageInput& input) : input_(input) {
  for (size_t d = 0; d < input.datasets.size(); ++d) {
    const DatasetFeatureStatisticsList& list = input.datasets[d].statistics;
    // Lists of others may have slices only; the first then stands for the data set.
    const auto whole = statistics::DefaultDataset(list);
    const DatasetFeatureStatistics* first = whole.ok() ? *whole : &list.datasets(0);
    columns_.push_back({static_cast<int>(d), whole.ok() ? "" : first->name(), first});
    for (const DatasetFeatureStatistics& slice : list.datasets()) {
      if (&slice != first) columns_.push_back({static_cast<int>(d), slice.name(), &slice});
    }
  }
  for (size_t c = 0; c < columns_.size(); ++c) {
    for (const FeatureNameStatistics& stats : columns_[c].statistics->features()) {
      IndexedFeature& feature = FindOrAdd(statistics::SerializePath(statistics::PathOf(stats)));
      // A feature twice in one list: the first.
      if (feature.stats.empty() || feature.stats.back().first != static_cast<int>(c)) {
        feature.stats.emplace_back(static_cast<int>(c), &stats);
      }
      if (input.schema && feature.schema == nullptr) {
        feature.schema = statistics::FindFeature(statistics::PathOf(stats), *input.schema);
      }
    }
  }
  for (size_t d = 0; d < input.datasets.size(); ++d) {
    if (!input.datasets[d].anomalies) continue;
    const Anomalies& anomalies = *input.datasets[d].anomalies;
    const std::map<std::string, tensorflow::metadata::v0::AnomalyInfo> sorted(anomalies.anomaly_info().begin(),
                                                                              anomalies.anomaly_info().end());
    for (const auto& [name, info] : sorted) {
      FindOrAdd(name).anomalies.emplace_back(static_cast<int>(d), &anomalies.anomaly_info().at(name));
    }
    for (const DriftSkewInfo& measured : anomalies.drift_skew_info()) {
      const auto& steps = measured.path().step();
      FindOrAdd(statistics::SerializePath({steps.begin(), steps.end()}))
          .measurements.emplace_back(static_cast<int>(d), &measured);
    }
  }
}

IndexedFeature& FeatureIndex::FindOrAdd(const std::string& name) {
  const auto [it, added] = by_name_.try_emplace(name, features_.size());
  if (added) features_.push_back({.name = name});
  return features_[it->second];
}

}  // namespace tfxm::report
