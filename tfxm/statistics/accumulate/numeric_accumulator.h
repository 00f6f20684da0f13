// SPDX-License-Identifier: Apache-2.0

// The numbers of one feature: what becomes tensorflow.metadata.v0.NumericStatistics.
//
// All of an example's values are added together, in a fixed order, and examples by exact sums: the result depends
// neither on the order of the examples nor on how they were split over accumulators. Definitions are those of TFDV 1.15
// (basic_stats_generator.py): NaN is counted and otherwise left out; an infinity takes part in min and max and makes
// the mean NaN; std_dev is that of the population, 0 where it is not a number.
#ifndef TFXM_STATISTICS_ACCUMULATE_NUMERIC_ACCUMULATOR_H_
#define TFXM_STATISTICS_ACCUMULATE_NUMERIC_ACCUMULATOR_H_

#include <cstdint>
#include <limits>
#include <optional>
#include <span>

#include "tensorflow_metadata/proto/v0/statistics.pb.h"
#include "tfxm/statistics/accumulate/value_histogram.h"
#include "tfxm/statistics/stats_options.h"
#include "tfxm/util/numeric/exact_sum.h"

namespace tfxm::statistics {

class NumericAccumulator {
 public:
  NumericAccumulator(bool weighted, int max_distinct);

  // The values of one example; `weight` is ignored unless weighted. Runs of equal values cost as much as one.
  void Add(std::span<const float> values, double weight);
  void Add(std::span<const int64_t> values, double weight);
  void Merge(const NumericAccumulator& other);
  // util/coding/state.h. Loaded into one that was made alike.
  void Save(StateWriter* writer) const;
  void Load(StateReader* reader);

  // Everything but common_stats. num_values: how many values were added, NaN included.
  tensorflow::metadata::v0::NumericStatistics Finish(int64_t num_values, const StatsOptions& options) const;

 private:
  struct Weighted {
    explicit Weighted(int max_distinct) : histogram(max_distinct) {}
    ExactSum sum, sum_of_squares, weight;
    ExactSum positive_infinity;
    ValueHistogram<Weight> histogram;
  };
  void AddHistograms(const StatsOptions& options, bool weighted,
                     google::protobuf::RepeatedPtrField<tensorflow::metadata::v0::Histogram>* histograms,
                     double* median) const;

  ExactSum sum_, sum_of_squares_;
  int64_t count_ = 0;  // Without NaN.
  int64_t num_zeros_ = 0, num_nan_ = 0, num_positive_infinity_ = 0, num_infinite_ = 0;
  double min_ = std::numeric_limits<double>::infinity(), max_ = -std::numeric_limits<double>::infinity();
  double finite_min_ = min_, finite_max_ = max_;
  ValueHistogram<int64_t> histogram_;
  std::optional<Weighted> weighted_;
};

}  // namespace tfxm::statistics

#endif  // TFXM_STATISTICS_ACCUMULATE_NUMERIC_ACCUMULATOR_H_
