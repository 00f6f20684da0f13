// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/schema/fit_feature.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tfxm/statistics/schema/domains.h"
#include "tfxm/statistics/schema/semantic_domains.h"
#include "tfxm/statistics/validate/check_feature.h"
#include "tfxm/statistics/validate/comparators.h"

namespace tfxm::statistics {
namespace {

using tensorflow::metadata::v0::AnomalyInfo;
using tensorflow::metadata::v0::DriftSkewInfo;
using tensorflow::metadata::v0::Feature;
using tensorflow::metadata::v0::FeatureNameStatistics;
using tensorflow::metadata::v0::Schema;
using tensorflow::metadata::v0::SparseFeature;
using tensorflow::metadata::v0::StringDomain;
using tensorflow::metadata::v0::WeightedFeature;

template <typename List>
bool Contains(const List& list, const std::string& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

void Append(Findings&& more, Findings* findings) {
  findings->insert(findings->end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

// Present, but not in the environment.
Findings FitEnvironment(const FitContext& context, const FeatureView& view, Feature* feature) {
  if (IsInEnvironment(*context.schema, *feature, context.environment)) return {};
  const std::string& environment = *context.environment;
  auto* excluded = feature->mutable_not_in_environment();
  excluded->erase(std::remove(excluded->begin(), excluded->end(), environment), excluded->end());
  if (!IsInEnvironment(*context.schema, *feature, context.environment)) feature->add_in_environment(environment);
  return {{AnomalyInfo::SCHEMA_NEW_COLUMN, "Column missing in environment",
           absl::StrCat("New column ", SerializePath(view.path()), " found in data but not in the environment ",
                        environment, " in the schema.")}};
}

Findings FitPresence(const FeatureView& view, Feature* feature) {
  Findings findings;
  if (!feature->has_presence()) return findings;
  constexpr char kDropped[] = "Column dropped";
  auto* presence = feature->mutable_presence();
  if (presence->has_min_count() && view.num_present() < static_cast<double>(presence->min_count())) {
    const int64_t expected = presence->min_count();
    presence->set_min_count(SaturateToInt64(view.num_present()));
    findings.push_back({AnomalyInfo::FEATURE_TYPE_LOW_NUMBER_PRESENT, kDropped,
                        absl::StrFormat("The feature was present in fewer examples than expected: minimum count = %d, "
                                        "actual = %d",
                                        expected, presence->min_count())});
  }
  if (!presence->has_min_fraction()) return findings;
  if (view.fraction_present() < presence->min_fraction()) {
    const double expected = presence->min_fraction();
    presence->set_min_fraction(view.fraction_present());
    findings.push_back({AnomalyInfo::FEATURE_TYPE_LOW_FRACTION_PRESENT, kDropped,
                        absl::StrFormat("The feature was present in fewer examples than expected: minimum fraction = "
                                        "%f, actual = %f",
                                        expected, presence->min_fraction())});
  }
  if (presence->min_fraction() == 1 && view.num_missing() != 0) {
    // So few are missing that the fraction rounds to 1.
    presence->set_min_fraction(0.9999);
    findings.push_back(
        {AnomalyInfo::FEATURE_TYPE_LOW_FRACTION_PRESENT, kDropped,
         absl::StrCat("The feature was expected everywhere, but was missing in ", view.num_missing(), " examples.")});
  }
  return findings;
}

Findings FitType(const FeatureView& view, Feature* feature) {
  if (view.type() == feature->type()) return {};
  Deprecate(feature);
  return {{AnomalyInfo::UNEXPECTED_DATA_TYPE, "Unexpected data type",
           absl::StrCat("Expected data of type: ", tensorflow::metadata::v0::FeatureType_Name(feature->type()),
                        " but got ", FeatureNameStatistics::Type_Name(view.stats().type()))}};
}

// Data that the statistics call bytes have no values to check.
Findings FitBytes(const FeatureView& view, Feature* feature) {
  if (view.stats().type() != FeatureNameStatistics::BYTES) return {};
  switch (feature->domain_info_case()) {
    case Feature::DOMAIN_INFO_NOT_SET:
    case Feature::kNaturalLanguageDomain:
    case Feature::kImageDomain:
    case Feature::kUrlDomain: return {};
    default: break;
  }
  feature->clear_domain_info();
  return {{AnomalyInfo::DOMAIN_INVALID_FOR_TYPE, "Invalid domain type",
           absl::StrCat("Data is marked as BYTES with incompatible domain_info: ", feature->DebugString())}};
}

double MaxOffDomain(const Feature& feature) {
  return feature.distribution_constraints().has_min_domain_mass()
             ? 1.0 - feature.distribution_constraints().min_domain_mass()
             : 0.0;
}

Findings FitDomain(const FeatureView& view, Feature* feature, StringDomain* shared_domain, bool* remove_shared_domain) {
  DomainFit fit;
  switch (feature->domain_info_case()) {
    case Feature::kDomain:
      if (shared_domain != nullptr) fit = FitStringDomain(view, MaxOffDomain(*feature), shared_domain);
      *remove_shared_domain = fit.remove_domain;
      break;
    case Feature::kStringDomain:
      fit = FitStringDomain(view, MaxOffDomain(*feature), feature->mutable_string_domain());
      break;
    case Feature::kIntDomain: fit = FitIntDomain(view, feature->mutable_int_domain()); break;
    case Feature::kFloatDomain: fit = FitFloatDomain(view, feature->mutable_float_domain()); break;
    case Feature::kBoolDomain: return FitBoolDomain(view, feature);
    case Feature::kImageDomain: return FitImageDomain(view, feature);
    case Feature::kNaturalLanguageDomain: return FitNaturalLanguageDomain(view, feature);
    case Feature::DOMAIN_INFO_NOT_SET:
      if (InferSemanticDomain(view, feature)) {
        return {{AnomalyInfo::SEMANTIC_DOMAIN_UPDATE, "Updated semantic domain",
                 absl::StrCat("Updated semantic domain for feature: ", feature->name())}};
      }
      break;
    default: break;
  }
  if (fit.remove_domain) feature->clear_domain_info();
  return std::move(fit.findings);
}

Findings FitUnique(const FeatureView& view, Feature* feature) {
  if (!feature->has_unique_constraints()) return {};
  auto* constraints = feature->mutable_unique_constraints();
  Findings findings;
  if (!view.stats().has_string_stats()) {
    feature->clear_unique_constraints();
    return {{AnomalyInfo::FEATURE_TYPE_NO_UNIQUE, "No unique values",
             "UniqueConstraints specified for the feature, but unique values were not counted (i.e., feature is not "
             "string or categorical)."}};
  }
  const auto unique = static_cast<int64_t>(view.stats().string_stats().unique());
  if (unique < constraints->min()) {
    findings.push_back(
        {AnomalyInfo::FEATURE_TYPE_LOW_UNIQUE, "Low number of unique values",
         absl::StrCat("Expected at least ", constraints->min(), " unique values but found only ", unique, ".")});
    constraints->set_min(unique);
  }
  if (unique > constraints->max()) {
    findings.push_back(
        {AnomalyInfo::FEATURE_TYPE_HIGH_UNIQUE, "High number of unique values",
         absl::StrCat("Expected no more than ", constraints->max(), " unique values but found ", unique, ".")});
    constraints->set_max(unique);
  }
  return findings;
}

void FitComparators(const FitContext& context, const FeatureView& view, Feature* feature, FeatureFit* fit) {
  const auto add = [&](Comparison&& comparison, bool drift) {
    Append(std::move(comparison.findings), &fit->findings);
    for (const DriftSkewInfo::Measurement& measurement : comparison.measurements) {
      if (!fit->drift_skew.has_value()) *fit->drift_skew.emplace().mutable_path() = ToProto(view.path());
      *(drift ? fit->drift_skew->add_drift_measurements() : fit->drift_skew->add_skew_measurements()) = measurement;
    }
  };
  if (feature->has_drift_comparator() && context.previous != nullptr) {
    add(Compare(view, context.previous->Find(view.path()), "current", "previous", feature->mutable_drift_comparator()),
        /*drift=*/true);
  }
  if (feature->has_skew_comparator() && context.serving != nullptr) {
    add(Compare(view, context.serving->Find(view.path()), "training", "serving", feature->mutable_skew_comparator()),
        /*drift=*/false);
  }
}

// Features that whoever computed the statistics made of other features, to validate these.
Findings FitDerivedSource(const FeatureView& view, Feature* feature) {
  Findings findings;
  if (view.stats().has_validation_derived_source() && !feature->has_validation_derived_source()) {
    MarkDerived(view.stats().validation_derived_source(), feature);
    findings.push_back({AnomalyInfo::DERIVED_FEATURE_INVALID_SOURCE, "Derived source not set in schema.",
                        "Derived source not set in schema."});
  }
  if (feature->has_validation_derived_source() &&
      feature->lifecycle_stage() != tensorflow::metadata::v0::VALIDATION_DERIVED && !IsDeprecated(*feature)) {
    feature->set_lifecycle_stage(tensorflow::metadata::v0::VALIDATION_DERIVED);
    findings.push_back({AnomalyInfo::DERIVED_FEATURE_BAD_LIFECYCLE, "Derived feature has wrong lifecycle.",
                        "Derived feature has wrong lifecycle."});
  }
  return findings;
}

bool IsDeprecatedStage(tensorflow::metadata::v0::LifecycleStage stage) {
  switch (stage) {
    case tensorflow::metadata::v0::PLANNED:
    case tensorflow::metadata::v0::ALPHA:
    case tensorflow::metadata::v0::DEPRECATED:
    case tensorflow::metadata::v0::DEBUG_ONLY:
    case tensorflow::metadata::v0::DISABLED: return true;
    default: return false;
  }
}

void FindMissing(const Schema& schema, const google::protobuf::RepeatedPtrField<Feature>& features,
                 const FeaturePath& parent, const DatasetView& dataset, const std::optional<std::string>& environment,
                 std::vector<FeaturePath>* missing) {
  for (const Feature& feature : features) {
    FeaturePath path = parent;
    path.push_back(feature.name());
    if (IsRequired(schema, feature, environment) && dataset.Find(path) == nullptr) missing->push_back(path);
    if (!IsDeprecated(feature)) {
      FindMissing(schema, feature.struct_domain().feature(), path, dataset, environment, missing);
    }
  }
}

}  // namespace

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"  // The field is deprecated, but schemas have it.
bool IsDeprecated(const Feature& feature) {
  return feature.deprecated() || IsDeprecatedStage(feature.lifecycle_stage());
}

bool IsDeprecated(const SparseFeature& feature) {
  return feature.deprecated() || IsDeprecatedStage(feature.lifecycle_stage());
}
#pragma GCC diagnostic pop

bool IsDeprecated(const WeightedFeature& feature) { return IsDeprecatedStage(feature.lifecycle_stage()); }

void Deprecate(Feature* feature) { feature->set_lifecycle_stage(tensorflow::metadata::v0::DEPRECATED); }

void MarkDerived(const tensorflow::metadata::v0::DerivedFeatureSource& source, Feature* feature) {
  feature->set_lifecycle_stage(tensorflow::metadata::v0::VALIDATION_DERIVED);
  *feature->mutable_validation_derived_source() = source;
}

bool IsInEnvironment(const Schema& schema, const Feature& feature, const std::optional<std::string>& environment) {
  if (!environment.has_value()) return true;
  if (Contains(feature.in_environment(), *environment)) return true;
  if (Contains(feature.not_in_environment(), *environment)) return false;
  return Contains(schema.default_environment(), *environment);
}

bool IsRequired(const Schema& schema, const Feature& feature, const std::optional<std::string>& environment) {
  if (IsDeprecated(feature)) return false;
  if (feature.presence().min_count() <= 0 && feature.presence().min_fraction() <= 0) return false;
  return IsInEnvironment(schema, feature, environment);
}

std::vector<FeaturePath> MissingFeatures(const Schema& schema, const DatasetView& dataset,
                                         const std::optional<std::string>& environment) {
  std::vector<FeaturePath> missing;
  FindMissing(schema, schema.feature(), {}, dataset, environment, &missing);
  return missing;
}

FeatureFit FitFeature(const FitContext& context, const FeatureView& view, Feature* feature,
                      StringDomain* shared_domain) {
  FeatureFit fit;
  fit.findings = CheckFeature(shared_domain != nullptr, feature);
  if (IsDeprecated(*feature)) return fit;
  if (view.num_present() == 0) {
    if (IsRequired(*context.schema, *feature, context.environment)) {
      fit.findings.push_back(
          {AnomalyInfo::FEATURE_TYPE_NOT_PRESENT, "Column dropped", "The feature was not present in any examples."});
      Deprecate(feature);
    }
    return fit;
  }
  Append(FitEnvironment(context, view, feature), &fit.findings);
  Append(FitValueCount(view, feature), &fit.findings);
  Append(FitShape(view, feature), &fit.findings);
  Append(FitPresence(view, feature), &fit.findings);
  Append(FitType(view, feature), &fit.findings);
  Append(FitBytes(view, feature), &fit.findings);
  Append(FitDomain(view, feature, shared_domain, &fit.remove_shared_domain), &fit.findings);
  Append(FitUnique(view, feature), &fit.findings);
  FitComparators(context, view, feature, &fit);
  Append(FitDerivedSource(view, feature), &fit.findings);
  return fit;
}

}  // namespace tfxm::statistics
