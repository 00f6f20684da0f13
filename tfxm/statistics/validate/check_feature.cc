// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/validate/check_feature.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tfxm/statistics/schema/fit_feature.h"

namespace tfxm::statistics {
namespace {

using tensorflow::metadata::v0::AnomalyInfo;
using tensorflow::metadata::v0::Feature;
using tensorflow::metadata::v0::FeatureType;
using tensorflow::metadata::v0::ValueCount;

bool DomainAllows(Feature::DomainInfoCase domain, FeatureType type) {
  using namespace tensorflow::metadata::v0;  // NOLINT: the enumerators.
  switch (domain) {
    case Feature::kDomain:
    case Feature::kStringDomain:
    case Feature::kImageDomain:
    case Feature::kMidDomain:
    case Feature::kUrlDomain: return type == BYTES;
    case Feature::kBoolDomain: return type == INT || type == BYTES || type == FLOAT;
    case Feature::kIntDomain:
    case Feature::kNaturalLanguageDomain:
    case Feature::kTimeDomain: return type == INT || type == BYTES;
    case Feature::kFloatDomain: return type == FLOAT || type == BYTES;
    case Feature::kStructDomain: return type == STRUCT;
    default: return type == INT || type == FLOAT || type == BYTES || type == STRUCT;
  }
}

std::string DomainName(const Feature& feature) {
  const auto* oneof = Feature::descriptor()->FindOneofByName("domain_info");
  const auto* field = Feature::GetReflection()->GetOneofFieldDescriptor(feature, oneof);
  return field == nullptr ? "UNSET" : std::string(field->name());
}

Finding InvalidSchema(std::string text, std::string description = "") {
  return {AnomalyInfo::INVALID_SCHEMA_SPECIFICATION, std::move(text), std::move(description)};
}

void CheckPresence(Feature* feature, Findings* findings) {
  if (feature->presence().min_fraction() < 0) {
    feature->mutable_presence()->clear_min_fraction();
    findings->push_back(InvalidSchema("min_fraction should not be negative: clear is equal to zero"));
  }
  if (feature->presence().min_fraction() > 1) {
    feature->mutable_presence()->set_min_fraction(1);
    findings->push_back(InvalidSchema("min_fraction should not greater than 1"));
  }
}

void CheckCounts(Feature* feature, Findings* findings) {
  if (feature->value_count().min() < 0) {
    feature->mutable_value_count()->clear_min();
    findings->push_back(InvalidSchema("ValueCount.min should not be negative"));
  }
  if (feature->value_count().has_max() && feature->value_count().max() < feature->value_count().min()) {
    findings->push_back(InvalidSchema("ValueCount.max should not be less than min"));
    feature->mutable_value_count()->set_max(feature->value_count().min());
  }
  for (int i = 0; i < feature->value_counts().value_count_size(); ++i) {
    ValueCount* count = feature->mutable_value_counts()->mutable_value_count(i);
    if (count->min() < 0) {
      count->clear_min();
      findings->push_back(InvalidSchema("ValueCounts.min should not be negative",
                                        absl::StrCat("ValueCounts.min at level ", i, " should not be negative.")));
    }
    if (count->has_max() && count->max() < count->min()) {
      count->set_max(count->min());
      findings->push_back(InvalidSchema("ValueCounts.max should not be less than min",
                                        absl::StrCat("ValueCounts.max at level ", i, " should not be less than min.")));
    }
  }
  const auto& dims = feature->shape().dim();
  if (std::any_of(dims.begin(), dims.end(), [](const auto& dim) { return dim.size() <= 0; })) {
    feature->clear_shape();
    findings->push_back(InvalidSchema("Shape.dim.size must be a positive integer"));
  }
}

void CheckDistribution(Feature* feature, Findings* findings) {
  if (!feature->has_distribution_constraints()) return;
  std::string text;
  switch (feature->domain_info_case()) {
    case Feature::kDomain:
    case Feature::kStringDomain: return;
    case Feature::kBoolDomain: text = "distribution constraints not supported for bool domains."; break;
    case Feature::kIntDomain: text = "distribution constraints not supported for int domains."; break;
    case Feature::kFloatDomain: text = "distribution constraints not supported for float domains."; break;
    case Feature::kStructDomain: text = "distribution constraints not supported for struct domains."; break;
    case Feature::DOMAIN_INFO_NOT_SET: text = "distribution constraints require domain or string domain."; break;
    default: text = "distribution constraints not supported for semantic domains.";
  }
  feature->clear_distribution_constraints();
  findings->push_back(InvalidSchema(std::move(text)));
}

// The suffix of texts about one of several nest levels.
void FitCount(const std::pair<int, int>& min_max, const std::string& where, ValueCount* count, Findings* findings) {
  if (count->has_min() && min_max.first < count->min()) {
    findings->push_back({AnomalyInfo::FEATURE_TYPE_LOW_NUMBER_VALUES, "Missing values",
                         absl::StrCat("Some examples have fewer values than expected", where, ".")});
    count->set_min(min_max.first);
    if (min_max.first == 0) count->clear_min();
  }
  if (count->has_max() && min_max.second > count->max()) {
    findings->push_back({AnomalyInfo::FEATURE_TYPE_HIGH_NUMBER_VALUES, "Superfluous values",
                         absl::StrCat("Some examples have more values than expected", where, ".")});
    count->set_max(min_max.second);
  }
}

}  // namespace

Findings CheckFeature(bool has_shared_domain, Feature* feature) {
  Findings findings;
  if (IsDeprecated(*feature)) return findings;
  if (!feature->has_name()) {
    Deprecate(feature);
    return {{AnomalyInfo::FEATURE_MISSING_NAME,
             "unspecified name (maybe meant to be the empty string): find name rather than deprecating.", ""}};
  }
  if (!feature->has_type()) {
    if (!feature->has_domain() && !feature->has_string_domain()) {
      Deprecate(feature);
      return {{AnomalyInfo::FEATURE_MISSING_TYPE,
               "unspecified type: determine the type and set it, rather than deprecating.", ""}};
    }
    feature->set_type(tensorflow::metadata::v0::BYTES);
    findings.push_back({AnomalyInfo::FEATURE_MISSING_TYPE,
                        "unspecified type: inferring the type to be BYTES, given the domain specified.", ""});
  }
  CheckPresence(feature, &findings);
  CheckCounts(feature, &findings);
  if (!DomainAllows(feature->domain_info_case(), feature->type())) {
    findings.push_back({AnomalyInfo::DOMAIN_INVALID_FOR_TYPE, "The domain does not match the type",
                        absl::StrCat("The domain \"", DomainName(*feature), "\" does not match the type: ",
                                     tensorflow::metadata::v0::FeatureType_Name(feature->type()))});
    feature->clear_domain_info();
  }
  CheckDistribution(feature, &findings);
  if (feature->has_domain() && !has_shared_domain) {
    findings.push_back(
        {AnomalyInfo::INVALID_DOMAIN_SPECIFICATION, absl::StrCat("missing domain: ", feature->domain()), ""});
    feature->clear_domain();
  }
  return findings;
}

Findings FitValueCount(const FeatureView& view, Feature* feature) {
  Findings findings;
  const auto levels = view.min_max_num_values();
  constexpr char kNesting[] = "Mismatched value nest level";
  if (feature->has_value_count()) {
    if (levels.size() > 1) {
      feature->clear_value_count();
      InferValueCount(view, feature);
      return {{AnomalyInfo::VALUE_NESTEDNESS_MISMATCH, kNesting,
               "This feature has a value_count, but the nestedness level of the feature > 1. For features with "
               "nestedness levels greater than 1, value_counts, not value_count, should be specified."}};
    }
    FitCount(levels[0], "", feature->mutable_value_count(), &findings);
  } else if (feature->has_value_counts()) {
    if (feature->value_counts().value_count_size() != levels.size()) {
      feature->clear_value_counts();
      InferValueCount(view, feature);
      return {{AnomalyInfo::VALUE_NESTEDNESS_MISMATCH, kNesting,
               "The values have a different nest level than expected. Value counts will not be checked."}};
    }
    for (int i = 0; i < feature->value_counts().value_count_size(); ++i) {
      FitCount(levels[i], absl::StrCat(" at nestedness level ", i),
               feature->mutable_value_counts()->mutable_value_count(i), &findings);
    }
  }
  return findings;
}

Findings FitShape(const FeatureView& view, Feature* feature) {
  if (!feature->has_shape()) return {};
  int64_t expected = 1, actual = 1;
  for (const auto& dim : feature->shape().dim()) expected *= dim.size();
  bool varies = false;
  for (const auto& [min, max] : view.min_max_num_values()) {
    varies = varies || min != max || min == 0;
    actual *= min;
  }
  for (const double missing : view.num_missing_by_level()) varies = varies || missing != 0;
  if (!varies && actual == expected) return {};
  feature->clear_shape();
  return {{AnomalyInfo::INVALID_FEATURE_SHAPE, "Feature shape dropped",
           varies ? "The feature has a shape, but it's not always present (if the feature is nested, then it should "
                    "always be present at each nested level) or its value lengths vary."
                  : absl::StrCat("The feature has fixed value length ", actual,
                                 " but it's not compatible with the specified shape.")}};
}

void InferValueCount(const FeatureView& view, Feature* feature) {
  const auto levels = view.min_max_num_values();
  for (const auto& [min, max] : levels) {
    if (levels.size() == 1 && min <= 0) return;
    ValueCount* count =
        levels.size() > 1 ? feature->mutable_value_counts()->add_value_count() : feature->mutable_value_count();
    if (min <= 0) continue;
    count->set_min(min == max ? min : 1);
    if (min == max) count->set_max(max);
  }
}

void InferShape(const FeatureView& view, Feature* feature) {
  if (view.type() == tensorflow::metadata::v0::STRUCT) return;
  for (const double missing : view.num_missing_by_level()) {
    if (missing != 0) return;
  }
  const auto levels = view.min_max_num_values();
  for (const auto& [min, max] : levels) {
    if (min != max || min <= 0) return;
  }
  for (const auto& [min, max] : levels) feature->mutable_shape()->add_dim()->set_size(min);
}

}  // namespace tfxm::statistics
