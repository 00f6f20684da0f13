// SPDX-License-Identifier: Apache-2.0

// Statistics as schema inference and validation see them: one dataset, one feature, weighted or not.
#ifndef TFXM_STATISTICS_VALIDATE_STATISTICS_VIEW_H_
#define TFXM_STATISTICS_VALIDATE_STATISTICS_VIEW_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "tensorflow_metadata/proto/v0/schema.pb.h"
#include "tensorflow_metadata/proto/v0/statistics.pb.h"
#include "tfxm/statistics/schema/feature_path.h"

namespace tfxm::statistics {

// Statistics of others may hold any number. NaN is 0.
int64_t SaturateToInt64(double value);

// Refers to a FeatureNameStatistics that must outlive it and that has common statistics.
class FeatureView {
 public:
  FeatureView(const tensorflow::metadata::v0::FeatureNameStatistics* stats, double num_examples, bool by_weight)
      : stats_(stats), num_examples_(num_examples), by_weight_(by_weight) {}

  const tensorflow::metadata::v0::FeatureNameStatistics& stats() const { return *stats_; }
  FeaturePath path() const { return PathOf(*stats_); }
  // Strings and bytes are both BYTES.
  tensorflow::metadata::v0::FeatureType type() const;
  const tensorflow::metadata::v0::CommonStatistics& common() const;

  // Examples with the feature and without it, or their weight.
  double num_present() const;
  double num_missing() const;
  double fraction_present() const;
  // Smallest and largest number of values per nest level; one level for tf.Examples.
  std::vector<std::pair<int, int>> min_max_num_values() const;
  std::vector<double> num_missing_by_level() const;
  // All values, or their weight.
  double num_values() const;

  // The strings of the rank histogram with their frequencies: all, up to its number of buckets.
  std::map<std::string, double> strings() const;
  bool has_invalid_utf8() const { return stats_->string_stats().invalid_utf8_count() > 0; }
  // Null if there is none of this type.
  const tensorflow::metadata::v0::Histogram* histogram(tensorflow::metadata::v0::Histogram::HistogramType type) const;

 private:
  const tensorflow::metadata::v0::FeatureNameStatistics* stats_;
  double num_examples_;
  bool by_weight_;
};

class DatasetView {
 public:
  // `dataset` must outlive this. Features without common statistics (those of composite features) are left out.
  DatasetView(const tensorflow::metadata::v0::DatasetFeatureStatistics* dataset, bool by_weight);

  // Whether there is an example weight and every feature has weighted statistics.
  static bool HasWeights(const tensorflow::metadata::v0::DatasetFeatureStatistics& dataset);

  // Number of examples, or their weight.
  double num_examples() const { return num_examples_; }
  const std::vector<FeatureView>& features() const { return features_; }
  const FeatureView* Find(const FeaturePath& path) const;

 private:
  double num_examples_;
  std::vector<FeatureView> features_;
  std::map<FeaturePath, int> by_path_;
};

// The one dataset, or the one of all examples ("All Examples") among slices. INVALID_ARGUMENT if there is none.
absl::StatusOr<const tensorflow::metadata::v0::DatasetFeatureStatistics*> DefaultDataset(
    const tensorflow::metadata::v0::DatasetFeatureStatisticsList& statistics);

}  // namespace tfxm::statistics

#endif  // TFXM_STATISTICS_VALIDATE_STATISTICS_VIEW_H_
