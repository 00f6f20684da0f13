// SPDX-License-Identifier: Apache-2.0

// The statistics of a page by feature: which data sets and slices there are, and what each has of a feature.
#ifndef TFXM_REPORT_STATISTICS_FEATURE_INDEX_H_
#define TFXM_REPORT_STATISTICS_FEATURE_INDEX_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tfxm/report/statistics/statistics_page.h"

namespace tfxm::report {

// A slice of a data set. `slice` is empty for all of its examples.
struct StatisticsColumn {
  int dataset = 0;
  std::string slice;
  const tensorflow::metadata::v0::DatasetFeatureStatistics* statistics = nullptr;
};

struct IndexedFeature {
  std::string name;                                                                           // SerializePath.
  std::vector<std::pair<int, const tensorflow::metadata::v0::FeatureNameStatistics*>> stats;  // Column, ascending.
  std::vector<std::pair<int, const tensorflow::metadata::v0::AnomalyInfo*>> anomalies;        // Data set.
  std::vector<std::pair<int, const tensorflow::metadata::v0::DriftSkewInfo*>> measurements;   // Data set.
  const tensorflow::metadata::v0::Feature* schema = nullptr;
};

// Refers to the input, which must outlive it.
class FeatureIndex {
 public:
  explicit FeatureIndex(const StatisticsPageInput& input);

  const StatisticsPageInput& input() const { return input_; }
  // Of each data set all examples first.
  const std::vector<StatisticsColumn>& columns() const { return columns_; }
  // In the order in which the statistics have them; behind them those that only have anomalies.
  const std::vector<IndexedFeature>& features() const { return features_; }

 private:
  IndexedFeature& FindOrAdd(const std::string& name);

  const StatisticsPageInput& input_;
  std::vector<StatisticsColumn> columns_;
  std::vector<IndexedFeature> features_;
  std::map<std::string, size_t> by_name_;
};

}  // namespace tfxm::report

#endif  // TFXM_REPORT_STATISTICS_FEATURE_INDEX_H_
