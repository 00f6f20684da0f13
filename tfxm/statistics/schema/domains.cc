// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/schema/domains.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace tfxm::statistics {
namespace {

using tensorflow::metadata::v0::AnomalyInfo;
using tensorflow::metadata::v0::BoolDomain;
using tensorflow::metadata::v0::Feature;
using tensorflow::metadata::v0::FeatureNameStatistics;
using tensorflow::metadata::v0::FloatDomain;
using tensorflow::metadata::v0::Histogram;
using tensorflow::metadata::v0::IntDomain;
using tensorflow::metadata::v0::NumericStatistics;
using tensorflow::metadata::v0::StringDomain;

constexpr char kOutOfRange[] = "Out-of-range values";
constexpr char kInvalidValues[] = "Invalid values";
constexpr char kNonBoolean[] = "Non-boolean values";

const std::set<std::string>& TrueStrings() {
  static const auto* const strings = new std::set<std::string>{"TRUE", "true", "SET", "set", "1", ""};
  return *strings;
}
const std::set<std::string>& FalseStrings() {
  static const auto* const strings = new std::set<std::string>{"FALSE", "false", "CLEAR", "clear", "0"};
  return *strings;
}

// The interval of a feature's values, if it has any; or a value that is not such a number.
template <typename T>
struct Range {
  std::optional<std::pair<T, T>> interval;
  std::optional<std::string> misfit;
};

template <typename T, typename Parse>
Range<T> RangeOfStrings(const FeatureView& feature, Parse parse) {
  Range<T> range;
  for (const auto& [text, frequency] : feature.strings()) {
    T value;
    if (!parse(text, &value)) {
      range.misfit = text;
      return range;
    }
    if (!range.interval.has_value()) range.interval = {value, value};
    range.interval->first = std::min(range.interval->first, value);
    range.interval->second = std::max(range.interval->second, value);
  }
  return range;
}

Range<int64_t> IntRange(const FeatureView& feature) {
  const auto type = feature.stats().type();
  if (type == FeatureNameStatistics::STRUCT || type == FeatureNameStatistics::FLOAT) return {};
  if (type == FeatureNameStatistics::INT && feature.stats().string_stats().rank_histogram().buckets().empty()) {
    const NumericStatistics& numbers = feature.stats().num_stats();
    return {.interval = std::pair(SaturateToInt64(numbers.min()), SaturateToInt64(numbers.max()))};
  }
  return RangeOfStrings<int64_t>(feature,
                                 [](const std::string& text, int64_t* value) { return absl::SimpleAtoi(text, value); });
}

Range<float> FloatRange(const FeatureView& feature) {
  switch (feature.stats().type()) {
    case FeatureNameStatistics::FLOAT: {
      const NumericStatistics& numbers = feature.stats().num_stats();
      return {.interval = std::pair(static_cast<float>(numbers.min()), static_cast<float>(numbers.max()))};
    }
    case FeatureNameStatistics::STRING:
    case FeatureNameStatistics::BYTES:
      return RangeOfStrings<float>(feature,
                                   [](const std::string& text, float* value) { return absl::SimpleAtof(text, value); });
    default: return {};
  }
}

bool HasNan(const FeatureView& feature) {
  for (const Histogram& histogram : feature.stats().num_stats().histograms()) {
    if (histogram.num_nan() > 0) return true;
  }
  if (feature.stats().type() != FeatureNameStatistics::STRING) return false;
  for (const auto& [text, frequency] : feature.strings()) {
    float value;
    if (absl::SimpleAtof(text, &value) && std::isnan(value)) return true;
  }
  return false;
}

std::string Percentage(double count, double total) {
  if (total == 0) return "?";
  const double percent = 100 * count / total;
  return percent < 1 ? "<1%" : absl::StrFormat("~%.0f%%", std::floor(percent));
}

// Why floats are not all 0 or 1; empty if they may be.
std::string WhyNotBool(const NumericStatistics& numbers) {
  for (const double bound : {numbers.min(), numbers.max()}) {
    if (bound != 0 && bound != 1) return absl::StrCat("Floats (such as ", absl::SixDigits(bound), ")");
  }
  for (const Histogram& histogram : numbers.histograms()) {
    if (histogram.num_nan() > 0) return "Floats (such as NaN)";
    for (const auto& bucket : histogram.buckets()) {
      if (bucket.sample_count() <= 0) continue;
      if (bucket.high_value() < 0) return "Float values < 0";
      if (bucket.low_value() > 1) return "Float values > 1";
      if (histogram.type() == Histogram::QUANTILES && bucket.high_value() < 1 && bucket.low_value() > 0) {
        return "Float values falling between 0 and 1:";
      }
    }
  }
  return "";
}

}  // namespace

