// SPDX-License-Identifier: Apache-2.0

// What is kept of the examples of a slice to compare two models in a metric that is a weighted mean over the examples:
// a few sums of the examples' differences. As both models saw the same examples, these say how certain the difference
// of the means is; the bootstrap over examples would converge to the same interval.
#ifndef TFXM_MODEL_ANALYSIS_COMPARISON_PAIRED_SUMS_H_
#define TFXM_MODEL_ANALYSIS_COMPARISON_PAIRED_SUMS_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <tuple>

#include "tfxm/model_analysis/comparison/significance/statistics.h"
#include "tfxm/model_analysis/metrics/accumulator_parts.h"
#include "tfxm/model_analysis/metrics/compact_sum.h"
#include "tfxm/model_analysis/metrics/metric.h"

namespace tfxm::model_analysis {

class PairedSums : public PartsOf<PairedSums> {
 public:
  void Add(const ExampleTerm& model, const ExampleTerm& reference) {
    other_weights_ |= model.weight != reference.weight;
    if (model.weight == 0) return;
    ++examples_;
    other_values_ |=
        model.weight != 1 || (model.value != 0 && model.value != 1) || (reference.value != 0 && reference.value != 1);
    if (model.weight == 1) {
      ++unit_weights_;
    } else {
      weights_.Add(model.weight);
      squared_weights_.AddProduct(model.weight, model.weight);
    }
    const double difference = model.value - reference.value;
    if (difference == 0) return;
    higher_ += difference > 0;
    lower_ += difference < 0;
    // As float32 the sums stay exact without much memory, and an interval needs no more digits.
    const float weighted = static_cast<float>(model.weight * difference);
    differences_.Add(weighted);
    squared_weights_differences_.Add(static_cast<float>(model.weight * weighted));
    squares_.Add(static_cast<float>(static_cast<double>(weighted) * weighted));
  }
  // For Merge, Save and Load.
  auto Parts() {
    return std::tie(other_weights_, other_values_, examples_, unit_weights_, higher_, lower_, weights_,
                    squared_weights_, differences_, squared_weights_differences_, squares_);
  }

  // Examples with weight, and those on which the model's value is higher and lower than the reference's.
  int64_t examples() const { return examples_; }
  int64_t higher() const { return higher_; }
  int64_t lower() const { return lower_; }
  // Every value is 0 or 1 and every weight 1: McNemar's test applies.
  bool right_or_wrong() const { return !other_values_ && examples_ > 0; }

  // Half the width of the 95 % interval of the difference of the means, by Student's t. nullopt with fewer than two
  // examples, with NaN or infinite values, or if the models weigh the examples differently.
  std::optional<double> HalfWidth() const {
    if (examples_ < 2 || other_weights_) return std::nullopt;
    const double n = static_cast<double>(examples_), units = static_cast<double>(unit_weights_);
    const double total = units + weights_.Value();
    const double mean = differences_.Value() / total;
    const double spread = squares_.Value() - 2 * mean * squared_weights_differences_.Value() +
                          mean * mean * (units + squared_weights_.Value());
    const double error = std::sqrt(std::max(0.0, spread) * n / (n - 1)) / std::abs(total);
    if (!std::isfinite(spread) || !std::isfinite(error)) return std::nullopt;
    return error * StudentT975(examples_ - 1);
  }

 private:
  bool other_weights_ = false;  // The two models weigh some example differently.
  bool other_values_ = false;   // Not every value is 0 or 1, or not every weight 1.
  int64_t examples_ = 0, unit_weights_ = 0, higher_ = 0, lower_ = 0;
  CompactSum weights_, squared_weights_;  // Of weights other than 1.
  // With w the weight and d the difference of an example: sums of w d, w^2 d and (w d)^2.
  CompactSum differences_, squared_weights_differences_, squares_;
};

}  // namespace tfxm::model_analysis

#endif  // TFXM_MODEL_ANALYSIS_COMPARISON_PAIRED_SUMS_H_
