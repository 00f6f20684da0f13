// SPDX-License-Identifier: Apache-2.0

#include "tfxm/report/html/plot_data.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace tfxm::report {

std::vector<BinaryMatrix> ThinCurve(const std::vector<BinaryMatrix>& matrices) {
  constexpr double kStep = 0.01;
  std::vector<BinaryMatrix> kept;
  const auto moved = [](const BinaryMatrix& a, const BinaryMatrix& b) {
    const auto far = [](double x, double y) { return std::isnan(x) != std::isnan(y) || std::abs(x - y) >= kStep; };
    return far(a.recall, b.recall) || far(a.false_positive_rate, b.false_positive_rate) ||
           far(a.precision, b.precision);
  };
  for (size_t i = 0; i < matrices.size(); ++i) {
    if (kept.empty() || i + 1 == matrices.size() || moved(kept.back(), matrices[i])) kept.push_back(matrices[i]);
  }
  return kept;
}

namespace {

// Which of `bins` bins from low to high; numbers outside, and NaN, go to the first or the last.
int BinOf(double x, double low, double high, int bins) {
  const double bin = (x - low) / (high - low) * bins;
  return bin >= bins - 1 ? bins - 1 : bin > 0 ? static_cast<int>(bin) : 0;
}

}  // namespace

std::vector<ScoreBin> ScoreDistribution(const std::vector<BinaryMatrix>& matrices, int bins) {
  if (matrices.size() < 2) return {};
  const double low = matrices.front().threshold, high = matrices.back().threshold;
  std::vector<ScoreBin> result(bins);
  for (int i = 0; i < bins; ++i) {
    result[i] = {low + (high - low) * i / bins, low + (high - low) * (i + 1) / bins, 0, 0};
  }
  // Examples with a prediction in (threshold i, threshold i+1] go to the bin of the middle.
  for (size_t i = 0; i + 1 < matrices.size(); ++i) {
    const double middle = 0.5 * (matrices[i].threshold + matrices[i + 1].threshold);
    const int bin = BinOf(middle, low, high, bins);
    result[bin].positives += std::max(0.0, matrices[i].tp - matrices[i + 1].tp);
    result[bin].negatives += std::max(0.0, matrices[i].fp - matrices[i + 1].fp);
  }
  return result;
}

std::vector<CalibrationBucket> MergeBuckets(const std::vector<CalibrationBucket>& buckets, int bins) {
  double low = INFINITY, high = -INFINITY;
  for (const CalibrationBucket& b : buckets) {
    if (std::isfinite(b.lower)) low = std::min(low, b.lower);
    if (std::isfinite(b.upper)) high = std::max(high, b.upper);
  }
  std::vector<CalibrationBucket> merged;
  int previous = -1;
  for (const CalibrationBucket& b : buckets) {
    if (!(b.examples > 0)) continue;
    if (!std::isfinite(b.lower) || !std::isfinite(b.upper) || !(high > low)) {
      merged.push_back(b);
      previous = -1;
      continue;
    }
    const int bin = BinOf(0.5 * (b.lower + b.upper), low, high, bins);
    if (bin != previous) {
      merged.push_back(b);
    } else {
      CalibrationBucket& last = merged.back();
      last.upper = b.upper;
      last.examples += b.examples;
      last.labels += b.labels;
      last.predictions += b.predictions;
    }
    previous = bin;
  }
  return merged;
}

std::vector<int> MostConfusedClasses(const MultiClassMatrix& matrix, int limit) {
  std::map<int, double> errors;
  for (const auto& cell : matrix.cells) {
    const double weight = cell.actual == cell.predicted ? 0 : std::abs(cell.examples);
    errors[cell.actual] += weight;
    errors[cell.predicted] += weight;
  }
  std::vector<std::pair<double, int>> order;
  for (const auto& [id, weight] : errors) order.emplace_back(-weight, id);
  std::sort(order.begin(), order.end());
  if (order.size() > static_cast<size_t>(limit)) order.resize(limit);
  std::vector<int> classes;
  for (const auto& [weight, id] : order) classes.push_back(id);
  std::sort(classes.begin(), classes.end());
  return classes;
}

}  // namespace tfxm::report
