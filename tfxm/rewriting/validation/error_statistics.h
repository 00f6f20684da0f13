// SPDX-License-Identifier: Apache-2.0

// How far the values of one tensor are from what they should be, over many examples, in parts: a part of large values
// (boxes in pixels) must not hide what became of one of small values (scores) in the same tensor.
//
//   ErrorStatistics statistics;
//   statistics.Add(/*examples=*/1, shape, want, got);      // as often as there are examples
//   const ErrorSummary summary = statistics.Finish();
//   std::cout << summary.Worst().sqnr_db;
#ifndef TFXM_REWRITING_VALIDATION_ERROR_STATISTICS_H_
#define TFXM_REWRITING_VALIDATION_ERROR_STATISTICS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tfxm/data/tensor.h"

namespace tfxm::rewriting {

// The values that are judged together.
struct ErrorPart {
  std::string name;         // "columns 4, 5"; empty: all values.
  double min = 0, max = 0;  // Of what the values should be
  double max_abs_error = 0;
  // 10 log10(variance / mean squared error). The variance is about the mean of each value over the examples, so that
  // what answers every example alike gets 0 dB at most. Infinite if there is no error; for a constant part, too.
  double sqnr_db = 0;
  bool constant = false;  // The values are the same in all examples: there is nothing to tell signal from noise by.
  // The values vary, and those found are the same in all examples, value by value.
  bool lost = false;
};

struct ErrorSummary {
  int64_t num_values = 0;
  double min = 0, max = 0;
  double mean_abs_error = 0, mean_squared_error = 0;
  // The first has all values. There are others where the columns of the first or last dimension behind the batch have
  // ranges of different kinds: those within [0, 1] (probabilities) and, of the others, those whose ranges are within a
  // factor of 16. Where a tenth or more of the values lie far from all others (a mask), the others are one. The
  // examples that are not marked as outliers are one.
  std::vector<ErrorPart> parts;

  const ErrorPart& Worst() const;
};

class ErrorStatistics {
 public:
  // Of an example with more values, these many are looked at, evenly spaced. Values that are closer to each other than
  // `resolution`, in parts of the largest, are the same: what float can tell, of integers less.
  explicit ErrorStatistics(int64_t most_values = 1 << 17, double resolution = 1e-6)
      : most_values_(most_values), resolution_(resolution) {}

  // The values of `examples` examples, which are the first dimension of `shape` if that is as large; else of one.
  void Add(int64_t examples, const Shape& shape, std::span<const float> want, std::span<const float> got,
           bool outlier = false);
  void Add(int64_t examples, const Shape& shape, std::span<const double> want, std::span<const double> got,
           bool outlier = false);

  ErrorSummary Finish() const;

 private:
  struct Example {
    size_t begin = 0, size = 0;  // In want_ and got_
    int64_t stride = 1;          // Between the values that are kept
    bool outlier = false;
  };
  class Baseline;
  template <typename T>
  void AddValues(int64_t examples, const Shape& shape, std::span<const T> want, std::span<const T> got, bool outlier);
  ErrorPart Part(const Baseline& baseline, std::string name, const std::vector<char>* chosen) const;
  void AddColumnParts(const Baseline& baseline, int axis, std::vector<ErrorPart>* parts) const;
  void AddClusterPart(const Baseline& baseline, std::vector<ErrorPart>* parts) const;

  const int64_t most_values_;
  const double resolution_;
  std::vector<double> want_, got_;
  std::vector<Example> examples_;
  std::optional<Shape> shape_;  // Of one example
  bool same_shape_ = true;
};

}  // namespace tfxm::rewriting

#endif  // TFXM_REWRITING_VALIDATION_ERROR_STATISTICS_H_
