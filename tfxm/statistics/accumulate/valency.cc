// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/accumulate/valency.h"

#include <algorithm>

#include "tfxm/statistics/accumulate/histograms.h"

namespace tfxm::statistics {

using tensorflow::metadata::v0::CommonStatistics;
using tensorflow::metadata::v0::Histogram;
using tensorflow::metadata::v0::PresenceAndValencyStatistics;
using tensorflow::metadata::v0::WeightedCommonStatistics;

void Valency::AddWeighted(int64_t n, double weight) {
  Add(n);
  weighted_num_present_.Add(weight);
  weighted_num_values_.AddTimes(weight, n);
}

void Valency::EndRun() {
  lengths_.Add(static_cast<double>(run_length_), run_);
  run_ = 0;
}

void Valency::Merge(const Valency& other) {
  num_present_ += other.num_present_;
  num_values_ += other.num_values_;
  min_num_values_ = std::min(min_num_values_, other.min_num_values_);
  max_num_values_ = std::max(max_num_values_, other.max_num_values_);
  weighted_num_present_.Merge(other.weighted_num_present_);
  weighted_num_values_.Merge(other.weighted_num_values_);
  lengths_.Merge(other.lengths_);
}

void Valency::Save(StateWriter* writer) const {
  writer->Write(num_present_, num_values_, min_num_values_, max_num_values_, weighted_num_present_,
                weighted_num_values_, lengths_);
}

void Valency::Load(StateReader* reader) {
  reader->ReadCounts(&num_present_, &num_values_);
  reader->Read(&min_num_values_, &max_num_values_, &weighted_num_present_, &weighted_num_values_, &lengths_);
  if (num_present_ > 0 && (lengths_.empty() || min_num_values_ > max_num_values_)) {
    reader->Fail("it has a feature without numbers of values");
  }
}

void Valency::Finish(int64_t all, CommonStatistics* common) const {
  common->set_num_non_missing(num_present_);
  common->set_num_missing(all - num_present_);
  common->set_tot_num_values(num_values_);
  if (num_present_ == 0) return;
  common->set_min_num_values(min_num_values_);
  common->set_max_num_values(max_num_values_);
  common->set_avg_num_values(static_cast<double>(num_values_) / static_cast<double>(num_present_));
}

void Valency::Finish(int64_t all, PresenceAndValencyStatistics* stats) const {
  stats->set_num_non_missing(num_present_);
  stats->set_num_missing(all - num_present_);
  if (num_present_ == 0) return;
  stats->set_min_num_values(min_num_values_);
  stats->set_max_num_values(max_num_values_);
  stats->set_tot_num_values(num_values_);
}

void Valency::Finish(double all, WeightedCommonStatistics* stats) const {
  const double present = weighted_num_present_.Value(), values = weighted_num_values_.Value();
  stats->set_num_non_missing(present);
  stats->set_num_missing(all - present);
  stats->set_tot_num_values(values);
  if (present > 0) stats->set_avg_num_values(values / present);
}

Histogram Valency::LengthQuantiles(int num_buckets) const {
  return QuantilesHistogram(ComputeQuantiles(
      lengths_.Sorted(static_cast<double>(min_num_values_), static_cast<double>(max_num_values_)), num_buckets));
}

Histogram Valency::LengthHistogram(int num_buckets) const {
  const auto min = static_cast<double>(min_num_values_), max = static_cast<double>(max_num_values_);
  return EquiWidthHistogram(ComputeQuantiles(lengths_.Sorted(min, max), num_buckets), min, max, num_buckets,
                            /*num_positive_infinity=*/0);
}

}  // namespace tfxm::statistics
