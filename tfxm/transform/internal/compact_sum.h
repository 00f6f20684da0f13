// SPDX-License-Identifier: Apache-2.0

// ExactSum (util/numeric/exact_sum.h) in some 60 bytes in place of 560, for one sum per key or word: the sum is kept as
// a few doubles that do not overlap (J. R. Shewchuk, "Adaptive precision floating-point arithmetic", 1997). As exact,
// and the same bits in any order; slower.
//
//   CompactSum sum;
//   sum.Add(1e100);
//   sum.Add(1);
//   sum.Add(-1e100);  // sum.Value() == 1
#ifndef TFXM_TRANSFORM_INTERNAL_COMPACT_SUM_H_
#define TFXM_TRANSFORM_INTERNAL_COMPACT_SUM_H_

#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "tfxm/util/coding/state.h"
#include "tfxm/util/numeric/exact_sum.h"

namespace tfxm::transform::internal {

class CompactSum {
 public:
  void Add(double x) {
    if (!(std::fabs(x) < kLarge)) return AddLarge(x);
    size_t used = 0;
    for (size_t i = 0; i < parts_.size(); ++i) {
      double y = parts_[i];
      if (std::fabs(x) < std::fabs(y)) std::swap(x, y);
      const double high = x + y, low = y - (high - x);
      if (low != 0) parts_[used++] = low;
      x = high;
    }
    parts_.resize(used);
    if (x != 0) parts_.push_back(x);
  }
  // a * b without rounding the product.
  void AddProduct(double a, double b) {
    const double product = a * b;
    Add(product);
    if (std::isfinite(product)) Add(std::fma(a, b, -product));
  }
  void Merge(const CompactSum& other) {
    for (const double part : other.parts_) Add(part);
    if (other.large_ == nullptr) return;
    if (large_ == nullptr) large_ = std::make_unique<ExactSum>();
    large_->Merge(*other.large_);
  }
  ExactSum Exact() const {
    ExactSum sum = large_ == nullptr ? ExactSum() : *large_;
    for (const double part : parts_) sum.Add(part);
    return sum;
  }
  double Value() const { return Exact().Value(); }

  void Save(StateWriter* writer) const { Exact().Save(writer); }
  void Load(StateReader* reader) {
    ExactSum sum;
    sum.Load(reader);
    parts_.clear();
    large_.reset();
    while (true) {
      const double part = sum.Value();
      if (part == 0) return;
      if (!(std::fabs(part) < kLarge)) {  // What is left, too.
        large_ = std::make_unique<ExactSum>(sum);
        return;
      }
      Add(part);
      sum.Add(-part);
    }
  }

 private:
  // Numbers below it can be added for ever without overflow.
  static constexpr double kLarge = 0x1p+900;
  void AddLarge(double x) {
    if (large_ == nullptr) large_ = std::make_unique<ExactSum>();
    large_->Add(x);
  }

  std::vector<double> parts_;        // By increasing magnitude.
  std::unique_ptr<ExactSum> large_;  // Of huge numbers, infinities and NaN.
};

}  // namespace tfxm::transform::internal

#endif  // TFXM_TRANSFORM_INTERNAL_COMPACT_SUM_H_