bool SuggestsBoolDomain(const FeatureView& feature) {
  if (feature.stats().type() == FeatureNameStatistics::INT) {
    const NumericStatistics& numbers = feature.stats().num_stats();
    return numbers.min() >= 0 && numbers.max() == 1;
  }
  if (feature.stats().type() != FeatureNameStatistics::STRING) return false;
  const auto strings = feature.strings();
  if (strings.empty() || strings.size() > 2) return false;
  int num_true = 0, num_false = 0;
  for (const auto& [text, frequency] : strings) {
    num_true += static_cast<int>(TrueStrings().count(text));
    num_false += static_cast<int>(FalseStrings().count(text));
  }
  return num_true <= 1 && num_false <= 1 && num_true + num_false == strings.size();
}

BoolDomain InferBoolDomain(const FeatureView& feature) {
  BoolDomain domain;
  if (feature.stats().type() == FeatureNameStatistics::INT) return domain;
  for (const auto& [text, frequency] : feature.strings()) {
    if (TrueStrings().count(text) > 0) domain.set_true_value(text);
    if (FalseStrings().count(text) > 0) domain.set_false_value(text);
  }
  return domain;
}

bool SuggestsIntDomain(const FeatureView& feature) {
  return feature.stats().type() == FeatureNameStatistics::STRING && !feature.has_invalid_utf8() &&
         IntRange(feature).interval.has_value() && !IntRange(feature).misfit.has_value();
}

bool SuggestsStringDomain(const FeatureView& feature, int max_size) {
  if (feature.has_invalid_utf8()) return false;
  const size_t num_strings = feature.strings().size();
  // Values of that size are content, not categories, and a schema is for reading.
  constexpr size_t kLongestValue = 1000;
  for (const auto& [text, frequency] : feature.strings()) {
    if (text.size() > kLongestValue) return false;
  }
  return num_strings > 0 && static_cast<int64_t>(num_strings) <= max_size;
}

DomainFit FitStringDomain(const FeatureView& feature, double max_off_domain, StringDomain* domain) {
  if (feature.has_invalid_utf8()) {
    return {{{AnomalyInfo::ENUM_TYPE_INVALID_UTF8, "Invalid UTF8 strings",
              "Found strings that were not valid UTF8 strings."}},
            /*remove_domain=*/true};
  }
  const std::set<std::string> known(domain->value().begin(), domain->value().end());
  std::map<std::string, double> missing;
  double missing_count = 0;
  for (const auto& [text, frequency] : feature.strings()) {
    if (known.count(text) > 0) continue;
    missing.emplace(text, frequency);
    missing_count += frequency;
  }
  const double total = feature.num_values();
  if (!(missing_count / total > max_off_domain) && !(max_off_domain == 0 && !missing.empty())) return {};
  std::vector<std::string> listed;
  for (const auto& [text, frequency] : missing) {
    domain->add_value(text);
    // TFDV takes the integer part of a weighted frequency.
    listed.push_back(absl::StrCat(absl::Utf8SafeCEscape(text), " (", Percentage(std::trunc(frequency), total), ")"));
  }
  return {{{AnomalyInfo::ENUM_TYPE_UNEXPECTED_STRING_VALUES, "Unexpected string values",
            absl::StrCat("Examples contain values missing from the schema: ", absl::StrJoin(listed, ", "), ". ")}}};
}

DomainFit FitIntDomain(const FeatureView& feature, IntDomain* domain) {
  DomainFit fit;
  const Range<int64_t> range = IntRange(feature);
  if (range.misfit.has_value()) {
    if (feature.type() == tensorflow::metadata::v0::INT) return fit;
    fit.remove_domain = true;
    fit.findings = {{AnomalyInfo::INT_TYPE_NOT_INT_STRING, kInvalidValues,
                     absl::StrCat("String values that were not ints were found, such as \"", *range.misfit, "\".")}};
    return fit;
  }
  if (!range.interval.has_value()) return fit;
  const auto [min, max] = *range.interval;
  if (domain->has_min() && domain->min() > min) {
    fit.findings.push_back(
        {AnomalyInfo::INT_TYPE_SMALL_INT, kOutOfRange, absl::StrCat("Unexpectedly small value: ", min, ".")});
    domain->set_min(min);
  }
  if (domain->has_max() && domain->max() < max) {
    fit.findings.push_back(
        {AnomalyInfo::INT_TYPE_BIG_INT, kOutOfRange, absl::StrCat("Unexpectedly large value: ", max, ".")});
    domain->set_max(max);
  }
  return fit;
}

