// SPDX-License-Identifier: Apache-2.0

// How many lists there are and how long they are: of a feature the lists of the examples, of a feature list of
// tf.SequenceExamples also those of the steps, one level below.
#ifndef TFXM_STATISTICS_ACCUMULATE_VALENCY_H_
#define TFXM_STATISTICS_ACCUMULATE_VALENCY_H_

#include <algorithm>
#include <cstdint>
#include <limits>

#include "tensorflow_metadata/proto/v0/statistics.pb.h"
#include "tfxm/statistics/accumulate/value_histogram.h"
#include "tfxm/util/coding/state.h"
#include "tfxm/util/numeric/exact_sum.h"

namespace tfxm::statistics {

class Valency {
 public:
  explicit Valency(int max_distinct_numbers) : lengths_(max_distinct_numbers) {}

  // So many lists of n values. The lengths of consecutive lists are usually the same, so they are counted in runs: EndRun
  // after the last one of some.
  void Add(int64_t n, int64_t times = 1) {
    num_present_ += times;
    num_values_ += n * times;
    min_num_values_ = std::min(min_num_values_, n);
    max_num_values_ = std::max(max_num_values_, n);
    if (n != run_length_) {
      EndRun();
      run_length_ = n;
    }
    run_ += times;
  }
  void AddWeighted(int64_t n, double weight);
  void EndRun();
  void Merge(const Valency& other);
  void Save(StateWriter* writer) const;
  void Load(StateReader* reader);

  int64_t num_present() const { return num_present_; }
  int64_t num_values() const { return num_values_; }
  double weighted_num_values() const { return weighted_num_values_.Value(); }

  // `all`: how many lists there could be.
  void Finish(int64_t all, tensorflow::metadata::v0::CommonStatistics* common) const;
  void Finish(int64_t all, tensorflow::metadata::v0::PresenceAndValencyStatistics* stats) const;
  void Finish(double all, tensorflow::metadata::v0::WeightedCommonStatistics* stats) const;
  // Of the lengths; there must be some.
  tensorflow::metadata::v0::Histogram LengthQuantiles(int num_buckets) const;
  tensorflow::metadata::v0::Histogram LengthHistogram(int num_buckets) const;

 private:
  int64_t num_present_ = 0;
  int64_t num_values_ = 0;
  int64_t min_num_values_ = std::numeric_limits<int64_t>::max(), max_num_values_ = 0;
  ExactSum weighted_num_present_, weighted_num_values_;
  ValueHistogram<int64_t> lengths_;
  int64_t run_length_ = 0, run_ = 0;
};

}  // namespace tfxm::statistics

#endif  // TFXM_STATISTICS_ACCUMULATE_VALENCY_H_
