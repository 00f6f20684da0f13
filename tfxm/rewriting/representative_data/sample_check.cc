// SPDX-License-Identifier: Apache-2.0

#include "tfxm/rewriting/representative_data/sample_check.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace tfxm::rewriting {
namespace {

// With fewer there is no saying what is usual.
constexpr size_t kFewSamples = 8;
// How many times what the others reach makes an outlier: 8 bits then leave the others 5. One value an example varies
// more than the largest of many.
constexpr double kOutlier = 8, kOutlierOfOne = 20;
// Values that are so much smaller than those of the others are of another unit (0..1 among 0..255).
constexpr double kOtherUnit = 30;
constexpr int64_t kManyValues = 16;
// More examples than this share of all are not outliers: there are two kinds.
constexpr double kFew = 0.1;
// What a scale of 8 bits cannot tell apart.
constexpr double kSteps = 256;

struct Largest {
  size_t sample;
  double value;
};

class Checker {
 public:
  Checker(const SampleSet& samples, SampleFindings& findings) : samples_(samples), findings_(findings) {}

  void CheckInput(const std::string& name) {
    std::vector<Largest> largest;
    std::vector<size_t> not_finite;
    int64_t values = 0;
    for (size_t s = 0; s < samples_.samples.size(); ++s) {
      const Tensor& tensor = samples_.samples[s].at(name);
      double max = 0;
      bool finite = true;
      for (int64_t i = 0; i < tensor.num_elements(); ++i) {
        const double value = std::abs(tensor.ValueAsDouble(i));
        finite = finite && std::isfinite(value);
        max = std::max(max, value);
      }
      values = std::max(values, tensor.num_elements());
      if (!finite) {
        not_finite.push_back(s);
        findings_.not_finite[s] = true;
      } else if (max > 0) {
        largest.push_back({s, max});
      }
    }
    if (!not_finite.empty()) {
      findings_.warnings.push_back(absl::StrFormat("feature \"%s\" is NaN or infinite in %d of %d examples (%s)", name,
                                                   not_finite.size(), samples_.samples.size(),
                                                   NamesOf(samples_, not_finite)));
    }
    std::stable_sort(largest.begin(), largest.end(),
                     [](const Largest& a, const Largest& b) { return a.value < b.value; });
    if (largest.size() < kFewSamples) return;
    CheckLarge(name, values, largest);
    CheckSmall(name, values, largest);
  }

  // Columns of a matrix that share one scale.
  void CheckColumns(const std::string& name) {
    const Shape& shape = samples_.samples[0].at(name).shape();
    if (shape.size() != 2 || shape[1] < 2 || samples_.samples.size() < kFewSamples) return;
    const int64_t columns = shape[1];
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    std::vector<double> min(columns, kInfinity), max(columns, -kInfinity);
    for (size_t s = 0; s < samples_.samples.size(); ++s) {
      const Tensor& tensor = samples_.samples[s].at(name);
      if (tensor.shape().size() != 2 || tensor.shape()[1] != columns) return;
      if (findings_.outlier[s] || findings_.not_finite[s]) continue;
      for (int64_t i = 0; i < tensor.num_elements(); ++i) {
        const double value = tensor.ValueAsDouble(i);
        min[i % columns] = std::min(min[i % columns], value);
        max[i % columns] = std::max(max[i % columns], value);
      }
    }
    int64_t widest = 0;
    for (int64_t c = 1; c < columns; ++c) {
      if (max[c] - min[c] > max[widest] - min[widest]) widest = c;
    }
    std::vector<std::string> narrow;
    for (int64_t c = 0; c < columns; ++c) {
      if (max[c] > min[c] && (max[c] - min[c]) * kSteps < max[widest] - min[widest]) {
        narrow.push_back(absl::StrFormat("%d ([%.3g, %.3g])", c, min[c], max[c]));
      }
    }
    if (narrow.empty()) return;
    const size_t more = narrow.size() > 3 ? narrow.size() - 3 : 0;
    narrow.resize(narrow.size() - more);
    findings_.warnings.push_back(absl::StrCat(
        "feature \"", name, "\" has columns of very different units: column ", widest, " ranges over ",
        absl::StrFormat("[%.3g, %.3g]", min[widest], max[widest]), ", and all of column ", absl::StrJoin(narrow, ", "),
        more > 0 ? absl::StrCat(" and ", more, " more") : "",
        " is less than one of its 256 steps: normalize them before the model, or make them inputs of their own"));
  }

