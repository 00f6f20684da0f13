// SPDX-License-Identifier: Apache-2.0

// Distances between two datasets' statistics of one feature: drift (to the previous span) and skew (to serving data).
// Definitions: TFDV 1.15's metrics.cc and feature_util.cc.
#ifndef TFXM_STATISTICS_VALIDATE_COMPARATORS_H_
#define TFXM_STATISTICS_VALIDATE_COMPARATORS_H_

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tensorflow_metadata/proto/v0/anomalies.pb.h"
#include "tensorflow_metadata/proto/v0/schema.pb.h"
#include "tensorflow_metadata/proto/v0/statistics.pb.h"
#include "tfxm/statistics/validate/finding.h"
#include "tfxm/statistics/validate/statistics_view.h"

namespace tfxm::statistics {

// The string whose frequency differs most, and by how much: of frequencies divided by their sum (L-infinity distance),
// or by the sum of both datasets' (normalized absolute difference). Of equal ones the last string.
std::pair<std::string, double> LInfinityDistance(const FeatureView& a, const FeatureView& b);
std::pair<std::string, double> NormalizedAbsoluteDifference(const FeatureView& a, const FeatureView& b);

// In bits, 0 to 1. Of the string frequencies if both have strings, else of the histograms of that type, aligned to
// common boundaries and each bucket's values taken as spread evenly. No value if the statistics lack either.
std::optional<double> JensenShannonDivergence(const FeatureView& a, const FeatureView& b,
                                              const tensorflow::metadata::v0::HistogramSelection& source);
// Of two histograms of one type. No value if one is empty.
std::optional<double> JensenShannonDivergence(const tensorflow::metadata::v0::Histogram& a,
                                              const tensorflow::metadata::v0::Histogram& b);

struct Comparison {
  Findings findings;
  std::vector<tensorflow::metadata::v0::DriftSkewInfo::Measurement> measurements;
};

// Measures what `comparator` has a threshold for and reports what is above; thresholds are raised to what was measured.
// `control`: the feature in the other dataset, null if it has none there. Names: what the two datasets are called, as
// "current" and "previous" (TFDV's texts name the control first).
Comparison Compare(const FeatureView& feature, const FeatureView* control, const std::string& name,
                   const std::string& control_name, tensorflow::metadata::v0::FeatureComparator* comparator);

}  // namespace tfxm::statistics

#endif  // TFXM_STATISTICS_VALIDATE_COMPARATORS_H_
