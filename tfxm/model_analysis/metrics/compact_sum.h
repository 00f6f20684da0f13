// SPDX-License-Identifier: Apache-2.0

// util/numeric/exact_sum.h in 24 bytes: an exact sum of doubles for accumulators of which there are many (every bucket of a
// histogram of every slice).
//
//   CompactSum sum;  sum.Add(0.1);  sum.Merge(other);  double x = sum.Value();
//
// The sum is kept as the unevaluated sum of two doubles as long as that is exact, which it nearly always is for counts,
// float32 values and products of them; the first addition that would lose a bit moves it to an ExactSum on the heap.
// Either way the value is the exact sum rounded once, so it does not depend on the order of the additions or on the
// sharding.
#ifndef TFXM_MODEL_ANALYSIS_METRICS_COMPACT_SUM_H_
#define TFXM_MODEL_ANALYSIS_METRICS_COMPACT_SUM_H_

#include <cmath>
#include <cstdint>
#include <memory>

#include "tfxm/util/numeric/exact_sum.h"

namespace tfxm::model_analysis {

class CompactSum {
 public:
  CompactSum() = default;
  CompactSum(const CompactSum& other)
      : high_(other.high_),
        low_(other.low_),
        spill_(other.spill_ ? std::make_unique<ExactSum>(*other.spill_) : nullptr) {}
  CompactSum& operator=(const CompactSum& other) {
    if (this != &other) *this = CompactSum(other);
    return *this;
  }
  CompactSum(CompactSum&&) = default;
  CompactSum& operator=(CompactSum&&) = default;

  void Add(double x) {
    if (spill_ != nullptr) {
      spill_->Add(x);
      return;
    }
    double error, lost;
    const double high = TwoSum(high_, x, &error);
    const double low = TwoSum(low_, error, &lost);
    if (lost == 0 && std::isfinite(high)) [[likely]] {  // `lost` is NaN when something overflowed.
      high_ = high;
      low_ = low;
    } else {
      Spill();
      spill_->Add(x);
    }
  }
  // The exact product, unless it underflows.
  void AddProduct(double a, double b) {
    const double product = a * b;
    Add(product);
    if (std::isfinite(product)) {
      if (const double rest = std::fma(a, b, -product); rest != 0) Add(rest);
    }
  }
  void Merge(const CompactSum& other) {
    if (other.spill_ == nullptr) {
      Add(other.high_);
      Add(other.low_);
      return;
    }
    Spill();
    spill_->Merge(*other.spill_);
  }
  double Value() const { return spill_ != nullptr ? spill_->Value() : high_ + low_; }
  // util/coding/state.h. Equal sums have equal bytes, however they are kept.
  void Save(StateWriter* writer) const { Exact().Save(writer); }
  void Load(StateReader* reader) {
    ExactSum exact;
    exact.Load(reader);
    *this = CompactSum();
    const double high = exact.Value();
    ExactSum rest = exact;
    if (std::isfinite(high)) rest.Add(-high);
    const double low = rest.Value();
    if (std::isfinite(low)) rest.Add(-low);
    if (std::isfinite(high) && rest.Value() == 0) {
      high_ = high;
      low_ = low;
    } else {
      spill_ = std::make_unique<ExactSum>(exact);
    }
  }

 private:
  // fl(a + b) and its exact error (Knuth).
  static double TwoSum(double a, double b, double* error) {
    const double sum = a + b;
    const double b_virtual = sum - a;
    *error = (a - (sum - b_virtual)) + (b - b_virtual);
    return sum;
  }
  ExactSum Exact() const {
    if (spill_ != nullptr) return *spill_;
    ExactSum exact;
    exact.Add(high_);
    exact.Add(low_);
    return exact;
  }
  void Spill() {
    if (spill_ == nullptr) spill_ = std::make_unique<ExactSum>(Exact());
  }

  double high_ = 0, low_ = 0;
  std::unique_ptr<ExactSum> spill_;
};

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_METRICS_COMPACT_SUM_H_
