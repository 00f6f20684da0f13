// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/validation/error_statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace tfxm::rewriting {
namespace {

// With fewer examples their mean says little about each value.
constexpr size_t kFewExamples = 8;
// A dimension that is longer is one of places, not of kinds of values.
constexpr int64_t kMostColumns = 4096;
// Ranges that are further apart are of different kinds. At a sixteenth of a range, 8 bits still have 16 steps.
constexpr double kSameKind = 16;

bool IsFinite(double a, double b) { return std::isfinite(a) && std::isfinite(b); }

// About `n` values of `size`, at a distance that does not go with any dimension.
int64_t StrideFor(int64_t size, int64_t n, const Shape& shape) {
  if (size <= n) return 1;
  for (int64_t stride = (size + n - 1) / n;; ++stride) {
    if (std::all_of(shape.begin(), shape.end(), [&](int64_t d) { return std::gcd(stride, d) == 1; })) return stride;
  }
}

std::string Columns(const std::vector<int>& columns, int axis, size_t rank) {
  std::vector<std::string> names;
  for (size_t i = 0; i < columns.size(); ++i) {
    size_t last = i;
    while (last + 1 < columns.size() && columns[last + 1] == columns[last] + 1) ++last;
    names.push_back(last > i + 1 ? absl::StrCat(columns[i], " to ", columns[last]) : absl::StrCat(columns[i]));
    if (last > i + 1) i = last;
  }
  if (names.size() > 4) {
    const size_t more = names.size() - 3;
    names.resize(3);
    names.push_back(absl::StrCat(more, " more"));
  }
  return absl::StrCat(columns.size() == 1 ? "column " : "columns ", absl::StrJoin(names, ", "),
                      axis + 1 == static_cast<int>(rank) ? "" : absl::StrCat(" of dimension ", axis + 1));
}

}  // namespace

const ErrorPart& ErrorSummary::Worst() const {
  return *std::min_element(parts.begin(), parts.end(),
                           [](const ErrorPart& a, const ErrorPart& b) { return a.sqnr_db < b.sqnr_db; });
}

// What each value is without regard to the example.
class ErrorStatistics::Baseline {
 public:
  explicit Baseline(const ErrorStatistics& s) {
    const bool by_place = s.same_shape_ && s.examples_.size() >= kFewExamples;
    const size_t n = by_place ? s.examples_[0].size : 1;
    std::vector<double> sums(n, 0), counts(n, 0);
    for (const Example& example : s.examples_) {
      for (size_t k = 0; k < example.size; ++k) {
        const double value = s.want_[example.begin + k];
        if (!std::isfinite(value)) continue;
        sums[by_place ? k : 0] += value;
        ++counts[by_place ? k : 0];
      }
    }
    for (size_t k = 0; k < n; ++k) means_.push_back(counts[k] == 0 ? 0 : sums[k] / counts[k]);
  }
  double operator[](size_t k) const { return means_.size() == 1 ? means_[0] : means_[k]; }

 private:
  std::vector<double> means_;
};

void ErrorStatistics::Add(int64_t examples, const Shape& shape, std::span<const float> want, std::span<const float> got,
                          bool outlier) {
  AddValues(examples, shape, want, got, outlier);
}

void ErrorStatistics::Add(int64_t examples, const Shape& shape, std::span<const double> want,
                          std::span<const double> got, bool outlier) {
  AddValues(examples, shape, want, got, outlier);
}

template <typename T>
void ErrorStatistics::AddValues(int64_t examples, const Shape& shape, std::span<const T> want, std::span<const T> got,
                                bool outlier) {
  if (want.size() != got.size() || want.empty()) return;
  if (shape.empty() || shape[0] != examples) examples = 1;
  Shape one = shape;
  if (!one.empty() && one[0] == examples) one.erase(one.begin());
  if (!shape_) shape_ = one;
  same_shape_ = same_shape_ && *shape_ == one;
  const int64_t size = static_cast<int64_t>(want.size()) / examples;
  const int64_t stride = StrideFor(size, most_values_, one);
  for (int64_t e = 0; e < examples; ++e) {
    Example example{.begin = want_.size(), .stride = stride, .outlier = outlier};
    for (int64_t i = e * size; i < (e + 1) * size; i += stride) {
      want_.push_back(want[i]);
      got_.push_back(got[i]);
    }
    example.size = want_.size() - example.begin;
    examples_.push_back(example);
  }
}