 private:
  // The samples from `begin` to `end` in the order of size.
  std::vector<size_t> Some(const std::vector<Largest>& largest, size_t begin, size_t end) const {
    std::vector<size_t> out;
    for (size_t i = begin; i < end; ++i) out.push_back(largest[i].sample);
    std::sort(out.begin(), out.end());
    return out;
  }
  void CheckLarge(const std::string& name, int64_t values, const std::vector<Largest>& largest) {
    const double least = values > 1 ? kOutlier : kOutlierOfOne;
    const size_t n = largest.size();
    for (size_t i = n - 1; i >= n - n / 2; --i) {
      if (largest[i].value < least * largest[i - 1].value) continue;
      const std::vector<size_t> which = Some(largest, i, n);
      const bool few = which.size() <= std::max<size_t>(1, kFew * n);
      findings_.warnings.push_back(absl::StrFormat(
          "feature \"%s\" is up to %.6g in %d of %d examples (%s), and no more than %.6g in the others: %s", name,
          largest[n - 1].value, which.size(), samples_.samples.size(), NamesOf(samples_, which), largest[i - 1].value,
          few ? "outliers, or another unit" : "two units in one feature"));
      for (size_t s : which) findings_.outlier[s] = few;
      return;
    }
  }
  void CheckSmall(const std::string& name, int64_t values, const std::vector<Largest>& largest) {
    if (values < kManyValues) return;
    for (size_t i = 1; i <= largest.size() / 2; ++i) {
      if (largest[i].value < kOtherUnit * largest[i - 1].value || i * 50 < largest.size()) continue;
      const std::vector<size_t> which = Some(largest, 0, i);
      findings_.warnings.push_back(absl::StrFormat(
          "feature \"%s\" is no more than %.6g in %d of %d examples (%s), and %.6g or more in the others: two units "
          "in one feature",
          name, largest[i - 1].value, which.size(), samples_.samples.size(), NamesOf(samples_, which),
          largest[i].value));
      return;
    }
  }

  const SampleSet& samples_;
  SampleFindings& findings_;
};

bool Any(const std::vector<char>& flags) { return std::find(flags.begin(), flags.end(), true) != flags.end(); }

}  // namespace

bool SampleFindings::has_outliers() const { return Any(outlier); }
bool SampleFindings::has_not_finite() const { return Any(not_finite); }

std::string NamesOf(const SampleSet& samples, const std::vector<size_t>& which) {
  constexpr size_t kMost = 10;
  std::vector<std::string> names;
  for (size_t i = 0; i < which.size() && i < kMost; ++i) names.push_back(samples.names[which[i]]);
  return absl::StrCat(absl::StrJoin(names, ", "),
                      which.size() > kMost ? absl::StrCat(" and ", which.size() - kMost, " more") : "");
}

SampleFindings CheckSamples(const SampleSet& samples, const std::vector<TensorSpec>& inputs) {
  SampleFindings findings;
  findings.outlier.assign(samples.samples.size(), false);
  findings.not_finite.assign(samples.samples.size(), false);
  Checker checker(samples, findings);
  for (const TensorSpec& input : inputs) {
    // Integers are ids, if they are not pixels.
    const bool numbers =
        input.dtype == DataType::kFloat || input.dtype == DataType::kDouble ||
        (input.dtype != DataType::kString && input.dtype != DataType::kBool && input.shape.size() >= 4);
    const bool everywhere = std::all_of(samples.samples.begin(), samples.samples.end(),
                                        [&](const Sample& sample) { return sample.count(input.name) > 0; });
    if (!numbers || !everywhere || samples.samples.empty()) continue;
    checker.CheckInput(input.name);
    if (input.dtype == DataType::kFloat) checker.CheckColumns(input.name);
  }
  return findings;
}

}  // namespace tfxm::rewriting
