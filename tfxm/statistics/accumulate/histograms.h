// SPDX-License-Identifier: Apache-2.0

// Quantiles and the two histograms of tensorflow.metadata.v0.NumericStatistics, by TFDV 1.15's definitions
// (tensorflow_data_validation/utils/quantiles_util.py, tfx_bsl/cc/sketches/weighted_quantiles_summary.h).
#ifndef TFXM_STATISTICS_ACCUMULATE_HISTOGRAMS_H_
#define TFXM_STATISTICS_ACCUMULATE_HISTOGRAMS_H_

#include <span>
#include <vector>

#include "tensorflow_metadata/proto/v0/statistics.pb.h"
#include "tfxm/statistics/accumulate/value_histogram.h"

namespace tfxm::statistics {

// num_quantiles + 1 boundaries, the first the smallest value and the last the largest, with the weight of all values up
// to and including each.
struct Quantiles {
  std::vector<double> values;
  std::vector<double> cumulative;
};
// `sorted`: increasing values with positive weights. Empty if it is.
Quantiles ComputeQuantiles(std::span<const WeightedValue> sorted, int num_quantiles);

// The middle boundary, or the mean of the two in the middle. `quantiles` must not be empty.
double Median(const Quantiles& quantiles);

// Every factor-th boundary; factor must divide their number.
Quantiles Rebin(const Quantiles& quantiles, int factor);

// One bucket between each two neighbours. The weight of buckets with the same upper bound is shared evenly among them.
tensorflow::metadata::v0::Histogram QuantilesHistogram(const Quantiles& quantiles);

// num_buckets buckets of equal width from finite_min to finite_max, plus one for each infinity that occurs; counts are
// interpolated linearly between quantiles. One bucket if all finite values are the same or there are none.
tensorflow::metadata::v0::Histogram EquiWidthHistogram(const Quantiles& quantiles, double finite_min, double finite_max,
                                                       int num_buckets, double num_positive_infinity);

}  // namespace tfxm::statistics

#endif  // TFXM_STATISTICS_ACCUMULATE_HISTOGRAMS_H_
