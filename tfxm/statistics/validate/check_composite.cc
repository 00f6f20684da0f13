// SPDX-License-Identifier: Apache-2.0

#include "tfxm/statistics/validate/check_composite.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tfxm/statistics/schema/fit_feature.h"

namespace tfxm::statistics {
namespace {

using tensorflow::metadata::v0::AnomalyInfo;
using tensorflow::metadata::v0::CustomStatistic;
using tensorflow::metadata::v0::DatasetFeatureStatistics;
using tensorflow::metadata::v0::Feature;
using tensorflow::metadata::v0::FeatureNameStatistics;
using tensorflow::metadata::v0::Schema;
using tensorflow::metadata::v0::SparseFeature;
using tensorflow::metadata::v0::WeightedFeature;

template <typename T>
T* FindNamed(google::protobuf::RepeatedPtrField<T>* features, const std::string& name) {
  for (T& feature : *features) {
    if (feature.name() == name) return &feature;
  }
  return nullptr;
}

// Null where there is none. Structures may have sparse features, too.
SparseFeature* FindSparse(const FeaturePath& path, Schema* schema) {
  if (path.empty()) return nullptr;
  if (path.size() == 1) return FindNamed(schema->mutable_sparse_feature(), path[0]);
  Feature* parent = FindFeature(FeaturePath(path.begin(), path.end() - 1), schema);
  if (parent == nullptr || !parent->has_struct_domain()) return nullptr;
  return FindNamed(parent->mutable_struct_domain()->mutable_sparse_feature(), path.back());
}

WeightedFeature* FindWeighted(const FeaturePath& path, Schema* schema) {
  return path.size() == 1 ? FindNamed(schema->mutable_weighted_feature(), path[0]) : nullptr;
}

template <typename T>
void DeprecateIfAny(T* feature) {
  if (feature != nullptr) feature->set_lifecycle_stage(tensorflow::metadata::v0::DEPRECATED);
}

Findings CheckSparse(const FeatureNameStatistics& statistics) {
  Findings findings;
  for (const CustomStatistic& custom : statistics.custom_stats()) {
    if (custom.name() == "missing_value" && custom.num() != 0) {
      findings.push_back({AnomalyInfo::SPARSE_FEATURE_MISSING_VALUE, "Missing value feature",
                          absl::StrCat("Found ", custom.num(), " examples missing value feature")});
    }
    const bool is_missing = custom.name() == "missing_index";
    if (!is_missing && custom.name() != "max_length_diff" && custom.name() != "min_length_diff") continue;
    for (const auto& bucket : custom.rank_histogram().buckets()) {
      if (bucket.sample_count() == 0) continue;
      const int64_t count = SaturateToInt64(bucket.sample_count());
      if (is_missing) {
        findings.push_back({AnomalyInfo::SPARSE_FEATURE_MISSING_INDEX, "Missing index feature",
                            absl::StrCat("Found ", count, " examples missing index feature: ", bucket.label())});
      } else {
        findings.push_back({AnomalyInfo::SPARSE_FEATURE_LENGTH_MISMATCH,
                            "Length mismatch between value and index feature",
                            absl::StrCat("Mismatch between index feature: ", bucket.label(), " and value column, with ",
                                         custom.name(), " = ", count)});
      }
    }
  }
  return findings;
}

Findings CheckWeighted(const FeatureNameStatistics& statistics) {
  Findings findings;
  int64_t min_diff = 0, max_diff = 0;
  for (const CustomStatistic& custom : statistics.custom_stats()) {
    if (custom.num() == 0) continue;
    if (custom.name() == "missing_value") {
      findings.push_back({AnomalyInfo::WEIGHTED_FEATURE_MISSING_VALUE, "Missing value feature",
                          absl::StrCat("Found ", custom.num(), " examples missing value feature.")});
    } else if (custom.name() == "missing_weight") {
      findings.push_back({AnomalyInfo::WEIGHTED_FEATURE_MISSING_WEIGHT, "Missing weight feature",
                          absl::StrCat("Found ", custom.num(), " examples missing weight feature.")});
    } else if (custom.name() == "min_weight_length_diff") {
      min_diff = SaturateToInt64(custom.num());
    } else if (custom.name() == "max_weight_length_diff") {
      max_diff = SaturateToInt64(custom.num());
    }
  }
  if (min_diff != 0 || max_diff != 0) {
    findings.push_back(
        {AnomalyInfo::WEIGHTED_FEATURE_LENGTH_MISMATCH, "Length mismatch between value and weight feature",
         absl::StrCat("Mismatch between weight and value feature with min_weight_length_diff = ", min_diff,
                      " and max_weight_length_diff = ", max_diff, ".")});
  }
  return findings;
}

Findings Check(const FeatureNameStatistics& statistics, const FeaturePath& path, Schema* schema) {
  Feature* feature = FindFeature(path, schema);
  SparseFeature* sparse = FindSparse(path, schema);
  WeightedFeature* weighted = FindWeighted(path, schema);
  if (weighted != nullptr && (feature != nullptr || sparse != nullptr) && !IsDeprecated(*weighted)) {
    DeprecateIfAny(weighted);
    DeprecateIfAny(sparse);
    DeprecateIfAny(feature);
    return {{AnomalyInfo::WEIGHTED_FEATURE_NAME_COLLISION, "Weighted feature name collision",
             "Weighted feature name collision."}};
  }
  if (weighted != nullptr) {
    Findings findings = CheckWeighted(statistics);
    if (!findings.empty()) DeprecateIfAny(weighted);
    return findings;
  }
  if (sparse == nullptr || IsDeprecated(*sparse)) return {};
  if (feature != nullptr && !IsDeprecated(*feature)) {
    DeprecateIfAny(sparse);
    DeprecateIfAny(feature);
    return {{AnomalyInfo::SPARSE_FEATURE_NAME_COLLISION, "Sparse feature name collision",
             "Sparse feature name collision."}};
  }
  Findings findings = CheckSparse(statistics);
  if (!findings.empty()) DeprecateIfAny(sparse);
  return findings;
}

}  // namespace

std::map<FeaturePath, Findings> CheckComposites(const DatasetFeatureStatistics& dataset, Schema* schema) {
  const Schema original = *schema;
  std::map<FeaturePath, Findings> all;
  for (const FeatureNameStatistics& statistics : dataset.features()) {
    const FeaturePath path = PathOf(statistics);
    if (!IsComposite(path, original)) continue;
    // Nothing is expected of what goes by the name of a deprecated feature.
    const Feature* feature = FindFeature(path, original);
    if (feature != nullptr && IsDeprecated(*feature)) continue;
    for (Finding& finding : Check(statistics, path, schema)) all[path].push_back(std::move(finding));
  }
  return all;
}

bool IsComposite(const FeaturePath& path, const Schema& schema) {
  Schema* mutable_schema = const_cast<Schema*>(&schema);  // NOLINT: is not changed.
  if (FindWeighted(path, mutable_schema) != nullptr) return true;
  const SparseFeature* sparse = FindSparse(path, mutable_schema);
  return sparse != nullptr && (!IsDeprecated(*sparse) || FindFeature(path, schema) == nullptr);
}

}  // namespace tfxm::statistics
