// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/validate/comparators.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>

#include "absl/strings/str_cat.h"

namespace tfxm::statistics {
namespace {

using tensorflow::metadata::v0::AnomalyInfo;
using tensorflow::metadata::v0::DriftSkewInfo;
using tensorflow::metadata::v0::FeatureComparator;
using tensorflow::metadata::v0::Histogram;
using tensorflow::metadata::v0::HistogramSelection;
using Frequencies = std::map<std::string, double>;

double Sum(const Frequencies& frequencies) {
  double sum = 0;
  for (const auto& [text, frequency] : frequencies) sum += frequency;
  return sum;
}

std::pair<std::string, double> LargestDifference(const Frequencies& a, double scale_a, const Frequencies& b,
                                                 double scale_b) {
  Frequencies difference;
  for (const auto& [text, frequency] : a) difference[text] = scale_a == 0 ? frequency : frequency / scale_a;
  for (const auto& [text, frequency] : b) difference[text] -= scale_b == 0 ? frequency : frequency / scale_b;
  std::pair<std::string, double> largest;
  for (const auto& [text, value] : difference) {
    if (std::abs(value) >= largest.second) largest = {text, std::abs(value)};
  }
  return largest;
}

// sum of p * log2(p / q)
double Divergence(const std::vector<double>& p, const std::vector<double>& q) {
  double sum = 0;
  for (size_t i = 0; i < p.size(); ++i) {
    if (p[i] > 0 && q[i] > 0) sum += p[i] * std::log2(p[i] / q[i]);
  }
  return sum;
}

// Of two lists of the same length; not yet normalized.
std::optional<double> JensenShannon(std::vector<double> a, std::vector<double> b) {
  for (std::vector<double>* counts : {&a, &b}) {
    double total = 0;
    for (const double count : *counts) total += count;
    if (total == 0) return std::nullopt;
    for (double& count : *counts) count /= total;
  }
  std::vector<double> mean(a.size());
  for (size_t i = 0; i < a.size(); ++i) mean[i] = (a[i] + b[i]) / 2;
  return std::min((Divergence(a, mean) + Divergence(b, mean)) / 2, 1.0);
}

// A histogram's mass: on intervals of positive finite width, at points, in buckets that reach to infinity, and NaN.
struct Mass {
  explicit Mass(const Histogram& histogram) : nan(static_cast<double>(histogram.num_nan())) {
    for (const Histogram::Bucket& bucket : histogram.buckets()) {
      if (!std::isfinite(bucket.low_value()) || !std::isfinite(bucket.high_value())) {
        infinite += bucket.sample_count();
      } else if (bucket.low_value() == bucket.high_value()) {
        points[bucket.low_value()] += bucket.sample_count();
      } else {
        intervals.push_back(bucket);
        edges.insert(bucket.low_value());
        edges.insert(bucket.high_value());
      }
    }
  }
  // The mass on each piece between neighbouring boundaries, which include all edges.
  std::vector<double> On(const std::vector<double>& boundaries) const {
    std::vector<double> mass(boundaries.empty() ? 0 : boundaries.size() - 1, 0.0);
    for (const Histogram::Bucket& bucket : intervals) {
      auto i = std::lower_bound(boundaries.begin(), boundaries.end(), bucket.low_value()) - boundaries.begin();
      for (; i < mass.size() && boundaries[i] < bucket.high_value(); ++i) {
        mass[i] +=
            (boundaries[i + 1] - boundaries[i]) / (bucket.high_value() - bucket.low_value()) * bucket.sample_count();
      }
    }
    return mass;
  }
  double At(double point) const {
    const auto it = points.find(point);
    return it == points.end() ? 0 : it->second;
  }

