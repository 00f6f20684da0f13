// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/schema/semantic_domains.h"

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tfxm/util/io.h"

namespace tfxm::statistics {
namespace {

using tensorflow::metadata::v0::AnomalyInfo;
using tensorflow::metadata::v0::CustomStatistic;
using tensorflow::metadata::v0::Feature;
using tensorflow::metadata::v0::NaturalLanguageDomain;
using tensorflow::metadata::v0::NaturalLanguageStatistics;
using tensorflow::metadata::v0::SequenceValueConstraints;

const CustomStatistic* FindCustom(const FeatureView& view, const std::string& name) {
  for (const CustomStatistic& custom : view.stats().custom_stats()) {
    if (custom.name() == name) return &custom;
  }
  return nullptr;
}

void FitCoverage(const NaturalLanguageStatistics& statistics, NaturalLanguageDomain* domain, Findings* findings) {
  const auto& coverage = domain->coverage();
  if (coverage.has_min_coverage() && statistics.feature_coverage() < coverage.min_coverage()) {
    findings->push_back(
        {AnomalyInfo::FEATURE_COVERAGE_TOO_LOW, "Feature coverage is too low.",
         absl::StrCat("Fraction of tokens in the vocabulary: ", statistics.feature_coverage(),
                      " is lower than the threshold set in the Schema: ", coverage.min_coverage(), ".")});
    domain->mutable_coverage()->set_min_coverage(statistics.feature_coverage());
  }
  if (coverage.has_min_avg_token_length() && statistics.avg_token_length() < coverage.min_avg_token_length()) {
    findings->push_back(
        {AnomalyInfo::FEATURE_COVERAGE_TOO_SHORT_AVG_TOKEN_LENGTH, "Average token length is too short.",
         absl::StrCat("Average token length is: ", statistics.avg_token_length(),
                      " which is lower than the threshold set in the Schema: ", coverage.min_avg_token_length(), ".")});
    domain->mutable_coverage()->set_min_avg_token_length(statistics.avg_token_length());
  }
}

void FitToken(const NaturalLanguageStatistics::TokenStatistics& statistics, const std::string& token,
              SequenceValueConstraints* constraint, Findings* findings) {
  const auto report = [&](AnomalyInfo::Type type, const char* title, const std::string& found, const char* than,
                          const absl::AlphaNum& threshold) {
    findings->push_back(
        {type, title,
         absl::StrCat(found, " which is ", than, " than the threshold set in the Schema: ", threshold, ".")});
  };
  const double fraction = statistics.fraction_of_sequences();
  const std::string of_sequences = absl::StrCat("Fraction of sequences with value: ", token, " is: ", fraction);
  if (constraint->has_min_fraction_of_sequences() && fraction < constraint->min_fraction_of_sequences()) {
    report(AnomalyInfo::SEQUENCE_VALUE_TOO_SMALL_FRACTION, "Value occurs in too small a fraction of sequences.",
           of_sequences, "lower", constraint->min_fraction_of_sequences());
    constraint->set_min_fraction_of_sequences(statistics.fraction_of_sequences());
  }
  if (constraint->has_max_fraction_of_sequences() && fraction > constraint->max_fraction_of_sequences()) {
    report(AnomalyInfo::SEQUENCE_VALUE_TOO_LARGE_FRACTION, "Value occurs in too large a fraction of sequences.",
           of_sequences, "higher", constraint->max_fraction_of_sequences());
    constraint->set_max_fraction_of_sequences(statistics.fraction_of_sequences());
  }
  const double least = statistics.per_sequence_min_frequency(), most = statistics.per_sequence_max_frequency();
  if (constraint->has_min_per_sequence() && least < static_cast<double>(constraint->min_per_sequence())) {
    report(AnomalyInfo::SEQUENCE_VALUE_TOO_FEW_OCCURRENCES, "Value has too few per-sequence occurrences.",
           absl::StrCat("Value: ", token, " occurs at least: ", least, " times within a sequence,"), "lower",
           constraint->min_per_sequence());
    constraint->set_min_per_sequence(SaturateToInt64(least));
  }
  if (constraint->has_max_per_sequence() && most > static_cast<double>(constraint->max_per_sequence())) {
    report(AnomalyInfo::SEQUENCE_VALUE_TOO_MANY_OCCURRENCES, "Value has too many per-sequence occurrences.",
           absl::StrCat("Value: ", token, " occurs at most: ", most, " times within a sequence,"), "higher",
           constraint->max_per_sequence());
    constraint->set_max_per_sequence(SaturateToInt64(most));
  }
}

// An integer or a text; in the statistics or in a constraint.
using Token = std::pair<bool, std::string>;

}  // namespace

bool InferSemanticDomain(const FeatureView& view, Feature* feature) {
  if (feature->domain_info_case() != Feature::DOMAIN_INFO_NOT_SET) return false;
  const CustomStatistic* info = nullptr;
  for (const CustomStatistic& custom : view.stats().custom_stats()) {
    if (custom.name() != "domain_info") continue;
    if (info != nullptr) return false;
    info = &custom;
  }
  if (info == nullptr) return false;
  Feature with_domain;
  if (!io::ParseTextProto(info->str(), &with_domain).ok()) return false;
  if (with_domain.domain_info_case() == Feature::DOMAIN_INFO_NOT_SET) return false;
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  Feature::GetReflection()->ListFields(with_domain, &fields);
  if (fields.size() != 1) return false;
  feature->MergeFrom(with_domain);
  return true;
}

Findings FitImageDomain(const FeatureView& view, Feature* feature) {
  Findings findings;
  auto* domain = feature->mutable_image_domain();
  const CustomStatistic* formats = FindCustom(view, "image_format_histogram");
  if (domain->has_minimum_supported_image_fraction() && formats != nullptr) {
    // In float, as TFDV counts.
    float supported = 0, unsupported = 0;
    for (const auto& bucket : formats->rank_histogram().buckets()) {
      (bucket.label() == "UNKNOWN" ? unsupported : supported) += static_cast<float>(bucket.sample_count());
    }
    const float fraction = supported / (supported + unsupported);
    const float expected = domain->minimum_supported_image_fraction();
    if (fraction < expected) {
      findings.push_back(
          {AnomalyInfo::LOW_SUPPORTED_IMAGE_FRACTION, "Low supported image fraction",
           absl::StrCat("Fraction of values containing TensorFlow supported images: ", std::to_string(fraction),
                        " is lower than the threshold set in the Schema: ", std::to_string(expected), ".")});
      domain->set_minimum_supported_image_fraction(fraction);
    }
  }
  const int64_t largest = view.stats().bytes_stats().max_num_bytes_int();
  if (domain->has_max_image_byte_size() && largest > domain->max_image_byte_size()) {
    findings.push_back({AnomalyInfo::MAX_IMAGE_BYTE_SIZE_EXCEEDED, "Num bytes exceeds the max byte size.",
                        absl::StrCat("The largest image has bytes: ", largest,
                                     ". The max allowed byte size is: ", domain->max_image_byte_size(), ".")});
    domain->set_max_image_byte_size(largest);
  }
  return findings;
}

Findings FitNaturalLanguageDomain(const FeatureView& view, Feature* feature) {
  const CustomStatistic* custom = FindCustom(view, "nl_statistics");
  NaturalLanguageStatistics statistics;
  if (custom != nullptr && !custom->any().UnpackTo(&statistics)) return {};
  auto* domain = feature->mutable_natural_language_domain();
  const auto not_available = [&](Findings findings) {
    feature->clear_natural_language_domain();
    findings.push_back({AnomalyInfo::STATS_NOT_AVAILABLE, "Natural language stats are not computed.",
                        "Constraints specified in natural language domain cannot be verified because natural language "
                        "stats have not been computed."});
    return findings;
  };
  const auto& coverage = domain->coverage();
  if (custom == nullptr &&
      (coverage.has_min_coverage() || coverage.has_min_avg_token_length() || !domain->token_constraints().empty())) {
    return not_available({});
  }
  Findings findings;
  FitCoverage(statistics, domain, &findings);
  std::map<Token, const NaturalLanguageStatistics::TokenStatistics*> tokens;
  for (const auto& token : statistics.token_statistics()) {
    if (token.has_int_token()) tokens.emplace(Token(false, absl::StrCat(token.int_token())), &token);
    if (token.has_string_token()) tokens.emplace(Token(true, token.string_token()), &token);
  }
  for (SequenceValueConstraints& constraint : *domain->mutable_token_constraints()) {
    if (!constraint.has_int_value() && !constraint.has_string_value()) continue;
    const Token token = constraint.has_int_value() ? Token(false, absl::StrCat(constraint.int_value()))
                                                   : Token(true, constraint.string_value());
    const auto found = tokens.find(token);
    if (found == tokens.end()) return not_available(std::move(findings));
    FitToken(*found->second, token.second, &constraint, &findings);
  }
  return findings;
}

}  // namespace tfxm::statistics