DomainFit FitFloatDomain(const FeatureView& feature, FloatDomain* domain) {
  DomainFit fit;
  if (domain->disallow_nan() && HasNan(feature)) {
    fit.findings.push_back({AnomalyInfo::FLOAT_TYPE_HAS_NAN, kInvalidValues, "Float feature has NaN values."});
    domain->set_disallow_nan(false);
  }
  const Range<float> range = FloatRange(feature);
  if (range.misfit.has_value()) {
    fit.remove_domain = true;
    fit.findings.push_back(
        {AnomalyInfo::FLOAT_TYPE_STRING_NOT_FLOAT, kInvalidValues,
         absl::StrCat("String values that were not floats were found, such as \"", *range.misfit, "\".")});
    return fit;
  }
  if (!range.interval.has_value()) return fit;
  const auto [min, max] = *range.interval;
  if (domain->has_min() && min < domain->min()) {
    fit.findings.push_back({AnomalyInfo::FLOAT_TYPE_SMALL_FLOAT, kOutOfRange,
                            absl::StrCat("Unexpectedly low values: ", absl::SixDigits(min), "<",
                                         absl::SixDigits(domain->min()), "(upto six significant digits)")});
    domain->set_min(min);
  }
  if (domain->has_max() && max > domain->max()) {
    fit.findings.push_back({AnomalyInfo::FLOAT_TYPE_BIG_FLOAT, kOutOfRange,
                            absl::StrCat("Unexpectedly high value: ", absl::SixDigits(max), ">",
                                         absl::SixDigits(domain->max()), "(upto six significant digits)")});
    domain->set_max(max);
  }
  if (domain->disallow_inf() && (std::isinf(min) || std::isinf(max))) {
    fit.findings.push_back({AnomalyInfo::FLOAT_TYPE_HAS_INF, kInvalidValues, "Float feature has Inf values."});
    domain->set_disallow_inf(false);
  }
  return fit;
}

Findings FitBoolDomain(const FeatureView& feature, Feature* schema_feature) {
  const NumericStatistics& numbers = feature.stats().num_stats();
  switch (feature.stats().type()) {
    case FeatureNameStatistics::INT: {
      if (numbers.min() >= 0 && numbers.max() <= 1) return {};
      const bool small = numbers.min() < 0;
      IntDomain* domain = schema_feature->mutable_int_domain();
      domain->set_max(SaturateToInt64(numbers.max()));
      domain->set_min(SaturateToInt64(numbers.min()));
      return {{small ? AnomalyInfo::BOOL_TYPE_SMALL_INT : AnomalyInfo::BOOL_TYPE_BIG_INT, kNonBoolean,
               absl::StrCat("Integers (such as ", absl::SixDigits(small ? numbers.min() : numbers.max()),
                            ") not in {0, 1}: converting to an integer.")}};
    }
    case FeatureNameStatistics::FLOAT: {
      const std::string why = WhyNotBool(numbers);
      if (why.empty()) return {};
      FloatDomain* domain = schema_feature->mutable_float_domain();
      domain->set_max(static_cast<float>(numbers.max()));
      domain->set_min(static_cast<float>(numbers.min()));
      return {{AnomalyInfo::BOOL_TYPE_UNEXPECTED_FLOAT, kNonBoolean,
               absl::StrCat(why, why.back() == ':' ? "" : " not in {0, 1}:", " converting to float_domain.")}};
    }
    case FeatureNameStatistics::STRING: {
      const BoolDomain& domain = schema_feature->bool_domain();
      std::set<std::string> valid;
      if (domain.has_true_value()) valid.insert(domain.true_value());
      if (domain.has_false_value()) valid.insert(domain.false_value());
      for (const auto& [text, frequency] : feature.strings()) {
        if (valid.count(text) > 0) continue;
        const std::string listed = valid.empty() ? "{}" : absl::StrCat("{\"", absl::StrJoin(valid, "\", \""), "\"}");
        schema_feature->clear_bool_domain();
        return {{AnomalyInfo::BOOL_TYPE_UNEXPECTED_STRING, kNonBoolean,
                 absl::StrCat("Saw unexpected value \"", text, "\" instead of ", listed, ".")}};
      }
      return {};
    }
    default: return {};
  }
}

}  // namespace tfxm::statistics