// `chosen`: for each kept value whether it belongs to the part; null: all do.
ErrorPart ErrorStatistics::Part(const Baseline& baseline, std::string name, const std::vector<char>* chosen) const {
  ErrorPart part{.name = std::move(name), .min = HUGE_VAL, .max = -HUGE_VAL};
  double signal = 0, noise = 0, largest = 0;
  int64_t n = 0;
  bool found_varies = false;
  for (const Example& example : examples_) {
    for (size_t k = 0; k < example.size; ++k) {
      const size_t i = example.begin + k;
      if (!IsFinite(want_[i], got_[i]) || (chosen != nullptr && !(*chosen)[i])) continue;
      const double want = want_[i], error = got_[i] - want, deviation = want - baseline[k];
      ++n;
      signal += deviation * deviation;
      noise += error * error;
      part.min = std::min(part.min, want);
      part.max = std::max(part.max, want);
      part.max_abs_error = std::max(part.max_abs_error, std::abs(error));
      largest = std::max(largest, std::abs(want));
      found_varies = found_varies || (same_shape_ && got_[i] != got_[examples_[0].begin + k]);
    }
  }
  if (n == 0) return {.name = std::move(part.name), .sqnr_db = HUGE_VAL, .constant = true};
  part.constant = signal <= n * std::pow(resolution_ * largest, 2);
  part.sqnr_db = noise == 0 || part.constant ? HUGE_VAL : 10 * std::log10(signal / noise);
  part.lost = !part.constant && same_shape_ && examples_.size() > 1 && !found_varies;
  return part;
}

void ErrorStatistics::AddColumnParts(const Baseline& baseline, int axis, std::vector<ErrorPart>* parts) const {
  const Shape& shape = *shape_;
  int64_t inner = 1;
  for (size_t d = axis + 1; d < shape.size(); ++d) inner *= shape[d];
  const int64_t columns = shape[axis];
  std::vector<int> column(want_.size());
  std::vector<double> min(columns, HUGE_VAL), max(columns, -HUGE_VAL);
  for (const Example& example : examples_) {
    for (size_t k = 0; k < example.size; ++k) {
      const int64_t c = static_cast<int64_t>(k) * example.stride / inner % columns;
      const double want = want_[example.begin + k];
      column[example.begin + k] = static_cast<int>(c);
      if (!std::isfinite(want)) continue;
      min[c] = std::min(min[c], want);
      max[c] = std::max(max[c], want);
    }
  }
  std::vector<int> probabilities, others;
  for (int c = 0; c < columns; ++c) {
    if (min[c] > max[c] || max[c] - min[c] <= resolution_ * std::max(std::abs(min[c]), std::abs(max[c]))) continue;
    (min[c] >= 0 && max[c] <= 1 ? probabilities : others).push_back(c);
  }
  const auto range = [&](int c) { return max[c] - min[c]; };
  std::stable_sort(others.begin(), others.end(), [&](int a, int b) { return range(a) > range(b); });
  std::vector<std::vector<int>> groups;
  for (int c : others) {
    if (groups.empty() || range(c) * kSameKind < range(groups.back()[0])) groups.emplace_back();
    groups.back().push_back(c);
  }
  if (!probabilities.empty()) groups.push_back(probabilities);
  // Parts of the largest columns alone say what all values say.
  if (groups.size() < 2) return;
  for (std::vector<int>& group : groups) {
    std::sort(group.begin(), group.end());
    std::vector<char> is_in(columns, false), chosen(want_.size());
    for (int c : group) is_in[c] = true;
    for (size_t i = 0; i < chosen.size(); ++i) chosen[i] = is_in[column[i]];
    parts->push_back(Part(baseline, Columns(group, axis, shape.size()), &chosen));
  }
}