  std::vector<Histogram::Bucket> intervals;
  std::set<double> edges;
  std::map<double, double> points;
  double infinite = 0;
  double nan = 0;
};

DriftSkewInfo::Measurement Measured(DriftSkewInfo::Measurement::Type type, double value, double threshold) {
  DriftSkewInfo::Measurement measurement;
  measurement.set_type(type);
  measurement.set_value(value);
  measurement.set_threshold(threshold);
  return measurement;
}

}  // namespace

std::pair<std::string, double> LInfinityDistance(const FeatureView& a, const FeatureView& b) {
  const Frequencies x = a.strings(), y = b.strings();
  return LargestDifference(x, Sum(x), y, Sum(y));
}

std::pair<std::string, double> NormalizedAbsoluteDifference(const FeatureView& a, const FeatureView& b) {
  const Frequencies x = a.strings(), y = b.strings();
  return LargestDifference(x, Sum(x) + Sum(y), y, Sum(x) + Sum(y));
}

std::optional<double> JensenShannonDivergence(const Histogram& a, const Histogram& b) {
  if (a.type() != b.type()) return std::nullopt;
  const Mass x(a), y(b);
  std::vector<double> boundaries;
  std::set_union(x.edges.begin(), x.edges.end(), y.edges.begin(), y.edges.end(), std::back_inserter(boundaries));
  std::vector<double> p = x.On(boundaries), q = y.On(boundaries);
  std::set<double> points;
  for (const Mass* mass : {&x, &y}) {
    for (const auto& [point, count] : mass->points) points.insert(point);
  }
  for (const double point : points) {
    p.push_back(x.At(point));
    q.push_back(y.At(point));
  }
  // Infinities and NaN match nothing in the other dataset. TFDV loses the count of NaN when it aligns the histograms,
  // so that NaN only tells where there is nothing to align.
  const bool aligned = x.edges == y.edges;
  for (const auto& [mass_x, mass_y] : {std::pair(x.infinite, 0.0), std::pair(0.0, y.infinite),
                                       std::pair(aligned ? x.nan : 0.0, 0.0), std::pair(0.0, aligned ? y.nan : 0.0)}) {
    p.push_back(mass_x);
    q.push_back(mass_y);
  }
  return JensenShannon(std::move(p), std::move(q));
}

std::optional<double> JensenShannonDivergence(const FeatureView& a, const FeatureView& b,
                                              const HistogramSelection& source) {
  const Frequencies x = a.strings(), y = b.strings();
  if (!x.empty() && !y.empty()) {
    std::vector<double> p, q;
    std::map<std::string, std::pair<double, double>> both;
    for (const auto& [text, frequency] : x) both[text].first = frequency;
    for (const auto& [text, frequency] : y) both[text].second = frequency;
    for (const auto& [text, frequencies] : both) {
      p.push_back(frequencies.first);
      q.push_back(frequencies.second);
    }
    return JensenShannon(std::move(p), std::move(q));
  }
  const auto type = source.type() == HistogramSelection::QUANTILES ? Histogram::QUANTILES : Histogram::STANDARD;
  const Histogram* histogram_a = a.histogram(type);
  const Histogram* histogram_b = b.histogram(type);
  if (histogram_a == nullptr || histogram_b == nullptr) return std::nullopt;
  return JensenShannonDivergence(*histogram_a, *histogram_b);
}

Comparison Compare(const FeatureView& feature, const FeatureView* control, const std::string& name,
                   const std::string& control_name, FeatureComparator* comparator) {
  Comparison result;
  const bool l_infinity = comparator->infinity_norm().has_threshold();
  const bool absolute = comparator->normalized_abs_difference().has_threshold();
  const bool jensen_shannon = comparator->jensen_shannon_divergence().has_threshold();
  if (!l_infinity && !absolute && !jensen_shannon) return result;
  if (control == nullptr) {
    if (l_infinity) comparator->mutable_infinity_norm()->clear_threshold();
    if (jensen_shannon) comparator->mutable_jensen_shannon_divergence()->clear_threshold();
    result.findings = {{AnomalyInfo::COMPARATOR_CONTROL_DATA_MISSING, absl::StrCat(control_name, " data missing"),
                        absl::StrCat(control_name, " data is missing.")}};
    return result;
  }
  const std::string between = absl::StrCat(" between ", name, " and ", control_name);
  const auto above = [&](AnomalyInfo::Type type, absl::string_view title, absl::string_view what, double value,
                         double threshold, absl::string_view end) {
    result.findings.push_back(
        {type, absl::StrCat("High ", title, between),
         absl::StrCat("The ", what, between, " is ", absl::SixDigits(value),
                      " (up to six significant digits), above the threshold ", absl::SixDigits(threshold), ".", end)});
  };
  constexpr char kWhich[] = " The feature value with maximum difference is: ";
  if (l_infinity) {
    const double threshold = comparator->infinity_norm().threshold();
    const auto [text, distance] = LInfinityDistance(feature, *control);
    result.measurements.push_back(Measured(DriftSkewInfo::Measurement::L_INFTY, distance, threshold));
    if (distance > threshold) {
      comparator->mutable_infinity_norm()->set_threshold(distance);
      above(AnomalyInfo::COMPARATOR_L_INFTY_HIGH, "Linfty distance", "Linfty distance", distance, threshold,
            absl::StrCat(kWhich, text));
    }
  }
  if (absolute) {
    const double threshold = comparator->normalized_abs_difference().threshold();
    const auto [text, distance] = NormalizedAbsoluteDifference(feature, *control);
    result.measurements.push_back(
        Measured(DriftSkewInfo::Measurement::NORMALIZED_ABSOLUTE_DIFFERENCE, distance, threshold));
    if (distance > threshold) {
      comparator->mutable_normalized_abs_difference()->set_threshold(distance);
      above(AnomalyInfo::COMPARATOR_NORMALIZED_ABSOLUTE_DIFFERENCE_HIGH, "normalized absolute difference",
            "normalized absolute difference", distance, threshold, absl::StrCat(kWhich, text));
    }
  }
  if (jensen_shannon) {
    const double threshold = comparator->jensen_shannon_divergence().threshold();
    const std::optional<double> divergence =
        JensenShannonDivergence(feature, *control, comparator->jensen_shannon_divergence().source());
    if (divergence.has_value()) {
      result.measurements.push_back(
          Measured(DriftSkewInfo::Measurement::JENSEN_SHANNON_DIVERGENCE, *divergence, threshold));
      if (*divergence > threshold) {
        comparator->mutable_jensen_shannon_divergence()->set_threshold(*divergence);
        above(AnomalyInfo::COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH, "approximate Jensen-Shannon divergence",
              "approximate Jensen-Shannon divergence", *divergence, threshold, "");
      }
    }
  }
  return result;
}

}  // namespace tfxm::statistics
