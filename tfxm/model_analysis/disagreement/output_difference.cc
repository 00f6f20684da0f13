// SPDX-License-Identifier: Apache-2.0

#include "tfxm/model_analysis/disagreement/output_difference.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tfxm::model_analysis {

void OutputDifference::Add(const OutputDifference& other) {
  decision |= other.decision;
  value |= other.value;
  distance = std::max(distance, other.distance);
}

int Decision(std::span<const double> scores) {
  if (std::any_of(scores.begin(), scores.end(), [](double x) { return std::isnan(x); })) return -1;
  if (scores.size() == 1) return scores[0] > 0.5;
  return static_cast<int>(std::max_element(scores.begin(), scores.end()) - scores.begin());
}

OutputDifference Compare(const Values& a, const Values& b, int row) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  OutputDifference result;
  const int n = a.size(row);
  if (a.is_string || b.is_string) {
    bool same = a.is_string == b.is_string && n == b.size(row);
    for (int i = 0; same && i < n; ++i) same = a.strings[a.begin(row) + i] == b.strings[b.begin(row) + i];
    return {.decision = !same, .value = !same, .distance = same ? 0.0 : 1.0};
  }
  const auto x = a.row(row), y = b.row(row);
  if (x.empty() && y.empty()) return result;
  result.decision = x.empty() || y.empty() || Decision(x) != Decision(y);
  if (x.size() != y.size()) {
    result.value = true;
    result.distance = kInfinity;
    return result;
  }
  for (int i = 0; i < n; ++i) {
    if (x[i] == y[i] || (std::isnan(x[i]) && std::isnan(y[i]))) continue;
    const double distance = std::isnan(x[i]) || std::isnan(y[i]) ? kInfinity : std::abs(x[i] - y[i]);
    result.distance = std::max(result.distance, distance);
    result.value |= !(distance <= std::max(1e-6, kRounding * std::max(std::abs(x[i]), std::abs(y[i]))));
  }
  return result;
}

bool IsDecision(const Values* labels, const Values& scores, int row) {
  if (scores.is_string) return true;
  if (scores.last_dimension != 0) return false;
  const auto p = scores.row(row);
  const int num_labels = labels == nullptr ? 0 : labels->size(row);
  if (p.size() == 1) {
    if (!(p[0] >= 0 && p[0] <= 1) && !std::isnan(p[0])) return false;
    if (num_labels != 1 || labels->is_string) return false;
    const double y = labels->row(row)[0];
    return y == 0 || y == 1;
  }
  if (num_labels == 0 || labels->is_string) return true;
  const auto y = labels->row(row);
  if (num_labels == 1) return y[0] == std::floor(y[0]) && y[0] >= -1 && y[0] < static_cast<double>(p.size());
  if (y.size() != p.size()) return false;
  const auto ones = std::count(y.begin(), y.end(), 1.0), zeros = std::count(y.begin(), y.end(), 0.0);
  return ones == 1 && zeros + 1 == static_cast<ptrdiff_t>(y.size());
}

}  // namespace tfxm::model_analysis