// Values that are either close together or far away, as masked logits are.
void ErrorStatistics::AddClusterPart(const Baseline& baseline, std::vector<ErrorPart>* parts) const {
  std::vector<double> values;
  for (double v : want_) {
    if (std::isfinite(v)) values.push_back(v);
  }
  const ErrorPart& all = (*parts)[0];
  if (values.size() < 8 || (all.min >= 0 && all.max <= 1)) return;
  const auto middle = [&](std::vector<double>& v) {
    std::nth_element(v.begin(), v.begin() + v.size() / 2, v.end());
    return v[v.size() / 2];
  };
  const double median = middle(values);
  for (double& v : values) v = std::abs(v - median);
  const double close = 30.0 * middle(values), far = 0.1 * (all.max - all.min);
  if (!(close > 0) || close > 0.1 * far) return;
  const auto n = static_cast<double>(values.size());
  const double near = std::count_if(values.begin(), values.end(), [&](double d) { return d <= close; }) / n;
  const double away = std::count_if(values.begin(), values.end(), [&](double d) { return d >= far; }) / n;
  if (away < 0.1 || near + away < 0.999) return;
  std::vector<char> chosen(want_.size());
  for (size_t i = 0; i < chosen.size(); ++i) chosen[i] = std::abs(want_[i] - median) <= close;
  // About their own mean: a value's mean over the examples is between them and the mask.
  double sum = 0, square = 0, noise = 0, count = 0;
  for (size_t i = 0; i < chosen.size(); ++i) {
    if (!chosen[i] || !IsFinite(want_[i], got_[i])) continue;
    ++count;
    sum += want_[i];
    square += want_[i] * want_[i];
    noise += std::pow(got_[i] - want_[i], 2);
  }
  ErrorPart part = Part(baseline, "values that are not masked", &chosen);
  const double signal = square - sum * sum / count;
  if (!part.constant && noise > 0) part.sqnr_db = 10 * std::log10(signal / noise);
  part.lost = false;
  parts->push_back(std::move(part));
}

ErrorSummary ErrorStatistics::Finish() const {
  ErrorSummary out;
  const Baseline baseline(*this);
  out.parts.push_back(Part(baseline, "", nullptr));
  out.min = out.parts[0].min;
  out.max = out.parts[0].max;
  double sum = 0, square = 0;
  for (size_t i = 0; i < want_.size(); ++i) {
    if (!IsFinite(want_[i], got_[i])) continue;
    const double error = got_[i] - want_[i];
    ++out.num_values;
    sum += std::abs(error);
    square += error * error;
  }
  if (out.num_values == 0) return out;
  out.mean_abs_error = sum / out.num_values;
  out.mean_squared_error = square / out.num_values;
  if (same_shape_ && !shape_->empty()) {
    const int last = static_cast<int>(shape_->size()) - 1;
    const auto fits = [&](int axis) { return (*shape_)[axis] >= 2 && (*shape_)[axis] <= kMostColumns; };
    if (fits(last)) AddColumnParts(baseline, last, &out.parts);
    if (last > 0 && fits(0)) AddColumnParts(baseline, 0, &out.parts);
  }
  AddClusterPart(baseline, &out.parts);
  if (std::any_of(examples_.begin(), examples_.end(), [](const Example& e) { return e.outlier; })) {
    std::vector<char> chosen(want_.size());
    for (const Example& example : examples_) {
      std::fill_n(chosen.begin() + example.begin, example.size, !example.outlier);
    }
    out.parts.push_back(Part(baseline, "examples without outliers", &chosen));
  }
  return out;
}

}  // namespace tfxm::rewriting
