// SPDX-License-Identifier: Apache-2.0

// The values of one element of a feature and their range, for analyzers whose result follows from the sorted values.
//
//   std::vector<RangedHistogram<int64_t>> elements(analyzer.num_elements());
//   elements[k].Add(x, 1);
//   ComputeQuantiles(elements[k].Sorted(), num_buckets)
#ifndef TFXM_TRANSFORM_INTERNAL_RANGED_HISTOGRAM_H_
#define TFXM_TRANSFORM_INTERNAL_RANGED_HISTOGRAM_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "tfxm/statistics/accumulate/value_histogram.h"
#include "tfxm/transform/internal/accumulators.h"
#include "tfxm/util/coding/state.h"

namespace tfxm::transform::internal {

// W: int64_t for counts, statistics::Weight for weights. Exact for up to 65,536 different values (value_histogram.h).
template <typename W>
class RangedHistogram {
 public:
  // Not NaN.
  void Add(double x, W weight) {
    min_ = std::min(min_, x);
    max_ = std::max(max_, x);
    histogram_.Add(x, weight);
  }
  void Merge(const RangedHistogram& other) {
    min_ = std::min(min_, other.min_);
    max_ = std::max(max_, other.max_);
    histogram_.Merge(other.histogram_);
  }
  bool empty() const { return histogram_.empty(); }
  std::vector<statistics::WeightedValue> Sorted() const { return histogram_.Sorted(min_, max_); }

  void Save(StateWriter* writer) const { writer->Write(min_, max_, histogram_); }
  void Load(StateReader* reader) {
    reader->Read(&min_, &max_, &histogram_);
    if (histogram_.empty() ? min_ <= max_ : !(min_ <= max_)) reader->Fail("it has numbers without a range");
  }

 private:
  double min_ = INFINITY, max_ = -INFINITY;
  statistics::ValueHistogram<W> histogram_{/*max_buckets=*/1 << 16};
};

// An accumulator of one for each element; Add and Result are the derived class's.
template <typename W>
class RangedHistogramAccumulator : public Accumulator {
 public:
  void Merge(const Accumulator& other) final {
    const auto& o = static_cast<const RangedHistogramAccumulator&>(other);
    for (size_t k = 0; k < elements_.size(); ++k) elements_[k].Merge(o.elements_[k]);
  }
  void Save(StateWriter* writer) const final {
    for (const Element& e : elements_) writer->Write(e);
  }
  void Load(StateReader* reader) final {
    for (Element& e : elements_) reader->Read(&e);
  }

 protected:
  using Element = RangedHistogram<W>;
  explicit RangedHistogramAccumulator(int64_t num_elements) : elements_(num_elements) {}
  std::vector<Element> elements_;
};

}  // namespace tfxm::transform::internal

#endif  // TFXM_TRANSFORM_INTERNAL_RANGED_HISTOGRAM_H_
